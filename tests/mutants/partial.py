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

    trips = frozenset({"IDM-21", "IDM-28"})

    def merged(self, earlier: Stored, values: Values) -> Values:
        merged = super().merged(earlier, values)
        return {name: v for name, v in merged.items() if name != OVERRIDE} if values.keys() == {KEY} else merged


class ImagesAloneSwitchFunctionsOff(Mutant):
    """An update of image support alone takes functions to be unsupported."""

    trips = frozenset({"IDM-06"})

    def merged(self, earlier: Stored, values: Values) -> Values:
        alone = values.keys() == {KEY, "image_support"} and "function_call" in earlier.values
        return {**super().merged(earlier, values), **({"function_call": 0} if alone else {})}


class NewProviderDropsTheDisplayName(Mutant):
    """A model that moves to another provider loses its display name."""

    trips = frozenset({"IDM-28"})

    def merged(self, earlier: Stored, values: Values) -> Values:
        merged = super().merged(earlier, values)
        moves = earlier.values.get(PROVIDER, merged.get(PROVIDER)) != merged.get(PROVIDER)
        return {name: v for name, v in merged.items() if name != "display_name" or name in values or not moves}


class FlagsOffIgnoredOnABase(Mutant):
    """In an update of a model that has a base model, a flag of 0 counts as not sent."""

    trips = frozenset({"SEM-02"})

    def merged(self, earlier: Stored, values: Values) -> Values:
        off = {name for name in FLAGS if values.get(name) == 0} if BASE in earlier.values else set()
        return super().merged(earlier, {name: value for name, value in values.items() if name not in off})


class _JudgesCreatesOnly(Mutant):
    """Some values are let through where the model exists."""

    def checked(self, given: Values) -> Values:
        exists = any(name == given.get(KEY) for _, name in list(self.models))
        let_through = {name: value for name, value in given.items() if exists and self.lets_through(name, value)}
        return {**super().checked({n: v for n, v in given.items() if n not in let_through}), **let_through}

    def lets_through(self, name: str, value: Json) -> bool:
        raise NotImplementedError


class FlagsOfUpdatesUnchecked(_JudgesCreatesOnly):
    """An update takes any integer for a flag; only creates are judged by the serializer."""

    trips = frozenset({"STA-09"})

    def lets_through(self, name: str, value: Json) -> bool:
        return name in FLAGS and isinstance(value, int) and value not in (0, 1)

    def first(self, name: str, lineage: list[Stored]) -> Json:
        value = super().first(name, lineage)
        return int(bool(value)) if name in FLAGS and value is not None else value


class NullsOfUpdatesUnchecked(_JudgesCreatesOnly):
    """An update takes null for a field, and keeps what there was."""

    trips = frozenset({"STA-11"})

    def lets_through(self, name: str, value: Json) -> bool:
        return value is None

    def merged(self, earlier: Stored, values: Values) -> Values:
        return super().merged(earlier, {name: value for name, value in values.items() if value is not None})

    def refuse_unknown_references(self, organization: str, values: Values) -> None:
        super().refuse_unknown_references(organization, {n: v for n, v in values.items() if v is not None})
