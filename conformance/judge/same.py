"""When two JSON values are the same."""

from __future__ import annotations

import math
from typing import Any


def same(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal: 2 and 2.0 are, 0 and -0.0 are, 1 and true are not, strings by code points.

    Integers beyond 2^53 are equal when they are the same double, as a reader of JSON may have it (RFC 8259, section 6).
    """
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return one == other or _as_double(one) == _as_double(other)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and bool(one == other)


def contains(one: Any, other: Any) -> bool:
    """Whether `one` has all that `other` has: the members of objects, however deep, or the same value."""
    if isinstance(one, dict) and isinstance(other, dict):
        return all(name in one and contains(one[name], value) for name, value in other.items())
    return same(one, other)


def _as_double(number: float) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf
