"""Parse JSON strictly (RFC 8259), and name the errors that a lenient reader would ignore.

`jiter` parses most texts. The standard library's parser, whose hooks collect the errors, parses those that jiter
rejects, and those with numbers that jiter would change. Both take time in proportion to the length of the text.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

import jiter

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
MAX_ERRORS = 20
"""How many errors of one text are listed; each of a hundred thousand objects can have one."""
_LONGEST_NAME = 60
_ALIKE = bytes.maketrans(b"123456789E", b"000000000e")
_MANY_DIGITS, _LARGE_EXPONENT = b"0" * 19, b"e000"
"""In a text whose digits are all 0 and whose plus signs are removed: numbers that jiter may change. It limits integers,
and turns doubles out of range into infinity."""
_NEGATIVE_ZERO = re.compile(rb"-0(?<![0-9A-Za-z]-0)")
"""jiter turns this integer into 0. The names of a run have the same two characters after a letter or a digit."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """The result of parsing a text."""

    value: Any
    """The value; None if even a lenient reader finds none."""
    errors: tuple[str, ...]
    """Why the text is not strict JSON in UTF-8 without a byte order mark; empty if it is."""


def parse(body: bytes) -> Parsed:
    """Parse `body`, leniently if necessary."""
    alike = body.translate(_ALIKE, b"+")
    if not (_MANY_DIGITS in alike or _LARGE_EXPONENT in alike or _NEGATIVE_ZERO.search(body)):
        try:
            return Parsed(jiter.from_json(body, allow_inf_nan=False, cache_mode="keys", catch_duplicate_keys=True), ())
        except ValueError:  # the other parser says why, or accepts what is strict and beyond this one
            pass
    return parse_leniently(body)


def parse_leniently(body: bytes) -> Parsed:
    """Return the same as `parse`, more slowly, and with every error named."""
    errors = _Errors()
    if body.startswith(BYTE_ORDER_MARK):
        errors.add("it starts with a byte order mark")
        body = body.removeprefix(BYTE_ORDER_MARK)
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        errors.add(f"byte {error.start} is not UTF-8")
        text = body.decode("utf-8", errors="replace")

    def constant(name: str) -> float:
        errors.add(f"{name} is not a JSON number")
        return float(name.replace("Infinity", "inf"))

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        unique = dict(pairs)
        if len(unique) < len(pairs):
            errors.add(f"the name {_first_repeated(pairs)} occurs twice in an object")
        return unique

    try:
        value = json.loads(text, parse_constant=constant, parse_int=_integer, object_pairs_hook=members)
    except json.JSONDecodeError as error:
        return Parsed(None, (*errors.listed, f"it is not JSON: {error.msg} at character {error.pos}"))
    except (RecursionError, ValueError) as error:
        return Parsed(None, (*errors.listed, f"it exceeds the limits of JSON readers: {error}"))
    return Parsed(value, errors.listed)


class _Errors:
    """The first errors, and the number of the others."""

    def __init__(self) -> None:
        self._first: list[str] = []
        self._others = 0

    def add(self, error: str) -> None:
        if len(self._first) < MAX_ERRORS:
            self._first.append(error)
        else:
            self._others += 1

    @property
    def listed(self) -> tuple[str, ...]:
        more = [f"{self._others} more of these"] if self._others else []
        return (*self._first, *more)


def _first_repeated(pairs: list[tuple[str, Any]]) -> str:
    """Return the first repeated name, as JSON, shortened."""
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            return json.dumps(name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}...")
        seen.add(name)
    raise AssertionError("no name is repeated")


def _integer(digits: str) -> int | float:
    if digits == "-0":  # some writers write the double -0.0 so
        return -0.0
    try:
        return int(digits)
    except ValueError:  # more digits than Python reads; JSON sets no limit
        return float(digits)
