"""Classify request bodies: what a server has to accept, what it has to reject, and what it may do either with.

Checks, Schemathesis and replays generate requests. The classification depends only on the body and the contract, so
the response to any of them can be judged.
"""

from __future__ import annotations

import base64
import re
import string
from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import IntEnum
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

import jsonschema_rs

from conformance.fields import is_required
from contract import Contract, Schema

LONGEST_PLAIN_TEXT = 100
LARGEST_PLAIN_NUMBER = 1000
MOST_DECIMALS = 6
LARGEST_PLAIN_INTEGER = 10_000_000
MOST_PLAIN_ENTRIES = 8
WORDS_FOR_FLAGS = {"true", "false", "yes", "no", "on", "off", "t", "f", "y", "n"}
WORDS_FOR_NOTHING = {"null", "none", "nil", "undefined"}


class Validity(IntEnum):
    """What to expect for a value. The class of a body is the last class of its values, in this order."""

    PLAIN = 0
    """Every reasonable server accepts it."""
    OPEN = 1
    """Valid but unusual, or not in the contract: a server may store it exactly, or reject it."""
    COERCIBLE = 2
    """Of another type, but a lenient server would convert it (or treat null as absent)."""
    INVALID = 3
    """It cannot be converted to the declared type, or it is not an allowed value."""


def classify_body(contract: Contract, body: Any) -> Validity:
    """Return the class of a parsed body."""
    upsert = contract.upsert
    if not isinstance(body, Mapping):
        return Validity.INVALID
    if any(is_required(field) and name not in body for name, field in upsert.request.items()):
        return Validity.INVALID
    classes = [_classify_field(contract, name, value) for name, value in body.items()]
    return max(classes)


def _classify_field(contract: Contract, name: str, value: Any) -> Validity:
    field = contract.upsert.request.get(name)
    if field is None:
        return Validity.OPEN
    validity = classify_value(field.schema, value)
    if name == contract.upsert.key and validity <= Validity.OPEN:
        return _classify_key(field.schema, value)
    return validity


def _classify_key(schema: Schema, value: str) -> Validity:
    if not value:
        return Validity.OPEN if is_valid(schema, value) else Validity.COERCIBLE
    return Validity.PLAIN if is_plain_name(value, schema) else Validity.OPEN


def classify_value(schema: Schema, value: Any) -> Validity:
    """Return the class of a value by the schema of its field."""
    if value is None:
        return Validity.OPEN if allows_null(schema) else Validity.COERCIBLE
    if "enum" in schema and schema.get("type") != "boolean":
        return _classify_enum(schema["enum"], value)
    classify = _CLASSIFIERS.get(schema.get("type", ""))
    return classify(schema, value) if classify else Validity.OPEN


def allows_null(schema: Schema) -> bool:
    """Return whether null may be valid: a schema of OpenAPI 3.0 without a type does not exclude it."""
    return bool(schema.get("nullable")) or not {"type", "enum"} & schema.keys()


def _classify_enum(allowed: list[Any], value: Any) -> Validity:
    if isinstance(value, str) and all(isinstance(one, str) for one in allowed):
        near = value.strip().lower() in {str(one).lower() for one in allowed}
        return Validity.PLAIN if value in allowed else Validity.COERCIBLE if near else Validity.INVALID
    if isinstance(value, bool | str | list | dict):
        return Validity.PLAIN if value in allowed and isinstance(value, str) else _classify_foreign(value)
    if isinstance(value, float):
        if not value.is_integer():
            return Validity.COERCIBLE
        return Validity.OPEN if value in allowed else Validity.INVALID
    return Validity.PLAIN if value in allowed else Validity.INVALID


def _classify_string(schema: Schema, value: Any) -> Validity:
    if not isinstance(value, str):
        return _classify_foreign(value)
    if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
        return Validity.COERCIBLE
    return Validity.PLAIN if _is_plain_text(value) and is_valid(schema, value) else Validity.OPEN


def _is_plain_text(text: str) -> bool:
    """Return whether a text has 1 to 100 printable characters of any script, without surrounding white space."""
    return 1 <= len(text) <= LONGEST_PLAIN_TEXT and text.isprintable() and text == text.strip()


def _classify_number(schema: Schema, value: Any) -> Validity:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return _classify_foreign(value)
    if not 0 <= value <= LARGEST_PLAIN_NUMBER:
        return Validity.OPEN
    exponent = Decimal(repr(value)).as_tuple().exponent
    within = isinstance(exponent, int) and -exponent <= MOST_DECIMALS and str(value) != "-0.0"
    return Validity.PLAIN if within and is_valid(schema, value) else Validity.OPEN


def _classify_integer(schema: Schema, value: Any) -> Validity:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return _classify_foreign(value)
    if isinstance(value, float):
        return Validity.OPEN if value.is_integer() else Validity.COERCIBLE
    return Validity.PLAIN if 1 <= value <= LARGEST_PLAIN_INTEGER and is_valid(schema, value) else Validity.OPEN


def _classify_object(schema: Schema, value: Any) -> Validity:
    if isinstance(value, bool | int | float) and value:
        return Validity.INVALID
    if not isinstance(value, dict):
        return _classify_foreign(value)
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


def _classify_boolean(_: Schema, value: Any) -> Validity:
    return Validity.PLAIN if isinstance(value, bool) else _classify_foreign(value)


def _classify_array(schema: Schema, value: Any) -> Validity:
    if not isinstance(value, list):
        return _classify_foreign(value)
    items = schema.get("items", ANY)
    plain = len(value) <= MOST_PLAIN_ENTRIES and all(classify_value(items, each) is Validity.PLAIN for each in value)
    return Validity.PLAIN if plain and is_valid(schema, value) else Validity.OPEN


def _classify_foreign(value: Any) -> Validity:
    """Return the class of a value of another type than the declared one.

    A lenient server may convert numbers, booleans, empty values, and texts with digits or words for flags. "NaN" and
    "Infinity" are words like any other: JSON has no such numbers.
    """
    if isinstance(value, bool) or value in (0, "", [], {}) or isinstance(value, int | float):
        return Validity.COERCIBLE
    if isinstance(value, str):
        word = value.strip().lower()
        readable = any(character.isnumeric() for character in word) or word in WORDS_FOR_FLAGS | WORDS_FOR_NOTHING
        return Validity.COERCIBLE if readable or not word or word[0] in "{[" else Validity.INVALID
    return Validity.INVALID


_CLASSIFIERS: Mapping[str, Callable[[Schema, Any], Validity]] = {
    "string": _classify_string,
    "number": _classify_number,
    "integer": _classify_integer,
    "boolean": _classify_boolean,
    "object": _classify_object,
    "array": _classify_array,
}


AT_THE_ENDS = {*string.ascii_letters, *string.digits, "_", "-"}
INSIDE = AT_THE_ENDS | {".", "/"}
LONGEST_NAME = 64
SIBLING_ROUTES = {"list", "summary", "public", "status"}
"""Last segments that are other routes of the vendor's API."""
LONGEST_PATH = 1000
ONLY, EXAMPLE = "x-only-names", "x-name-of-a-run"
"""Members of the schema of the key: the user's pattern for names, and an example of the run's own names."""
ANY: Schema = MappingProxyType({})


def is_safe_in_path(name: str) -> bool:
    """Return whether a path with the name reaches the model through all servers and proxies on the way."""
    segments = name.split("/")
    return (
        not any(segment in ("", ".", "..") for segment in segments)
        and segments[-1] not in SIBLING_ROUTES
        and name.isprintable()
        and len(quote(name)) <= LONGEST_PATH
    )


def is_deletable(name: str) -> bool:
    """Return whether a path with the fully percent-encoded name cannot reach anything but a model of the run.

    Dot segments and the names of other routes could.
    """
    segments = name.split("/")
    return not any(segment in (".", "..") for segment in segments) and segments[-1] not in SIBLING_ROUTES


def is_plain_name(name: str, schema: Schema = ANY) -> bool:
    """Return whether every reasonable server whose names match the schema of the key accepts the name."""
    return (
        _has_plain_characters(name, str(schema.get(EXAMPLE, "")))
        and is_safe_in_path(name)
        and is_allowed_name(name, schema)
    )


def is_allowed_name(name: str, schema: Schema) -> bool:
    """Return whether the schema of the key and the user's pattern allow the name."""
    only = schema.get(ONLY)
    return (only is None or re.fullmatch(only, name) is not None) and (not schema or is_valid(schema, name))


def _has_plain_characters(name: str, example: str) -> bool:
    """Return whether a name has only plain characters, and those of the example of the run's own names."""
    ends = {name[:1], name[-1:]} <= AT_THE_ENDS | {example[:1], example[-1:]}
    return 2 <= len(name) <= max(LONGEST_NAME, len(example)) and ends and set(name) <= INSIDE | set(example)


def is_valid(schema: Schema, value: Any) -> bool:
    """Return whether the schema allows the value, with its bounds, pattern and format.

    OpenAPI 3.0 uses the keywords of JSON Schema draft 4; its `nullable` is not one of them, and is ignored.
    """
    return validator_for(schema)(value)


def validator_for(schema: Schema) -> Callable[[Any], bool]:
    """Return a function that does the same for many values.

    It is cached, because to compile a schema takes much longer than to validate a value.
    """
    known = _COMPILED.get(id(schema))
    if known is None:
        if len(_COMPILED) == MOST_COMPILED:
            _COMPILED.clear()
        known = (
            schema,
            jsonschema_rs.Draft4Validator(_with_ranges(schema), validate_formats=True, formats=FORMATS).is_valid,
        )
        _COMPILED[id(schema)] = known
    return known[1]


def is_base64(value: object) -> bool:
    """Return whether a string is one of the format `byte`; any other value counts as one."""
    try:
        return not isinstance(value, str) or base64.b64decode(value, validate=True) is not None
    except ValueError:
        return False


def _is_uuid(text: str) -> bool:
    return re.fullmatch(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", text) is not None


def _with_ranges(schema: Schema) -> dict[str, Any]:
    """Return the schema with the range of each integer whose format is `int32`."""
    ranged = {name: value if name == "enum" else _ranged(value) for name, value in schema.items()}
    return {"minimum": -(2**31), "maximum": 2**31 - 1, **ranged} if schema.get("format") == "int32" else ranged


def _ranged(value: Any) -> Any:
    if isinstance(value, Mapping):
        return _with_ranges(value)
    return [_ranged(each) for each in value] if isinstance(value, list) else value


FORMATS: dict[str, Callable[[str], bool]] = {"byte": is_base64, "uuid": _is_uuid}
"""Formats that draft 4 does not have. openapi-core judges responses by them."""
_COMPILED: dict[int, tuple[Schema, Callable[[Any], bool]]] = {}
"""Validators by the identity of their schema, which is kept beside them: no other object can have its identity."""
MOST_COMPILED = 256
