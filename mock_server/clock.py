"""The time of created and updated models: the real time, or a fixed one that makes responses predictable.

It also reads the times in state files and fixtures.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Protocol

from mock_server.errors import quoted

_STEP = re.compile(r"(?P<start>.*?)(?:\+(?P<amount>\d+(?:\.\d+)?)(?P<unit>us|ms|s|m|h|d))?")
_UNITS = {"us": "microseconds", "ms": "milliseconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days"}

_LATEST = datetime.max.replace(tzinfo=UTC)


class Clock(Protocol):
    """The time of the mock."""

    @property
    def written(self) -> str | None:
        """The clock as `clock_of` reads it, with the present time as its start; None is the real time."""

    def now(self) -> datetime:
        """Return the time, in UTC."""

    def advance(self) -> None:
        """Go one step on, after a write."""

    def reset(self) -> None:
        """Go back to the start."""


class RealClock:
    """The time of the machine. It goes on by itself, and cannot go back."""

    @property
    def written(self) -> None:
        """None, as for every real clock."""

    def now(self) -> datetime:
        """Return the time, in UTC."""
        return datetime.now(UTC)

    def advance(self) -> None:
        """Do nothing."""

    def reset(self) -> None:
        """Do nothing."""


class FixedClock:
    """A time that only changes by one step after each write."""

    def __init__(self, start: datetime, step: timedelta = timedelta()) -> None:
        self._start = self._now = start
        self._step = step

    @property
    def written(self) -> str:
        """The present time and the step, such as `2026-02-01T12:00:00Z+1s`."""
        return self.written_at(self._now)

    def written_at(self, now: datetime) -> str:
        """Return the clock as it is written at another time."""
        step = self._step // timedelta(microseconds=1)
        whole, rest = divmod(step, 1_000_000)
        text = f"{whole}s" if not rest else f"{step}us"
        return f"{now.isoformat().removesuffix('+00:00')}Z" + (f"+{text}" if step else "")

    def now(self) -> datetime:
        """Return the time, in UTC."""
        return self._now

    def advance(self) -> None:
        """Go one step on. The clock stops at the end of the calendar."""
        self._now += min(self._step, _LATEST - self._now)

    def reset(self) -> None:
        """Go back to the start."""
        self._now = self._start

    def after(self, steps: int) -> datetime:
        """Return the time that many steps after the start."""
        most = (_LATEST - self._start) // self._step if self._step else steps
        return self._start + self._step * steps if steps <= most else _LATEST


def clock_of(text: str) -> Clock:
    """Return the clock of a text: a time of ISO 8601, and perhaps `+` and the step after each write.

    A time without an offset is in UTC. Raises ValueError, whose message says what was expected.

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
    return FixedClock(start, step)


EXPECTED_TIME = "a time from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z"
_LEAP_SECOND = re.compile(r":60(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$", re.ASCII)


def time_of(text: str) -> datetime:
    """Return the time of a text in the format of RFC 3339, in UTC. Raises ValueError, whose message says what is wrong.

    >>> time_of("2026-02-01T12:00:00+01:00").isoformat()
    '2026-02-01T11:00:00+00:00'
    >>> time_of("0001-01-01T00:00:00+23:59")
    Traceback (most recent call last):
    ValueError: "0001-01-01T00:00:00+23:59" is before the year 1 or after the year 9999 in UTC
    """
    if _LEAP_SECOND.search(text):
        raise ValueError(f"{quoted(text)} is a leap second, which the mock's calendar does not have")
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{quoted(text)} is before the year 1 or after the year 9999 in UTC") from None
    except ValueError:
        raise ValueError(f"{quoted(text)} is not a time of the calendar from the year 1 to the year 9999") from None
