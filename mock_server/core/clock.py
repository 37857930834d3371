"""The time that models are stamped with: the real one, or one that is set, so that answers can be foretold."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Protocol

_STEP = re.compile(r"(?P<start>.*?)(?:\+(?P<amount>\d+(?:\.\d+)?)(?P<unit>us|ms|s|m|h|d))?")
_UNITS = {"us": "microseconds", "ms": "milliseconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days"}

_LATEST = datetime.max.replace(tzinfo=UTC)


class Clock(Protocol):
    """What the mock takes for the time."""

    @property
    def written(self) -> str | None:
        """What `clock_of` reads as a clock that goes on from here; None is the real time."""

    def now(self) -> datetime:
        """The time, in UTC."""

    def advance(self) -> None:
        """Something was written."""

    def restart(self) -> None:
        """Begin anew."""


class RealClock:
    """The time of the machine."""

    @property
    def written(self) -> None:
        """See Clock."""

    def now(self) -> datetime:
        """See Clock."""
        return datetime.now(UTC)

    def advance(self) -> None:
        """See Clock. This one advances by itself."""

    def restart(self) -> None:
        """See Clock. This one cannot."""


class SetClock:
    """A time that stands still, but for a step after each write."""

    def __init__(self, start: datetime, step: timedelta = timedelta()) -> None:
        self._start = self._now = start
        self._step = step

    @property
    def written(self) -> str:
        """See Clock."""
        step = self._step // timedelta(microseconds=1)
        whole, rest = divmod(step, 1_000_000)
        shown = f"{whole}s" if not rest else f"{step}us"
        return f"{self._now.isoformat().removesuffix('+00:00')}Z" + (f"+{shown}" if step else "")

    def now(self) -> datetime:
        """See Clock."""
        return self._now

    def advance(self) -> None:
        """See Clock. It stops at the end of the calendar."""
        self._now += min(self._step, _LATEST - self._now)

    def restart(self) -> None:
        """See Clock."""
        self._now = self._start


def clock_of(text: str) -> Clock:
    """The clock that is written so: a time of ISO 8601, and perhaps `+` and the step after each write.

    A time without an offset is in UTC. Raises ValueError, whose message says what is expected.

    >>> clock = clock_of("2026-02-01T12:00:00+01:00+1.5s")
    >>> clock.advance()
    >>> clock.now().isoformat()
    '2026-02-01T11:00:01.500000+00:00'
    """
    match = _STEP.fullmatch(text)
    try:
        start = datetime.fromisoformat(match["start"] if match else text)
        start = start.replace(tzinfo=UTC) if start.tzinfo is None else start.astimezone(UTC)
        step = timedelta(**{_UNITS[match["unit"]]: float(match["amount"])}) if match and match["unit"] else timedelta()
    except (ValueError, OverflowError):
        expected = "a time such as 2026-02-01T12:00:00Z, or 2026-02-01T12:00:00Z+1s to step by a second with each write"
        raise ValueError(f"{text!r} is not {expected}") from None
    return SetClock(start, step)
