"""Bugs in `created_at` and `updated_at`."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.mutants.mutant import Mutant
from tests.servers.plain_fields import BASE, OVERRIDE

if TYPE_CHECKING:
    from datetime import datetime

    from tests.servers.plain import Stored
    from tests.servers.plain_fields import Values


class CreatedAtChangesWithUpdates(Mutant):
    """Every update inserts a new row: `created_at` is the time of the last one."""

    kills = frozenset({"IDM-14"})

    def upserted(self, earlier: Stored | None, name: str, values: Values) -> Stored:
        stored = super().upserted(earlier, name, values)
        return replace(stored, created=stored.updated)


class CreatedAtIsResponseTime(Mutant):
    """`created_at` is the time of the response."""

    kills = frozenset({"IDM-14", "IDM-15"})

    def time_fields(self, stored: Stored) -> Values:
        return {**super().time_fields(stored), "created_at": self.format_time(self.now())}


class UpdatedBeforeCreated(Mutant):
    """`updated_at` is local time labelled as UTC, an hour behind."""

    kills = frozenset({"IDM-15"})

    def time_fields(self, stored: Stored) -> Values:
        updated = stored.updated and stored.updated - timedelta(hours=1)
        return {**super().time_fields(stored), "updated_at": self.format_time(updated)}


class UpdatedAtGoesBack(Mutant):
    """Two machines with different clocks: every other update is dated an hour ahead."""

    kills = frozenset({"IDM-15"})

    def updated_time(self, earlier: Stored, merged: Values, now: datetime) -> datetime | None:
        ahead = earlier.updated is not None and earlier.updated > now
        return now if ahead else now + timedelta(hours=1)


class UpdatedAtNeverChanges(Mutant):
    """`updated_at` stays the time of the create."""

    kills = frozenset({"IDM-16"})

    def updated_time(self, earlier: Stored, merged: Values, now: datetime) -> datetime | None:
        return earlier.updated


class UpdatedAtSetOnce(Mutant):
    """`updated_at` is null until the first update, and never changes after it."""

    kills = frozenset({"IDM-16"})

    def upserted(self, earlier: Stored | None, name: str, values: Values) -> Stored:
        stored = super().upserted(earlier, name, values)
        return replace(stored, updated=None) if earlier is None else stored

    def updated_time(self, earlier: Stored, merged: Values, now: datetime) -> datetime | None:
        return earlier.updated or now


class UpdatedAtIgnoresOverrides(Mutant):
    """An update of only the override does not change `updated_at`."""

    kills = frozenset({"IDM-16"})

    def updated_time(self, earlier: Stored, merged: Values, now: datetime) -> datetime | None:
        override = {OVERRIDE: earlier.values[OVERRIDE]} if OVERRIDE in earlier.values else {}
        others = {name: value for name, value in merged.items() if name != OVERRIDE}
        return super().updated_time(earlier, {**others, **override}, now)


class CreatedAtChangesWithBase(Mutant):
    """An update with a base model creates the model again, with a new `created_at`."""

    kills = frozenset({"IDM-14"})

    def upserted(self, earlier: Stored | None, name: str, values: Values) -> Stored:
        stored = super().upserted(earlier, name, values)
        return replace(stored, created=stored.updated) if BASE in values else stored
