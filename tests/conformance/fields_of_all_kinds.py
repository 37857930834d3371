"""A contract with fields of every kind that a schema can tell of, beside those that ship."""

from __future__ import annotations

from typing import Any

from tests.contract.altered import Edit, both, put

FIELDS: dict[str, dict[str, Any]] = {
    "short": {"type": "string", "maxLength": 12},
    "long": {"type": "string", "minLength": 5},
    "patterned": {"type": "string", "pattern": "^[a-z]+$"},
    "share": {"type": "number", "minimum": 0, "maximum": 1},
    "above_zero": {"type": "number", "minimum": 0, "exclusiveMinimum": True},
    "below_ten": {"type": "number", "maximum": 10, "exclusiveMaximum": True},
    "port": {"type": "integer", "minimum": 1, "maximum": 65535},
    "even": {"type": "integer", "multipleOf": 2},
    "tier": {"type": "string", "enum": ["free", "pro"]},
    "level": {"type": "integer", "enum": [0, 1, 2]},
    "active": {"type": "boolean"},
    "tags": {"type": "array", "items": {"type": "string"}},
    "note": {"type": "string", "nullable": True},
}
REQUEST = "#/components/schemas/ModelUpsert/properties"
RESPONSE = "#/components/schemas/Model/properties"


def _field(name: str, schema: dict[str, Any]) -> Edit:
    described = {**schema, "description": "A field.", "x-known": "stated"}
    return both(put(f"{REQUEST}/{name}", described), put(f"{RESPONSE}/{name}", described))


ALL_KINDS = both(*(_field(name, schema) for name, schema in FIELDS.items()))
"""Adds every field to request and response."""
