"""Variants in what a model inherits from its base model, and when."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from tests.servers.plain import Address, PlainServer, Stored
from tests.servers.plain_fields import BASE, OVERRIDE, PROVIDER, Values
from tests.servers.wire import HttpError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.fixtures import Fixtures


class InheritsAtWrite(PlainServer):
    """Open: whether a model inherits at read time or at write time. Here at write time."""

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.bases: dict[Address, list[Stored]] = {}

    def save(self, organization: str, stored: Stored) -> None:
        base = self.base_of(organization, stored)
        lineage = [] if base is None else self.lineage(organization, base)
        self.bases[self.address(organization, stored.name)] = [model for model in lineage if model.name != stored.name]
        super().save(organization, stored)

    def lineage(self, organization: str, stored: Stored) -> Iterator[Stored]:
        yield stored
        yield from self.bases.get(self.address(organization, stored.name), [])


class OneLevelOfInheritance(PlainServer):
    """Assumed: a base model may itself have a base model. Here only the nearest one is inherited from."""

    deviates = frozenset({"SEM-03", "SEM-19"})

    def lineage(self, organization: str, stored: Stored) -> Iterator[Stored]:
        return islice(super().lineage(organization, stored), 2)


class ChainsRejected(PlainServer):
    """Assumed: a base model may itself have a base model. Here it may not."""

    def reject_unknown_references(self, organization: str, values: Values) -> None:
        super().reject_unknown_references(organization, values)
        base = self.resolve_model(organization, values[BASE]) if BASE in values else None
        if base is not None and BASE in base.values:
            raise HttpError(400, {BASE: ["This model has a base itself."]})


class BaseModelsCannotBeDeleted(PlainServer):
    """Assumed: a model continues to exist after its base model is deleted. Here a base model cannot be deleted."""

    def reject_deleting_built_in(self, organization: str, name: str) -> None:
        super().reject_deleting_built_in(organization, name)
        bases = {model.values.get(BASE) for (owner, _), model in self.snapshot().items() if owner == organization}
        if name in bases:
            raise HttpError(403, "Other models are based on this one.")


class CyclesRejected(PlainServer):
    """Assumed, with a choice: a cycle is rejected or cut. Here it is rejected; the plain server cuts it."""

    def reject_unknown_references(self, organization: str, values: Values) -> None:
        super().reject_unknown_references(organization, values)
        base = self.resolve_model(organization, values[BASE]) if BASE in values else None
        if base and any(model.name == values["model_name"] for model in self.lineage(organization, base)):
            raise HttpError(400, {BASE: ["A model cannot be its own base."]})


class DisplayNameInherited(PlainServer):
    """Open: whether the display name is inherited. Here it is."""

    def serialize(self, organization: str, stored: Stored) -> Values:
        name = self.nearest_value("display_name", list(self.lineage(organization, stored)))
        return super().serialize(organization, stored) | ({} if name is None else {"display_name": name})


class ProviderInherited(PlainServer):
    """Open: whether the provider is inherited. Here it is."""

    def provider_field(self, organization: str, lineage: list[Stored]) -> Values:
        having_one = [model for model in lineage if PROVIDER in model.values]
        return super().provider_field(organization, having_one or lineage)


class OverrideHidesBase(PlainServer):
    """Assumed: the override applies to the base model's parameters entry by entry. Here it hides all of them."""

    deviates = frozenset({"SEM-06", "SEM-19"})

    def supported_params(self, lineage: list[Stored]) -> Values:
        nearest = next(([model] for model in lineage if OVERRIDE in model.values), [])
        return super().supported_params(nearest)


class NullEntriesReturned(PlainServer):
    """Assumed: a null entry removes the parameter. Here the response returns it as null."""

    deviates = frozenset({"SEM-07"})

    def apply_override(self, params: Values, override: Values) -> Values:
        return {**params, **override}


class DefaultParams(PlainServer):
    """Open: whether a server has parameters of its own under the override. Here it has some."""

    def default_params(self) -> Values:
        return {"temperature": {"min": 0, "max": 2}, "stream": {"type": "boolean"}}


class DefaultParamsMerged(DefaultParams):
    """Open: what a server's own parameters are under an override. Here an entry is merged into its default."""

    def supported_params(self, lineage: list[Stored]) -> Values:
        params: Values = {}
        for model in reversed(lineage):
            params = self.apply_override(params, model.values.get(OVERRIDE, {}))
        removed = {name for model in lineage for name, entry in model.values.get(OVERRIDE, {}).items() if entry is None}
        defaults = {name: entry for name, entry in self.default_params().items() if name not in removed}
        both = {name: {**entry, **params.get(name, {})} for name, entry in defaults.items()}
        return {**both, **{name: entry for name, entry in params.items() if name not in both}}


class DefaultParamsWithNull(PlainServer):
    """Open: whether a server has parameters of its own under the override. Here one of them is null."""

    def supported_params(self, lineage: list[Stored]) -> Values:
        return {"audio": None, **super().supported_params(lineage)}


class CycleDropsBase(PlainServer):
    """Assumed, with a choice: a cycle is rejected or cut. Here the model that would close it gets no base model."""

    def write(self, organization: str, name: str, values: Values) -> tuple[int, Stored]:
        status, stored = super().write(organization, name, values)
        base = self.base_of(organization, stored)
        if base is not None and any(model.name == name for model in self.lineage(organization, base)):
            kept = {field: value for field, value in stored.values.items() if field != BASE}
            stored = replace(stored, values=kept)
            self.save(organization, stored)
        return status, stored


class CyclesForbidden(CyclesRejected):
    """Assumed, with a choice: a cycle is rejected or cut. Here it is rejected with 403."""

    def reject_unknown_references(self, organization: str, values: Values) -> None:
        try:
            super().reject_unknown_references(organization, values)
        except HttpError as error:
            raise HttpError(403 if error.status == 400 else error.status, error.problem) from None
