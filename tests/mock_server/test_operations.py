"""Operations that the rules of the contract say nothing about: served from examples, or from generated data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml

from contract import Contract
from tests.mock_server.process import MockProcess, started
from tests.mock_server.wire import KEY, MODELS, exchange, request

JSON = "application/json"
HEADERS = {
    "X-List": {"schema": {"type": "array", "items": {}}, "example": ["a", 1]},
    "X-Flag": {"schema": {"type": "boolean"}, "example": True},
    "X-Pairs": {"explode": True, "schema": {"type": "object"}, "example": {"a": 1, "b": "c"}},
    "X-Lines": {"required": True, "schema": {"type": "string"}, "example": "a\nb: c"},
    "X Y": {"schema": {"type": "string"}, "example": "a"},
    "Content-Type": {"schema": {"type": "string"}, "example": "text/plain"},
    "Content-Length": {"required": True, "schema": {"type": "integer"}, "example": 999},
    "Transfer-Encoding": {"schema": {"type": "string"}, "example": "chunked"},
}
READER = {"Authorization": f"Bearer {KEY}-readonly"}


def returning(content: Any = None, status: str = "200", **more: Any) -> dict[str, Any]:
    """An operation with one response."""
    response = {"description": "One.", **({"content": content} if content else {})}
    return {"responses": {status: response}, **more}


def operations(model: dict[str, Any]) -> dict[str, Any]:
    """Paths to add to the contract."""
    name = {"name": "model_name", "in": "path", "required": True, "schema": {"type": "string", "format": "path"}}
    code = {"type": "object", "required": ["code"], "properties": {"code": {"type": "string", "pattern": "^[A-Z]{3}$"}}}
    put = returning({JSON: {"schema": model}}, "202")
    put["requestBody"] = {"required": True, "content": {"application/json; charset=utf-8": {"schema": model}}}
    put["responses"] |= {"403": {"description": "No."}, "422": {"description": "Invalid."}}
    listed = {JSON: {"schema": {"type": "array", "items": model}, "example": [{"id": "a", "model_name": "a"}]}}
    nested = {"type": "object", "properties": {"n": {"type": "integer", "example": 7}, "m": {"enum": ["x"]}}}
    named = {"one": {"value": {"n": 1}}, "two": {"value": {"n": 2}}}
    upload = {"content": {"multipart/form-data": {"schema": {"type": "object"}}}}
    text = {"required": True, "content": {"text/*": {"schema": {"type": "string"}}}}
    called = {"done": {"{$request.body#/url}": {"post": returning()}}}
    key_or_basic: list[dict[str, list[str]]] = [{"key": []}, {"basic": []}]
    return {
        MODELS: {"get": returning(listed)},
        f"{MODELS}{{model_name}}/": {"put": put},
        f"{MODELS}{{model_name}}/status/": {
            "parameters": [name],
            "get": returning({JSON: {"schema": {"type": "string", "enum": ["up"]}}}, "default"),
        },
        f"{MODELS}list/": {"get": returning({JSON: {"schema": code}}, security=[])},
        "/named": {
            "parameters": [{"name": "page", "in": "query", "required": True, "schema": {"type": "integer"}}],
            "get": {"parameters": [{"name": "X-Trace", "in": "header", "schema": {"type": "string"}}],
                    "responses": {**returning(status="404")["responses"],
                    **returning({JSON: {"schema": nested, "examples": named}}, "206")["responses"],
                    **returning({JSON: {"schema": nested}}, "203")["responses"]}},
            "options": returning(status="204"),
        },
        "/files": {"get": returning({"text/csv": {"example": "a,b"}}),
                   "post": returning(status="204", requestBody=upload, callbacks=called),
                   "put": returning(status="204", requestBody=text)},
        "/{item-id}/keyed": {
            "parameters": [{"name": "item-id", "in": "path", "required": True, "schema": {"type": "string"}}],
            "get": returning({JSON: {"schema": {"type": "object", "nullable": True}}}, security=key_or_basic),
        },
        "/headers": {"get": {"security": [], "responses": {"200": {"description": "One.", "headers": HEADERS}}}},
        "/empty": {"summary": "Nothing."},
        "/queried": {"get": returning(security=[{"queried": []}])},
        "/hopeless": {"get": returning({JSON: {"schema": {"type": "integer", "minimum": 2, "maximum": 1}}})},
    }  # fmt: skip


@pytest.fixture(scope="module")
def mock(contract: Contract, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MockProcess]:
    document = yaml.safe_load(Path(contract.file).read_text(encoding="utf-8"))
    for path, item in operations({"$ref": "#/components/schemas/Model"}).items():
        document["paths"].setdefault(path, {}).update(item)
    document["paths"][MODELS]["post"]["requestBody"]["content"]["application/x-www-form-urlencoded"] = {"schema": {}}
    schemes = {"key": {"type": "apiKey", "in": "cookie", "name": "k"}, "basic": {"type": "http", "scheme": "basic"}}
    schemes["queried"] = {"type": "apiKey", "in": "query", "name": "q"}
    document["components"]["securitySchemes"].update(schemes)
    file = tmp_path_factory.mktemp("contract") / "more.yaml"
    file.write_text(json.dumps(document), encoding="utf-8")
    with started("--check-responses", "--contract", str(file)) as process:
        yield process
        assert "Traceback" not in process.stderr


@pytest.fixture
def client(mock: MockProcess) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=mock.url, headers={"Authorization": f"Bearer {KEY}"}) as client:
        yield client


def test_an_example_is_returned_and_credentials_are_required(client: httpx2.Client, mock: MockProcess) -> None:
    assert client.get(MODELS).json() == [{"id": "a", "model_name": "a"}]
    assert exchange(mock.address, request("GET", MODELS)).status == 401
    assert exchange(mock.address, request("HEAD", MODELS, {"Authorization": f"Bearer {KEY}"})).body == b""
    assert client.post(MODELS, json={"model_name": "ruled"}).status_code == 201


def test_the_success_of_the_lowest_status_is_returned(client: httpx2.Client) -> None:
    response = client.get("/named")
    assert (response.status_code, response.json()) == (203, {"n": 7, "m": "x"})


def test_a_preference_chooses_another_response(client: httpx2.Client) -> None:
    response = client.get("/named", headers={"Prefer": "example=two"})
    assert (response.status_code, response.json()) == (206, {"n": 2})
    assert client.get("/named", headers={"Prefer": "code=404"}).status_code == 404
    assert client.get("/named", headers={"Prefer": "code=206; x"}).json() == {"n": 1}


def test_data_is_generated_for_a_schema_the_same_each_time(client: httpx2.Client) -> None:
    path = f"{MODELS}openai/new/"
    responses = [client.put(path, json={"id": "x", "model_name": "x"}) for _ in range(2)]
    assert [each.status_code for each in responses] == [202, 202]
    assert responses[0].json() == responses[1].json()
    assert responses[0].json()["model_name"] == "openai/new"
    assert client.get(path).status_code == 404


def test_a_body_is_validated(client: httpx2.Client) -> None:
    invalid = client.put(f"{MODELS}a/", json={"id": 1})
    assert (invalid.status_code, set(invalid.json())) == (422, {"id", "model_name"})
    assert client.put(f"{MODELS}a/", content=b"{", headers={"Content-Type": JSON}).status_code == 422
    assert client.put(f"{MODELS}a/", content=b"{}", headers={"Content-Type": "text/plain"}).status_code == 415
    assert client.put(f"{MODELS}a/").status_code == 415


def test_read_only_credentials_cannot_write(client: httpx2.Client) -> None:
    assert client.put(f"{MODELS}a/", json={"id": "a", "model_name": "a"}, headers=READER).status_code == 403
    assert client.get(MODELS, headers=READER).status_code == 200


@pytest.mark.parametrize("path", [f"{MODELS}list/", f"{MODELS}%6Cist/"])
def test_words_of_a_path_come_before_parameters(client: httpx2.Client, path: str) -> None:
    code = client.get(path, headers={"Authorization": ""}).json()["code"]
    assert code.isupper()
    assert len(code) == 3


def test_a_default_response_is_a_success(client: httpx2.Client) -> None:
    response = client.get(f"{MODELS}openai/gpt-4o/status/")
    assert (response.status_code, response.json()) == (200, "up")


@pytest.mark.parametrize(
    ("headers", "status"),
    [({"Cookie": "k=1"}, 200), ({"Authorization": "Basic YTpi"}, 200), ({"Cookie": "l=1"}, 401), ({}, 401)],
)
def test_credentials_that_cannot_be_verified_are_required(
    mock: MockProcess, headers: dict[str, str], status: int
) -> None:
    response = exchange(mock.address, request("GET", "/a/keyed", headers))
    assert response.status == status
    if status == 401:
        assert response.json["detail"].endswith('not provided. Expected "Authorization: basic <credentials>".')


def test_a_key_that_is_missing_is_named(mock: MockProcess) -> None:
    response = exchange(mock.address, request("GET", "/queried"))
    assert response.json["detail"].endswith("not provided. Expected the query parameter q.")
    assert exchange(mock.address, request("GET", "/queried?q=1")).status == 200


def test_methods_are_those_of_the_contract(client: httpx2.Client) -> None:
    assert client.options("/named").status_code == 204
    for path, allow in (
        ("/named", "GET, HEAD, OPTIONS"),
        (MODELS, "GET, HEAD, POST"),
        ("/files", "GET, HEAD, POST, PUT"),
    ):
        rejected = client.patch(path)
        assert (rejected.status_code, rejected.headers["allow"]) == (405, allow)


def test_values_that_cannot_be_generated_are_reported(client: httpx2.Client) -> None:
    response = client.get("/hopeless")
    assert response.status_code == 501
    assert "Add an example to the contract at #/paths/~1hopeless/get/responses." in response.json()["detail"]


def test_other_media_types_are_accepted(client: httpx2.Client) -> None:
    assert client.get("/files").content == b""
    assert client.post("/files", files={"a": b"b"}).status_code == 204


@pytest.mark.parametrize(("media_type", "status"), [("text/csv", 204), ("Text/CSV; header=absent", 204), (JSON, 415)])
def test_a_range_of_media_types_is_accepted(client: httpx2.Client, media_type: str, status: int) -> None:
    assert client.put("/files", content=b"a", headers={"Content-Type": media_type}).status_code == status


def test_an_upsert_is_sent_as_json_whatever_else_is_declared(client: httpx2.Client) -> None:
    response = client.post(MODELS, data={"model_name": "a"})
    expected = 'Expected Content-Type: application/json, got "application/x-www-form-urlencoded".'
    assert (response.status_code, response.json()) == (415, {"detail": expected})


def test_headers_are_sent_if_http_allows_them(client: httpx2.Client) -> None:
    response = client.get("/headers")
    assert response.headers.get_list("content-length") == ["0"]
    sent = {name: value for name, value in response.headers.items() if name.startswith(("x", "transfer", "content-t"))}
    assert sent == {"x-list": "a,1", "x-flag": "true", "x-pairs": "a=1,b=c"}


def test_a_path_without_operations_is_not_there(client: httpx2.Client) -> None:
    assert client.get("/empty").json() == {"detail": 'There is nothing at "/empty".'}


def test_the_banner_lists_the_operations_and_what_is_left_out(mock: MockProcess) -> None:
    lines = [" ".join(line.split()) for line in mock.printed.splitlines()]
    for line in (
        "POST /api/models/ by the rules of x-upsert",
        "GET /api/models/ 200, the example",
        "GET /named 203, generated data",
        "POST /files 204, no body",
        "GET /hopeless 501, nothing: no data can be generated for its schema",
    ):
        assert line in lines
    for sentence in (
        "GET /files: the response 200 has no body, because text/csv is not JSON.",
        "GET /named: the mock does not look at the parameters page (query), X-Trace (header).",
        "POST /files: the mock never calls the callbacks (done).",
        "GET /headers: the response 200 lacks a header: the value of X-Lines contains U+000A, which headers cannot",
        'GET /headers: the response 200 lacks a header: "X Y" is not a header name.',
        "POST /files: request bodies of multipart/form-data are accepted and not validated.",
        "POST /api/models/: request bodies of application/x-www-form-urlencoded are rejected, because only JSON has",
    ):
        assert sentence in mock.stderr


def test_all_operations_are_in_the_document_and_in_the_description(client: httpx2.Client) -> None:
    document = client.get("/openapi.json").json()
    assert {"get", "post"} <= document["paths"][MODELS].keys()
    assert "/hopeless" in document["paths"]
    described = client.get("/_mock/info").json()["contract"]["operations"]
    assert {"method": "GET", "path": MODELS, "status": 200, "origin": "the example"} in described
