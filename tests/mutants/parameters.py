"""Bugs in the keys and entries of overrides, and in how they come together."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.mutants.mutant import Mutant
from tests.servers.plain_fields import OVERRIDE

if TYPE_CHECKING:
    from tests.servers.plain import Stored
    from tests.servers.plain_fields import Values
    from tests.servers.wire import Json


class ParametersCaseless(Mutant):
    """An entry of the override replaces the base's parameters of that name in any case."""

    kills = frozenset({"SEM-06"})

    def apply_override(self, params: Values, override: Values) -> Values:
        named = {name.casefold() for name in override}
        others = {name: entry for name, entry in params.items() if name.casefold() not in named}
        return super().apply_override(others, override)


class ParametersOf40Characters(Mutant):
    """The names of parameters are silently cut after 40 characters."""

    kills = frozenset({"SEM-20"})

    def mapping(self, name: str, value: Json) -> dict[str, Json]:
        return {entry[:40]: inner for entry, inner in super().mapping(name, value).items()}


class ListsMergedByIndex(Mutant):
    """A list in an override that is sent again is merged into the earlier one by index: a longer one keeps its tail."""

    kills = frozenset({"SEM-20"})

    def merge_override(self, earlier: Values, override: Values) -> Values:
        longer = {
            name: entry + earlier[name][len(entry) :]
            for name, entry in override.items()
            if isinstance(entry, list) and isinstance(earlier.get(name), list)
        }
        return {**earlier, **override, **longer}


class RemovedOnlyForItself(Mutant):
    """A parameter that an override removes is removed from that model, and back in the models on it."""

    kills = frozenset({"SEM-07"})

    def supported_params(self, lineage: list[Stored]) -> Values:
        own, *bases = lineage
        return super().supported_params([own, *(self.removing_nothing(base) for base in bases)])

    def removing_nothing(self, stored: Stored) -> Stored:
        """The model with an override that only adds and replaces."""
        override = {name: entry for name, entry in stored.values.get(OVERRIDE, {}).items() if entry is not None}
        return replace(stored, values={**stored.values, OVERRIDE: override})


class ParametersStoredAsComputed(Mutant):
    """An override is stored together with the base's parameters: another base shows those of the former one."""

    kills = frozenset({"SEM-21"})

    def write(self, organization: str, name: str, values: Values) -> tuple[int, Stored]:
        with self.exclusive(organization, name):
            status, stored = super().write(organization, name, values)
            if OVERRIDE in values:
                params = self.supported_params(list(self.lineage(organization, stored)))
                override = {**stored.values[OVERRIDE], **params}
                stored = replace(stored, values={**stored.values, OVERRIDE: override})
                self.save(organization, stored)
            return status, stored


class RemovedForGood(Mutant):
    """What a base removes stays removed, although the model's own override brings it back."""

    kills = frozenset({"SEM-07"})

    def supported_params(self, lineage: list[Stored]) -> Values:
        removed = {
            name for model in lineage[1:] for name, entry in model.values.get(OVERRIDE, {}).items() if entry is None
        }
        return {name: entry for name, entry in super().supported_params(lineage).items() if name not in removed}
