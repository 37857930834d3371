"""Schemas of OpenAPI 3.0 as JSON Schemas of draft 7, for a validator that knows only those."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

INT64 = {"minimum": -(2**63), "maximum": 2**63 - 1}
"""The range of an integer whose schema gives none: it fits in 64 bits."""

_DROPPED = {"nullable", "discriminator", "xml", "externalDocs", "example", "deprecated", "readOnly", "writeOnly"}


def as_json_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema in JSON Schema's words: references are resolved already, extensions are left out.

    >>> as_json_schema({"type": "string", "nullable": True})
    {'type': ['string', 'null']}
    """
    converted = {keyword: _converted(keyword, value) for keyword, value in schema.items() if _means(keyword)}
    if schema.get("type") == "integer":
        converted = {**INT64, **converted}
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if converted.pop(exclusive, False) and bound in converted:
            converted[exclusive] = converted.pop(bound)
    return _with_null(converted) if schema.get("nullable") else converted


def _means(keyword: str) -> bool:
    return keyword not in _DROPPED and not keyword.startswith("x-")


def _converted(keyword: str, value: Any) -> Any:
    match keyword, value:
        case "properties", dict():
            return {name: as_json_schema(child) for name, child in value.items()}
        case (("items" | "additionalProperties" | "not"), dict()):
            return as_json_schema(value)
        case (("allOf" | "anyOf" | "oneOf"), list()):
            return [as_json_schema(child) for child in value]
    return value


def _with_null(schema: dict[str, Any]) -> dict[str, Any]:
    if "enum" in schema:
        schema = {**schema, "enum": [*schema["enum"], None]}
    if "type" in schema:
        return {**schema, "type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]} if schema else schema
