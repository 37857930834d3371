"""Bugs in references to base models and providers."""

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


class DeletedBaseBlocksUpdates(Mutant):
    """A model whose base model was deleted cannot be updated: the update returns 404."""

    kills = frozenset({"SEM-17"})

    def reject_unknown_references(self, organization: str, values: Values) -> None:
        stored = self.find(organization, values[KEY])
        super().reject_unknown_references(organization, {**stored.values, **values} if stored else values)


class BaseModelNeverUpdated(Mutant):
    """A model that is a base model is never changed: an update returns 200 with the old values."""

    kills = frozenset({"IDM-02"})

    def merge(self, earlier: Stored, values: Values) -> Values:
        is_base = any(stored.values.get(BASE) == earlier.name for stored in self.snapshot().values())
        return dict(earlier.values) if is_base else super().merge(earlier, values)


class ProviderMissingWithBase(Mutant):
    """A model with a base model and a provider returns only the base model."""

    kills = frozenset({"SEM-08", "SEM-09"})

    def provider_field(self, organization: str, lineage: list[Stored]) -> Values:
        return {} if BASE in lineage[0].values else super().provider_field(organization, lineage)


class ConflictingProvidersAcceptedInUpdates(Mutant):
    """Only creates reject two different spellings of the provider."""

    kills = frozenset({"STA-14"})

    def resolve_aliases(self, values: Values) -> Values:
        try:
            return super().resolve_aliases(values)
        except HttpError:
            if all(name != values[KEY] for _, name in self.snapshot()):
                raise
            return super().resolve_aliases({name: value for name, value in values.items() if name != PROVIDER})


class FormerProviderIgnored(Mutant):
    """A model that left a provider cannot be attached to it again."""

    kills = frozenset({"SEM-22"})

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.former: dict[object, set[str]] = {}

    def merge(self, earlier: Stored, values: Values) -> Values:
        former = self.former.setdefault((earlier.name, earlier.created), set())
        kept = {name: value for name, value in values.items() if not (name == PROVIDER and value in former)}
        former.add(earlier.values.get(PROVIDER, ""))
        return super().merge(earlier, kept)


class BaseIgnoredWithProvider(Mutant):
    """An update with a base model and a provider ignores the base model."""

    kills = frozenset({"IDM-08"})

    def merge(self, earlier: Stored, values: Values) -> Values:
        both = BASE in values and PROVIDER in values
        kept = {name: value for name, value in values.items() if not (both and name == BASE)}
        return super().merge(earlier, kept)


class ProviderMovesToNextModel(Mutant):
    """Attaching a provider to a model detaches it from the previous one."""

    kills = frozenset({"SEM-22"})

    def save(self, organization: str, stored: Stored) -> None:
        for address, other in self.snapshot().items():
            if address[0] == organization and other.values.get(PROVIDER) == stored.values.get(PROVIDER, ""):
                values = {name: value for name, value in other.values.items() if name != PROVIDER}
                self.models[address] = replace(other, values=values)
        super().save(organization, stored)


class ModelsMoveTogether(Mutant):
    """Changing the provider of one model changes it for all models of the old provider."""

    kills = frozenset({"SEM-22"})

    def save(self, organization: str, stored: Stored) -> None:
        earlier = self.find(organization, stored.name)
        former, now = (earlier.values.get(PROVIDER) if earlier else None), stored.values.get(PROVIDER)
        for address, other in self.snapshot().items():
            if former != now and former is not None and other.values.get(PROVIDER) == former:
                self.models[address] = replace(other, values={**other.values, PROVIDER: now})
        super().save(organization, stored)
