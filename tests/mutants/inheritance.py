"""Bugs in what a model takes from its base."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from tests.mutants.mutant import Mutant
from tests.servers.plain_fields import BASE, COSTS, INHERITED, KEY, OVERRIDE
from tests.servers.wire import Response

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.servers.fixtures import Fixtures
    from tests.servers.plain import Address, Stored
    from tests.servers.plain_fields import Values
    from tests.servers.wire import Json, Request


class NothingInherited(Mutant):
    """The base is recorded, and nothing of it is shown."""

    kills = frozenset({"SEM-01", "SEM-03", "SEM-06", "SEM-11", "SEM-13", "SEM-19", "SEM-21"})

    def lineage(self, organization: str, stored: Stored) -> Iterator[Stored]:
        return islice(super().lineage(organization, stored), 1)


class NewestCostNotInherited(Mutant):
    """The newest cost is missing in the list of what is inherited."""

    kills = frozenset({"SEM-01", "SEM-03", "SEM-21"})

    def nearest_value(self, name: str, lineage: list[Stored]) -> Json:
        return super().nearest_value(name, lineage[:1] if name == "cache_creation_input_cost" else lineage)


class ZeroNotInherited(Mutant):
    """A base's value of 0 counts as none, and is not inherited."""

    kills = frozenset({"SEM-01", "SEM-03", "SEM-21"})

    def nearest_value(self, name: str, lineage: list[Stored]) -> Json:
        value = super().nearest_value(name, lineage)
        return value if value or name in lineage[0].values else None


class FreeIsNotInherited(Mutant):
    """A base's cost of 0 counts as none, and is not inherited; its flags are."""

    kills = frozenset({"SEM-01"})

    def nearest_value(self, name: str, lineage: list[Stored]) -> Json:
        value = super().nearest_value(name, lineage)
        return None if value == 0 and "cost" in name and name not in lineage[0].values else value


class FlagsInheritedTogether(Mutant):
    """The line that inherits one flag was copied from that of another."""

    kills = frozenset({"SEM-01"})

    def nearest_value(self, name: str, lineage: list[Stored]) -> Json:
        own = name in lineage[0].values
        return super().nearest_value("streaming_support" if name == "function_call" and not own else name, lineage)


class UpdatesShowOwnValues(Mutant):
    """The answer to an update is made of the row alone; a create and a read join the base."""

    kills = frozenset({"SEM-01", "SEM-21"})

    def upsert(self, request: Request) -> Response:
        response = super().upsert(request)
        stored = self.find(self.authenticate(request).organization, response.body[KEY])
        if response.status == 201 or stored is None:
            return response
        inherited = {name for name in INHERITED if name not in stored.values}
        return replace(response, body={name: value for name, value in response.body.items() if name not in inherited})


class MissingBaseRemembered(Mutant):
    """That there is no such base is cached, and the cache outlives the base's creation."""

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
    """`own or base`: a model's own 0 gives way to the value of its base."""

    kills = frozenset({"IDM-09", "SEM-02", "SEM-11"})

    def nearest_value(self, name: str, lineage: list[Stored]) -> Json:
        values = [model.values[name] for model in lineage if name in model.values]
        return next(filter(None, values), values[0] if values else None)


class BaseWins(Mutant):
    """The value of the base wins over the model's own, for one flag."""

    kills = frozenset({"SEM-02", "SEM-11"})

    def nearest_value(self, name: str, lineage: list[Stored]) -> Json:
        return super().nearest_value(name, lineage[::-1] if name == "image_support" else lineage)


class LowerCostWins(Mutant):
    """Of two costs, the model's own and its base's, the lower one is shown."""

    kills = frozenset({"SEM-02", "SEM-11"})

    def nearest_value(self, name: str, lineage: list[Stored]) -> Json:
        values = [model.values[name] for model in lineage if name in model.values]
        return super().nearest_value(name, lineage) if name not in COSTS or not values else min(values)


class OneOwnValueHidesTheBase(Mutant):
    """A model with any cost of its own inherits none of the others."""

    kills = frozenset({"SEM-01"})

    def nearest_value(self, name: str, lineage: list[Stored]) -> Json:
        own = name in COSTS and any(cost in lineage[0].values for cost in COSTS)
        return super().nearest_value(name, lineage[:1] if own else lineage)


class OnlyBuiltInsInherited(Mutant):
    """Only a built-in base is looked up; a custom one is recorded, and nothing of it is shown."""

    kills = frozenset({"SEM-01", "SEM-03", "SEM-06", "SEM-13", "SEM-19", "SEM-21"})

    def base_of(self, organization: str, stored: Stored) -> Stored | None:
        base = super().base_of(organization, stored)
        return base if base and base.built_in else None


class OnlyCustomModelsInherited(Mutant):
    """Only a custom base is looked up; a built-in one is recorded, and nothing of it is shown."""

    kills = frozenset({"SEM-11"})

    def base_of(self, organization: str, stored: Stored) -> Stored | None:
        base = super().base_of(organization, stored)
        return None if base and base.built_in else base


class OneLevelOfBases(Mutant):
    """Values are inherited from the nearest base, and from none behind it."""

    kills = frozenset({"SEM-03", "SEM-19"})

    def lineage(self, organization: str, stored: Stored) -> Iterator[Stored]:
        return islice(super().lineage(organization, stored), 2)


class BaseOnlyAtCreate(Mutant):
    """A base that is given to a model that exists is recorded, and nothing of it is shown."""

    kills = frozenset({"SEM-01"})

    def merge(self, earlier: Stored, values: Values) -> Values:
        merged = super().merge(earlier, values)
        return {**merged, "orphan": True} if BASE in values and BASE not in earlier.values else merged

    def base_of(self, organization: str, stored: Stored) -> Stored | None:
        return None if "orphan" in stored.values else super().base_of(organization, stored)


class BaseNotChanged(Mutant):
    """A model keeps the base it was created with."""

    kills = frozenset({"IDM-02", "SEM-01", "SEM-21"})

    def merge(self, earlier: Stored, values: Values) -> Values:
        merged = super().merge(earlier, values)
        return {**merged, BASE: earlier.values[BASE]} if BASE in earlier.values else merged


class BaseNotShown(Mutant):
    """The base is inherited from, and not shown."""

    kills = frozenset({"IDM-01", "IDM-02", "IDM-06", "IDM-08", "SEM-18"})

    def own_fields(self, stored: Stored) -> Values:
        return {name: value for name, value in super().own_fields(stored).items() if name != BASE}


class RootShownAsBase(Mutant):
    """The base that is shown is the base of the base."""

    kills = frozenset({"SEM-18"})

    def serialize(self, organization: str, stored: Stored) -> Values:
        root = list(self.lineage(organization, stored))[-1]
        returned = super().serialize(organization, stored)
        return {**returned, BASE: root.name} if BASE in returned else returned


class BaseChangedByModel(Mutant):
    """A model shares its values with its base: writing one writes the other."""

    kills = frozenset({"SEM-01", "SEM-16"})

    def save(self, organization: str, stored: Stored) -> None:
        super().save(organization, stored)
        base = self.find(organization, stored.values.get(BASE, ""))
        if base is not None and base.name != stored.name:
            own = {name: value for name, value in stored.values.items() if name in INHERITED}
            super().save(organization, replace(base, values={**base.values, **own}))


class ParametersOfBaseChanged(Mutant):
    """The base's parameters are updated in place by the override of a model."""

    kills = frozenset({"SEM-16"})

    def save(self, organization: str, stored: Stored) -> None:
        super().save(organization, stored)
        base = self.find(organization, stored.values.get(BASE, ""))
        if base is not None and base.name != stored.name and OVERRIDE in stored.values:
            both = {**base.values.get(OVERRIDE, {}), **stored.values[OVERRIDE]}
            super().save(organization, replace(base, values={**base.values, OVERRIDE: both}))


class ParametersOfStrangersInherited(Mutant):
    """A model on a base shows the parameters that any model was ever given, beside those of its base."""

    kills = frozenset({"SEM-07", "SEM-13", "SEM-21", "TEN-05"})

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.given_to_any: Values = {}

    def save(self, organization: str, stored: Stored) -> None:
        super().save(organization, stored)
        self.given_to_any |= {n: v for n, v in stored.values.get(OVERRIDE, {}).items() if v is not None}

    def supported_params(self, lineage: list[Stored]) -> Values:
        params = super().supported_params(lineage)
        return {**self.given_to_any, **params} if len(lineage) > 1 and OVERRIDE not in lineage[0].values else params


class BaseWritesThrough(Mutant):
    """Costs of a base model that change are copied into the models on it, over their own."""

    kills = frozenset({"SEM-02"})

    def write(self, organization: str, name: str, values: Values) -> tuple[int, Stored]:
        costs = {field: value for field, value in values.items() if field in COSTS}
        for address, model in list(self.models.items()):
            if address[0] == organization and model.values.get(BASE) == name:
                own = {field: value for field, value in costs.items() if field in model.values}
                self.models[address] = replace(model, values={**model.values, **own})
        return super().write(organization, name, values)


class ThreeLevels(Mutant):
    """A join for the model, one for its base, one for that one's: what is farther is not inherited."""

    kills = frozenset({"SEM-03"})

    def lineage(self, organization: str, stored: Stored) -> Iterator[Stored]:
        return islice(super().lineage(organization, stored), 3)


class ValuesOfTheBaseNotStored(Mutant):
    """A value of the model's own that equals the base's is not stored: with another base, that one's is shown."""

    kills = frozenset({"SEM-21"})

    def save(self, organization: str, stored: Stored) -> None:
        base = self.base_of(organization, stored)
        theirs = self.inherited_fields(list(self.lineage(organization, base))) if base else {}
        own = {name: value for name, value in stored.values.items() if theirs.get(name) != value}
        super().save(organization, replace(stored, values=own))


class EmptyNameInherited(Mutant):
    """A display name of "" counts as none: that of the base is shown."""

    kills = frozenset({"IDM-09"})

    def serialize(self, organization: str, stored: Stored) -> Values:
        base = self.base_of(organization, stored)
        if base is not None and stored.values.get("display_name") == "":
            name = base.values.get("display_name", "")
            stored = replace(stored, values={**stored.values, "display_name": name})
        return super().serialize(organization, stored)


class BasesMemoized(Mutant):
    """A base is remembered as it was when the first model was made on it."""

    kills = frozenset({"SEM-01"})

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.bases: dict[Address, Stored] = {}

    def base_of(self, organization: str, stored: Stored) -> Stored | None:
        base = super().base_of(organization, stored)
        return base and self.bases.setdefault(self.address(organization, base.name), base)


class FormerBaseLingers(Mutant):
    """A model that is given another base goes on with what the former one had and the new one does not have."""

    kills = frozenset({"SEM-21"})

    def merge(self, earlier: Stored, values: Values) -> Values:
        merged, former = super().merge(earlier, values), earlier.values.get(BASE)
        if BASE not in values or former in (None, values[BASE]):
            return merged
        theirs, new = (self._own(name) for name in (former, values[BASE]))
        return {**{name: value for name, value in theirs.items() if name in INHERITED and name not in new}, **merged}

    def _own(self, name: str) -> Mapping[str, Json]:
        return next((stored.values for stored in self.models.values() if stored.name == name), {})
