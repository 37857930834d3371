"""Values for a field, made from its schema.

Plain values are accepted by every reasonable server. Edge values are valid, but a server may reject them; it must not
change them. Invalid values break the schema: no parser can read some of them as the declared type, and a lenient one
coerces the others. Generators of all valid values, such as those of Schemathesis, draw no such line;
`conformance/model/engine.py` sends what they generate.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum
from functools import lru_cache
from typing import Any
from uuid import UUID

from conformance.fields import CONTRACTS, is_required
from conformance.generate.patterns import matching
from conformance.judge.requests import (
    LARGEST_PLAIN_NUMBER,
    MOST_DECIMALS,
    Validity,
    allows_null,
    classify_value,
    is_valid,
    validator_for,
)
from contract import Contract, RequestField, Schema

STRINGS = (
    "quotes \" and ' and \\u0041 and \\n and <b>&amp;</b> and 100%25 and a+b and ${two  spaces}",
    "=A1+$1, @-least {large} R&D:q4: what?! (a... #{b} #$c) \\0 \\1 \\\\ 5%% 'it''s' \\'so\\' :smile: x.",
    (
        "\U0001f9ea \U0001f680 \u2764\ufe0f, \U00010380\U00010381 \U0001d49c \U00020bb7, Stra\u00dfe \u0130 \u01c4, "
        "ALL https://b.example/?a=b&c=d#e, mail a@b.example // c"
    ),
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
    "true",
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
NUMBERS = (
    0, 1000, 0.000001, 0.97, 4.1, 999.999999, 980.054949, 0.0, 3, 3.000001, 0.1, 8.03, 1e-05, 509.469533,
)  # fmt: skip
"""Some change if they are rounded, or multiplied and divided by a power of ten."""
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
        "n": {"note": "\u6a21\u578b, \u00e9 e\u0301 \U0001f9ea \\n <b>&amp;</b>  100%25"},
        "logprobs": {"min": -2, "max": 123.456789, "default": -0.5},
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
    {"tools": [], "stop": {}, "response_format": {"none": [], "nothing": {}}},
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
    "maxOutputTokens": {"maxValue": 3},
    "top-logprobs": {"max": 4},
    "stop": {"values": ["b", "a", "c"]},
    "suffix": {},
}
"""Names that languages define themselves, in mixed case or with a hyphen; an entry with a list, and an empty one."""
MANY_ENTRIES: dict[str, Any] = {f"parameter_{number}": {"max": number} for number in range(120)}
"""An override with more entries than a plain one, each of them plain."""


ENOUGH = 2
"""How many plain values a field should have. Further ones are made if fewer of the constants are valid."""


def plain_values(schema: Schema) -> list[Any]:
    """Return values that no reasonable server rejects, among them the boundaries of the plain range.

    There are none of a time: a server may return another spelling of the same moment.
    """
    if "enum" in schema:
        return list(schema["enum"])
    if schema.get("format") in ("date-time", "time"):
        return []
    allows = validator_for(schema)
    if schema.get("type") == "array":
        items = plain_values(schema.get("items", {}))
        lengths = range(schema.get("minItems", 0), schema.get("minItems", 0) + 3)
        return [value for length in lengths if len(value := items[:length]) == length and allows(value)]
    found = _valid_ones(schema, _PLAIN)
    if len(found) < ENOUGH and schema.get("type") in ("string", "number", "integer"):
        made = {_make(schema, 0), _make(schema, 1), *_in_range(schema), *_matching(schema)} - {*found}
        found += sorted(value for value in made if classify_value(schema, value) is Validity.PLAIN)
    return found


def _in_range(schema: Schema) -> list[float]:
    """Return the first numbers between the bounds of a schema; none if its values are texts."""
    if schema["type"] == "string":
        return []
    low, high = schema.get("minimum", 0), schema.get("maximum", LARGEST_PLAIN_NUMBER)
    step = schema.get("multipleOf", 1 if schema["type"] == "integer" else (high - low) / 4) or 1
    first = math.ceil(low / step)
    return [round((first + number) * step, MOST_DECIMALS) for number in range(4)]


def _matching(schema: Schema) -> Sequence[str]:
    return matching(schema["pattern"], whole=False) if "pattern" in schema else ()


def _valid_ones(schema: Schema, by_type: Mapping[str, Sequence[Any]]) -> list[Any]:
    allows = validator_for(schema)
    return [value for value in by_type.get(schema.get("type", ""), ()) if allows(value)]


def has_few_values(schema: Schema) -> bool:
    """Return whether the schema has too few values to distinguish models by: a flag, an enumeration, a small range."""
    if "enum" in schema or schema.get("type") == "boolean":
        return True
    return not all(is_valid(schema, _make(schema, variant)) for variant in (0, 1, 899))


@lru_cache(maxsize=CONTRACTS)
def own_fields(contract: Contract) -> Sequence[RequestField]:
    """Return the request fields with a value of their own: neither key, nor reference, nor alternative spelling.

    Fields without a known plain value are left out, and so are required ones: each upsert has the same value of these.
    """
    return tuple(field for field in _own(contract) if not is_required(field) and plain_values(field.schema))


@lru_cache(maxsize=CONTRACTS)
def required_values(contract: Contract) -> Mapping[str, Any]:
    """Return a plain value for each field that every upsert has to have, without the key."""
    schemas = {field.name: field.schema for field in _own(contract) if is_required(field)}
    return {name: _required_value(schema) for name, schema in schemas.items()}


def _required_value(schema: Schema) -> Any:
    return next(iter(plain_values(schema)), None) if schema.get("type") == "object" else distinct_value(schema, 0)


def _own(contract: Contract) -> Iterator[RequestField]:
    upsert = contract.upsert
    return (f for f in upsert.request.values() if f.name != upsert.key and not f.reference and not f.alias)


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
    value = _make(schema, variant)
    if is_valid(schema, value):
        return value
    plain = plain_values(schema)
    return plain[variant % len(plain)] if plain else value


def _make(schema: Schema, variant: int) -> Any:
    """Return the value for a variant that values of the type and format have, valid or not; None if there is none."""
    make = _OF_FORMAT.get(schema.get("format", "")) or _DISTINCT.get(schema.get("type", ""))
    return make(variant) if make else None


_OF_FORMAT: dict[str, Callable[[int], str]] = {
    "byte": lambda variant: base64.b64encode(f"Value {variant}".encode()).decode(),
    "date": lambda variant: str(date(2026, 1, 1) + timedelta(variant)),
    "date-time": lambda variant: f"2026-01-31T{variant // 60 % 24:02}:{variant % 60:02}:00Z",
    "email": lambda variant: f"value-{variant}@example.org",
    "hostname": lambda variant: f"value-{variant}.example.org",
    "ipv4": lambda variant: f"10.0.{variant // 256}.{variant % 256}",
    "ipv6": lambda variant: f"2001:db8::{variant + 1:x}",
    "time": lambda variant: f"{variant // 60 % 24:02}:{variant % 60:02}:00Z",
    "uri": lambda variant: f"https://example.org/{variant}",
    "uuid": lambda variant: str(UUID(int=variant + 1, version=4)),
}
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
    found = [] if allows_null(schema) else [InvalidValue("null", None, Invalidity.NULL)]
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
