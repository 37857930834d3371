"""Schemas of OpenAPI 3.0 are judged as they mean it, and errors are told in the words of the field."""

from __future__ import annotations

from typing import Any

import pytest

from mock_server.errors import Rejection, RequestPart, ValidationError
from mock_server.validation import Validator

JUDGED: dict[str, tuple[dict[str, Any], list[Any], list[Any]]] = {
    "nullable": ({"type": "string", "nullable": True}, [None, "a"], [1]),
    "nullable enum": ({"type": "string", "enum": ["a"], "nullable": True}, [None, "a"], ["b"]),
    "nullable allOf": ({"allOf": [{"type": "integer"}], "nullable": True}, [None, 1], ["a"]),
    "not nullable": ({"type": "string"}, ["a"], [None]),
    "exclusive bound": ({"type": "number", "minimum": 0, "exclusiveMinimum": True}, [0.1], [0]),
    "inclusive bound": ({"type": "number", "minimum": 0, "exclusiveMinimum": False}, [0], [-1]),
    "whole number": ({"type": "integer"}, [7, 7.0], [7.5, True, "7"]),
    "64 bits": ({"type": "integer"}, [2**63 - 1, -(2**63)], [2**63, 1e300]),
    "a bound of its own": ({"type": "integer", "maximum": 5}, [5, -(2**63)], [6]),
    "enum of numbers": ({"type": "integer", "enum": [0, 1]}, [0, 1, 1.0], [2, True]),
    "uuid": (
        {"format": "uuid"},
        ["123e4567-e89b-12d3-a456-426614174000", 1],
        ["123e4567e89b12d3a456426614174000", "x"],
    ),
    "byte": ({"format": "byte"}, ["", "YQ==", 1], ["YQ", "é", "a b="]),
    "int32": ({"type": "integer", "format": "int32"}, [2**31 - 1, -(2**31)], [2**31]),
    "date-time": ({"type": "string", "format": "date-time"}, ["2026-02-01T12:00:00Z"], ["yesterday"]),
    "inside": ({"properties": {"a": {"items": {"type": "string", "nullable": True}}}}, [{"a": [None]}], [{"a": [1]}]),
    "extensions": ({"type": "string", "x-known": "stated"}, ["a"], [1]),
}


@pytest.mark.parametrize(("schema", "valid", "invalid"), JUDGED.values(), ids=JUDGED)
def test_values_are_judged(schema: dict[str, Any], valid: list[Any], invalid: list[Any]) -> None:
    validator = Validator(schema)
    assert [value for value in valid if not validator.is_valid(value)] == []
    assert [value for value in invalid if validator.is_valid(value)] == []


TOLD: dict[str, tuple[dict[str, Any], Any, dict[str, list[str]]]] = {
    "type": ({"properties": {"a": {"type": "number"}}}, {"a": []}, {"a": ["Expected a number, got an array."]}),
    "nothing but the type": (
        {"properties": {"a": {"type": "integer", "enum": [0, 1]}}},
        {"a": "x"},
        {"a": ['Expected an integer, got the string "x".']},
    ),
    "enum of strings": (
        {"properties": {"a": {"enum": ["x", "y"]}}},
        {"a": "z"},
        {"a": ['Expected the string "x" or the string "y", got the string "z".']},
    ),
    "nullable enum": (
        {"properties": {"a": {"type": "string", "enum": ["x", None], "nullable": True}}},
        {"a": "y"},
        {"a": ['Expected the string "x" or null, got the string "y".']},
    ),
    "inside": (
        {"properties": {"a": {"properties": {"b": {"type": "string"}}, "required": ["c"]}}},
        {"a": {"b": 1}},
        {"a": ["At /a/b: Expected a string, got the number 1.", "At /a/c: This field is required."]},
    ),
    "several of one field": (
        {"properties": {"a": {"minLength": 3, "pattern": "^x"}}},
        {"a": "y"},
        {"a": [
            'Expected a string of at least 3 characters, got the string "y".',
            'Expected a string that matches "^x", got the string "y".',
        ]},
    ),
    "the whole": ({"type": "object"}, [], {"detail": ["Expected an object, got an array."]}),
    "names that a pointer escapes": (
        {"additionalProperties": {"additionalProperties": {"type": "string"}}},
        {"a/b": {"c~": 1}},
        {"a/b": ["At /a~1b/c~0: Expected a string, got the number 1."]},
    ),
    "fields that are not foreseen": (
        {"properties": {"a": {}}, "additionalProperties": False},
        {"a": 1, "b": 2, "c": 3},
        {"b": ["There is no such field."], "c": ["There is no such field."]},
    ),
    "a rare keyword": ({"properties": {"a": {"multipleOf": 2}}}, {"a": 3}, {"a": ["3 is not a multiple of 2."]}),
    "a rare keyword and a long value": (
        {"properties": {"a": {"uniqueItems": True}}},
        {"a": [1] * 1000},
        {"a": ["The value is not valid by uniqueItems."]},
    ),
    "too many items": (
        {"properties": {"a": {"maxItems": 2}}},
        {"a": [1] * 1000},
        {"a": ["Expected an array of at most 2 items, got an array of 1000 items."]},
    ),
    "too few of all": (
        {"properties": {"a": {"minItems": 1}, "b": {"minProperties": 2}, "c": {"minLength": 1}}},
        {"a": [], "b": {"x": 1}, "c": ""},
        {"a": ["Expected an array of at least 1 item, got an array of 0 items."],
         "b": ["Expected an object of at least 2 members, got an object of 1 member."],
         "c": ["Expected a string of at least 1 character, got the empty string."]},
    ),
    "a misspelled name": (
        {"properties": {"model_name": {}, "label": {}}, "required": ["model_name", "label"]},
        {"modelName": "a", "other": 1},
        {"model_name": ["This field is required. Is modelName a misspelling of it?"],
         "label": ["This field is required."]},
    ),
    "a name of another property": (
        {"properties": {"a": {"properties": {"named": {}, "name": {}}, "required": ["name"]}}},
        {"a": {"named": 1}},
        {"a": ["At /a/name: This field is required."]},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("schema", "value", "told"), TOLD.values(), ids=TOLD)
def test_errors_are_reported(schema: dict[str, Any], value: Any, told: dict[str, list[str]]) -> None:
    rejection = Rejection(400, tuple(Validator(schema).errors(value)), by_field=True)
    assert {field: sorted(messages) for field, messages in _by_field(rejection).items()} == told


def _by_field(rejection: Rejection) -> dict[str, list[str]]:
    return {field: [messages] if isinstance(messages, str) else messages for field, messages in rejection.body.items()}


@pytest.mark.parametrize(("of_request", "valid"), [(True, {"secret": "s"}), (False, {"id": "i"})])
def test_what_is_only_read_or_only_written_is_required_there_alone(of_request: bool, valid: dict[str, str]) -> None:
    properties = {"id": {"type": "string", "readOnly": True}, "secret": {"type": "string", "writeOnly": True}}
    inner = {"properties": properties, "required": ["id", "secret"]}
    validator = Validator({"allOf": [inner], "properties": {"a": {"items": inner}}}, of_request=of_request)
    assert validator.is_valid({**valid, "a": [valid]})
    (name,) = valid
    assert {each.pointer for each in validator.errors({"a": [{}]})} == {f"/{name}", f"/a/0/{name}"}


def test_an_error_names_the_field_the_places_and_the_rule() -> None:
    schema = {"properties": {"a": {"allOf": [{"items": {"enum": [0, 1]}}]}}}
    (error,) = Validator(schema, lambda path: f"#/{'/'.join(map(str, path))}").errors({"a": [1, "x"]})
    assert error == ValidationError(
        part=RequestPart.BODY,
        field="a",
        rule="enum",
        expected="the number 0 or the number 1",
        got='the string "x"',
        message='At /a/1: Expected the number 0 or the number 1, got the string "x".',
        pointer="/a/1",
        contract="#/properties/a/allOf/0/items/enum",
    )


def test_a_long_value_is_shortened() -> None:
    (error,) = Validator({"properties": {"a": {"type": "number"}}}).errors({"a": "x" * 10_000})
    assert len(error.message) < 150
