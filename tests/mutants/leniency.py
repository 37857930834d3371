"""Bugs that accept invalid requests."""

from __future__ import annotations

import json
from math import isfinite
from typing import TYPE_CHECKING
from urllib.parse import parse_qs
from uuid import uuid4

from tests.mutants.mutant import Mutant
from tests.servers.plain_fields import BASE, KEY, OVERRIDE, PROVIDER, PROVIDER_ALIAS
from tests.servers.wire import FieldError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.servers.plain_fields import Values
    from tests.servers.wire import Json


class TruncatedBodyAccepted(Mutant):
    """A truncated body is accepted: a streaming parser closes what is open."""

    kills = frozenset({"STA-05"})

    def parse(self, data: bytes) -> Json:
        try:
            return super().parse(data)
        except ValueError:
            return super().parse(data + b"}")


class FormBodyAccepted(Mutant):
    """A body that is not JSON is read as a form."""

    kills = frozenset({"STA-05"})

    def parse(self, data: bytes) -> Json:
        try:
            return super().parse(data)
        except json.JSONDecodeError:
            return {name: values[0] for name, values in parse_qs(data.decode()).items()}


class ListBodyAccepted(Mutant):
    """A list is accepted as a batch, and its first element is used."""

    kills = frozenset({"STA-06"})

    def as_object(self, body: Json) -> dict[str, Json]:
        return super().as_object(body[0] if isinstance(body, list) and body else body)


class DoubleEncodedBodyAccepted(Mutant):
    """A body that is a JSON string is parsed again."""

    kills = frozenset({"STA-06"})

    def parse(self, data: bytes) -> Json:
        value = super().parse(data)
        return super().parse(value.encode()) if isinstance(value, str) else value


class MissingNameGenerated(Mutant):
    """A body without a name creates a model with a generated name."""

    kills = frozenset({"STA-07"})

    def known_fields(self, body: Mapping[str, Json]) -> Values:
        return super().known_fields({KEY: str(uuid4()), **body})


class _UncheckedField(Mutant):
    """One field is not validated."""

    field: str

    def validate_field(self, name: str, value: Json) -> Json:
        return value if name == self.field else super().validate_field(name, value)


class OneCostUnchecked(_UncheckedField):
    """The newest cost has no validator: any value is stored and returned."""

    kills = frozenset({"SCH-03", "STA-08", "STA-10", "STA-11"})
    field = "cache_creation_input_cost"


class OneFlagUnchecked(_UncheckedField):
    """`image_support` has no validator: any value is stored and returned."""

    kills = frozenset({"SCH-03", "STA-08", "STA-09", "STA-10", "STA-11"})
    field = "image_support"


class UnreadableNumberIsZero(Mutant):
    """A number that cannot be parsed is 0: `parseFloat(value) || 0`."""

    kills = frozenset({"STA-08", "STA-10", "STA-11"})

    def number(self, name: str, value: Json) -> int | float:
        try:
            return super().number(name, value)
        except FieldError:
            return 0


class AnyValueAsString(Mutant):
    """Any value is converted to a string: `str(value)`."""

    kills = frozenset({"STA-08", "STA-10", "STA-11"})

    def string(self, name: str, value: Json) -> str:
        return value if isinstance(value, str) else json.dumps(value)


class InvalidOverrideIgnored(Mutant):
    """An override that is not an object is ignored."""

    kills = frozenset({"STA-08", "STA-10", "STA-11"})

    def mapping(self, name: str, value: Json) -> dict[str, Json]:
        return value if isinstance(value, dict) else {}


class ListAsOverride(Mutant):
    """A list as override names parameters without details, as in PHP, where it is an array too."""

    kills = frozenset({"STA-08", "STA-10"})

    def mapping(self, name: str, value: Json) -> dict[str, Json]:
        return super().mapping(name, {str(entry): {} for entry in value} if isinstance(value, list) else value)


class FlagsClamped(Mutant):
    """A flag outside 0 and 1 is clamped instead of rejected."""

    kills = frozenset({"STA-09", "STA-27"})

    def flag(self, name: str, value: Json) -> int:
        return max(0, min(1, self.integer(name, value)))


class BooleanAsNumber(Mutant):
    """A boolean is accepted as a number, which it is in Python."""

    kills = frozenset({"STA-10", "STA-28"})

    def number(self, name: str, value: Json) -> int | float:
        return super().number(name, int(value) if isinstance(value, bool) else value)


class NumericStringAccepted(Mutant):
    """A string that looks like a number is accepted as one."""

    kills = frozenset({"STA-10"})

    def number(self, name: str, value: Json) -> int | float:
        try:
            number = super().number(name, float(value) if isinstance(value, str) else value)
        except ValueError:
            raise FieldError("Expected a number.") from None
        if not isfinite(number):
            raise FieldError("Expected a number.")
        return number


class FractionTruncated(Mutant):
    """The fraction of an integer field is truncated: `int(value)`."""

    kills = frozenset({"STA-10"})

    def integer(self, name: str, value: Json) -> int:
        return super().integer(name, int(self.number(name, value)) if isinstance(value, float) else value)


class NumberAsDisplayName(Mutant):
    """A number is accepted as a display name."""

    kills = frozenset({"STA-10"})

    def string(self, name: str, value: Json) -> str:
        return super().string(name, str(value) if type(value) is int and name != KEY else value)


class NullIgnored(Mutant):
    """A null field is ignored as if it were omitted."""

    kills = frozenset({"STA-11"})

    def known_fields(self, body: Mapping[str, Json]) -> Values:
        return {name: value for name, value in super().known_fields(body).items() if value is not None}


class NullDisplayNameStored(Mutant):
    """A null display name is stored and returned."""

    kills = frozenset({"SCH-04", "STA-11"})

    def validate_field(self, name: str, value: Json) -> Json:
        return value if value is None and name == "display_name" else super().validate_field(name, value)


class EmptyNameAccepted(Mutant):
    """An empty model name is accepted."""

    kills = frozenset({"STA-12"})

    def key(self, name: str) -> str:
        return name


class UnknownBaseAccepted(Mutant):
    """An unknown base model is accepted and stored."""

    kills = frozenset({"STA-13", "TEN-06"})

    def reject_unknown_references(self, organization: str, values: Values) -> None:
        super().reject_unknown_references(organization, {name: value for name, value in values.items() if name != BASE})


class UnknownProviderAccepted(Mutant):
    """An unknown provider is accepted and stored."""

    kills = frozenset({"STA-13"})

    def resolve_provider(self, organization: str, identifier: str) -> Mapping[str, Json] | None:
        return super().resolve_provider(organization, identifier) or {}


class UnknownProviderAliasAccepted(Mutant):
    """An unknown provider is rejected only under `custom_provider_id`, not under its alias."""

    kills = frozenset({"STA-13"})

    def resolve_aliases(self, values: Values) -> Values:
        slots = super().resolve_aliases(values)
        known = any(slots.get(PROVIDER) in providers for providers in self.fixtures.providers.values())
        return slots if known or PROVIDER in values else {name: slots[name] for name in slots if name != PROVIDER}


class AliasWins(Mutant):
    """If the two spellings of the provider differ, the alias wins silently."""

    kills = frozenset({"STA-14"})

    def resolve_aliases(self, values: Values) -> Values:
        if PROVIDER_ALIAS in values:
            values = {**values, PROVIDER: values[PROVIDER_ALIAS]}
        return super().resolve_aliases(values)


class BuiltInNameAccepted(Mutant):
    """A custom model may have the name of a built-in model."""

    kills = frozenset({"STA-18"})

    def reject_built_in(self, name: str) -> None:
        pass


class UnknownBaseAcceptedInUpdates(Mutant):
    """Only creates look up the base model."""

    kills = frozenset({"STA-13"})

    def reject_unknown_references(self, organization: str, values: Values) -> None:
        exists = self.find(organization, values[KEY]) is not None
        looked_up = {name: value for name, value in values.items() if not (exists and name == BASE)}
        super().reject_unknown_references(organization, looked_up)


class UnknownProviderAcceptedInUpdates(Mutant):
    """Only creates look up the provider."""

    kills = frozenset({"STA-13"})

    def reject_unknown_references(self, organization: str, values: Values) -> None:
        exists = self.find(organization, values[KEY]) is not None
        looked_up = {name: value for name, value in values.items() if not (exists and name == PROVIDER)}
        super().reject_unknown_references(organization, looked_up)


class OverrideUncheckedInUpdates(Mutant):
    """Only creates check the type of an override; an update ignores an invalid one."""

    kills = frozenset({"STA-08", "STA-10", "STA-11"})

    def requested_values(self, body: Json) -> Values:
        known = isinstance(body, dict) and any(name == body.get(KEY) for _, name in self.snapshot())
        if known and not isinstance(body.get(OVERRIDE, {}), dict):
            body = {name: value for name, value in body.items() if name != OVERRIDE}
        return super().requested_values(body)


class EmptyListIsAnObject(Mutant):
    """An empty list is accepted as an empty object, which are the same in PHP."""

    kills = frozenset({"STA-10"})

    def mapping(self, name: str, value: Json) -> dict[str, Json]:
        return super().mapping(name, {} if value == [] else value)
