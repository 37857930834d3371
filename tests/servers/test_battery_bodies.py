"""Which bodies every correct server accepts and rejects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.servers.api import MODELS
from tests.servers.fixtures import PROVIDER

if TYPE_CHECKING:
    from tests.servers.api import Api

OF_ANOTHER_TYPE: list[tuple[str, Any]] = [
    ("display_name", {}),
    ("input_cost", "free"),
    ("output_cost", []),
    ("max_context_window", "many"),
    ("max_context_window", 1.5),
    ("streaming_support", 2),
    ("function_call", -1),
    ("image_support", "yes"),
    ("supported_params_override", []),
    ("supported_params_override", "none"),
    ("base_model_name", []),
    ("custom_provider_id", {}),
]
COERCIBLE: list[tuple[str, Any]] = [
    ("display_name", 1),
    ("input_cost", "1.5"),
    ("input_cost", True),
    ("max_context_window", "7"),
    ("max_context_window", True),
    ("streaming_support", True),
    ("streaming_support", "1"),
]
ODD_VALUES: list[tuple[str, Any]] = [
    ("display_name", "  spaced\t"),
    ("display_name", "\0\u001f\u007f"),
    ("display_name", "e\u0301"),
    ("display_name", "x" * 10_000),
    ("input_cost", -0.0),
    ("input_cost", -1.5),
    ("input_cost", 5e-324),
    ("input_cost", 1.7976931348623157e308),
    ("max_context_window", 2**53 - 1),
    ("max_context_window", 2**63 - 1),
    ("max_context_window", -1),
]
ODD_MEMBERS = [
    b'"input_cost": NaN}',
    b'"input_cost": 1e400}',
    b'"input_cost": ' + b"9" * 400 + b"}",
    b'"input_cost": ' + b"9" * 5000 + b"}",
    b'"input_cost": -0.0}',
    b'"max_context_window": 99999999999999999999999}',
    b'"max_context_window": 9223372036854775807}',
    b'"supported_params_override": {"a": -Infinity}}',
    b'"supported_params_override": {"a": 1e400}}',
    b'"supported_params_override": {"a": 18446744073709551616}}',
    b'"supported_params_override": {"\\ud800": 1}}',
    b'"supported_params_override": {"__proto__": {"a": 1}, "constructor": 1}}',
    b'"supported_params_override": ' + b'{"a":' * 300 + b"1" + b"}" * 301,
    b'"other": ' + b"[" * 100_000,
    b'"display_name": "\\ud800"}',
    b'"display_name": "\\u0000 "}',
    b'"display_name": "\xff"}',
    b'"display_name": "1", "display_name": "2"}',
    b'"display_name": "' + b"x" * 10_000 + b'"}',
    b'"base_model_name": "\\ud800"}',
    b'"base_model_name": "__proto__"}',
]
ALMOST_EQUAL_NAMES = [("Case", "case"), (" a", "a"), ("a ", "a"), ("\u00e9", "e\u0301"), ("a%2Fb", "a/b"), ("a\n", "a")]


@pytest.mark.rests_on("STA-14")
def test_differing_providers_are_rejected(api: Api) -> None:
    assert api.upsert(model_name=api.name(), custom_provider_id=PROVIDER, provider_id="acme-azure").status_code == 400


@pytest.mark.rests_on("STA-13")
def test_unknown_references_are_not_found(api: Api) -> None:
    name = api.name()
    for field in ("base_model_name", "custom_provider_id", "provider_id"):
        assert api.upsert(**{"model_name": name, field: api.name()}).status_code == 404, field
    assert api.upsert(model_name=name).status_code == 201


def test_bodies_that_are_not_a_request_are_rejected(api: Api) -> None:
    bodies = (b"", b"{", b"model", b'"model"', b"[]", b"{}", b"null", b'{"model_name": "a"', b'{"model_name": {}}')
    responses = [api.post(body) for body in bodies]
    assert [response.status_code for response in responses] == [400] * len(bodies)
    assert all(isinstance(response.json(), dict) for response in responses)


def test_values_of_another_type_are_rejected_and_create_nothing(api: Api) -> None:
    name = api.name()
    for field, value in OF_ANOTHER_TYPE:
        assert api.upsert(**{"model_name": name, "input_cost": 1, field: value}).status_code == 400, (field, value)
    assert api.upsert(model_name=name).status_code == 201


@pytest.mark.rests_on("STA-10")
def test_nothing_is_coerced(api: Api) -> None:
    for field, value in COERCIBLE:
        assert api.upsert(**{"model_name": api.name(), field: value}).status_code == 400, (field, value)


@pytest.mark.rests_on("STA-11")
def test_null_is_rejected(api: Api) -> None:
    for field in {field for field, _ in OF_ANOTHER_TYPE}:
        assert api.upsert(**{"model_name": api.name(), field: None}).status_code == 400, field


@pytest.mark.rests_on("STA-12")
def test_an_empty_name_is_rejected(api: Api) -> None:
    assert api.upsert(model_name="").status_code == 400


def test_odd_bodies_are_rejected_or_accepted_and_break_nothing(api: Api) -> None:
    for members in ODD_MEMBERS:
        response = api.post(f'{{"model_name": "{api.name()}", '.encode() + members)
        assert response.status_code in {201, 400, 404, 413}, (members[:50], response.text)
        assert isinstance(response.json(), dict)


@pytest.mark.rests_on("IDM-09")
def test_odd_values_are_stored_exactly_or_rejected(api: Api) -> None:
    for field, value in ODD_VALUES:
        response = api.upsert(**{"model_name": api.name(), field: value})
        assert response.status_code in {201, 400, 413}, response.text
        if response.status_code == 201:
            returned = type(value)(response.json()[field])
            assert repr(returned) == repr(value) or returned == value == 0  # -0.0 may come back as 0


@pytest.mark.rests_on("IDM-09", "IDM-11")
def test_names_that_differ_are_different_models(api: Api) -> None:
    for names in ALMOST_EQUAL_NAMES:
        stem = api.name("-")
        responses = {stem + name: api.upsert(model_name=stem + name) for name in names}
        assert {response.status_code for response in responses.values()} <= {201, 400}, names
        returned = {name: response.json()["id"] for name, response in responses.items() if response.status_code == 201}
        assert all(name == identifier for name, identifier in returned.items()), names


def test_spellings_of_the_media_type_are_taken(api: Api) -> None:
    for content_type in ("Application/JSON", "application/json; charset=UTF-8", "application/json;charset=utf-8"):
        assert api.post(f'{{"model_name": "{api.name()}"}}'.encode(), content_type).status_code == 201, content_type


def test_other_media_types_are_rejected_or_accepted(api: Api) -> None:
    for content_type in (
        "",
        "text/plain",
        "application/json; charset=utf-16",
        "application/json; charset=x",
        "json",
        ";",
    ):
        status = api.post(f'{{"model_name": "{api.name()}"}}'.encode(), content_type).status_code
        assert status in {201, 400, 415}, content_type


def test_other_methods_get_the_allowed_ones(api: Api) -> None:
    response = api.send("PUT", MODELS)
    assert response.status_code == 405
    assert "POST" in response.headers["Allow"]
