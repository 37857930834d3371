"""With --check-responses a response that the contract does not declare becomes a 500 that says why."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

import pytest
from starlette.datastructures import Headers

from contract import Contract
from mock_server.response_check import ResponseCheck
from mock_server.responses import declared_responses
from tests.mock_server.in_process import app, ask
from tests.mock_server.process import started
from tests.mock_server.wire import KEY, MODELS, exchange, upsert

JSON = {"content-type": "application/json"}
CHALLENGED = {**JSON, "www-authenticate": "Bearer"}
NO_MODEL = b'{"id": 1}'

JUDGED: dict[str, tuple[str, int, Mapping[str, str], bytes, list[str]]] = {
    "a model": ("getModel", 200, JSON, b'{"id": "m", "model_name": "m"}', []),
    "another status": ("getModel", 201, JSON, b"{}", ["The status 201 is not declared; 200, 401 or 404 are."]),
    "no body": ("deleteModel", 204, {}, b"", []),
    "a body where there is none": ("deleteModel", 204, {}, b"{}", ["No JSON body is declared."]),
    "no challenge": ("getModel", 401, JSON, b"{}", ["The header WWW-Authenticate is missing."]),
    "a challenge": ("getModel", 401, CHALLENGED, b"{}", []),
    "another media type": (
        "getModel",
        404,
        {"content-type": "text/plain"},
        b"{}",
        ['The media type is "text/plain", and "application/json" is declared.'],
    ),
    "no media type": (
        "getModel",
        404,
        {},
        b"{}",
        ['The media type is "", and "application/json" is declared.'],
    ),
    "no JSON": (
        "getModel",
        404,
        JSON,
        b"{",
        ["The body is not JSON: unexpected end of data: line 1 column 2 (char 1)."],
    ),
    "no model": (
        "getModel",
        200,
        JSON,
        NO_MODEL,
        ["id: Expected a string, got the number 1.", "model_name: This field is required."],
    ),
}


@pytest.mark.parametrize(("operation", "status", "headers", "body", "faults"), JUDGED.values(), ids=JUDGED)
def test_responses_are_judged(
    contract: Contract, operation: str, status: int, headers: Mapping[str, str], body: bytes, faults: list[str]
) -> None:
    check = ResponseCheck(declared_responses(contract.document)[operation])
    assert sorted(check.problems(status, Headers(headers), body)) == sorted(faults)


@pytest.fixture
def stricter(contract_text: str, tmp_path: Path) -> Path:
    """A contract whose response cannot show what the request may set, and that declares no 413."""
    old = "        base_model_name:\n          type: string\n          description: The model that this model inherits"
    assert old in contract_text
    text = contract_text.replace(old, old.replace("type: string", "type: string\n          maxLength: 6"))
    assert "        '413':" in text
    file = tmp_path / "stricter.yaml"
    file.write_text(text.replace("        '413':", "        '414':"), encoding="utf-8")
    return file


BODY = b'{"model_name": "m", "base_model_name": "anthropic/claude-sonnet-4-5"}'


def test_an_undeclared_response_becomes_a_500_with_the_reason(stricter: Path, caplog: pytest.LogCaptureFixture) -> None:
    reason = (
        "The response of the mock does not conform to the contract: base_model_name: "
        'Expected a string of at most 6 characters, got the string "anthropic/claude-sonnet-4-5".'
    )
    with caplog.at_level(logging.INFO):
        response = ask(app(stricter), "POST", MODELS, BODY)
    assert (response.status, response.json) == (500, {"detail": reason})
    assert [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR] == [
        f"POST {MODELS}: {reason}"
    ]
    assert "access-control-allow-origin" in ask(app(stricter), "POST", MODELS, BODY, origin="http://a.example").headers


def test_an_undeclared_status_is_found(stricter: Path) -> None:
    response = ask(app(stricter), "POST", MODELS, b" " * 1_100_000)
    assert response.status == 500
    assert "The status 413 is not declared" in response.json["detail"]


def test_an_error_has_the_media_type_of_the_contract(contract_text: str, tmp_path: Path) -> None:
    before, after = contract_text.split("        '400':\n", 1)
    file = tmp_path / "openapi.yaml"
    file.write_text(f"{before}        '400':\n{after.replace('application/json', 'application/problem+json', 1)}")
    response = ask(app(file), "POST", MODELS, b"{}")
    assert (response.status, response.headers["content-type"]) == (400, "application/problem+json")
    assert ask(app(file), "POST", MODELS, b"{}", authorization="").headers["content-type"] == "application/json"


def test_an_invalid_preference_is_reported_although_no_operation_declares_it() -> None:
    assert ask(app(), "GET", f"{MODELS}m/", prefer="code=400").status == 400


def test_without_the_option_responses_are_sent_as_they_are(stricter: Path) -> None:
    assert ask(app(stricter, check_responses=False), "POST", MODELS, BODY).status == 201


def test_the_option_switches_it_on(stricter: Path) -> None:
    for options, status in {("--check-responses",): 500, (): 201}.items():
        with started("--quiet", "--contract", str(stricter), *options) as mock:
            assert exchange(mock.address, upsert(BODY, key=KEY)).status == status
            mock.stop()
            assert ("does not conform to the contract" in mock.stderr) == (status == 500)
