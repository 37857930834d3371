"""`allOf` is folded into its schema."""

from __future__ import annotations

from typing import Any

import pytest

from contract.schemas import Unfoldable, folded, value_errors

NUMBER: dict[str, Any] = {"type": "number", "format": "double", "description": "A number."}

FOLDED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "nothing to fold": (NUMBER, NUMBER),
    "extensions go": ({"type": "string", "x-known": "open"}, {"type": "string"}),
    "outer words are added": ({"allOf": [{"type": "string"}], "minLength": 1}, {"type": "string", "minLength": 1}),
    "outer annotations win": ({"allOf": [NUMBER], "description": "A cost."}, {**NUMBER, "description": "A cost."}),
    "equal words agree": ({"allOf": [{"type": "string"}], "type": "string"}, {"type": "string"}),
    "required adds up": ({"allOf": [{"required": ["a"]}], "required": ["b", "a"]}, {"required": ["a", "b"]}),
    "properties add up": (
        {"allOf": [{"properties": {"a": {"type": "string"}}}], "properties": {"b": {"type": "number"}}},
        {"properties": {"a": {"type": "string"}, "b": {"type": "number"}}},
    ),
    "a property of both is folded": (
        {"allOf": [{"properties": {"a": {"type": "string"}}}], "properties": {"a": {"minLength": 1}}},
        {"properties": {"a": {"type": "string", "minLength": 1}}},
    ),
    "nullable all over": (
        {"allOf": [{"type": "string", "nullable": True}], "nullable": True},
        {"type": "string", "nullable": True},
    ),
    "nested": ({"allOf": [{"allOf": [{"type": "string"}]}]}, {"type": "string"}),
    "in properties": ({"properties": {"a": {"allOf": [NUMBER]}}}, {"properties": {"a": NUMBER}}),
    "in items": ({"items": {"allOf": [NUMBER]}}, {"items": NUMBER}),
    "in additionalProperties": ({"additionalProperties": {"allOf": [NUMBER]}}, {"additionalProperties": NUMBER}),
    "in not": ({"not": {"allOf": [NUMBER]}}, {"not": NUMBER}),
    "in oneOf": ({"oneOf": [{"allOf": [NUMBER]}]}, {"oneOf": [NUMBER]}),
    "in anyOf": ({"anyOf": [{"allOf": [NUMBER]}]}, {"anyOf": [NUMBER]}),
    "a property named allOf": (
        {"properties": {"allOf": {"type": "string"}}},
        {"properties": {"allOf": {"type": "string"}}},
    ),
    "a property named like an extension": ({"properties": {"x-a": {}}}, {"properties": {"x-a": {}}}),
    "an open object": ({"additionalProperties": True}, {"additionalProperties": True}),
}

UNFOLDABLE: dict[str, tuple[dict[str, Any], str]] = {
    "types": ({"allOf": [{"type": "string"}], "type": "number"}, "type"),
    "bounds": ({"allOf": [{"minimum": 1}, {"minimum": 2}]}, "minimum"),
    "null inside": ({"allOf": [{"type": "string", "nullable": True}, {"type": "string"}]}, "nullable"),
    "null outside": ({"allOf": [{"type": "string"}], "nullable": True}, "nullable"),
    "in a property": ({"properties": {"a": {"allOf": [{"minimum": 1}], "minimum": 2}}}, "minimum"),
}


@pytest.mark.parametrize(("schema", "expected"), FOLDED.values(), ids=FOLDED)
def test_folded(schema: dict[str, Any], expected: dict[str, Any]) -> None:
    assert folded(schema) == expected


@pytest.mark.parametrize(("schema", "keyword"), UNFOLDABLE.values(), ids=UNFOLDABLE)
def test_unfoldable(schema: dict[str, Any], keyword: str) -> None:
    with pytest.raises(Unfoldable, match=f"allOf gives {keyword} two different values"):
        folded(schema)


def test_a_wrong_null_is_one_fault() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string", "enum": ["x"]}}}
    assert list(value_errors(schema, {"a": None})) == [(("a",), "None for not nullable")]


def test_every_bug_is_reported() -> None:
    schema = {"type": "object", "required": ["a", "b"], "properties": {"c": {"type": "string"}}}
    assert sorted(tokens for tokens, _ in value_errors(schema, {"c": 1})) == [(), (), ("c",)]
