"""Values that are wrong for a field: what no reader could take, and what a lenient one coerces."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from contract import Schema


class Wrongness(Enum):
    """How a value is wrong."""

    TYPE = "type"
    """No reading makes it into the declared type."""
    ENUM = "enum"
    """Of the type, but none of the allowed values."""
    COERCIBLE = "coercible"
    """Of another type, but a lenient reader would make it into the declared one."""
    NULL = "null"


@dataclass(frozen=True, slots=True)
class Wrong:
    """A wrong value, and in what way it is wrong."""

    label: str
    value: Any
    wrongness: Wrongness


def wrong_values(schema: Schema) -> list[Wrong]:
    """Wrong values for the schema, each labelled. Null is among them unless the schema allows it."""
    found = [Wrong("null", None, Wrongness.NULL)] if not schema.get("nullable") else []
    enumerated = "enum" in schema and schema.get("type") != "boolean"
    return [*found, *(_for_enum(schema) if enumerated else _BY_TYPE.get(schema.get("type", ""), []))]


def _type(label: str, value: Any) -> Wrong:
    return Wrong(label, value, Wrongness.TYPE)


def _coercible(label: str, value: Any) -> Wrong:
    return Wrong(label, value, Wrongness.COERCIBLE)


_NO_NUMBERS = [_type("NaN in a string", "nan"), _type("infinity in a string", "-Infinity")]
"""Floats of many a language, and no numbers of JSON: none can be stored as a number and shown as one."""
_CONTAINERS = [_type("an object", {"a": 1}), _type("a list", [1, 2])]
_CAST_CONTAINERS = [_type("an object", {"a": 1}), _type("a list", [1])]
"""A list of one number is that number to some casts."""
_BY_TYPE: dict[str, list[Wrong]] = {
    "string": [*_CONTAINERS, _coercible("a number", 123), _coercible("true", True)],
    "number": [
        *_CAST_CONTAINERS,
        _type("a word", "fünf"),
        *_NO_NUMBERS,
        _coercible("a number in a string", "1.5"),
        _coercible("true", True),
        _coercible("an empty string", ""),
    ],
    "integer": [
        *_CAST_CONTAINERS,
        _type("a word", "abc"),
        *_NO_NUMBERS[:1],
        _coercible("an integer in a string", "7"),
        _coercible("true", True),
        _coercible("a fraction", 1.5),
        _coercible("an empty string", ""),
    ],
    "boolean": [*_CONTAINERS, _type("a word", "abc"), _coercible("1", 1), _coercible("true in a string", "true")],
    "object": [
        _type("a list", [1, 2]),
        _coercible("an empty list", []),
        _type("a number", 5),
        _type("a word", "abc"),
        _type("true", True),
    ],
    "array": [_type("an object", {"a": 1}), _coercible("a number", 5), _type("a word", "abc")],
}


def _for_enum(schema: Schema) -> list[Wrong]:
    allowed = schema["enum"]
    if all(isinstance(value, int) for value in allowed):
        outside = [max(allowed) + 1, min(allowed) - 1, max(allowed) + 98]
        strings = [str(allowed[-1])]
        return [
            *(Wrong(str(value), value, Wrongness.ENUM) for value in outside),
            *_CAST_CONTAINERS,
            _type("a word", "abc"),
            *(_coercible(f"{text} in a string", text) for text in strings),
            _coercible("true", True),
            _coercible("a fraction", allowed[0] + 0.5),
        ]
    return [Wrong("another word", "no-such-value", Wrongness.ENUM), *_CONTAINERS, _type("a number", 123)]
