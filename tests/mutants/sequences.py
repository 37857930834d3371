"""Bugs that appear only after a certain request sequence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.mutants.mutant import Mutant
from tests.servers.plain_fields import KEY
from tests.servers.wire import HttpError

if TYPE_CHECKING:
    from tests.servers.fixtures import Fixtures
    from tests.servers.plain import Address, Stored
    from tests.servers.plain_fields import Values
    from tests.servers.wire import Json


def name_in(body: Json) -> str:
    """Return the name of the model in any body, or ""."""
    name = body.get(KEY) if isinstance(body, dict) else None
    return name if isinstance(name, str) else ""


class RejectionRevivesDeletedName(Mutant):
    """After a rejected upsert of a deleted name, the next create of it returns 200."""

    kills = frozenset({"MOD-01"})

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.deleted: set[str] = set()
        self.revived: set[str] = set()

    def remove(self, organization: str, name: str) -> bool:
        self.deleted.add(name)
        return super().remove(organization, name)

    def requested_values(self, body: Json) -> Values:
        try:
            return super().requested_values(body)
        except HttpError:
            self.revived |= self.deleted & {name_in(body)}
            raise

    def write(self, organization: str, name: str, values: Values) -> tuple[int, Stored]:
        status, stored = super().write(organization, name, values)
        return (200 if name in self.revived else status), stored


class SecondDeleteRestores(Mutant):
    """A delete toggles a flag: a second one returns 404 but restores the model."""

    kills = frozenset({"MOD-01", "STA-20"})

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.bin: dict[Address, Stored] = {}

    def remove(self, organization: str, name: str) -> bool:
        address, stored = self.address(organization, name), self.find(organization, name)
        if stored is not None:
            self.bin[address] = stored
        elif address in self.bin:
            self.models[address] = self.bin.pop(address)
            return False
        return super().remove(organization, name)


class RecreatedModelAlwaysReset(Mutant):
    """Updates of a model that was deleted once reset omitted fields."""

    kills = frozenset({"MOD-02"})

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.deleted: set[str] = set()

    def remove(self, organization: str, name: str) -> bool:
        self.deleted.add(name)
        return super().remove(organization, name)

    def merge(self, earlier: Stored, values: Values) -> Values:
        return values if earlier.name in self.deleted else super().merge(earlier, values)


class SecondRejectionResetsModel(Mutant):
    """The second rejected update in a row resets the model."""

    kills = frozenset({"IDM-30", "MOD-02"})

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.rejected_last = ""
        self.forgotten: set[str] = set()

    def requested_values(self, body: Json) -> Values:
        try:
            values = super().requested_values(body)
        except HttpError:
            self.forgotten |= {self.rejected_last} & {name_in(body)}
            self.rejected_last = name_in(body)
            raise
        self.rejected_last = ""
        return values

    def merge(self, earlier: Stored, values: Values) -> Values:
        if earlier.name in self.forgotten:
            self.forgotten.remove(earlier.name)
            return values
        return super().merge(earlier, values)


class EarlyModelsEvicted(Mutant):
    """The store holds 250 models and overwrites the oldest ones."""

    kills = frozenset({"IDM-27"})
    capacity = 250

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.ring: list[Address] = []

    def save(self, organization: str, stored: Stored) -> None:
        address = self.address(organization, stored.name)
        if address not in self.models:
            self.ring.append(address)
        super().save(organization, stored)
        if len(self.ring) > self.capacity:
            self.models.pop(self.ring.pop(0), None)
