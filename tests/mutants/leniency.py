"""Bugs that take what has to be refused."""

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


class TruncatedBodiesMended(Mutant):
    """A parser made for streams closes what was left open in the body."""

    kills = frozenset({"STA-05"})

    def parse(self, data: bytes) -> Json:
        try:
            return super().parse(data)
        except ValueError:
            return super().parse(data + b"}")


class FormsTaken(Mutant):
    """A body that is no JSON is read as a form."""

    kills = frozenset({"STA-05"})

    def parse(self, data: bytes) -> Json:
        try:
            return super().parse(data)
        except json.JSONDecodeError:
            return {name: values[0] for name, values in parse_qs(data.decode()).items()}


class FirstOfListTaken(Mutant):
    """A list is taken for a batch of one."""

    kills = frozenset({"STA-06"})

    def as_object(self, body: Json) -> dict[str, Json]:
        return super().as_object(body[0] if isinstance(body, list) and body else body)


class TextInTextTaken(Mutant):
    """A string is parsed once more, for a client once encoded its bodies twice."""

    kills = frozenset({"STA-06"})

    def parse(self, data: bytes) -> Json:
        value = super().parse(data)
        return super().parse(value.encode()) if isinstance(value, str) else value


class NamesGenerated(Mutant):
    """A body without a name creates a model under a generated one."""

    kills = frozenset({"STA-07"})

    def known_fields(self, body: Mapping[str, Json]) -> Values:
        return super().known_fields({KEY: str(uuid4()), **body})


class _UncheckedField(Mutant):
    """One field is left out of the validation."""

    field: str

    def validate_field(self, name: str, value: Json) -> Json:
        return value if name == self.field else super().validate_field(name, value)


class OneCostUnchecked(_UncheckedField):
    """The newest cost has no validator: whatever comes is stored and shown."""

    kills = frozenset({"SCH-03", "STA-08", "STA-10", "STA-11"})
    field = "cache_creation_input_cost"


class OneFlagUnchecked(_UncheckedField):
    """`image_support` has no validator: whatever comes is stored and shown."""

    kills = frozenset({"SCH-03", "STA-08", "STA-09", "STA-10", "STA-11"})
    field = "image_support"


class WordsMeanZero(Mutant):
    """A number that cannot be read is 0: `parseFloat(value) || 0`."""

    kills = frozenset({"STA-08", "STA-10", "STA-11"})

    def number(self, name: str, value: Json) -> int | float:
        try:
            return super().number(name, value)
        except FieldError:
            return 0


class AnythingIsText(Mutant):
    """Whatever is no string is made one: `str(value)`."""

    kills = frozenset({"STA-08", "STA-10", "STA-11"})

    def string(self, name: str, value: Json) -> str:
        return value if isinstance(value, str) else json.dumps(value)


class NoObjectIsAnEmptyOverride(Mutant):
    """An override that is no object counts as none."""

    kills = frozenset({"STA-08", "STA-10", "STA-11"})

    def mapping(self, name: str, value: Json) -> dict[str, Json]:
        return value if isinstance(value, dict) else {}


class ListsMakeOverrides(Mutant):
    """An override that is a list names parameters without details: PHP knows no difference."""

    kills = frozenset({"STA-08", "STA-10"})

    def mapping(self, name: str, value: Json) -> dict[str, Json]:
        return super().mapping(name, {str(entry): {} for entry in value} if isinstance(value, list) else value)


class FlagsClamped(Mutant):
    """A flag outside 0 and 1 is brought into the range instead of being refused."""

    kills = frozenset({"STA-09", "STA-27"})

    def flag(self, name: str, value: Json) -> int:
        return max(0, min(1, self.integer(name, value)))


class TrueIsANumber(Mutant):
    """A boolean passes for a number: in Python it is one."""

    kills = frozenset({"STA-10", "STA-28"})

    def number(self, name: str, value: Json) -> int | float:
        return super().number(name, int(value) if isinstance(value, bool) else value)


class NumbersInStringsTaken(Mutant):
    """A string that looks like a number is taken for one."""

    kills = frozenset({"STA-10"})

    def number(self, name: str, value: Json) -> int | float:
        try:
            number = super().number(name, float(value) if isinstance(value, str) else value)
        except ValueError:
            raise FieldError("Expected a number.") from None
        if not isfinite(number):
            raise FieldError("Expected a number.")
        return number


class FractionsCutOff(Mutant):
    """The fraction of an integer is cut off: `int(value)`."""

    kills = frozenset({"STA-10"})

    def integer(self, name: str, value: Json) -> int:
        return super().integer(name, int(self.number(name, value)) if isinstance(value, float) else value)


class NumbersAreNames(Mutant):
    """A number is taken for the display name that it spells."""

    kills = frozenset({"STA-10"})

    def string(self, name: str, value: Json) -> str:
        return super().string(name, str(value) if type(value) is int and name != KEY else value)


class NullIsNotGiven(Mutant):
    """Null is taken for a field that was left out."""

    kills = frozenset({"STA-11"})

    def known_fields(self, body: Mapping[str, Json]) -> Values:
        return {name: value for name, value in super().known_fields(body).items() if value is not None}


class NullStored(Mutant):
    """Null is stored in the display name, and shown."""

    kills = frozenset({"SCH-04", "STA-11"})

    def validate_field(self, name: str, value: Json) -> Json:
        return value if value is None and name == "display_name" else super().validate_field(name, value)


class EmptyNameTaken(Mutant):
    """An empty name is a name."""

    kills = frozenset({"STA-12"})

    def key(self, name: str) -> str:
        return name


class UnknownBaseTaken(Mutant):
    """A base that does not exist is stored as it comes."""

    kills = frozenset({"STA-13", "TEN-06"})

    def reject_unknown_references(self, organization: str, values: Values) -> None:
        super().reject_unknown_references(organization, {name: value for name, value in values.items() if name != BASE})


class UnknownProviderTaken(Mutant):
    """A provider that does not exist is stored as it comes."""

    kills = frozenset({"STA-13"})

    def resolve_provider(self, organization: str, identifier: str) -> Mapping[str, Json] | None:
        return super().resolve_provider(organization, identifier) or {}


class UnknownAliasTaken(Mutant):
    """A provider that does not exist is refused under its first spelling only."""

    kills = frozenset({"STA-13"})

    def resolve_aliases(self, values: Values) -> Values:
        slots = super().resolve_aliases(values)
        known = any(slots.get(PROVIDER) in providers for providers in self.fixtures.providers.values())
        return slots if known or PROVIDER in values else {name: slots[name] for name in slots if name != PROVIDER}


class AliasWins(Mutant):
    """Of two providers that differ the second spelling is taken, without a word."""

    kills = frozenset({"STA-14"})

    def resolve_aliases(self, values: Values) -> Values:
        if PROVIDER_ALIAS in values:
            values = {**values, PROVIDER: values[PROVIDER_ALIAS]}
        return super().resolve_aliases(values)


class BuiltInNamesTaken(Mutant):
    """A custom model may have the name of a built-in one."""

    kills = frozenset({"STA-18"})

    def reject_built_in(self, name: str) -> None:
        pass


class UnknownBaseTakenByUpdates(Mutant):
    """Only a create looks up the base."""

    kills = frozenset({"STA-13"})

    def reject_unknown_references(self, organization: str, values: Values) -> None:
        exists = self.find(organization, values[KEY]) is not None
        looked_up = {name: value for name, value in values.items() if not (exists and name == BASE)}
        super().reject_unknown_references(organization, looked_up)


class UnknownProviderTakenByUpdates(Mutant):
    """Only a create looks up the provider."""

    kills = frozenset({"STA-13"})

    def reject_unknown_references(self, organization: str, values: Values) -> None:
        exists = self.find(organization, values[KEY]) is not None
        looked_up = {name: value for name, value in values.items() if not (exists and name == PROVIDER)}
        super().reject_unknown_references(organization, looked_up)


class OverrideUncheckedInUpdates(Mutant):
    """Only creates check the type of an override; an update that has another one takes the rest."""

    kills = frozenset({"STA-08", "STA-10", "STA-11"})

    def requested_values(self, body: Json) -> Values:
        known = isinstance(body, dict) and any(name == body.get(KEY) for _, name in self.models)
        if known and not isinstance(body.get(OVERRIDE, {}), dict):
            body = {name: value for name, value in body.items() if name != OVERRIDE}
        return super().requested_values(body)


class EmptyListIsAnObject(Mutant):
    """An empty list is taken for an empty object, which are the same in PHP."""

    kills = frozenset({"STA-10"})

    def mapping(self, name: str, value: Json) -> dict[str, Json]:
        return super().mapping(name, {} if value == [] else value)
