"""Bugs in the keys and entries of overrides, and in merging them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.mutants.mutant import Mutant
from tests.servers.plain_fields import OVERRIDE

if TYPE_CHECKING:
    from tests.servers.plain import Stored
    from tests.servers.plain_fields import Values
    from tests.servers.wire import Json


class ParametersCaseInsensitive(Mutant):
    """An entry of the override replaces the base model's parameter of that name in any case."""

    kills = frozenset({"SEM-06"})

    def apply_override(self, params: Values, override: Values) -> Values:
        named = {name.casefold() for name in override}
        others = {name: entry for name, entry in params.items() if name.casefold() not in named}
        return super().apply_override(others, override)


class ParameterNamesCutAt40Characters(Mutant):
    """The names of parameters are silently cut after 40 characters."""

    kills = frozenset({"SEM-20"})

    def mapping(self, name: str, value: Json) -> dict[str, Json]:
        return {entry[:40]: inner for entry, inner in super().mapping(name, value).items()}


class OverrideListsMergedByIndex(Mutant):
    """A list in an override is merged into the earlier one by index: a longer one keeps its tail."""

    kills = frozenset({"SEM-20"})

    def merge_override(self, earlier: Values, override: Values) -> Values:
        longer = {
            name: entry + earlier[name][len(entry) :]
            for name, entry in override.items()
            if isinstance(entry, list) and isinstance(earlier.get(name), list)
        }
        return {**earlier, **override, **longer}


class RemovalNotInherited(Mutant):
    """A parameter that a base model's override removes is back in its derived models."""

    kills = frozenset({"SEM-07"})

    def supported_params(self, lineage: list[Stored]) -> Values:
        own, *bases = lineage
        return super().supported_params([own, *(self.removing_nothing(base) for base in bases)])

    def removing_nothing(self, stored: Stored) -> Stored:
        """Return the model with an override that only adds and replaces."""
        override = {name: entry for name, entry in stored.values.get(OVERRIDE, {}).items() if entry is not None}
        return replace(stored, values={**stored.values, OVERRIDE: override})


class ComputedParametersStored(Mutant):
    """The base model's parameters are stored with the override and outlive a change of base model."""

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


class RemovalCannotBeOverridden(Mutant):
    """A parameter that a base model removes stays removed, although the model's own override sets it."""

    kills = frozenset({"SEM-07"})

    def supported_params(self, lineage: list[Stored]) -> Values:
        removed = {
            name for model in lineage[1:] for name, entry in model.values.get(OVERRIDE, {}).items() if entry is None
        }
        return {name: entry for name, entry in super().supported_params(lineage).items() if name not in removed}
