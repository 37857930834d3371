"""Bugs in what a model inherits from its base model."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from tests.mutants.mutant import Mutant
from tests.servers.plain_fields import BASE, COSTS, INHERITED, KEY, OVERRIDE, PROVIDER
from tests.servers.wire import Response

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.servers.fixtures import Fixtures
    from tests.servers.plain import Address, Stored
    from tests.servers.plain_fields import Values
    from tests.servers.wire import Json, Request


class NothingInherited(Mutant):
    """A model inherits nothing from its base model."""

    kills = frozenset({"SEM-01", "SEM-03", "SEM-06", "SEM-11", "SEM-13", "SEM-19", "SEM-21"})

    def lineage(self, organization: str, stored: Stored) -> Iterator[Stored]:
        return islice(super().lineage(organization, stored), 1)


class NewestCostNotInherited(Mutant):
    """The newest cost is missing in the list of inherited fields."""

    kills = frozenset({"SEM-01", "SEM-03", "SEM-21"})

    def nearest_value(self, name: str, lineage: list[Stored]) -> Json:
        return super().nearest_value(name, lineage[:1] if name == "cache_creation_input_cost" else lineage)


class ZeroNotInherited(Mutant):
    """A 0 of the base model is not inherited."""

    kills = frozenset({"SEM-01", "SEM-03", "SEM-21"})

    def nearest_value(self, name: str, lineage: list[Stored]) -> Json:
        value = super().nearest_value(name, lineage)
        return value if value or name in lineage[0].values else None


class ZeroCostNotInherited(Mutant):
    """A cost of 0 of the base model is not inherited; its flags are."""

    kills = frozenset({"SEM-01"})

    def nearest_value(self, name: str, lineage: list[Stored]) -> Json:
        value = super().nearest_value(name, lineage)
        return None if value == 0 and "cost" in name and name not in lineage[0].values else value


class WrongFlagInherited(Mutant):
    """A flag is inherited from another flag of the base model, by a copied line."""

    kills = frozenset({"SEM-01"})

    def nearest_value(self, name: str, lineage: list[Stored]) -> Json:
        own = name in lineage[0].values
        return super().nearest_value("streaming_support" if name == "function_call" and not own else name, lineage)


class UpdatesReturnOwnValues(Mutant):
    """The response to an update lacks inherited values."""

    kills = frozenset({"SEM-01", "SEM-21"})

    def upsert(self, request: Request) -> Response:
        response = super().upsert(request)
        stored = self.find(self.authenticate(request).organization, response.body[KEY])
        if response.status == 201 or stored is None:
            return response
        inherited = {name for name in INHERITED if name not in stored.values}
        return replace(response, body={name: value for name, value in response.body.items() if name not in inherited})


class UnknownBaseCached(Mutant):
    """A base model that did not exist stays unknown after it is created, because of a cache."""

    kills = frozenset({"STA-17"})

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.missing: set[Address] = set()

    def reject_unknown_references(self, organization: str, values: Values) -> None:
        base = values.get(BASE)
        if base is not None and (organization, base) in self.missing:
            raise self.unknown_reference(BASE, base)
        if base is not None and self.resolve_model(organization, base) is None:
            self.missing.add((organization, base))
        super().reject_unknown_references(organization, values)


class OwnZeroLoses(Mutant):
    """`own or base`: a model's own 0 is replaced by the base model's value."""

    kills = frozenset({"IDM-09", "SEM-02", "SEM-11"})

    def nearest_value(self, name: str, lineage: list[Stored]) -> Json:
        values = [model.values[name] for model in lineage if name in model.values]
        return next(filter(None, values), values[0] if values else None)


class BaseFlagWins(Mutant):
    """For one flag, the base model's value wins over the model's own."""

    kills = frozenset({"SEM-02", "SEM-11"})

    def nearest_value(self, name: str, lineage: list[Stored]) -> Json:
        return super().nearest_value(name, lineage[::-1] if name == "image_support" else lineage)


class LowerCostWins(Mutant):
    """The lower of a model's own cost and its base model's is returned."""

    kills = frozenset({"SEM-02", "SEM-11"})

    def nearest_value(self, name: str, lineage: list[Stored]) -> Json:
        values = [model.values[name] for model in lineage if name in model.values]
        return super().nearest_value(name, lineage) if name not in COSTS or not values else min(values)


class OwnCostBlocksInheritance(Mutant):
    """A model with a cost of its own inherits no other cost."""

    kills = frozenset({"SEM-01"})

    def nearest_value(self, name: str, lineage: list[Stored]) -> Json:
        own = name in COSTS and any(cost in lineage[0].values for cost in COSTS)
        return super().nearest_value(name, lineage[:1] if own else lineage)


class OnlyBuiltInsInherited(Mutant):
    """A model inherits nothing from a custom base model."""

    kills = frozenset({"SEM-01", "SEM-03", "SEM-06", "SEM-13", "SEM-19", "SEM-21"})

    def base_of(self, organization: str, stored: Stored) -> Stored | None:
        base = super().base_of(organization, stored)
        return base if base and base.built_in else None


class OnlyCustomModelsInherited(Mutant):
    """A model inherits nothing from a built-in base model."""

    kills = frozenset({"SEM-11"})

    def base_of(self, organization: str, stored: Stored) -> Stored | None:
        base = super().base_of(organization, stored)
        return None if base and base.built_in else base


class OneLevelInherited(Mutant):
    """A model inherits from its base model, but not from the base model of that."""

    kills = frozenset({"SEM-03", "SEM-19"})

    def lineage(self, organization: str, stored: Stored) -> Iterator[Stored]:
        return islice(super().lineage(organization, stored), 2)


class BaseOnlyAtCreate(Mutant):
    """A base model that an update sets is stored but nothing is inherited from it."""

    kills = frozenset({"SEM-01"})

    def merge(self, earlier: Stored, values: Values) -> Values:
        merged = super().merge(earlier, values)
        return {**merged, "orphan": True} if BASE in values and BASE not in earlier.values else merged

    def base_of(self, organization: str, stored: Stored) -> Stored | None:
        return None if "orphan" in stored.values else super().base_of(organization, stored)


class BaseNeverChanges(Mutant):
    """A model keeps the base model that it was created with."""

    kills = frozenset({"IDM-02", "SEM-01", "SEM-21"})

    def merge(self, earlier: Stored, values: Values) -> Values:
        merged = super().merge(earlier, values)
        return {**merged, BASE: earlier.values[BASE]} if BASE in earlier.values else merged


class BaseNotReturned(Mutant):
    """A model inherits from its base model, but `base_model_name` is not returned."""

    kills = frozenset({"IDM-01", "IDM-02", "IDM-06", "IDM-08", "SEM-18"})

    def own_fields(self, stored: Stored) -> Values:
        return {name: value for name, value in super().own_fields(stored).items() if name != BASE}


class RootReturnedAsBase(Mutant):
    """`base_model_name` is the base model of the base model."""

    kills = frozenset({"SEM-18"})

    def serialize(self, organization: str, stored: Stored) -> Values:
        root = list(self.lineage(organization, stored))[-1]
        returned = super().serialize(organization, stored)
        return {**returned, BASE: root.name} if BASE in returned else returned


class UpdateWritesToBase(Mutant):
    """A model shares its values with its base model: writing one writes the other."""

    kills = frozenset({"SEM-01", "SEM-16"})

    def save(self, organization: str, stored: Stored) -> None:
        super().save(organization, stored)
        base = self.find(organization, stored.values.get(BASE, ""))
        if base is not None and base.name != stored.name:
            own = {name: value for name, value in stored.values.items() if name in INHERITED}
            super().save(organization, replace(base, values={**base.values, **own}))


class OverrideWritesToBase(Mutant):
    """The override of a model changes the parameters of its base model in place."""

    kills = frozenset({"SEM-16"})

    def save(self, organization: str, stored: Stored) -> None:
        super().save(organization, stored)
        base = self.find(organization, stored.values.get(BASE, ""))
        if base is not None and base.name != stored.name and OVERRIDE in stored.values:
            both = {**base.values.get(OVERRIDE, {}), **stored.values[OVERRIDE]}
            super().save(organization, replace(base, values={**base.values, OVERRIDE: both}))


class ParametersOfOtherModelsInherited(Mutant):
    """A derived model returns the parameters of every model, besides those of its base model."""

    kills = frozenset({"SEM-07", "SEM-13", "SEM-21", "TEN-05"})

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.set_by_any: Values = {}

    def save(self, organization: str, stored: Stored) -> None:
        super().save(organization, stored)
        self.set_by_any |= {n: v for n, v in stored.values.get(OVERRIDE, {}).items() if v is not None}

    def supported_params(self, lineage: list[Stored]) -> Values:
        params = super().supported_params(lineage)
        return {**self.set_by_any, **params} if len(lineage) > 1 and OVERRIDE not in lineage[0].values else params


class BaseUpdateWritesToDerivedModels(Mutant):
    """New costs of a base model overwrite the own costs of its derived models."""

    kills = frozenset({"SEM-02"})

    def write(self, organization: str, name: str, values: Values) -> tuple[int, Stored]:
        costs = {field: value for field, value in values.items() if field in COSTS}
        for address, model in self.snapshot().items():
            if address[0] == organization and model.values.get(BASE) == name:
                own = {field: value for field, value in costs.items() if field in model.values}
                self.models[address] = replace(model, values={**model.values, **own})
        return super().write(organization, name, values)


class ThreeLevelsInherited(Mutant):
    """Values are inherited from two levels of base models and from no further one."""

    kills = frozenset({"SEM-03"})

    def lineage(self, organization: str, stored: Stored) -> Iterator[Stored]:
        return islice(super().lineage(organization, stored), 3)


class OwnValueEqualToBaseNotStored(Mutant):
    """An own value that equals the base model's is not stored: a new base model replaces it."""

    kills = frozenset({"SEM-21"})

    def save(self, organization: str, stored: Stored) -> None:
        base = self.base_of(organization, stored)
        theirs = self.inherited_fields(list(self.lineage(organization, base))) if base else {}
        own = {name: value for name, value in stored.values.items() if theirs.get(name) != value}
        super().save(organization, replace(stored, values=own))


class EmptyDisplayNameReplaced(Mutant):
    """A display name of "" is replaced by that of the base model."""

    kills = frozenset({"IDM-09"})

    def serialize(self, organization: str, stored: Stored) -> Values:
        base = self.base_of(organization, stored)
        if base is not None and stored.values.get("display_name") == "":
            name = base.values.get("display_name", "")
            stored = replace(stored, values={**stored.values, "display_name": name})
        return super().serialize(organization, stored)


class BaseCached(Mutant):
    """The values of a base model are cached when the first model derives from it."""

    kills = frozenset({"SEM-01"})

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.bases: dict[Address, Stored] = {}

    def base_of(self, organization: str, stored: Stored) -> Stored | None:
        base = super().base_of(organization, stored)
        return base and self.bases.setdefault(self.address(organization, base.name), base)


class FormerBaseStillInherited(Mutant):
    """After a change of base model, values that the new one lacks are inherited from the former one."""

    kills = frozenset({"SEM-21"})

    def merge(self, earlier: Stored, values: Values) -> Values:
        merged, former = super().merge(earlier, values), earlier.values.get(BASE)
        if BASE not in values or former in (None, values[BASE]):
            return merged
        theirs, new = (self._own(name) for name in (former, values[BASE]))
        return {**{name: value for name, value in theirs.items() if name in INHERITED and name not in new}, **merged}

    def _own(self, name: str) -> Mapping[str, Json]:
        return next((stored.values for stored in self.snapshot().values() if stored.name == name), {})


class ProviderBlocksInheritance(Mutant):
    """A model with a provider inherits nothing."""

    kills = frozenset({"SEM-01"})

    def base_of(self, organization: str, stored: Stored) -> Stored | None:
        return None if PROVIDER in stored.values else super().base_of(organization, stored)


class BaseWithSlashInheritsNothing(Mutant):
    """A base model whose name has a slash is looked up among the built-in ones only."""

    kills = frozenset({"SEM-01"})

    def base_of(self, organization: str, stored: Stored) -> Stored | None:
        base = super().base_of(organization, stored)
        return None if base and "/" in base.name and not base.built_in else base


class BuiltInDisplayNameWins(Mutant):
    """The display name of a built-in base model replaces the model's own."""

    kills = frozenset({"SEM-11"})

    def serialize(self, organization: str, stored: Stored) -> Values:
        base = self.base_of(organization, stored)
        theirs = {"display_name": base.values["display_name"]} if base and base.built_in else {}
        return {**super().serialize(organization, stored), **theirs}


class ProviderOfBaseWins(Mutant):
    """The provider of the base model is returned in place of the model's own."""

    kills = frozenset({"SEM-08"})

    def provider_field(self, organization: str, lineage: list[Stored]) -> Values:
        return super().provider_field(
            organization, [next((m for m in lineage[1:] if PROVIDER in m.values), lineage[0])]
        )
