"""Bugs in which base model and which provider a model is attached to."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.mutants.mutant import Mutant
from tests.servers.plain_fields import BASE, KEY, PROVIDER
from tests.servers.wire import HttpError

if TYPE_CHECKING:
    from tests.servers.fixtures import Fixtures
    from tests.servers.plain import Stored
    from tests.servers.plain_fields import Values


class DeletedBaseStopsUpdates(Mutant):
    """An update looks up the stored base as well: once that is deleted, the model cannot be changed, which is a 404."""

    kills = frozenset({"SEM-17"})

    def reject_unknown_references(self, organization: str, values: Values) -> None:
        stored = self.find(organization, values[KEY])
        super().reject_unknown_references(organization, {**stored.values, **values} if stored else values)


class BasesAreFrozen(Mutant):
    """A model that others are based on is never changed: an update is answered 200, with the old values."""

    kills = frozenset({"IDM-02"})

    def merge(self, earlier: Stored, values: Values) -> Values:
        is_base = any(stored.values.get(BASE) == earlier.name for stored in list(self.models.values()))
        return dict(earlier.values) if is_base else super().merge(earlier, values)


class ProviderLostInTheJoin(Mutant):
    """The query that joins the base joins no provider: a model that has both shows the base only."""

    kills = frozenset({"SEM-08", "SEM-09"})

    def provider_field(self, organization: str, lineage: list[Stored]) -> Values:
        return {} if BASE in lineage[0].values else super().provider_field(organization, lineage)


class SpellingsComparedByCreates(Mutant):
    """Only a create refuses two spellings of the provider that differ; an update takes the second."""

    kills = frozenset({"STA-14"})

    def resolve_aliases(self, values: Values) -> Values:
        try:
            return super().resolve_aliases(values)
        except HttpError:
            if all(name != values[KEY] for _, name in list(self.models)):
                raise
            return super().resolve_aliases({name: value for name, value in values.items() if name != PROVIDER})


class FormerProviderIgnored(Mutant):
    """A model that left a provider does not get it back: an update that names it again is ignored there."""

    kills = frozenset({"SEM-22"})

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.former: dict[object, set[str]] = {}

    def merge(self, earlier: Stored, values: Values) -> Values:
        former = self.former.setdefault((earlier.name, earlier.created), set())
        kept = {name: value for name, value in values.items() if not (name == PROVIDER and value in former)}
        former.add(earlier.values.get(PROVIDER, ""))
        return super().merge(earlier, kept)


class ProviderBeforeBase(Mutant):
    """An update that names a base and a provider is one of the provider: the base is ignored."""

    kills = frozenset({"IDM-08"})

    def merge(self, earlier: Stored, values: Values) -> Values:
        both = BASE in values and PROVIDER in values
        kept = {name: value for name, value in values.items() if not (both and name == BASE)}
        return super().merge(earlier, kept)


class ProviderOfOneModel(Mutant):
    """A provider is attached to one model: the next one that names it takes it away from the former."""

    kills = frozenset({"SEM-22"})

    def save(self, organization: str, stored: Stored) -> None:
        for address, other in list(self.models.items()):
            if address[0] == organization and other.values.get(PROVIDER) == stored.values.get(PROVIDER, ""):
                values = {name: value for name, value in other.values.items() if name != PROVIDER}
                self.models[address] = replace(other, values=values)
        super().save(organization, stored)


class AllMoveToTheNewProvider(Mutant):
    """Where one model moves to another provider, all models of the former one move with it."""

    kills = frozenset({"SEM-22"})

    def save(self, organization: str, stored: Stored) -> None:
        earlier = self.find(organization, stored.name)
        former, now = (earlier.values.get(PROVIDER) if earlier else None), stored.values.get(PROVIDER)
        for address, other in list(self.models.items()):
            if former != now and former is not None and other.values.get(PROVIDER) == former:
                self.models[address] = replace(other, values={**other.values, PROVIDER: now})
        super().save(organization, stored)
