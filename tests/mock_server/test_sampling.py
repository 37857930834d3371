"""Generated data is valid, the same for the same seed, and as the schema says."""

from __future__ import annotations

from typing import Any

import pytest

from contract.schemas import Unfoldable
from mock_server.responses import Unforeseeable, sample
from mock_server.validation import Validator

SEEDS = [str(seed) for seed in range(100)]

SCHEMAS: dict[str, dict[str, Any]] = {
    "anything": {},
    "boolean": {"type": "boolean"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "bounds": {"type": "number", "minimum": -2.5, "maximum": -1.5},
    "exclusive bounds": {
        "type": "integer",
        "minimum": 1,
        "exclusiveMinimum": True,
        "maximum": 3,
        "exclusiveMaximum": True,
    },
    "only a lower bound": {"type": "integer", "minimum": 10**9},
    "only an upper bound": {"type": "number", "maximum": -(10**9)},
    "the whole range": {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1},
    "multiple": {"type": "integer", "multipleOf": 7},
    "enum": {"type": "string", "enum": ["a", "b"]},
    "nullable enum": {"type": "string", "enum": ["a", None], "nullable": True},
    "short": {"type": "string", "maxLength": 3},
    "long": {"type": "string", "minLength": 80},
    "array": {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 4},
    "set": {"type": "array", "items": {"enum": [1, 2, 3]}, "minItems": 3, "uniqueItems": True},
    "object": {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a", "b"]},
    "closed object": {"properties": {"a": {"type": "boolean"}}, "additionalProperties": False},
    "map": {"type": "object", "additionalProperties": {"type": "integer"}, "minProperties": 2},
    "allOf": {"allOf": [{"properties": {"a": {"type": "integer"}}, "required": ["a"]}, {"required": ["b"]}]},
    "oneOf": {"oneOf": [{"type": "string"}, {"type": "integer"}]},
    "anyOf": {"required": ["a"], "anyOf": [{"properties": {"a": {"type": "string"}}}, {"required": ["b"]}]},
    **{f: {"type": "string", "format": f} for f in ("date-time", "date", "uuid", "email", "hostname", "uri", "ipv4")},
    **{f: {"type": "string", "format": f} for f in ("ipv6", "byte", "no-such-format")},
}


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)
def test_what_is_made_up_is_valid(schema: dict[str, Any]) -> None:
    validator = Validator(schema)
    assert [value for value in (sample(schema, seed) for seed in SEEDS) if not validator.is_valid(value)] == []


@pytest.mark.parametrize("name", ["anything", "integer", "date-time", "map", "nullable enum"])
def test_a_seed_decides_and_seeds_differ(name: str) -> None:
    made = [sample(SCHEMAS[name], seed) for seed in SEEDS]
    assert made == [sample(SCHEMAS[name], seed) for seed in SEEDS]
    assert len({str(value) for value in made}) > 1


UNFORESEEABLE: dict[str, dict[str, Any]] = {
    "pattern of JavaScript": {"type": "string", "pattern": "^\\p{L}+$"},
    "no number between": {"type": "integer", "minimum": 3, "maximum": 2},
    "contradiction": {"allOf": [{"type": "integer"}, {"type": "string"}]},
}


@pytest.mark.parametrize("schema", UNFORESEEABLE.values(), ids=UNFORESEEABLE)
def test_values_that_random_data_cannot_reach_are_reported(schema: dict[str, Any]) -> None:
    with pytest.raises((Unforeseeable, Unfoldable)):
        sample(schema, "0")
