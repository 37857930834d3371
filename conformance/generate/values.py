"""Values for a field, made from its schema: plain ones that every server takes, and odd ones that a server may refuse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contract import Schema

STRINGS = (
    "a",
    "Llama 3.3 70B (self-hosted)",
    'quotes " and \\ and <b>&amp;</b> and 100%',
    "模型 модель μοντέλο",
    "0",
    "null",
    "x" * 100,
)
ODD_STRINGS = (
    "",
    " surrounded ",
    "\ttabs\tand\nnewlines\n",
    "nul \x00 inside",
    "control \x01\x1f\x7f",
    "decomposed e\u0301 and composed \u00e9",
    "emoji \U0001f9ea and \U0001f469\u200d\U0001f680",
    "right to left \u202e and zero \u200b width",
    "y" * 300,
)
NUMBERS = (0, 1000, 0.000001, 2.5, 0.1, 999.999999, 123.456789, 0.0, 3)
ODD_NUMBERS = (-0.0, -1.5, 1e-9, 0.30000000000000004, 1e15, 1e21, 5e-324, 1.7976931348623157e308)
INTEGERS = (1, 4096, 128_000, 10_000_000)
ODD_INTEGERS = (0, -1, 2**31 - 1, 2**31, 2**53 - 1, 2**53 + 2)
OBJECTS: tuple[dict[str, Any], ...] = (
    {},
    {"temperature": {"min": 0, "max": 1}},
    {"top_p": {"min": 0.05, "max": 0.95, "default": 1}, "stop": {"max": 4, "note": "up to four", "list": True}},
    {"seed": {"supported": False, "label": ""}},
)
ODD_OBJECTS: tuple[dict[str, Any], ...] = (
    {"a.b": {"c": [1, "two", {"three": 3}]}},
    {"": {"empty": "name"}},
    {"$where": {"a": 0.1}, "__proto__": {"b": 1}},
    {"tools": []},
    {"plain": 1, "text": "value", "yes": True},
    {"deep": {"a": {"b": {"c": {"d": {"e": {"f": 1}}}}}}},
)


def plain_values(schema: Schema) -> list[Any]:
    """Values that no reasonable server refuses, the boundaries of the plain core among them."""
    if "enum" in schema:
        return list(schema["enum"])
    match schema.get("type"):
        case "string":
            return [text for text in STRINGS if _fits(text, schema)]
        case "number":
            return [number for number in NUMBERS if _within(number, schema)]
        case "integer":
            return [number for number in INTEGERS if _within(number, schema)]
        case "boolean":
            return [False, True]
        case "object":
            return list(OBJECTS)
        case "array":
            return [[], [item] if (item := _first(schema.get("items", {}))) is not None else []]
    return []


def odd_values(schema: Schema) -> list[Any]:
    """Valid values that a server may refuse, but may not change."""
    if "enum" in schema:
        return []
    match schema.get("type"):
        case "string":
            return [text for text in ODD_STRINGS if _fits(text, schema)]
        case "number":
            return [number for number in ODD_NUMBERS if _within(number, schema)]
        case "integer":
            return [number for number in ODD_INTEGERS if _within(number, schema)]
        case "object":
            return list(ODD_OBJECTS)
    return []


def distinct_value(schema: Schema, variant: int) -> Any:
    """A plain value that tells one variant from another, as far as the schema has values enough."""
    if "enum" in schema:
        return schema["enum"][variant % len(schema["enum"])]
    match schema.get("type"):
        case "string":
            return f"Value {variant}"
        case "number":
            return variant % 900 + 0.25
        case "integer":
            return 1000 + variant
        case "boolean":
            return variant % 2 == 1
        case "object":
            return {"temperature": {"min": 0, "max": variant + 1}, f"parameter_{variant}": {"default": variant}}
        case "array":
            return [_first(schema.get("items", {}))] * (variant % 3)
    return None


def _first(schema: Schema) -> Any:
    values = plain_values(schema)
    return values[0] if values else None


def _fits(text: str, schema: Mapping[str, Any]) -> bool:
    import re

    if "pattern" in schema and not re.search(schema["pattern"], text):
        return False
    return schema.get("minLength", 0) <= len(text) <= schema.get("maxLength", len(text))


def _within(number: float, schema: Mapping[str, Any]) -> bool:
    low, high = schema.get("minimum", number), schema.get("maximum", number)
    return bool(low <= number <= high and not (schema.get("exclusiveMinimum") and number == low))
