"""Strict JSON (RFC 8259): accepts only texts whose values the mock can return exactly.

There are three readers, all of which take time in proportion to the length of the text. `orjson` is the fastest. It
accepts repeated names and stores the last value. So as many quotation marks must be left as in the text, which is not
possible if one was dropped. That needs a text without escapes; any other is read by `jiter`, which detects repeated
names. If one of them finds an error, or if a number may be too large, the decoder of the standard library reads the
text again and says what is wrong, and where. Its hooks reject what it would accept.

Values from other sources, such as YAML, are checked for what JSON cannot express.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any, NoReturn

import jiter
import orjson

from contract.files import depth_of
from contract.pointer import Tokens
from mock_server.errors import quoted, shortened

SMALLEST, LARGEST = -(2**63), 2**64 - 1
"""The range of integers: those that fit in 64 bits, with or without a sign."""
_LONGEST_INTEGER = 20
_BOM = b"\xef\xbb\xbf"
_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")
_ALIKE = bytes.maketrans(b"123456789E[", b"000000000e{")
"""Makes all digits alike, both spellings of an exponent, and all brackets."""
_MANY_DIGITS, _LARGE_EXPONENTS = b"0" * 19, (b"e000", b"e+000")
"""What a number contains that does not fit in 64 bits or a double, when all its digits are written as 0."""


class UnreadableError(ValueError):
    """The text is not JSON, or not JSON that can be stored exactly. The message says what is wrong, and where."""


def read_json(raw: bytes, nesting: int) -> Any:
    """Return the value of the JSON text `raw`, in which arrays and objects are nested at most `nesting` deep.

    Raises UnreadableError.

    >>> read_json(b'{"input_cost": 0.6}', nesting=64)
    {'input_cost': 0.6}
    >>> read_json(b'{"a": 1, "a": 2}', nesting=64)
    Traceback (most recent call last):
    mock_server.strict_json.UnreadableError: The name "a" occurs twice in one object.
    """
    alike = raw.translate(_ALIKE)
    try:
        value = _read_with_escapes(raw, alike) if b"\\" in raw else _read_without_escapes(raw, alike)
    except (ValueError, TypeError):  # TypeError: orjson reads deeper nesting than it writes
        return read_json_exactly(raw, nesting)
    if alike.count(b"{") > nesting and depth_of(value) > nesting:
        raise _too_deep(nesting)
    return value


def _read_without_escapes(raw: bytes, alike: bytes) -> Any:
    """Return the value of a text without backslashes. Raises ValueError or TypeError if it may not be exact.

    `alike` is its translation by _ALIKE.
    """
    value = orjson.loads(raw)  # rejects numbers beyond a double, and rounds integers beyond 64 bits
    if orjson.dumps(value).count(b'"') != raw.count(b'"') or _MANY_DIGITS in alike:
        raise ValueError("a name may be repeated, or an integer too large")
    return value


def _read_with_escapes(raw: bytes, alike: bytes) -> Any:
    """Return the value of a text, of which `alike` is the translation. Raises ValueError if it may not be exact."""
    if _MANY_DIGITS in alike or any(each in alike for each in _LARGE_EXPONENTS):  # perhaps only in a string
        raise ValueError("a number may be too large")
    return jiter.from_json(raw, allow_inf_nan=False, cache_mode="keys", catch_duplicate_keys=True)


def read_json_exactly(raw: bytes, nesting: int) -> Any:
    """Return what `read_json` returns, more slowly, but with a message that says what is wrong and where."""
    text = _decoded(raw)
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise UnreadableError(_place(text, error)) from None
    except RecursionError:
        raise _too_deep(nesting) from None
    if raw.count(b"{") + raw.count(b"[") > nesting and depth_of(value) > nesting:
        raise _too_deep(nesting)
    if _SURROGATE_ESCAPE.search(text):
        _reject_lone_surrogates(value)
    return value


def _decoded(raw: bytes) -> str:
    if raw.startswith(_BOM):
        raise UnreadableError("The body starts with a byte order mark, which JSON does not allow.")
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise UnreadableError(f"The body is not valid UTF-8 at byte {error.start}.") from None


def _place(text: str, error: json.JSONDecodeError) -> str:
    if not text.strip(" \t\r\n"):
        return "The body is empty; a JSON object is expected."
    what = error.msg.removesuffix(" at").removesuffix(" starting")  # the place follows, where Python words the message
    return f"The body is not valid JSON: line {error.lineno}, column {error.colno}: {what}."


def _too_deep(nesting: int) -> UnreadableError:
    return UnreadableError(f"Arrays and objects are nested more than {nesting} deep.")


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(members)
    if len(value) != len(members):
        raise UnreadableError(f"The name {quoted(_first_repeated(members))} occurs twice in one object.")
    return value


def _first_repeated(members: list[tuple[str, Any]]) -> str:
    """Return the first name that is repeated."""
    seen: set[str] = set()
    for name, _ in members:
        if name in seen:
            return name
        seen.add(name)
    raise AssertionError("no name is repeated")


def _integer(digits: str) -> int:
    if len(digits) <= _LONGEST_INTEGER and SMALLEST <= (value := int(digits)) <= LARGEST:
        return value
    raise UnreadableError(f"The integer {shortened(digits)} does not fit in 64 bits.")


def _float(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise UnreadableError(f"The number {shortened(digits)} is beyond the range of a double.")
    return value


def _constant(name: str) -> NoReturn:
    raise UnreadableError(f"{name} is not a JSON value.")


def _reject_lone_surrogates(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        half = ord(error.object[error.start])
        raise UnreadableError(f"The escape \\u{half:04x} is half of a surrogate pair, which is no character.") from None


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_constant)


def unwritable(value: Any, at: Tokens = ()) -> Iterator[tuple[Tokens, str, str]]:
    """Yield the place, the problem and the fix of each part of `value` that JSON cannot express.

    >>> [(place, what) for place, what, _ in unwritable({"a": [1, 2**64]})]
    [(('a', 1), 'an integer of 65 bits does not fit in 64 bits')]
    """
    if isinstance(value, dict):
        for name, child in value.items():
            if isinstance(name, str) and _is_text(name):
                yield from unwritable(child, (*at, name))
            else:
                yield at, "a name is not Unicode text", "use only Unicode text as names"
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from unwritable(child, (*at, index))
    elif problem := _problem(value):
        yield at, *problem


def _problem(value: Any) -> tuple[str, str] | None:
    """Return what is wrong with a value that has no parts, and the fix, or None."""
    match value:
        case None | bool():
            return None
        case int():
            what = f"an integer of {value.bit_length()} bits does not fit in 64 bits"
            return None if SMALLEST <= value <= LARGEST else (what, "give a smaller integer")
        case float():
            return None if math.isfinite(value) else (f"{value} is not a JSON number", "give a finite number")
        case str():
            what = f"{quoted(value)} contains half of a surrogate pair"
            return None if _is_text(value) else (what, "remove it, or write the whole character")
    return f"a {type(value).__name__} is not a JSON value", "give a value that JSON has, such as a string"


def _is_text(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def bytes_of(value: Any) -> int:
    """Return how many bytes `value` takes as JSON without white space.

    >>> bytes_of({"a": [1, 2.5]})
    13
    """
    try:
        return len(orjson.dumps(value))
    except TypeError:  # an integer beyond 64 bits, or a lone surrogate
        return len(json.dumps(value, separators=(",", ":")))
