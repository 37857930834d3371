"""Bugs in when a model says it was created and updated."""

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


class CreatedAtMoves(Mutant):
    """Every update is a new row: `created_at` is the time of the last one."""

    kills = frozenset({"IDM-14"})

    def upserted(self, earlier: Stored | None, name: str, values: Values) -> Stored:
        stored = super().upserted(earlier, name, values)
        return replace(stored, created=stored.updated)


class CreatedAtOfTheAnswer(Mutant):
    """`created_at` is the time of the answer."""

    kills = frozenset({"IDM-14", "IDM-15"})

    def time_fields(self, stored: Stored) -> Values:
        return {**super().time_fields(stored), "created_at": self.format_time(self.now())}


class UpdatedBeforeCreated(Mutant):
    """`updated_at` is written in the server's own time, an hour behind, as if it were UTC."""

    kills = frozenset({"IDM-15"})

    def time_fields(self, stored: Stored) -> Values:
        updated = stored.updated and stored.updated - timedelta(hours=1)
        return {**super().time_fields(stored), "updated_at": self.format_time(updated)}


class ClockGoesBack(Mutant):
    """Two machines with different clocks take turns: every other update is an hour ahead of its time."""

    kills = frozenset({"IDM-15"})

    def updated_time(self, earlier: Stored, merged: Values, now: datetime) -> datetime | None:
        ahead = earlier.updated is not None and earlier.updated > now
        return now if ahead else now + timedelta(hours=1)


class UpdatedNeverMoves(Mutant):
    """`updated_at` has a default and no trigger: it stays the time of the create."""

    kills = frozenset({"IDM-16"})

    def updated_time(self, earlier: Stored, merged: Values, now: datetime) -> datetime | None:
        return earlier.updated


class UpdatedOnce(Mutant):
    """`updated_at` is null until the first update, and is set where it is null only."""

    kills = frozenset({"IDM-16"})

    def upserted(self, earlier: Stored | None, name: str, values: Values) -> Stored:
        stored = super().upserted(earlier, name, values)
        return replace(stored, updated=None) if earlier is None else stored

    def updated_time(self, earlier: Stored, merged: Values, now: datetime) -> datetime | None:
        return earlier.updated or now


class OverridesDoNotTouch(Mutant):
    """The override has a table of its own: where nothing else changes, `updated_at` stands still."""

    kills = frozenset({"IDM-16"})

    def updated_time(self, earlier: Stored, merged: Values, now: datetime) -> datetime | None:
        override = {OVERRIDE: earlier.values[OVERRIDE]} if OVERRIDE in earlier.values else {}
        others = {name: value for name, value in merged.items() if name != OVERRIDE}
        return super().updated_time(earlier, {**others, **override}, now)


class CreatedWithItsBase(Mutant):
    """An update that names a base model makes the model anew, with a new time of creation."""

    kills = frozenset({"IDM-14"})

    def upserted(self, earlier: Stored | None, name: str, values: Values) -> Stored:
        stored = super().upserted(earlier, name, values)
        return replace(stored, created=stored.updated) if BASE in values else stored
