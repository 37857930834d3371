"""Reads JSON as RFC 8259 has it, and says what a lenient reader would have let pass."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Text:
    """What was read."""

    value: Any
    """The value; None where no reader could make one."""
    faults: tuple[str, ...]
    """In what it is not one JSON text in UTF-8 without a byte order mark. Empty for strict JSON."""


def read(body: bytes) -> Text:
    """Read `body` as far as it can be read."""
    faults: list[str] = []
    if body.startswith(BYTE_ORDER_MARK):
        faults.append("it starts with a byte order mark")
        body = body.removeprefix(BYTE_ORDER_MARK)
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        faults.append(f"byte {error.start} is not UTF-8")
        text = body.decode("utf-8", errors="replace")

    def constant(name: str) -> float:
        faults.append(f"{name} is no JSON number")
        return float(name.replace("Infinity", "inf"))

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        unique = dict(pairs)
        if len(unique) < len(pairs):
            twice = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
            faults.append(f"the name {json.dumps(twice)} stands twice in an object")
        return unique

    try:
        value = json.loads(text, parse_constant=constant, parse_int=_integer, object_pairs_hook=members)
    except json.JSONDecodeError as error:
        return Text(None, (*faults, f"it is no JSON: {error.msg} at character {error.pos}"))
    except (RecursionError, ValueError) as error:
        return Text(None, (*faults, f"it is beyond what a JSON reader takes: {error}"))
    return Text(value, tuple(faults))


def _integer(digits: str) -> int | float:
    if digits == "-0":  # as some writers write the double -0.0
        return -0.0
    try:
        return int(digits)
    except ValueError:  # more digits than Python reads; JSON sets no limit
        return float(digits)
