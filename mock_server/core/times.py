"""Reads the times that people write into states and fixtures."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from mock_server.refusing.wording import quoted

EXPECTED = "a time from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z"
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
