"""What bad input gets, each row over a raw socket: a rejection in the one error shape, and nothing is stored."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import pytest

from contract import Upsert
from tests.mock_server.conftest import Names
from tests.mock_server.wire import KEY, MODELS, Reply, chunked, exchange, request, upsert

Address = tuple[str, int]

UNREADABLE = {
    "empty": b"",
    "blank": b" \n",
    "plain text": b"hello",
    "truncated": b'{"model_name": "NAME"',
    "cut in a string": b'{"model_name": "NAME',
    "trailing comma": b'{"model_name": "NAME",}',
    "single quotes": b"{'model_name': 'NAME'}",
    "comment": b'{"model_name": "NAME"} // no',
    "two texts": b'{"model_name": "NAME"}{}',
    "leading zero": b'{"model_name": "NAME", "input_cost": 01}',
    "NaN": b'{"model_name": "NAME", "input_cost": NaN}',
    "Infinity": b'{"model_name": "NAME", "input_cost": Infinity}',
    "-Infinity": b'{"model_name": "NAME", "input_cost": -Infinity}',
    "1e400": b'{"model_name": "NAME", "input_cost": 1e400}',
    "duplicate key": b'{"model_name": "NAME", "model_name": "NAME"}',
    "duplicate key inside": b'{"model_name": "NAME", "supported_params_override": {"a": 1, "a": 2}}',
    "duplicate key by escape": b'{"model_name": "NAME", "input_cost": 1, "input\\u005fcost": 2}',
    "invalid UTF-8": b'{"model_name": "NAME\xff"}',
    "overlong UTF-8": b'{"model_name": "NAME\xc0\xaf"}',
    "encoded surrogate": b'{"model_name": "NAME\xed\xa0\x80"}',
    "BOM": b'\xef\xbb\xbf{"model_name": "NAME"}',
    "UTF-16": '{"model_name": "NAME"}'.encode("utf-16"),
    "lone surrogate": b'{"model_name": "NAME\\ud800"}',
    "lone low surrogate": b'{"model_name": "NAME", "display_name": "\\udc00x"}',
    "lone surrogate in a name": b'{"model_name": "NAME", "supported_params_override": {"\\ud83d": 1}}',
    "control character": b'{"model_name": "NAME\n"}',
    "array": b'[{"model_name": "NAME"}]',
    "string": b'"NAME"',
    "number": b"1",
    "null": b"null",
    "true": b"true",
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
def test_a_body_that_is_not_a_json_object_is_rejected(address: Address, new_name: Names, body: bytes) -> None:
    name = new_name()
    response = exchange(address, upsert(body.replace(b"NAME", name.encode())))
    assert_rejected(response, 400)
    assert isinstance(response.json["detail"], str)
    assert_absent(address, name)


WRONG_VALUES: dict[str, tuple[str, Any, str]] = {
    "empty key": ("model_name", "", "at least 1"),
    "key of a wrong type": ("model_name", 123, "a string"),
    "null key": ("model_name", None, "a string"),
    "string for a number": ("input_cost", "1.5", "a number"),
    "true for a number": ("output_cost", True, "a number"),
    "object for a number": ("cache_hit_input_cost", {}, "a number"),
    "null for a number": ("cache_creation_input_cost", None, "a number"),
    "string for an integer": ("max_context_window", "7", "an integer"),
    "fraction for an integer": ("max_context_window", 7.5, "an integer"),
    "true for an integer": ("max_context_window", True, "an integer"),
    "a double too large for an integer": ("max_context_window", 1e300, "at most"),
    "true for a flag": ("streaming_support", True, "an integer"),
    "string for a flag": ("function_call", "1", "an integer"),
    "2 for a flag": ("image_support", 2, "0 or the number 1"),
    "-1 for a flag": ("image_support", -1, "0 or the number 1"),
    "number for a string": ("display_name", 5, "a string"),
    "null for a string": ("display_name", None, "a string"),
    "array for a string": ("base_model_name", ["gpt-4o"], "a string"),
    "array for an object": ("supported_params_override", [], "an object"),
    "null for an object": ("supported_params_override", None, "an object"),
    "string for an object": ("supported_params_override", "{}", "an object"),
}


@pytest.mark.parametrize(("field", "value", "expected"), WRONG_VALUES.values(), ids=WRONG_VALUES)
def test_a_wrong_value_is_rejected_by_its_field(
    address: Address, new_name: Names, field: str, value: object, expected: str
) -> None:
    name = new_name()
    response = exchange(address, upsert(json.dumps({"model_name": name, field: value}).encode()))
    assert_rejected(response, 400)
    (messages,) = [messages for named, messages in response.json.items() if named == field]
    assert expected in messages[0]
    assert "got" in messages[0]
    assert_absent(address, name)


HUGE_INTEGERS = {
    "2**64": str(2**64),
    "-2**63-1": str(-(2**63) - 1),
    "5,000 digits": "9" * 5000,
}


@pytest.mark.parametrize("digits", HUGE_INTEGERS.values(), ids=HUGE_INTEGERS)
@pytest.mark.parametrize("place", ['"max_context_window": %s', '"input_cost": %s', '"supported_params_override": [%s]'])
def test_integers_beyond_64_bits_are_rejected(address: Address, new_name: Names, place: str, digits: str) -> None:
    name = new_name()
    response = exchange(address, upsert(f'{{"model_name": "{name}", {place % digits}}}'.encode()))
    assert_rejected(response, 400)
    assert "64 bits" in response.json["detail"]
    assert_absent(address, name)


def test_an_unsigned_integer_of_64_bits_is_invalid_for_the_window(address: Address, new_name: Names) -> None:
    response = exchange(address, upsert(f'{{"model_name": "{new_name()}", "max_context_window": {2**63}}}'.encode()))
    assert_rejected(response, 400)
    assert list(response.json) == ["max_context_window"]


def test_all_errors_are_reported_at_once(address: Address) -> None:
    body = {
        "input_cost": "free",
        "streaming_support": 2,
        "provider_id": "a",
        "custom_provider_id": "b",
        "base_model_name": "no such",
    }
    response = exchange(address, upsert(json.dumps(body).encode()))
    assert_rejected(response, 400)
    assert response.json == {
        "model_name": ["This field is required."],
        "input_cost": ['Expected a number, got the string "free".'],
        "streaming_support": ["Expected the number 0 or the number 1, got the number 2."],
        "base_model_name": ['There is no model "no such".'],
        "provider_id": [
            'Expected the string "b" as in custom_provider_id, of which it is another spelling, got the string "a".',
            'There is no provider "a".',
        ],
        "custom_provider_id": ['There is no provider "b".'],
    }


def test_nesting_is_accepted_up_to_the_limit(address: Address, new_name: Names, rules: Upsert) -> None:
    def nested(levels: int, name: str) -> bytes:
        inside = levels - 2
        return (
            f'{{"model_name": "{name}", "supported_params_override": {{"a": {"[" * inside}{"]" * inside}}}}}'.encode()
        )

    assert exchange(address, upsert(nested(rules.limits.nesting, new_name()))).status == 201
    too_deep = new_name()
    for levels in (rules.limits.nesting + 1, 100_000):
        response = exchange(address, upsert(nested(levels, too_deep)))
        assert_rejected(response, 400)
        assert str(rules.limits.nesting) in response.json["detail"]
    assert_absent(address, too_deep)


def test_a_body_is_accepted_up_to_the_limit(address: Address, new_name: Names, rules: Upsert) -> None:
    def sized(size: int, name: str) -> bytes:
        body = f'{{"model_name": "{name}"}}'
        return (body + " " * (size - len(body))).encode()

    limit = rules.limits.bytes
    name = new_name()
    assert exchange(address, upsert(sized(limit, name))).status == 201
    too_large = new_name()
    body = sized(limit + 1, too_large)
    sent = {
        "with Content-Length": upsert(body),
        "declared but not sent": upsert(b"", {"Content-Length": str(limit + 1)}),
        "chunked": upsert(chunked(body[:9], body[9:]), {"Transfer-Encoding": "chunked"}),
        "before its media type is judged": upsert(body, {"Content-Type": "text/plain"}),
    }
    for how, data in sent.items():
        response = exchange(address, data)
        assert response.status == 413, how
        assert str(limit) in response.json["detail"]
    assert_absent(address, too_large)


REJECTED_MEDIA_TYPES: dict[str, Mapping[str, str | None]] = {
    "missing": {"Content-Type": None},
    "empty": {"Content-Type": ""},
    "other": {"Content-Type": "text/plain"},
    "form": {"Content-Type": "application/x-www-form-urlencoded"},
    "another JSON type": {"Content-Type": "application/merge-patch+json"},
    "no slash": {"Content-Type": "json"},
    "malformed parameter": {"Content-Type": "application/json; charset"},
    "two in one": {"Content-Type": "application/json, text/plain"},
    "other charset": {"Content-Type": "application/json; charset=latin-1"},
    "unknown charset": {"Content-Type": "application/json; charset=klingon"},
    "quoted other charset": {"Content-Type": 'application/json; charset="utf-16"'},
    "two charsets": {"Content-Type": "application/json; charset=utf-8; charset=utf-16"},
    "encoded": {"Content-Encoding": "gzip"},
    "encoded twice": {"Content-Encoding": "identity, gzip"},
    "no ASCII": {"Content-Type": "application/j\xffson"},
    "thousands of empty parameters": {"Content-Type": f"application/json{'; ' * 9000}="},
}


@pytest.mark.parametrize("headers", REJECTED_MEDIA_TYPES.values(), ids=REJECTED_MEDIA_TYPES)
def test_a_body_that_is_not_sent_as_json_is_rejected(
    address: Address, new_name: Names, headers: dict[str, str | None]
) -> None:
    name = new_name()
    response = exchange(address, upsert(json.dumps({"model_name": name}).encode(), headers))
    assert_rejected(response, 415)
    assert response.json["detail"].startswith("Expected ")
    assert_absent(address, name)


ACCEPTED_HEADERS: dict[str, Mapping[str, str | None]] = {
    "media type in capitals": {"Content-Type": "Application/JSON"},
    "charset in capitals": {"Content-Type": "application/json; charset=UTF-8"},
    "quoted charset": {"Content-Type": 'application/json;charset="utf-8"'},
    "escaped charset": {"Content-Type": r'application/json;charset="ut\f-8"'},
    "other parameter": {"Content-Type": 'application/json; profile="a;b"; charset=utf-8'},
    "space around": {"Content-Type": " application/json ; charset=utf-8 "},
    "empty parameter": {"Content-Type": "application/json;"},
    "identity": {"Content-Encoding": "identity"},
    "no coding": {"Content-Encoding": ""},
    "identity twice": {"Content-Encoding": "Identity, ,identity"},
    "scheme in lower case": {"Authorization": f"bearer {KEY}"},
    "scheme in capitals": {"Authorization": f"BEARER {KEY}"},
    "space around the token": {"Authorization": f"Bearer   {KEY} "},
    "any Accept": {"Accept": "text/html"},
    "Expect": {"Expect": "100-continue"},
}


@pytest.mark.parametrize("headers", ACCEPTED_HEADERS.values(), ids=ACCEPTED_HEADERS)
def test_variations_that_http_allows_are_accepted(
    address: Address, new_name: Names, headers: dict[str, str | None]
) -> None:
    name = new_name()
    response = exchange(address, upsert(json.dumps({"model_name": name}).encode(), headers))
    assert response.status == 201
    assert response.json["model_name"] == name


def test_a_chunked_body_is_accepted(address: Address, new_name: Names) -> None:
    name = new_name()
    body = json.dumps({"model_name": name, "display_name": "Größe"}, ensure_ascii=False).encode()
    bytewise = [body[index : index + 1] for index in range(len(body))]
    response = exchange(address, upsert(chunked(*bytewise), {"Transfer-Encoding": "chunked"}))
    assert response.status == 201
    assert response.json["display_name"] == "Größe"


BAD_CREDENTIALS: dict[str, tuple[Mapping[str, str | None], str]] = {
    "none": ({"Authorization": None}, "not provided"),
    "empty": ({"Authorization": ""}, "empty"),
    "blank": ({"Authorization": "  "}, "empty"),
    "no token": ({"Authorization": "Bearer"}, "no token"),
    "blank token": ({"Authorization": "Bearer  "}, "no token"),
    "no scheme": ({"Authorization": KEY}, "scheme"),
    "another scheme": ({"Authorization": "Basic ZGVtby1hY21lOg=="}, "Basic"),
    "two tokens": ({"Authorization": f"Bearer {KEY} {KEY}"}, "more than one token"),
    "unknown": ({"Authorization": "Bearer no-such-key"}, "not known"),
    "a part of a key": ({"Authorization": f"Bearer {KEY[:-1]}"}, "not known"),
    "another case": ({"Authorization": f"Bearer {KEY.upper()}"}, "not known"),
    "no ASCII": ({"Authorization": "Bearer d\xe9mo"}, "not known"),
    "malformed JWT": ({"Authorization": "Bearer a.b.c"}, "malformed"),
    "cookie": ({"Authorization": None, "Cookie": f"Authorization=Bearer {KEY}; token={KEY}"}, "not provided"),
    "other header": ({"Authorization": None, "X-Api-Key": KEY}, "not provided"),
}


@pytest.mark.parametrize(
    "body",
    [b'{"model_name": "NAME"}', b"{", b'{"input_cost": "free"}', b"x" * 1_100_000],
    ids=["good body", "no JSON", "invalid body", "large body"],
)
@pytest.mark.parametrize(("headers", "reason"), BAD_CREDENTIALS.values(), ids=BAD_CREDENTIALS)
def test_invalid_credentials_are_rejected_before_the_body_is_validated(
    address: Address, new_name: Names, headers: dict[str, str | None], reason: str, body: bytes
) -> None:
    name = new_name()
    response = exchange(address, upsert(body.replace(b"NAME", name.encode()), headers, key=None))
    assert_rejected(response, 401)
    assert response.headers["www-authenticate"].startswith('Bearer realm="respan"')
    assert reason in response.json["detail"]
    assert_absent(address, name)


def test_a_token_in_the_query_does_not_count(address: Address, new_name: Names) -> None:
    body = json.dumps({"model_name": new_name()}).encode()
    headers = {"Content-Type": "application/json"}
    response = exchange(address, request("POST", f"{MODELS}?access_token={KEY}&api_key={KEY}", headers, body))
    assert_rejected(response, 401)


def test_two_authorization_headers_are_rejected(address: Address, new_name: Names) -> None:
    head = f"POST {MODELS} HTTP/1.1\r\nHost: mock\r\nConnection: close\r\nContent-Type: application/json\r\n"
    body = json.dumps({"model_name": new_name()})
    head += f"Authorization: Bearer {KEY}\r\n" * 2 + f"Content-Length: {len(body)}\r\n\r\n"
    assert_rejected(exchange(address, (head + body).encode()), 401)


FORBIDDEN = {
    "read-only key": ("demo-acme-readonly", {"model_name": "NAME"}),
    "read-only key, unknown base": ("demo-acme-readonly", {"model_name": "NAME", "base_model_name": "no such"}),
    "built-in model": (KEY, {"model_name": "gpt-4o"}),
    "built-in model with a slash": (KEY, {"model_name": "openai/gpt-4o-mini", "input_cost": 0}),
    "built-in model, unknown provider": (KEY, {"model_name": "gpt-4o", "provider_id": "no such"}),
}


@pytest.mark.parametrize(("key", "body"), FORBIDDEN.values(), ids=FORBIDDEN)
def test_forbidden_writes_are_rejected(address: Address, new_name: Names, key: str, body: dict[str, object]) -> None:
    name = new_name()
    response = exchange(address, upsert(json.dumps(body).replace("NAME", name).encode(), key=key))
    assert_rejected(response, 403)
    assert_absent(address, name)


MISSING = {
    "base": ({"base_model_name": "no such"}, 'base_model_name: There is no model "no such".'),
    "itself, not yet there": ({"base_model_name": "NAME"}, "base_model_name: There is no model"),
    "empty base": ({"base_model_name": ""}, 'base_model_name: There is no model "".'),
    "provider": ({"custom_provider_id": "no such"}, 'custom_provider_id: There is no provider "no such".'),
    "provider by its other spelling": ({"provider_id": "no such"}, 'provider_id: There is no provider "no such".'),
    "provider of another organization": ({"provider_id": "acme-azure"}, "provider_id: There is no provider"),
    "both": ({"base_model_name": "x", "provider_id": "y"}, 'There is no model "x". provider_id: There is no provider'),
}


@pytest.mark.parametrize(("fields", "reason"), MISSING.values(), ids=MISSING)
def test_a_reference_to_an_unknown_thing_is_not_found(
    address: Address, new_name: Names, fields: dict[str, str], reason: str
) -> None:
    name = new_name()
    body = json.dumps({"model_name": name, **fields}).replace("NAME", name)
    response = exchange(address, upsert(body.encode(), key="demo-globex"))
    assert_rejected(response, 404)
    assert reason in response.json["detail"]
    assert_absent(address, name, key="demo-globex")


def test_another_organizations_model_is_not_found(address: Address, new_name: Names) -> None:
    name = new_name()
    assert exchange(address, upsert(json.dumps({"model_name": name}).encode())).status == 201
    assert_absent(address, name, key="demo-globex")
    as_base = json.dumps({"model_name": new_name(), "base_model_name": name}).encode()
    assert_rejected(exchange(address, upsert(as_base, key="demo-globex")), 404)


def test_two_different_spellings_are_rejected(address: Address, new_name: Names) -> None:
    name = new_name()
    body = {"model_name": name, "provider_id": "my-vllm", "custom_provider_id": "acme-azure"}
    response = exchange(address, upsert(json.dumps(body).encode()))
    assert_rejected(response, 400)
    assert list(response.json) == ["provider_id"]
    assert_absent(address, name)


ORDER: dict[int, tuple[Mapping[str, str | None], bytes]] = {
    401: ({"Authorization": None, "Content-Type": "text/plain"}, b"x" * 1_100_000),
    413: ({"Content-Type": "text/plain"}, b"x" * 1_100_000),
    415: ({"Content-Type": "text/plain"}, b"{"),
    400: ({"Authorization": "Bearer demo-acme-readonly"}, b'{"model_name": "gpt-4o", "provider_id": 1}'),
    403: ({"Authorization": "Bearer demo-acme-readonly"}, b'{"model_name": "x", "provider_id": "no such"}'),
    404: ({}, b'{"model_name": "x", "provider_id": "no such"}'),
}


@pytest.mark.parametrize("status", ORDER)
def test_the_first_of_several_rejections_counts(address: Address, status: int) -> None:
    headers, body = ORDER[status]
    assert_rejected(exchange(address, upsert(body, headers)), status)


def assert_rejected(response: Reply, status: int) -> None:
    """The response has the status and the error shape: `detail`, or a map from each field to its messages."""
    assert response.status == status, response.body
    assert response.headers["content-type"] == "application/json"
    problem = response.json
    assert problem
    for name, value in problem.items():
        messages = [value] if name == "detail" else value
        assert all(isinstance(message, str) and message.endswith((".", "/")) for message in messages)


def assert_absent(address: Address, name: str, key: str = KEY) -> None:
    """Nothing is stored under the name."""
    headers = {"Authorization": f"Bearer {key}"}
    assert exchange(address, request("GET", f"{MODELS}{quote(name, safe='')}/", headers)).status == 404
