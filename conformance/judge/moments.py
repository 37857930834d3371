"""Date-times as RFC 3339 has them, comparable."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

RFC_3339 = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(\.\d+)?([Zz]|[+-]\d\d:\d\d)")


@dataclass(frozen=True, order=True, slots=True)
class Moment:
    """A point in time, and how it was written."""

    at: datetime
    text: str = field(compare=False)

    @property
    def whole_seconds(self) -> bool:
        """Whether the clock shows no fraction of a second here."""
        return self.at.microsecond == 0

    @property
    def digits(self) -> int:
        """The digits of its fraction of a second."""
        match = RFC_3339.fullmatch(self.text)
        return len(match[3] or ".") - 1 if match else 0

    @property
    def grain(self) -> timedelta:
        """How far the ticks may be apart of the clock that wrote it: a minute at most."""
        if self.digits:
            return timedelta(microseconds=10 ** max(0, 6 - self.digits))
        return timedelta(seconds=1 if self.at.second else 60)

    def is_same(self, other: Moment) -> bool:
        """Whether both may be one moment, written once to the last digit and once to a coarser grain."""
        return abs(self.at - other.at) <= self._hidden(other)

    def is_before(self, other: Moment) -> bool:
        """Whether it is the earlier one, whatever the coarser grain of one of the two hides."""
        return self.at < other.at - self._hidden(other)

    def _hidden(self, other: Moment) -> timedelta:
        """What a coarser grain of one of the two may hide; nothing where both are written alike."""
        return timedelta(0) if self.digits == other.digits else max(self.grain, other.grain)


def moment(value: Any) -> Moment | None:
    """The moment that a date-time names, or None where it is none."""
    match = RFC_3339.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    date, time, fraction, offset = match.groups()
    leap = time.endswith(":60")
    seconds = f"{time[:-2]}59" if leap else time
    written = f"{date}T{seconds}{(fraction or '.0')[:7]}{'+00:00' if offset in 'Zz' else offset}"
    try:
        at = datetime.fromisoformat(written)
    except ValueError:
        return None
    if not leap:
        return Moment(at, value)
    # RFC 3339, section 5.7: a leap second ends a day of UTC
    return Moment(at + timedelta(seconds=1), value) if at.astimezone(UTC).strftime("%T") == "23:59:59" else None
