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
