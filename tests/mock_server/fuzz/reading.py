"""JSON as the standard library reads it, with what it lets pass rejected: what the reader of the mock is judged by."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

INVALID = object()
"""What is read of bytes that are no JSON, or none that can be kept exactly."""


def read(raw: bytes, nesting: int) -> Any:
    """Return the value of a JSON text, or INVALID."""
    try:
        text = raw.decode("utf-8")
        value = json.loads(
            text, object_pairs_hook=_members, parse_int=_integer, parse_float=_float, parse_constant=_refused
        )
        json.dumps(value, ensure_ascii=False).encode("utf-8")  # a lone surrogate cannot be encoded
    except (ValueError, RecursionError):
        return INVALID
    return value if _depth(value) <= nesting else INVALID


def _members(members: list[tuple[str, Any]]) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for name, each in members:
        if name in value:
            raise ValueError(name)
        value[name] = each
    return value


def _integer(text: str) -> int:
    value = int(text)
    if not -(2**63) <= value < 2**64:
        raise ValueError(text)
    return value


def _float(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError(text)
    return value


def _refused(text: str) -> NoReturn:
    raise ValueError(text)


def _depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    return 1 + max(map(_depth, value), default=0) if isinstance(value, list) else 0
