"""Rules for faults, as short options say them: `--delay 100..500`, `--fail 10%:503`."""

from __future__ import annotations

import re
from typing import Any

_DELAY = re.compile(r"(\d+(?:\.\d+)?)(?:\.\.(\d+(?:\.\d+)?))?", re.ASCII)
_FAIL = re.compile(r"(?:(\d+(?:\.\d+)?)%:)?(?:([45]\d\d)|(reset|truncate|malform))", re.ASCII)
_LONGEST = 3_600_000


def delay(text: str) -> dict[str, Any]:
    """A rule that every answer of the API waits, in milliseconds. Raises ValueError.

    >>> delay("100..500")
    {'id': 'delay', 'latency': {'min': 100.0, 'max': 500.0}}
    """
    match = _DELAY.fullmatch(text)
    shortest = float(match[1]) if match else -1
    longest = float(match[2]) if match and match[2] else shortest
    if not 0 <= shortest <= longest <= _LONGEST:
        raise ValueError(f"{text!r} is no number of milliseconds from 0 to {_LONGEST}, and no range such as 100..500")
    return {"id": "delay", "latency": {"min": shortest, "max": longest}}


def fail(text: str) -> dict[str, Any]:
    """A rule that requests fail, all or so many of a hundred. Raises ValueError.

    >>> fail("10%:503"), fail("reset")
    ({'probability': 0.1, 'status': 503}, {'reset': True})
    """
    match = _FAIL.fullmatch(text)
    if not match or float(match[1] or 0) > 100:
        raise ValueError(
            f"{text!r} is no fault such as 503 or 10%:503: a status from 400 to 599, reset, truncate or malform"
        )
    share = {"probability": float(match[1]) / 100} if match[1] else {}
    if match[2]:
        return {**share, "status": int(match[2])}
    return {**share, match[3]: 0 if match[3] == "truncate" else True}
