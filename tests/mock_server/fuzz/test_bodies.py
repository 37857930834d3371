"""The mock and an independent reader agree on every body: whether it is valid, and what it says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from openapi_schema_validator import OAS30WriteValidator, oas30_format_checker

from contract import load
from mock_server.strict_json import UnreadableError, read_json, read_json_exactly
from tests.mock_server.fuzz.connection import Mock, Response, responses
from tests.mock_server.fuzz.effort import examples
from tests.mock_server.fuzz.judging import check, check_text
from tests.mock_server.fuzz.messages import CUTS, JSON, message
from tests.mock_server.fuzz.reading import INVALID, read
from tests.mock_server.fuzz.values import VALUES, any_of, as_json, nearly
from tests.mock_server.json_texts import broken
from tests.mock_server.wire import MODELS

RULES = load().upsert
NESTING = RULES.limits.nesting
SCHEMA = {
    "type": "object",
    "properties": {name: field.schema for name, field in RULES.request.items()},
    "required": [RULES.key],
}
VALIDATOR = OAS30WriteValidator(SCHEMA, format_checker=oas30_format_checker)
BODIES = st.builds(
    lambda body, names: {**body, **names} if isinstance(body, dict) else body,
    nearly(SCHEMA),
    st.fixed_dictionaries(
        {},
        optional={
            "model_name": any_of(["mine", "gpt-4o"]),
            "base_model_name": any_of(["mine", "gpt-4o", "absent"]),
            "custom_provider_id": any_of(["my-vllm", "absent"]),
            "provider_id": any_of(["my-vllm", "absent"]),
        },
    ),
)


@examples(500)
@given(raw=broken() | st.binary(max_size=40) | VALUES.map(as_json), nesting=st.integers(1, 6))
def test_both_readers_agree_with_the_standard_library(raw: bytes, nesting: int) -> None:
    expected = repr(read(raw, nesting))
    assert repr(outcome(read_json, raw, nesting)) == expected
    assert repr(outcome(read_json_exactly, raw, nesting)) == expected


def outcome(reader: Callable[[bytes, int], Any], raw: bytes, nesting: int) -> Any:
    """Return the value that a reader of the mock reads, or INVALID with an explanation."""
    try:
        return reader(raw, nesting)
    except UnreadableError as error:
        check_text(str(error))
        return INVALID


def sent(fuzzed: Mock, raw: bytes, cuts: list[int]) -> Response:
    """Send an upsert to a mock that has no models."""
    fuzzed.reset()
    (response,) = responses(fuzzed.exchange(message("POST", MODELS.encode(), JSON, raw, cuts)))
    check(response)
    return response


@examples(200)
@given(raw=broken() | st.binary(max_size=40), cuts=CUTS)
def test_bytes_as_a_body(fuzzed: Mock, raw: bytes, cuts: list[int]) -> None:
    judge(fuzzed, sent(fuzzed, raw, cuts), read(raw, NESTING))


@examples(400)
@given(body=BODIES, cuts=CUTS)
def test_values_as_a_body(fuzzed: Mock, body: Any, cuts: list[int]) -> None:
    raw = as_json(body)
    judge(fuzzed, sent(fuzzed, raw, cuts), read(raw, NESTING))


def with_integers(body: Any) -> Any:
    """Return a body in which 1.0 is 1 where an integer belongs: the mock follows JSON Schema in that."""
    if not isinstance(body, dict):
        return body
    integers = {name for name, field in RULES.request.items() if field.schema.get("type") == "integer"}
    whole = {name for name in integers & body.keys() if isinstance(body[name], float) and body[name].is_integer()}
    return {name: int(value) if name in whole else value for name, value in body.items()}


def judge(fuzzed: Mock, response: Response, value: Any) -> None:
    """Fail unless the response and what is stored are those of this value."""
    if value is INVALID or not VALIDATOR.is_valid(with_integers(value)):
        assert response.status == 400
    elif response.status == 201:
        ((name, stored),) = fuzzed.models["acme"].items()
        assert name == value["model_name"] == response.json["model_name"]
        slots = {RULES.request[each].storage_name: value[each] for each in value if each in RULES.request}
        assert stored["values"] == slots
    else:
        assert response.status in {400, 403, 404}
    if response.status >= 400:
        assert fuzzed.models == {}
