"""What is easily overlooked: equality across types, patterns, names of a language, weak ETags and leftovers."""

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


class EqualIsSame(Mutant):
    """A value that the language calls equal to the stored one is none to store: true for 1."""

    kills = frozenset({"IDM-18"})

    def merge_override(self, earlier: Values, override: Values) -> Values:
        return {**earlier, **{name: entry for name, entry in override.items() if earlier.get(name) != entry}}


class OtherSpellingLoses(Mutant):
    """An update by the other spelling of the provider loses to what an earlier request gave by the first."""

    kills = frozenset({"SEM-09"})

    def resolve_aliases(self, values: Values) -> Values:
        alone = PROVIDER_ALIAS in values and PROVIDER not in values
        return super().resolve_aliases(values) | ({"by_alias": True} if alone else {})

    def merge(self, earlier: Stored, values: Values) -> Values:
        loses = "by_alias" in values and "by_alias" not in earlier.values and PROVIDER in earlier.values
        return super().merge(earlier, values) | ({PROVIDER: earlier.values[PROVIDER]} if loses else {})


class OtherSpellingLostOnABase(Mutant):
    """The other spelling of the provider is not stored where the request names a base model, too."""

    kills = frozenset({"SEM-09"})

    def resolve_aliases(self, values: Values) -> Values:
        lost = PROVIDER_ALIAS in values and PROVIDER not in values and BASE in values
        return {
            name: value for name, value in super().resolve_aliases(values).items() if not (lost and name == PROVIDER)
        }


class DeletedByPattern(Mutant):
    """A delete finds models by LIKE, to which an underscore is any character."""

    kills = frozenset({"STA-20"})

    def remove(self, organization: str, name: str) -> bool:
        pattern = re.compile(re.escape(name).replace("_", "."))
        alike = [other for owner, other in self.models if owner == organization and pattern.fullmatch(other)]
        found = super().remove(organization, name)
        for other in alike if found else ():
            super().remove(organization, other)
        return found


class EscapedPairsRefused(Mutant):
    """A body with a character of two escapes is answered 400."""

    kills = frozenset({"STA-32"})

    def parse(self, data: bytes) -> Json:
        if b"\\ud83d" in data.lower():
            raise ValueError("a lone surrogate")
        return super().parse(data)


class IntegersAreDoublesFirst(Mutant):
    """Every integer is made a double before it is looked at, and one too large for that fails."""

    kills = frozenset({"STA-03"})

    def parse(self, data: bytes) -> Json:
        value = super().parse(data)
        for member in value.values() if isinstance(value, dict) else ():
            if isinstance(member, int):
                float(member)
        return value


class LocationOfTheLastSegment(_Locates):
    """Location has what follows the last slash of the name."""

    def location(self, model: Values) -> str:
        return f"{COLLECTION}{str(model[KEY]).rpartition('/')[2]}/"


class LocationUnencoded(_Locates):
    """Location has the blanks of a name as they are."""

    def upsert(self, request: Request) -> Response:
        response = super().upsert(request)
        headers = {name: value.replace("%20", " ") for name, value in response.headers.items()}
        return Response(response.status, response.body, headers)

    def location(self, model: Values) -> str:
        return f"{COLLECTION}{model[KEY]}/"


class TagOfTheLength(_Tags):
    """An ETag is made of the length of the body."""

    def tag(self, model: Values) -> str:
        return f'"{len(json.dumps(model)):x}"'


class KeysInAPrototype(Mutant):
    """Keys are looked up in an object that has members of its own."""

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
        """Whether the entry of a name is stored."""
        return True

    def entry(self, name: str, entry: Json) -> Json:
        """The entry as it is stored."""
        return entry


class PrototypeNamesDropped(_Overrides):
    """A guard drops parameters that are called as members of every object."""

    kills = frozenset({"SEM-05"})

    def stays(self, name: str) -> bool:
        return name not in ("constructor", "toString")


class ListsSorted(_Overrides):
    """Lists in an override are sorted."""

    kills = frozenset({"SEM-05", "SEM-20"})

    def entry(self, name: str, entry: Json) -> Json:
        if isinstance(entry, dict):
            return {key: self.entry(key, value) for key, value in entry.items()}
        return sorted(entry, key=json.dumps) if isinstance(entry, list) else entry


class LongTextsCut(_Overrides):
    """Texts in an override are cut to 1,000 characters."""

    kills = frozenset({"SEM-20"})

    def entry(self, name: str, entry: Json) -> Json:
        if isinstance(entry, dict):
            return {key: self.entry(key, value) for key, value in entry.items()}
        return entry[:1000] if isinstance(entry, str) else entry


class CreationOutlivesADelete(Mutant):
    """What is created after a delete has the time at which the first model of the name was created."""

    kills = frozenset({"IDM-14"})

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.first_created: dict[tuple[str, str], datetime | None] = {}

    def serialize(self, organization: str, stored: Stored) -> Values:
        created = self.first_created.setdefault((organization, stored.name), stored.created)
        return {**super().serialize(organization, stored), "created_at": self.format_time(created)}


class BaseByItsBeginning(Mutant):
    """An unknown base model is taken for the built-in one that its name begins with."""

    kills = frozenset({"STA-13"})

    def built_in_model(self, name: str) -> Stored | None:
        alike = (known for known in self.fixtures.built_in_models if name.startswith(f"{known}-"))
        return super().built_in_model(name) or super().built_in_model(next(alike, name))


class RefusedDeleteRemoves(Mutant):
    """A delete with a key that may only read is answered 403 when the model is gone."""

    kills = frozenset({"AUT-09"})

    def delete(self, request: Request) -> Response:
        caller = self.authenticate(request)
        if not caller.may_write:
            self.remove(caller.organization, self.name_in(request.path))
        return super().delete(request)


class PathsDecodedTwice(Mutant):
    """The name in a path is percent-decoded twice."""

    kills = frozenset({"STA-46"})

    def name_in(self, path: str) -> str:
        return super().name_in(path).replace("%2D", "-")


class FlagsDoNotMoveTheTime(Mutant):
    """The time of the last update does not move when flags change."""

    kills = frozenset({"IDM-16"})

    def updated_time(self, earlier: Stored, merged: Values, now: datetime) -> datetime | None:
        same = all(merged.get(name) == earlier.values.get(name) for name in merged if name not in FLAGS)
        return earlier.updated if same else super().updated_time(earlier, merged, now)


class FirstBaseStays(Mutant):
    """What the first base model hands down stays, whatever base model is given later."""

    kills = frozenset({"SEM-01", "SEM-21"})

    def base_of(self, organization: str, stored: Stored) -> Stored | None:
        first = stored.values.get("first_base", stored.values.get(BASE))
        return None if first is None else self.resolve_model(organization, first)

    def retained_values(self, earlier: Stored) -> Mapping[str, Json]:
        return {"first_base": earlier.values[BASE], **earlier.values} if BASE in earlier.values else earlier.values


class ListOfOneIsANumber(Mutant):
    """A cost that is a list of one number is that number."""

    kills = frozenset({"STA-08"})

    def number(self, name: str, value: Json) -> int | float:
        return super().number(name, value[0] if isinstance(value, list) and len(value) == 1 else value)


class RemovedStaysRemoved(Mutant):
    """A parameter that was once removed by an entry of null cannot be set again."""

    kills = frozenset({"IDM-18", "SEM-07"})

    def merge_override(self, earlier: Values, override: Values) -> Values:
        removed = {name for name, entry in earlier.items() if entry is None}
        return {**earlier, **{name: entry for name, entry in override.items() if name not in removed}}


class InvalidIsAnsweredInText(Mutant):
    """A 400 says in plain text what is wrong."""

    kills = frozenset({"SCH-06"})

    def content_type(self, response: Response) -> str:
        return "text/plain" if response.status == 400 else super().content_type(response)
