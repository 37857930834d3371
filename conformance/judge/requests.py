"""Reads a request body as the contract would: what has to be taken, what has to be refused, and what may be either.

This is how any request can be judged, whoever made it up.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import IntEnum
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

import jsonschema_rs

from contract import Contract, Schema

LONGEST_PLAIN_TEXT = 100
LARGEST_PLAIN_NUMBER = 1000
MOST_DECIMALS = 6
LARGEST_PLAIN_INTEGER = 10_000_000
MOST_PLAIN_ENTRIES = 8
WORDS_FOR_FLAGS = {"true", "false", "yes", "no", "on", "off", "t", "f", "y", "n"}
WORDS_FOR_NOTHING = {"null", "none", "nil", "undefined"}


class Validity(IntEnum):
    """What may be asked of an answer to a value; a body is read as the last of its values in this order."""

    PLAIN = 0
    """No reasonable server refuses it."""
    OPEN = 1
    """Valid but odd, or not spoken of: a server may take it exactly, or refuse it."""
    COERCIBLE = 2
    """Of another type, but a lenient reader would make it into the declared one (or take null for absence)."""
    INVALID = 3
    """No reading makes it into the declared type, or it is outside the allowed values."""


def classify_body(contract: Contract, body: Any) -> Validity:
    """How a parsed body reads."""
    upsert = contract.upsert
    if not isinstance(body, Mapping):
        return Validity.INVALID
    if upsert.key not in body:
        return Validity.INVALID
    readings = [_read_field(contract, name, value) for name, value in body.items()]
    return max(readings)


def _read_field(contract: Contract, name: str, value: Any) -> Validity:
    field = contract.upsert.request.get(name)
    if field is None:
        return Validity.OPEN
    reading = classify_value(field.schema, value)
    if name == contract.upsert.key and reading <= Validity.OPEN:
        return _read_key(field.schema, value)
    return reading


def _read_key(schema: Schema, value: str) -> Validity:
    if not value:
        return Validity.COERCIBLE
    return Validity.PLAIN if is_plain_name(value, schema) else Validity.OPEN


def classify_value(schema: Schema, value: Any) -> Validity:
    """How a value reads under the schema of its field."""
    if value is None:
        return Validity.OPEN if schema.get("nullable") else Validity.COERCIBLE
    if "enum" in schema and schema.get("type") != "boolean":
        return _read_enum(schema["enum"], value)
    read = _READERS.get(schema.get("type", ""))
    return read(schema, value) if read else Validity.OPEN


def _read_enum(allowed: list[Any], value: Any) -> Validity:
    if isinstance(value, str) and all(isinstance(one, str) for one in allowed):
        near = value.strip().lower() in {str(one).lower() for one in allowed}
        return Validity.PLAIN if value in allowed else Validity.COERCIBLE if near else Validity.INVALID
    if isinstance(value, bool | str | list | dict):
        return Validity.PLAIN if value in allowed and isinstance(value, str) else _read_foreign(value)
    if isinstance(value, float):
        if not value.is_integer():
            return Validity.COERCIBLE
        return Validity.OPEN if value in allowed else Validity.INVALID
    return Validity.PLAIN if value in allowed else Validity.INVALID


def _read_string(schema: Schema, value: Any) -> Validity:
    if not isinstance(value, str):
        return _read_foreign(value)
    if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
        return Validity.COERCIBLE
    return Validity.PLAIN if _is_plain_text(value) and is_valid(schema, value) else Validity.OPEN


def _is_plain_text(text: str) -> bool:
    """Whether a text is one of 1 to 100 printable characters of any script, without white space around it."""
    return 1 <= len(text) <= LONGEST_PLAIN_TEXT and text.isprintable() and text == text.strip()


def _read_number(schema: Schema, value: Any) -> Validity:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return _read_foreign(value)
    if not 0 <= value <= LARGEST_PLAIN_NUMBER:
        return Validity.OPEN
    exponent = Decimal(repr(value)).as_tuple().exponent
    within = isinstance(exponent, int) and -exponent <= MOST_DECIMALS and str(value) != "-0.0"
    return Validity.PLAIN if within and is_valid(schema, value) else Validity.OPEN


def _read_integer(schema: Schema, value: Any) -> Validity:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return _read_foreign(value)
    if isinstance(value, float):
        return Validity.OPEN if value.is_integer() else Validity.COERCIBLE
    return Validity.PLAIN if 1 <= value <= LARGEST_PLAIN_INTEGER and is_valid(schema, value) else Validity.OPEN


def _read_object(schema: Schema, value: Any) -> Validity:
    if isinstance(value, bool | int | float) and value:
        return Validity.INVALID
    if not isinstance(value, dict):
        return _read_foreign(value)
    plain = len(value) <= MOST_PLAIN_ENTRIES and all(_is_plain_entry(name, entry) for name, entry in value.items())
    return Validity.PLAIN if plain and is_valid(schema, value) else Validity.OPEN


def _is_plain_entry(name: str, entry: Any) -> bool:
    return (
        name.replace("_", "").isalnum()
        and name.isascii()
        and isinstance(entry, dict)
        and all(
            isinstance(value, bool | int | float | str) and abs(_magnitude(value)) < 1e6 for value in entry.values()
        )
        and all(inner.isascii() and inner.replace("_", "").isalnum() for inner in entry)
    )


def _magnitude(value: Any) -> float:
    if isinstance(value, str):
        return 0 if not value or _is_plain_text(value) else float("inf")
    return float(value)


def _read_boolean(_: Schema, value: Any) -> Validity:
    return Validity.PLAIN if isinstance(value, bool) else _read_foreign(value)


def _read_array(_: Schema, value: Any) -> Validity:
    return Validity.OPEN if isinstance(value, list) else _read_foreign(value)


def _read_foreign(value: Any) -> Validity:
    """A value of another type than the declared one. What some language takes for empty or for false may be coerced.

    A text of digits may be, in part perhaps. NaN and infinity are no numbers of JSON: they are words like others.
    """
    if isinstance(value, bool) or value in (0, "", [], {}) or isinstance(value, int | float):
        return Validity.COERCIBLE
    if isinstance(value, str):
        word = value.strip().lower()
        readable = any(character.isnumeric() for character in word) or word in WORDS_FOR_FLAGS | WORDS_FOR_NOTHING
        return Validity.COERCIBLE if readable or not word or word[0] in "{[" else Validity.INVALID
    return Validity.INVALID


_READERS: Mapping[str, Callable[[Schema, Any], Validity]] = {
    "string": _read_string,
    "number": _read_number,
    "integer": _read_integer,
    "boolean": _read_boolean,
    "object": _read_object,
    "array": _read_array,
}


AT_THE_ENDS = {*string.ascii_letters, *string.digits, "_", "-"}
INSIDE = AT_THE_ENDS | {".", "/"}
LONGEST_NAME = 64
SIBLING_ROUTES = {"list", "summary", "public", "status"}
"""Last segments that are routes of their own at the vendor's."""
LONGEST_PATH = 1000
ONLY, EXAMPLE = "x-only-names", "x-name-of-a-run"
"""In the schema of the key: the pattern that the user says all names match, and a name that the run goes by."""
ANY: Schema = MappingProxyType({})


def is_safe_in_path(name: str) -> bool:
    """Whether a path with the name in it reaches the model, past every server and proxy on the way."""
    segments = name.split("/")
    return (
        not any(segment in ("", ".", "..") for segment in segments)
        and segments[-1] not in SIBLING_ROUTES
        and name.isprintable()
        and len(quote(name)) <= LONGEST_PATH
    )


def is_deletable(name: str) -> bool:
    """Whether a path with the name in it, percent-encoded throughout, leads to no other model than one of the run.

    Segments of dots would lead elsewhere, and the last segments that are routes to something else.
    """
    segments = name.split("/")
    return not any(segment in (".", "..") for segment in segments) and segments[-1] not in SIBLING_ROUTES


def is_plain_name(name: str, schema: Schema = ANY) -> bool:
    """Whether no reasonable server refuses the name: none whose names are of the schema, the one of the key."""
    return (
        _reads_plainly(name, str(schema.get(EXAMPLE, ""))) and is_safe_in_path(name) and is_allowed_name(name, schema)
    )


def is_allowed_name(name: str, schema: Schema) -> bool:
    """Whether the name is one of those that the target takes, by the schema of the key and by its user."""
    only = schema.get(ONLY)
    return (only is None or re.fullmatch(only, name) is not None) and (not schema or is_valid(schema, name))


def _reads_plainly(name: str, example: str) -> bool:
    """Whether it is of plain characters; what stands in a name that the run goes by is plain, too."""
    ends = {name[:1], name[-1:]} <= AT_THE_ENDS | {example[:1], example[-1:]}
    return 2 <= len(name) <= max(LONGEST_NAME, len(example)) and ends and set(name) <= INSIDE | set(example)


def is_valid(schema: Schema, value: Any) -> bool:
    """Whether the schema allows the value, its bounds, pattern and format included.

    OpenAPI 3.0 has the words of JSON Schema draft 4; its `nullable` is not among them.
    """
    return validator_for(schema)(value)


def validator_for(schema: Schema) -> Callable[[Any], bool]:
    """Return the same as a function, for many values."""
    return jsonschema_rs.Draft4Validator(dict(schema), validate_formats=True).is_valid
