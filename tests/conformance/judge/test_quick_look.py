"""The quick look at a body: it accepts no body in which openapi-core finds an error, and the usual ones."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openapi_core.validation.response.validators import V30ResponseDataValidator
from openapi_schema_validator import OAS30ReadValidator

from conformance.judge.moments import parse_moment
from conformance.judge.quick_look import FORMATS, quick_look
from contract import Contract
from tests.conformance.judge.test_schema import MODEL
from tests.conformance.parts import drawn

CHECKER = V30ResponseDataValidator.schema_validators_factory.format_checker
LEAVES = st.one_of(
    st.builds(lambda kind: {"type": kind}, st.sampled_from(["string", "integer", "number", "boolean", "object"])),
    st.builds(lambda name: {"format": name}, st.sampled_from(sorted(FORMATS))),
    st.builds(lambda values: {"enum": values}, st.lists(st.sampled_from([0, 1, 1.5, "a", True, False]), min_size=1)),
    st.builds(lambda names: {"required": names}, st.lists(st.sampled_from("ab"), min_size=1, max_size=2, unique=True)),
    st.just({"nullable": True}),
    st.just({"readOnly": True, "x-known": "stated", "description": "-"}),
)
SCHEMAS = st.recursive(
    st.lists(LEAVES, max_size=3).map(lambda parts: {name: value for part in parts for name, value in part.items()}),
    lambda schemas: st.one_of(
        st.builds(lambda one: {"type": "array", "items": one}, schemas),
        st.builds(lambda one, other: {"allOf": [one, other]}, schemas, schemas),
        st.builds(lambda one: {"properties": {"a": one}, "additionalProperties": False}, schemas),
        st.builds(lambda one, other: {"properties": {"a": one}, "additionalProperties": other}, schemas, schemas),
    ),
    max_leaves=6,
)
LARGE = st.sampled_from([2**31, 2**53 + 1, 2**63, 2**64, -(2**63 + 1), 10**30])
TEXTS = st.sampled_from(["a", "2026-02-01T12:00:00Z", "2026-02-30T12:00:00z", "2016-12-31T23:59:60Z", "\ud800", "Zg=="])
BODIES = st.recursive(
    st.none() | st.booleans() | st.sampled_from([0, 1, 1.5, float("nan"), float("inf"), 1e30]) | LARGE | TEXTS,
    lambda bodies: st.lists(bodies, max_size=2) | st.dictionaries(st.sampled_from("abc"), bodies, max_size=3),
    max_leaves=4,
)


def _rejects(schema: dict[str, Any], body: Any) -> bool:
    """Return whether the validator finds an error that the judge of schemas reports."""
    errors = OAS30ReadValidator(schema, format_checker=CHECKER).iter_errors(body)
    return not all(error.validator == "format" and parse_moment(error.instance) for error in errors)


@settings(drawn, max_examples=200)
@given(SCHEMAS, st.lists(BODIES, min_size=5, max_size=5))
def test_it_accepts_no_body_with_an_error(schema: dict[str, Any], bodies: list[Any]) -> None:
    accepts = quick_look(schema)
    assert accepts is not None
    assert not any(accepts(body) and _rejects(schema, body) for body in bodies)


INVALID = [
    ({"type": "integer"}, True),
    ({"type": "integer"}, 1.5),
    ({"type": "integer"}, 1e30),
    ({"type": "string"}, None),
    ({"format": "int32"}, 2**31),
    ({"format": "int64"}, 2**63),
    ({"format": "int64"}, -(2**63) - 1),
    ({"format": "date-time"}, "2026-02-30T12:00:00Z"),
    ({"enum": [1]}, True),
    ({"required": ["a"]}, {"b": 1}),
    ({"properties": {"a": {"type": "string"}}}, {"a": 1}),
    ({"additionalProperties": False}, {"a": 1}),
    ({"additionalProperties": {"type": "string"}}, {"a": 1}),
    ({"items": {"type": "string"}}, [1]),
    ({"allOf": [{"type": "string"}]}, 1),
]


@pytest.mark.parametrize(("schema", "body"), INVALID, ids=str)
def test_it_accepts_no_invalid_body(schema: dict[str, Any], body: Any) -> None:
    accepts = quick_look(schema)
    assert accepts is not None
    assert _rejects(schema, body)
    assert not accepts(body)


@pytest.mark.parametrize("keyword", ["pattern", "oneOf", "writeOnly", "discriminator", "$ref", "format"])
def test_there_is_none_of_a_schema_that_says_more(keyword: str) -> None:
    assert quick_look({"allOf": [{"properties": {"a": {keyword: "byte"}}}]}) is None


def test_it_accepts_the_model_of_a_usual_response(contract: Contract) -> None:
    upsert = contract.upsert.operation
    response = contract.document["paths"][upsert.path][upsert.method.lower()]["responses"]["200"]
    accepts = quick_look(response["content"]["application/json"]["schema"])
    assert accepts is not None
    assert accepts({name: value for name, value in MODEL.items() if name not in ("provider", "updated_at")})
