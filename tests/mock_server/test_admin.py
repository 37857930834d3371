"""The admin API matches its document."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
import yaml
from openapi_core import OpenAPI
from openapi_core.testing import MockRequest, MockResponse
from openapi_spec_validator import OpenAPIV30SpecValidator

from contract import Contract
from mock_server.admin.app import DOCUMENT_FILE, read_document
from tests.mock_server.process import MockProcess
from tests.mock_server.wire import KEY, MODELS, exchange, request

ADMIN = "/_mock/"


@pytest.fixture(scope="session")
def document() -> dict[str, Any]:
    return read_document()


def test_the_document_is_valid_in_separate_files_and_in_one(document: dict[str, Any]) -> None:
    written = yaml.safe_load(DOCUMENT_FILE.read_text(encoding="utf-8"))
    assert not list(OpenAPIV30SpecValidator(written, base_uri=DOCUMENT_FILE.as_uri()).iter_errors())
    assert not list(OpenAPIV30SpecValidator(document).iter_errors())


def test_the_document_is_served(client: httpx2.Client, document: dict[str, Any]) -> None:
    assert client.get(f"{ADMIN}openapi.json").json()["paths"].keys() == document["paths"].keys()


def test_health_is_ok(client: httpx2.Client) -> None:
    assert client.get(f"{ADMIN}health").json() == {"status": "ok"}


def test_info_describes_the_mock(client: httpx2.Client, contract: Contract) -> None:
    info = client.get(f"{ADMIN}info").json()
    assert info["contract"]["digest"] == contract.digest
    acme, globex = info["organizations"]
    assert (acme["name"], globex["name"]) == ("acme", "globex")
    assert {"key": KEY, "may_write": True} in acme["keys"]
    assert "my-vllm" in acme["providers"]
    assert "gpt-4o" in info["built_in"]
    assert info["settings"]["journal"] == 1000


def test_other_paths_and_methods_are_rejected(mock: MockProcess) -> None:
    host = {"Host": "localhost"}
    assert exchange(mock.address, request("GET", f"{ADMIN}nothing", host)).status == 404
    wrong = exchange(mock.address, request("POST", f"{ADMIN}requests", host))
    assert (wrong.status, wrong.headers["allow"]) == (405, "DELETE, GET, HEAD")


ODD = [
    "", "requests?limit=%FF&%00=", "requests/%FF", "requests/1%00", "requests/" + "9" * 400, "faults/%ED%A0%80",
    "faults/%2F", "../api/models/", "state?" + "a" * 5000, "requests/wait?timeout=0&path=%5B", "events?a=b",
    "requests/wait?timeout=nan", "requests/wait?timeout=1e999", "requests?after=-1", "requests?status=%0a404",
    "requests?path=[", "openapi.json?",
]  # fmt: skip


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE"])
@pytest.mark.parametrize("path", ODD)
def test_no_request_causes_a_server_error(mock: MockProcess, method: str, path: str) -> None:
    for body in (b"", b"{}", b"[" * 1000, b'{"faults": [{"id": "\\ud800"}]}', b'{"models": {"a": 1e999}}', b"\xff"):
        headers = {"Host": "localhost", "Content-Type": "application/json"}
        response = exchange(mock.address, request(method, f"{ADMIN}{path}", headers, body))
        assert 200 <= response.status < 500
        assert method == "HEAD" or not response.body or response.json


@pytest.mark.parametrize("last", ["x", "-1", "1" * 40, "\xff"])
def test_an_invalid_last_event_id_is_rejected(mock: MockProcess, last: str) -> None:
    headers = {"Host": "localhost", "Last-Event-ID": last}
    assert exchange(mock.address, request("GET", f"{ADMIN}events", headers)).status == 400


def test_a_repeated_last_event_id_is_rejected(client: httpx2.Client) -> None:
    response = client.get(f"{ADMIN}events", headers=[("Last-Event-ID", "1"), ("Last-Event-ID", "2")])
    assert response.json() == {"Last-Event-ID": ['Expected an integer, got the string "1, 2".']}


def test_the_responses_match_the_document(client: httpx2.Client, document: dict[str, Any]) -> None:
    described: Any = OpenAPI.from_dict(document)
    client.post(MODELS, json={"model_name": ""})
    for path in ASKED:
        response = client.get(f"{ADMIN}{path}")
        headers = dict(response.headers)
        described.validate_response(
            MockRequest(str(client.base_url), "get", response.request.url.path),
            MockResponse(response.content, response.status_code, headers, headers["content-type"]),
        )


ASKED = (
    "health",
    "info",
    "requests",
    "requests?limit=no",
    "requests/wait?timeout=0&path=/none",
    "requests/999",
    "faults",
    "model?organization=acme&name=gpt-4o",
    "model?organization=acme&name=none",
)
