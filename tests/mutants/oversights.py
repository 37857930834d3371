"""Easily overlooked bugs: equality across types, patterns, inherited members, weak ETags and leftovers."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from tests.mutants.http import _Locates, _Tags
from tests.mutants.mutant import Mutant
from tests.servers.plain import COLLECTION, Stored
from tests.servers.plain_fields import BASE, FLAGS, KEY, PROVIDER, PROVIDER_ALIAS, Values
from tests.servers.wire import Json, Request, Response

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from tests.servers.fixtures import Caller, Fixtures


class EqualAcrossTypesIgnored(Mutant):
    """A value that the language calls equal to the stored one is not stored: true for 1."""

    kills = frozenset({"IDM-18"})

    def merge_override(self, earlier: Values, override: Values) -> Values:
        return {**earlier, **{name: entry for name, entry in override.items() if earlier.get(name) != entry}}


class AliasNeverReplacesProvider(Mutant):
    """An update with the alias of the provider does not replace a stored provider."""

    kills = frozenset({"SEM-09"})

    def resolve_aliases(self, values: Values) -> Values:
        alone = PROVIDER_ALIAS in values and PROVIDER not in values
        return super().resolve_aliases(values) | ({"by_alias": True} if alone else {})

    def merge(self, earlier: Stored, values: Values) -> Values:
        loses = "by_alias" in values and "by_alias" not in earlier.values and PROVIDER in earlier.values
        return super().merge(earlier, values) | ({PROVIDER: earlier.values[PROVIDER]} if loses else {})


class AliasIgnoredWithBase(Mutant):
    """The alias of the provider is ignored if the request names a base model."""

    kills = frozenset({"SEM-09"})

    def resolve_aliases(self, values: Values) -> Values:
        lost = PROVIDER_ALIAS in values and PROVIDER not in values and BASE in values
        return {
            name: value for name, value in super().resolve_aliases(values).items() if not (lost and name == PROVIDER)
        }


class DeletedByPattern(Mutant):
    """A delete uses LIKE, where an underscore matches any character."""

    kills = frozenset({"STA-20"})

    def remove(self, organization: str, name: str) -> bool:
        pattern = re.compile(re.escape(name).replace("_", "."))
        alike = [other for owner, other in self.snapshot() if owner == organization and pattern.fullmatch(other)]
        found = super().remove(organization, name)
        for other in alike if found else ():
            super().remove(organization, other)
        return found


class EscapedSurrogatePairRejected(Mutant):
    """A body with an escaped surrogate pair returns 400."""

    kills = frozenset({"STA-32"})

    def parse(self, data: bytes) -> Json:
        if b"\\ud83d" in data.lower():
            raise ValueError("a lone surrogate")
        return super().parse(data)


class IntegerBeyondDoubleReturns500(Mutant):
    """Integers are converted to doubles before validation: one too large returns 500."""

    kills = frozenset({"STA-03"})

    def parse(self, data: bytes) -> Json:
        value = super().parse(data)
        for member in value.values() if isinstance(value, dict) else ():
            if isinstance(member, int):
                float(member)
        return value


class LocationWithLastSegment(_Locates):
    """Location has only the text after the last slash of the name."""

    def location(self, model: Values) -> str:
        return f"{COLLECTION}{str(model[KEY]).rpartition('/')[2]}/"


class LocationUnencoded(_Locates):
    """Location does not encode the spaces of a name."""

    def upsert(self, request: Request) -> Response:
        response = super().upsert(request)
        headers = {name: value.replace("%20", " ") for name, value in response.headers.items()}
        return Response(response.status, response.body, headers)

    def location(self, model: Values) -> str:
        return f"{COLLECTION}{model[KEY]}/"


class ETagOfLength(_Tags):
    """The ETag depends only on the length of the body."""

    def tag(self, model: Values) -> str:
        return f'"{len(json.dumps(model)):x}"'


class ObjectMemberNameAsKey(Mutant):
    """Keys are looked up in a JavaScript object: names of its members are accepted as keys."""

    kills = frozenset({"AUT-02"})

    def caller(self, token: str) -> Caller | None:
        found = super().caller(token)
        return next(iter(self.fixtures.keys.values())) if token in ("constructor", "toString") else found


class _Overrides(Mutant):
    """Entries of an override are changed before they are stored."""

    kills = frozenset({"SEM-05", "SEM-20"})

    def mapping(self, name: str, value: Json) -> dict[str, Json]:
        return {key: self.entry(key, entry) for key, entry in super().mapping(name, value).items() if self.stays(key)}

    def stays(self, name: str) -> bool:
        """Return whether the entry is stored."""
        return True

    def entry(self, name: str, entry: Json) -> Json:
        """Return the entry as it is stored."""
        return entry


class ObjectMemberNameParametersDropped(_Overrides):
    """Parameters named like a member of every object are dropped."""

    kills = frozenset({"SEM-05"})

    def stays(self, name: str) -> bool:
        return name not in ("constructor", "toString")


class OverrideListsSorted(_Overrides):
    """Lists in an override are sorted."""

    kills = frozenset({"SEM-05", "SEM-20"})

    def entry(self, name: str, entry: Json) -> Json:
        if isinstance(entry, dict):
            return {key: self.entry(key, value) for key, value in entry.items()}
        return sorted(entry, key=json.dumps) if isinstance(entry, list) else entry


class OverrideTextsCutAt1000Characters(_Overrides):
    """Strings in an override are cut after 1,000 characters."""

    kills = frozenset({"SEM-20"})

    def entry(self, name: str, entry: Json) -> Json:
        if isinstance(entry, dict):
            return {key: self.entry(key, value) for key, value in entry.items()}
        return entry[:1000] if isinstance(entry, str) else entry


class CreatedAtOutlivesDelete(Mutant):
    """A model that is created again after a delete has the old `created_at`."""

    kills = frozenset({"IDM-14"})

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.first_created: dict[tuple[str, str], datetime | None] = {}

    def serialize(self, organization: str, stored: Stored) -> Values:
        created = self.first_created.setdefault((organization, stored.name), stored.created)
        return {**super().serialize(organization, stored), "created_at": self.format_time(created)}


class UnknownBaseMatchedByPrefix(Mutant):
    """An unknown base model is resolved to the built-in model that its name starts with."""

    kills = frozenset({"STA-13"})

    def built_in_model(self, name: str) -> Stored | None:
        alike = (known for known in self.fixtures.built_in_models if name.startswith(f"{known}-"))
        return super().built_in_model(name) or super().built_in_model(next(alike, name))


class RejectedDeleteRemoves(Mutant):
    """A delete with a read-only key returns 403 but removes the model."""

    kills = frozenset({"AUT-09"})

    def delete(self, request: Request) -> Response:
        caller = self.authenticate(request)
        if not caller.may_write:
            self.remove(caller.organization, self.name_in(request.path))
        return super().delete(request)


class PathDecodedTwice(Mutant):
    """The name in a path is percent-decoded twice."""

    kills = frozenset({"STA-46"})

    def name_in(self, path: str) -> str:
        return super().name_in(path).replace("%2D", "-")


class UpdatedAtIgnoresFlags(Mutant):
    """An update of flags does not change `updated_at`."""

    kills = frozenset({"IDM-16"})

    def updated_time(self, earlier: Stored, merged: Values, now: datetime) -> datetime | None:
        same = all(merged.get(name) == earlier.values.get(name) for name in merged if name not in FLAGS)
        return earlier.updated if same else super().updated_time(earlier, merged, now)


class FirstBaseInheritedForever(Mutant):
    """A model always inherits from its first base model, whatever base model is set later."""

    kills = frozenset({"SEM-01", "SEM-21"})

    def base_of(self, organization: str, stored: Stored) -> Stored | None:
        first = stored.values.get("first_base", stored.values.get(BASE))
        return None if first is None else self.resolve_model(organization, first)

    def retained_values(self, earlier: Stored) -> Mapping[str, Json]:
        return {"first_base": earlier.values[BASE], **earlier.values} if BASE in earlier.values else earlier.values


class ListOfOneNumberAccepted(Mutant):
    """A cost that is a list of one number is accepted as that number."""

    kills = frozenset({"STA-08"})

    def number(self, name: str, value: Json) -> int | float:
        return super().number(name, value[0] if isinstance(value, list) and len(value) == 1 else value)


class RemovedParameterCannotBeSetAgain(Mutant):
    """A parameter that a null entry removed cannot be set again."""

    kills = frozenset({"IDM-18", "SEM-07"})

    def merge_override(self, earlier: Values, override: Values) -> Values:
        removed = {name for name, entry in earlier.items() if entry is None}
        return {**earlier, **{name: entry for name, entry in override.items() if name not in removed}}


class ValidationErrorIsText(Mutant):
    """The body of a 400 is plain text."""

    kills = frozenset({"SCH-06"})

    def content_type(self, response: Response) -> str:
        return "text/plain" if response.status == 400 else super().content_type(response)
