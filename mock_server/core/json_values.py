"""Finds what a value holds that JSON cannot say, or that the mock could not write into a response."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from contract.pointer import Tokens
from mock_server.refusing.wording import quoted

SMALLEST, LARGEST = -(2**63), 2**64 - 1
"""Integers that fit in 64 bits, with or without a sign."""


def unwritable(value: Any, at: Tokens = ()) -> Iterator[tuple[Tokens, str, str]]:
    """Yield the place, the problem and the fix of each part of `value` that no response can hold.

    >>> [(place, what) for place, what, _ in unwritable({"a": [1, 2**64]})]
    [(('a', 1), 'an integer of 65 bits does not fit in 64 bits')]
    """
    if isinstance(value, dict):
        for name, child in value.items():
            if isinstance(name, str) and _is_text(name):
                yield from unwritable(child, (*at, name))
            else:
                yield at, "a name is not Unicode text", "give only names that are"
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from unwritable(child, (*at, index))
    elif problem := _problem(value):
        yield at, *problem


def _problem(value: Any) -> tuple[str, str] | None:
    """What is wrong with a value that has no parts, and the fix."""
    match value:
        case None | bool():
            return None
        case int():
            what = f"an integer of {value.bit_length()} bits does not fit in 64 bits"
            return None if SMALLEST <= value <= LARGEST else (what, "give a smaller one")
        case float():
            return None if math.isfinite(value) else (f"{value} is not a JSON number", "give a finite number")
        case str():
            what = f"{quoted(value)} holds half of a surrogate pair"
            return None if _is_text(value) else (what, "remove it, or write the whole character")
    return f"a {type(value).__name__} is not a JSON value", "give what JSON can say, such as a string"


def _is_text(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)
