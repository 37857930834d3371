"""Bugs in updates with few fields, and in the validation of updates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.mutants.mutant import Mutant
from tests.servers.plain_fields import BASE, FLAGS, KEY, OVERRIDE, PROVIDER

if TYPE_CHECKING:
    from tests.servers.plain import Stored
    from tests.servers.plain_fields import Values
    from tests.servers.wire import Json


class NameOnlyUpdateClearsOverride(Mutant):
    """An update with only the name clears the override."""

    kills = frozenset({"IDM-21", "IDM-28"})

    def merge(self, earlier: Stored, values: Values) -> Values:
        merged = super().merge(earlier, values)
        return {name: v for name, v in merged.items() if name != OVERRIDE} if values.keys() == {KEY} else merged


class ImageFlagAloneClearsFunctionFlag(Mutant):
    """An update of only `image_support` clears `function_call`."""

    kills = frozenset({"IDM-06"})

    def merge(self, earlier: Stored, values: Values) -> Values:
        alone = values.keys() == {KEY, "image_support"} and "function_call" in earlier.values
        return {**super().merge(earlier, values), **({"function_call": 0} if alone else {})}


class NewProviderDropsDisplayName(Mutant):
    """Changing the provider clears the display name."""

    kills = frozenset({"IDM-28"})

    def merge(self, earlier: Stored, values: Values) -> Values:
        merged = super().merge(earlier, values)
        moves = earlier.values.get(PROVIDER, merged.get(PROVIDER)) != merged.get(PROVIDER)
        return {name: v for name, v in merged.items() if name != "display_name" or name in values or not moves}


class ZeroFlagIgnoredWithBase(Mutant):
    """An update of a derived model ignores a flag of 0."""

    kills = frozenset({"SEM-02"})

    def merge(self, earlier: Stored, values: Values) -> Values:
        off = {name for name in FLAGS if values.get(name) == 0} if BASE in earlier.values else set()
        return super().merge(earlier, {name: value for name, value in values.items() if name not in off})


class _ValidatesCreatesOnly(Mutant):
    """Some values are not validated in updates."""

    def validate_fields(self, fields: Values) -> Values:
        exists = any(name == fields.get(KEY) for _, name in self.snapshot())
        let_through = {name: value for name, value in fields.items() if exists and self.lets_through(name, value)}
        return {**super().validate_fields({n: v for n, v in fields.items() if n not in let_through}), **let_through}

    def lets_through(self, name: str, value: Json) -> bool:
        raise NotImplementedError


class FlagsUncheckedInUpdates(_ValidatesCreatesOnly):
    """An update accepts any integer as a flag."""

    kills = frozenset({"STA-09"})

    def lets_through(self, name: str, value: Json) -> bool:
        return name in FLAGS and isinstance(value, int) and value not in (0, 1)

    def nearest_value(self, name: str, lineage: list[Stored]) -> Json:
        value = super().nearest_value(name, lineage)
        return int(bool(value)) if name in FLAGS and value is not None else value


class NullIgnoredInUpdates(_ValidatesCreatesOnly):
    """An update accepts null and keeps the old value."""

    kills = frozenset({"STA-11"})

    def lets_through(self, name: str, value: Json) -> bool:
        return value is None

    def merge(self, earlier: Stored, values: Values) -> Values:
        return super().merge(earlier, {name: value for name, value in values.items() if value is not None})

    def reject_unknown_references(self, organization: str, values: Values) -> None:
        super().reject_unknown_references(organization, {n: v for n, v in values.items() if v is not None})
