"""Bugs with objects that models share: a write to one model changes another."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.mutants.mutant import Mutant
from tests.servers.plain_fields import BASE, COSTS, INHERITED, OVERRIDE

if TYPE_CHECKING:
    from tests.servers.fixtures import Fixtures
    from tests.servers.plain import Stored
    from tests.servers.plain_fields import Values
    from tests.servers.wire import Json


class _SharedDefaults(Mutant):
    """Every write fills one object of defaults, whose values all models return."""

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.shared: Values = {}


class OverridesChangeDefaults(_SharedDefaults):
    """Overrides are written into the default parameters of all models."""

    kills = frozenset({"IDM-23"})

    def default_params(self) -> Values:
        return self.shared

    def apply_override(self, params: Values, override: Values) -> Values:
        params.update(super().apply_override({}, override))
        return super().apply_override(params, override)


class MutableDefaultOverride(_SharedDefaults):
    """The override has a mutable default argument: models without an override get those of others."""

    kills = frozenset({"IDM-23"})

    def save(self, organization: str, stored: Stored) -> None:
        self.shared.update({n: v for n, v in stored.values.get(OVERRIDE, {}).items() if v is not None})
        super().save(organization, stored)

    def supported_params(self, lineage: list[Stored]) -> Values:
        return super().supported_params(lineage) if any(OVERRIDE in m.values for m in lineage) else dict(self.shared)


class UpdatesChangeDefaults(_SharedDefaults):
    """The costs of an update become the defaults of models without costs."""

    kills = frozenset({"IDM-23"})
    flaky = frozenset({"TEN-03"})

    def merge(self, earlier: Stored, values: Values) -> Values:
        self.shared.update({name: value for name, value in values.items() if name in COSTS})
        return super().merge(earlier, values)

    def nearest_value(self, name: str, lineage: list[Stored]) -> Json:
        value = super().nearest_value(name, lineage)
        return self.shared.get(name) if value is None and lineage == lineage[:1] and not lineage[0].built_in else value


class EqualOverridesShareAnObject(Mutant):
    """Equal overrides are one object: updating one model's override changes the other's."""

    kills = frozenset({"IDM-17"})

    def save(self, organization: str, stored: Stored) -> None:
        earlier = self.find(organization, stored.name)
        super().save(organization, stored)
        before, after = (model.values.get(OVERRIDE) if model else None for model in (earlier, stored))
        for address, other in self.snapshot().items():
            if before and before != after and other.values.get(OVERRIDE) == before:
                self.models[address] = replace(other, values={**other.values, OVERRIDE: after})


class NullRemovesFromBase(Mutant):
    """A null entry removes the parameter from the base model itself."""

    kills = frozenset({"SEM-16"})

    def save(self, organization: str, stored: Stored) -> None:
        super().save(organization, stored)
        base = self.find(organization, stored.values.get(BASE, ""))
        removed = {name for name, entry in stored.values.get(OVERRIDE, {}).items() if entry is None}
        if base is not None and base.name != stored.name and removed & base.values.get(OVERRIDE, {}).keys():
            left = {name: entry for name, entry in base.values[OVERRIDE].items() if name not in removed}
            super().save(organization, replace(base, values={**base.values, OVERRIDE: left}))


class OverridesChangeRoot(Mutant):
    """The overrides of a chain are applied to the parameters of its farthest base model in place."""

    kills = frozenset({"SEM-16"})

    def save(self, organization: str, stored: Stored) -> None:
        super().save(organization, stored)
        *_, root = self.lineage(organization, stored)
        if root.name != stored.name and root.name != stored.values.get(BASE) and not root.built_in:
            both = {**root.values.get(OVERRIDE, {}), **stored.values.get(OVERRIDE, {})}
            super().save(organization, replace(root, values={**root.values, OVERRIDE: both}))


class UpdateChangesBase(Mutant):
    """An update of a derived model also updates its base model."""

    kills = frozenset({"SEM-16"})

    def merge(self, earlier: Stored, values: Values) -> Values:
        for address, other in self.snapshot().items():
            if other.name == earlier.values.get(BASE) != earlier.name:
                own = {name: value for name, value in values.items() if name in COSTS}
                self.models[address] = replace(other, values={**other.values, **own})
        return super().merge(earlier, values)


class InheritedValuesBecomeOwn(Mutant):
    """An update stores inherited values as the model's own: a new base model changes nothing."""

    kills = frozenset({"SEM-21"})

    def write(self, organization: str, name: str, values: Values) -> tuple[int, Stored]:
        status, stored = super().write(organization, name, values)
        if status == 200 and BASE not in values:
            whole = self.inherited_fields(list(self.lineage(organization, stored)))
            stored = replace(stored, values={**stored.values, **{n: v for n, v in whole.items() if n in INHERITED}})
            self.save(organization, stored)
        return status, stored


class BaseReturnedByDisplayName(Mutant):
    """`base_model_name` is the display name of the base model."""

    kills = frozenset({"IDM-01", "IDM-02", "IDM-06", "IDM-08"})

    def serialize(self, organization: str, stored: Stored) -> Values:
        returned, base = super().serialize(organization, stored), self.base_of(organization, stored)
        name = base.values.get("display_name") if base else None
        return returned if name is None else {**returned, BASE: name}
