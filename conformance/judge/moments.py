"""Points in time as responses write them: date-times of RFC 3339, with the resolution of the clock behind them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

RFC_3339 = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(\.\d+)?([Zz]|[+-]\d\d:\d\d)")


@dataclass(frozen=True, order=True, slots=True)
class Moment:
    """A point in time, and how it is written."""

    at: datetime
    text: str = field(compare=False)

    @property
    def whole_seconds(self) -> bool:
        """Whether it has no fraction of a second."""
        return self.at.microsecond == 0

    @property
    def whole_minutes(self) -> bool:
        """Whether it has no seconds, however many digits its fraction has."""
        return self.whole_seconds and self.at.second == 0

    @property
    def digits(self) -> int:
        """The number of digits of its fraction of a second."""
        match = RFC_3339.fullmatch(self.text)
        return len(match[3] or ".") - 1 if match else 0

    @property
    def resolution(self) -> timedelta:
        """The resolution of the clock that wrote it, as far as the digits tell: at most a minute."""
        if self.digits:
            return timedelta(microseconds=10 ** max(0, 6 - self.digits))
        return timedelta(seconds=1 if self.at.second else 60)

    def is_same(self, other: Moment) -> bool:
        """Return whether both may be the same moment, written with different resolutions."""
        return abs(self.at - other.at) <= self._hidden(other)

    def is_before(self, other: Moment) -> bool:
        """Return whether it is certainly earlier, even if one of the two has a coarser resolution."""
        return self.at < other.at - self._hidden(other)

    def _hidden(self, other: Moment) -> timedelta:
        """Return what a coarser resolution may hide; nothing if both have the same number of digits."""
        return timedelta(0) if self.digits == other.digits else max(self.resolution, other.resolution)


def parse_moment(value: Any) -> Moment | None:
    """Return the moment of a date-time, or None if it is invalid."""
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
    # a leap second ends a day of UTC (RFC 3339, section 5.7)
    return Moment(at + timedelta(seconds=1), value) if at.astimezone(UTC).strftime("%T") == "23:59:59" else None
