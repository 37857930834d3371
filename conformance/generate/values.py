"""Values for a field, made from its schema.

Plain values are accepted by every reasonable server. Edge values are valid, but a server may reject them; it must not
change them. Invalid values break the schema: no parser can read some of them as the declared type, and a lenient one
coerces the others. Generators of all valid values, such as those of Schemathesis, draw no such line;
`conformance/model/engine.py` sends what they generate.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Any

from conformance.fields import CONTRACTS
from conformance.judge.requests import is_valid, validator_for
from contract import Contract, RequestField, Schema

STRINGS = (
    "quotes \" and ' and \\u0041 and \\n and <b>&amp;</b> and 100%25 and a+b and ${two  spaces}",
    "=A1+$1, @-least {large} R&D:q4: what?! (a... #{b} #$c) \\0 \\1 \\\\",
    "\U0001f9ea \U0001f680 \u2764\ufe0f, \U00010380\U00010381 \U0001d49c \U00020bb7, Stra\u00dfe \u0130 \u01c4, ALL",
    (
        "\u0939\u093f\u0928\u094d\u0926\u0940 \u0e44\u0e17\u0e22\u0e49 \u05e9\u05c1, e\u0301 \u00e9 o\u0302\u0323, "
        "\u212b \ufb01 \uff21 \u2460 \u201cto\u201d \u2018be\u2019 \u2013 \u2026"
    ),
    f"{'模型 модель μοντέλο ':\U00020bb7<100}",
    "0",
    "0042",
    "42",
    "null",
    "Null",
    "a",
    "1e3",
    '{"a": [1]}',
    "2026-01-31T10:00:00Z",
)
"""The first are changed by code that rewrites text, the others by code that takes text for another type."""
EDGE_STRINGS = (
    "",
    " surrounded, a+b, 100%41 ",
    "\ttabs\tand\r\nnewlines\n",
    "nul \x00 inside",
    "control \x01\x1f\x7f",
    "no\u00a0break, \U0001f469\u200d\U0001f680, right to left \u202e and zero \u200b width",
    "y" * 300,
    "z" * 5_000,
)
NUMBERS = (0, 1000, 0.000001, 0.97, 4.1, 999.999999, 123.456789, 0.0, 3, 3.000001, 0.1, 8.03, 1e-05, 16.777217)
EDGE_NUMBERS = (-0.0, -1.5, 1e-9, 0.30000000000000004, 1e21, 5e-324, 1.7976931348623157e308)
INTEGERS = (1, 4096, 128_000, 10_000_000, 32_768, 65_535, 1_048_576, 9_999_999)
EDGE_INTEGERS = (0, -1, 2**31 - 1, 2**31, 2**53 - 1, 2**53 + 2)
OBJECTS: tuple[dict[str, Any], ...] = (
    {},
    {"temperature": {"min": 0, "max": 1}},
    {"top_p": {"min": 0.000625, "max": 0.95, "default": 1}, "stop": {"max": 4, "note": "up to four", "list": True}},
    {
        "seed": {
            "supported": False,
            "label": "",
            "type": "integer",
            "id": 7,
            "text": "true",
            "digits": "1.10",
            "whole": "12",
            "date": "2026-01-15",
            "no": "no",
        },
        "stop": {"one": 1, "zero": 0, "null": "null", "day": "2026-01-31T10:00:00Z", "max_2": 2},
        "n": {"note": "\u6a21\u578b, \u00e9 \\n <b>&amp;</b>  100%25"},
        "logprobs": {"min": 0.1, "max": 123.456789},
        "top_k": {"min": 1, "max": 100},
        "min_p": {"max": 0.000001},
        "tool_choice": {"default": "auto"},
        "max_tokens": {"max": 128000},
    },
)
EDGE_OBJECTS: tuple[dict[str, Any], ...] = (
    {"a.b": {"c": [1, "two", {"three": 3}]}},
    {"": {"empty": "name"}},
    {"$where": {"a": 0.1}, "__proto__": {"b": 1}},
    {"tools": [], "stop": {}},
    {"temperature": {"min": 0, "max": None}},
    {"stop_long": {"text": "x" * 1_500}},
    {"plain": 1, "text": "value", "yes": True, "camelCase": {"withIn": 1}},
    {"deep": {"a": {"b": {"c": {"d": {"e": {"f": 1}}}}}}},
    {"0": {"one of": [1]}, "1": {"one of": [2]}},
    {"seed": {"max": 2**63 - 1, "min": -(2**53) - 1, "default": 2**53 + 1, "step": 2**31}},
    {f"parameter_{number}_of_a_name_that_is_longer_than_most": {"max": number} for number in range(24)},
)
"""They have no parameter in common, so that they can be sent as one object."""
REVEALING_ENTRIES: dict[str, Any] = {
    "constructor": {"max": 1},
    "toString": {"max": 2},
    "maxOutputTokens": {"max": 3},
    "stop": {"values": ["b", "a", "c"]},
    "suffix": {},
}
"""Entries with names that languages define themselves, with mixed case, with an ordered list, and an empty one."""
MANY_ENTRIES: dict[str, Any] = {f"parameter_{number}": {"max": number} for number in range(120)}
"""An override with more entries than a plain one, each of them plain."""


def plain_values(schema: Schema) -> list[Any]:
    """Return values that no reasonable server rejects, among them the boundaries of the plain range."""
    if "enum" in schema:
        return list(schema["enum"])
    if schema.get("type") == "array":
        return [[], *([item] for item in plain_values(schema.get("items", {}))[:1])]
    return _valid_ones(schema, _PLAIN)


def _valid_ones(schema: Schema, by_type: Mapping[str, Sequence[Any]]) -> list[Any]:
    allows = validator_for(schema)
    return [value for value in by_type.get(schema.get("type", ""), ()) if allows(value)]


def has_few_values(schema: Schema) -> bool:
    """Return whether the schema is a flag or an enumeration: too few values to distinguish models by."""
    return "enum" in schema or schema.get("type") == "boolean"


@lru_cache(maxsize=CONTRACTS)
def own_fields(contract: Contract) -> Sequence[RequestField]:
    """Return the request fields with a value of their own: neither key, nor reference, nor alternative spelling.

    Fields without a known plain value are left out.
    """
    upsert = contract.upsert
    own = (f for f in upsert.request.values() if f.name != upsert.key and not f.reference and not f.alias)
    return tuple(field for field in own if plain_values(field.schema))


def edge_values(schema: Schema) -> list[Any]:
    """Return valid values that a server may reject, but must not change."""
    if "enum" in schema:
        return []
    return _valid_ones(schema, _ODD)


_PLAIN: dict[str, tuple[Any, ...]] = {
    "string": STRINGS,
    "number": NUMBERS,
    "integer": INTEGERS,
    "boolean": (False, True),
    "object": OBJECTS,
}
_ODD: dict[str, tuple[Any, ...]] = {
    "string": EDGE_STRINGS,
    "number": EDGE_NUMBERS,
    "integer": EDGE_INTEGERS,
    "object": EDGE_OBJECTS,
}


def unique_value(schema: Schema, name: str, number: int) -> Any:
    """Return a plain value that is unique in the run, made from a fresh name and a fresh number.

    None if the schema has too few values.
    """
    made: dict[str, Any] = {
        "string": name,
        "number": number % 900 + 0.375,
        "integer": 100_000 + number,
        "object": {f"parameter_{number}": {"max": number}},
    }
    value = None if "enum" in schema else made.get(schema.get("type", ""))
    return value if is_valid(schema, value) else None


def distinct_value(schema: Schema, variant: int) -> Any:
    """Return a plain value for a variant, different from those of other variants if the schema has enough values."""
    if "enum" in schema:
        return schema["enum"][variant % len(schema["enum"])]
    if schema.get("type") == "array":
        return plain_values(schema.get("items", {}))[:1] * (variant % 3)
    make = _DISTINCT.get(schema.get("type", ""))
    value = make(variant) if make else None
    if is_valid(schema, value):
        return value
    plain = plain_values(schema)
    return plain[variant % len(plain)] if plain else value


_DISTINCT: dict[str, Callable[[int], Any]] = {
    "string": lambda variant: f"Value {variant}",
    "number": lambda variant: variant % 900 + 0.25,
    "integer": lambda variant: 1000 + variant,
    "boolean": lambda variant: variant % 2 == 1,
    "object": lambda variant: {
        "temperature": {"min": 0, "max": variant + 1},
        f"parameter_{variant}": {"default": variant},
    },
}


class Invalidity(Enum):
    """In which way a value is invalid."""

    TYPE = "type"
    """No parser can read it as the declared type."""
    ENUM = "enum"
    """It has the declared type, but is not one of the allowed values."""
    COERCIBLE = "coercible"
    """It has another type, but a lenient parser converts it."""
    NULL = "null"


@dataclass(frozen=True, slots=True)
class InvalidValue:
    """An invalid value, and in which way it is invalid."""

    label: str
    value: Any
    invalidity: Invalidity


def invalid_values(schema: Schema) -> list[InvalidValue]:
    """Return invalid values for the schema, each with a label. Null is among them unless the schema allows it."""
    found = [InvalidValue("null", None, Invalidity.NULL)] if not schema.get("nullable") else []
    enumerated = "enum" in schema and schema.get("type") != "boolean"
    return [*found, *(_for_enum(schema) if enumerated else _BY_TYPE.get(schema.get("type", ""), []))]


def _type(label: str, value: Any) -> InvalidValue:
    return InvalidValue(label, value, Invalidity.TYPE)


def _coercible(label: str, value: Any) -> InvalidValue:
    return InvalidValue(label, value, Invalidity.COERCIBLE)


_NO_NUMBERS = [_type("NaN in a string", "nan"), _type("infinity in a string", "-Infinity")]
"""Floats in many languages, but not numbers of JSON: they cannot be returned as numbers."""
_CONTAINERS = [_type("an object", {"a": 1}), _type("a list", [1, 2])]
_CAST_CONTAINERS = [_type("an object", {"a": 1}), _type("a list", [1])]
"""Some casts convert a list of one number to that number."""
_BY_TYPE: dict[str, list[InvalidValue]] = {
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


def _for_enum(schema: Schema) -> list[InvalidValue]:
    allowed = schema["enum"]
    if all(isinstance(value, int) for value in allowed):
        outside = [max(allowed) + 1, min(allowed) - 1, max(allowed) + 98]
        strings = [str(allowed[-1])]
        return [
            *(InvalidValue(str(value), value, Invalidity.ENUM) for value in outside),
            *_CAST_CONTAINERS,
            _type("a word", "abc"),
            *(_coercible(f"{text} in a string", text) for text in strings),
            _coercible("true", True),
            _coercible("a fraction", allowed[0] + 0.5),
        ]
    return [InvalidValue("another word", "no-such-value", Invalidity.ENUM), *_CONTAINERS, _type("a number", 123)]
