"""The time that models are stamped with: the real one, or one that is set, so that responses can be predicted.

It also reads the times that people write into states and fixtures.
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


EXPECTED_TIME = "a time from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z"
_LEAP_SECOND = re.compile(r":60(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$", re.ASCII)


def time_of(text: str) -> datetime:
    """Return the time that RFC 3339 writes so, in UTC. Raises ValueError, whose message says what is wrong.

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
