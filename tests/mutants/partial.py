"""Bugs in updates that send little, or that are judged otherwise than creates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.mutants.mutant import Mutant
from tests.servers.plain_fields import BASE, FLAGS, KEY, OVERRIDE, PROVIDER

if TYPE_CHECKING:
    from tests.servers.plain import Stored
    from tests.servers.plain_fields import Values
    from tests.servers.wire import Json


class NameAloneClearsTheOverride(Mutant):
    """An update of the name alone clears what was overridden: an absent override is stored as an empty one."""

    kills = frozenset({"IDM-21", "IDM-28"})

    def merge(self, earlier: Stored, values: Values) -> Values:
        merged = super().merge(earlier, values)
        return {name: v for name, v in merged.items() if name != OVERRIDE} if values.keys() == {KEY} else merged


class ImagesAloneSwitchFunctionsOff(Mutant):
    """An update of image support alone takes functions to be unsupported."""

    kills = frozenset({"IDM-06"})

    def merge(self, earlier: Stored, values: Values) -> Values:
        alone = values.keys() == {KEY, "image_support"} and "function_call" in earlier.values
        return {**super().merge(earlier, values), **({"function_call": 0} if alone else {})}


class NewProviderDropsTheDisplayName(Mutant):
    """A model that moves to another provider loses its display name."""

    kills = frozenset({"IDM-28"})

    def merge(self, earlier: Stored, values: Values) -> Values:
        merged = super().merge(earlier, values)
        moves = earlier.values.get(PROVIDER, merged.get(PROVIDER)) != merged.get(PROVIDER)
        return {name: v for name, v in merged.items() if name != "display_name" or name in values or not moves}


class FlagsOffIgnoredOnABase(Mutant):
    """In an update of a model that has a base model, a flag of 0 counts as not sent."""

    kills = frozenset({"SEM-02"})

    def merge(self, earlier: Stored, values: Values) -> Values:
        off = {name for name in FLAGS if values.get(name) == 0} if BASE in earlier.values else set()
        return super().merge(earlier, {name: value for name, value in values.items() if name not in off})


class _JudgesCreatesOnly(Mutant):
    """Some values are let through where the model exists."""

    def validate_fields(self, fields: Values) -> Values:
        exists = any(name == fields.get(KEY) for _, name in list(self.models))
        let_through = {name: value for name, value in fields.items() if exists and self.lets_through(name, value)}
        return {**super().validate_fields({n: v for n, v in fields.items() if n not in let_through}), **let_through}

    def lets_through(self, name: str, value: Json) -> bool:
        raise NotImplementedError


class FlagsOfUpdatesUnchecked(_JudgesCreatesOnly):
    """An update takes any integer for a flag; only creates are judged by the serializer."""

    kills = frozenset({"STA-09"})

    def lets_through(self, name: str, value: Json) -> bool:
        return name in FLAGS and isinstance(value, int) and value not in (0, 1)

    def nearest_value(self, name: str, lineage: list[Stored]) -> Json:
        value = super().nearest_value(name, lineage)
        return int(bool(value)) if name in FLAGS and value is not None else value


class NullsOfUpdatesUnchecked(_JudgesCreatesOnly):
    """An update takes null for a field, and keeps what there was."""

    kills = frozenset({"STA-11"})

    def lets_through(self, name: str, value: Json) -> bool:
        return value is None

    def merge(self, earlier: Stored, values: Values) -> Values:
        return super().merge(earlier, {name: value for name, value in values.items() if value is not None})

    def reject_unknown_references(self, organization: str, values: Values) -> None:
        super().reject_unknown_references(organization, {n: v for n, v in values.items() if v is not None})
