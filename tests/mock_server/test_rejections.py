"""Every rejection says why: in the response, in the log, and as values."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from starlette.types import ASGIApp

from contract import Contract
from contract.pointer import ABSENT, step
from mock_server.errors import RequestPart
from tests.mock_server.in_process import app, ask
from tests.mock_server.wire import MODELS

Broken = tuple[RequestPart, str | None, str, str | None]
"""Part, field, rule and pointer of an error."""


class Case(NamedTuple):
    """A request that is rejected, and the rules that it breaks."""

    status: int
    request: str
    errors: list[Broken]
    body: bytes = b""
    headers: Mapping[str, str] = {}


def in_body(field: str, rule: str) -> Broken:
    return RequestPart.BODY, field, rule, f"/{field}"


CREATE = f"POST {MODELS}"
READER = {"authorization": "Bearer demo-acme-readonly"}
CREDENTIALS = (RequestPart.HEADER, "Authorization")
IN_PATH = (RequestPart.PATH, "model_name")
SEVERAL = b'{"model_name": "gpt-4o", "image_support": 2, "provider_id": "a", "custom_provider_id": "b"}'
BUILT_IN = b'{"model_name": "gpt-4o", "provider_id": "a"}'
UNKNOWN = b'{"model_name": "m", "base_model_name": "x", "provider_id": "y"}'

REJECTED = {
    "no key": Case(400, CREATE, [in_body("model_name", "required")], b"{}"),
    "wrong type": Case(400, CREATE, [in_body("input_cost", "type")], b'{"model_name": "m", "input_cost": "1"}'),
    "several": Case(
        400,
        CREATE,
        [
            in_body("image_support", "enum"),
            in_body("provider_id", "x-alias"),
            in_body("model_name", "x-upsert"),
            in_body("custom_provider_id", "x-reference"),
            in_body("provider_id", "x-reference"),
        ],
        SEVERAL,
    ),
    "no object": Case(400, CREATE, [(RequestPart.BODY, None, "type", "")], b"[]"),
    "no JSON": Case(400, CREATE, [(RequestPart.BODY, None, "content", "")], b"{"),
    "no credentials": Case(401, CREATE, [(*CREDENTIALS, "security", None)], b"{}", {"authorization": ""}),
    "only reads": Case(
        403, CREATE, [(*CREDENTIALS, "x-upsert", None), in_body("model_name", "x-upsert")], BUILT_IN, READER
    ),
    "built in": Case(403, CREATE, [in_body("model_name", "x-upsert"), in_body("provider_id", "x-reference")], BUILT_IN),
    "unknown things": Case(
        404, CREATE, [in_body("base_model_name", "x-reference"), in_body("provider_id", "x-reference")], UNKNOWN
    ),
    "too large": Case(413, CREATE, [(RequestPart.BODY, None, "x-limits", "")], b" " * 1_100_000),
    "media type": Case(
        415, CREATE, [(RequestPart.HEADER, "Content-Type", "content", None)], b"{}", {"content_type": "text/plain"}
    ),
    "no such model": Case(404, f"GET {MODELS}x/", [(*IN_PATH, "paths", None)]),
    "deleting a built-in": Case(403, f"DELETE {MODELS}gpt-4o/", [(*IN_PATH, "x-upsert", None)]),
    "no such method": Case(405, f"PUT {MODELS}", [(RequestPart.METHOD, None, "paths", None)]),
    "no such path": Case(404, "GET /nope", [(RequestPart.PATH, None, "paths", None)]),
}


@pytest.fixture(scope="module")
def mock_app() -> ASGIApp:
    return app()


@pytest.fixture(scope="module")
def written(contract: Contract) -> Any:
    return yaml.safe_load(Path(contract.file).read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", REJECTED.values(), ids=REJECTED)
def test_a_rejection_lists_the_broken_rules(mock_app: ASGIApp, written: Any, case: Case) -> None:
    method, path = case.request.split()
    exchange = ask(mock_app, method, path, case.body, **case.headers)
    rejection = exchange.context.rejection
    assert rejection
    assert exchange.status == rejection.status == case.status
    assert [(each.part, each.field, each.rule, each.pointer) for each in rejection.errors] == case.errors
    assert all(each.expected and each.got for each in rejection.errors)
    assert [each.contract for each in rejection.errors if not _is_written(written, each.contract)] == []
    assert exchange.json == rejection.body
    told = str(list(exchange.json.values())).replace("\\'", "'")
    assert [each.message for each in rejection.errors if each.message not in told] == []


def _is_written(document: Any, pointer: str | None) -> bool:
    """Whether the pointer leads to a node of the file as it is written, with no reference in between."""
    assert pointer
    for token in pointer.removeprefix("#/").split("/"):
        document = step(document, token.replace("~1", "/").replace("~0", "~"))
    return document is not ABSENT


def test_the_rule_is_found_behind_a_reference(mock_app: ASGIApp) -> None:
    exchange = ask(mock_app, "POST", MODELS, b'{"model_name": "m", "input_cost": "1"}')
    assert exchange.context.rejection
    (error,) = exchange.context.rejection.errors
    assert error.contract == "#/components/schemas/Cost/type"


def test_a_read_only_caller_learns_nothing_about_later_errors(mock_app: ASGIApp) -> None:
    body = b'{"model_name": "m", "base_model_name": "x"}'
    exchange = ask(mock_app, "POST", MODELS, body, authorization="Bearer demo-acme-readonly")
    assert exchange.json == {"detail": "These credentials may read models but not write them."}


def test_the_record_of_the_log_carries_the_rejection(
    mock_app: ASGIApp, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("mock_server.access"), "level", logging.INFO)
    with caplog.at_level(logging.INFO, "mock_server.access"):
        exchange = ask(app(), "POST", MODELS, b'{"model_name": "m", "input_cost": "1"}')
    (record,) = caplog.records
    assert record.__dict__["rejection"] is exchange.context.rejection
    assert 'input_cost: Expected a number, got the string "1".' in record.getMessage()
