"""Measures values by the JSON that they are."""

from __future__ import annotations

import json
from typing import Any

import orjson


def bytes_of(value: Any) -> int:
    """Return how many bytes `value` takes as JSON without white space.

    >>> bytes_of({"a": [1, 2.5]})
    13
    """
    try:
        return len(orjson.dumps(value))
    except TypeError:  # an integer beyond 64 bits, or a lone surrogate
        return len(json.dumps(value, separators=(",", ":")))
