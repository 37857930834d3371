"""Reads JSON as RFC 8259 has it, and says what a lenient reader would have let pass.

`jiter` reads what is strict and simple, which is most of it. Whatever it does not take, and numbers that it would
change, are left to the standard library's reader, whose hooks gather the faults. Both take time in proportion to the
text.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import jiter

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
MOST_FAULTS = 20
"""Faults that are told of one text; a fault can stand in each of a hundred thousand objects."""
_LONGEST_NAME = 60
_ALIKE = bytes.maketrans(b"123456789E", b"000000000e")
_MANY_DIGITS, _LARGE_EXPONENT = b"0" * 19, b"e000"
"""What a number has, with all digits alike and without its plus sign, that jiter may change: it limits integers, and
makes infinity of doubles out of range."""
_NEGATIVE_ZERO = b"-0"
"""As an integer it is 0 for jiter."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """What was read."""

    value: Any
    """The value; None where no reader could make one."""
    errors: tuple[str, ...]
    """In what it is not one JSON text in UTF-8 without a byte order mark. Empty for strict JSON."""


def parse(body: bytes) -> Parsed:
    """Read `body` as far as it can be read."""
    alike = body.translate(_ALIKE, b"+")
    if not (_MANY_DIGITS in alike or _LARGE_EXPONENT in alike or _NEGATIVE_ZERO in body):
        try:
            return Parsed(jiter.from_json(body, allow_inf_nan=False, cache_mode="keys", catch_duplicate_keys=True), ())
        except ValueError:  # the other reader says why, or takes what is strict and beyond this one
            pass
    return parse_leniently(body)


def parse_leniently(body: bytes) -> Parsed:
    """Return what `read` returns, more slowly, and with every fault named."""
    faults = _Faults()
    if body.startswith(BYTE_ORDER_MARK):
        faults.add("it starts with a byte order mark")
        body = body.removeprefix(BYTE_ORDER_MARK)
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        faults.add(f"byte {error.start} is not UTF-8")
        text = body.decode("utf-8", errors="replace")

    def constant(name: str) -> float:
        faults.add(f"{name} is no JSON number")
        return float(name.replace("Infinity", "inf"))

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        unique = dict(pairs)
        if len(unique) < len(pairs):
            faults.add(f"the name {_first_repeated(pairs)} stands twice in an object")
        return unique

    try:
        value = json.loads(text, parse_constant=constant, parse_int=_integer, object_pairs_hook=members)
    except json.JSONDecodeError as error:
        return Parsed(None, (*faults.told, f"it is no JSON: {error.msg} at character {error.pos}"))
    except (RecursionError, ValueError) as error:
        return Parsed(None, (*faults.told, f"it is beyond what a JSON reader takes: {error}"))
    return Parsed(value, faults.told)


class _Faults:
    """The first faults, and the number of the others."""

    def __init__(self) -> None:
        self._first: list[str] = []
        self._others = 0

    def add(self, fault: str) -> None:
        if len(self._first) < MOST_FAULTS:
            self._first.append(fault)
        else:
            self._others += 1

    @property
    def told(self) -> tuple[str, ...]:
        more = [f"{self._others} more of these"] if self._others else []
        return (*self._first, *more)


def _first_repeated(pairs: list[tuple[str, Any]]) -> str:
    """The name that is the first to come again, as JSON, shortened."""
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            return json.dumps(name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}...")
        seen.add(name)
    raise AssertionError("no name is repeated")


def _integer(digits: str) -> int | float:
    if digits == "-0":  # as some writers write the double -0.0
        return -0.0
    try:
        return int(digits)
    except ValueError:  # more digits than Python reads; JSON sets no limit
        return float(digits)
