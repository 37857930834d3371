"""Responses are forced by preference: every status and example of the contract, whatever the request is."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from starlette.types import ASGIApp

from contract import Contract, load
from mock_server.errors import RequestPart
from tests.mock_server.in_process import Exchange, app, ask
from tests.mock_server.judge import Judge
from tests.mock_server.wire import MODELS

MORE_RESPONSES = """\
        '4XX': {description: Some rejection., content: {application/json: {schema: {type: object, required: [code],
          properties: {code: {type: integer, minimum: 1, maximum: 9}}}}}}
        '405': {description: No such method.}
        '418': {description: None., content: {application/json: {schema: {type: integer, minimum: 2, maximum: 1}}}}
        '429': {description: Too many., content: {application/problem+json: {schema: {type: object}}}}
        '503':
          description: Later.
          headers:
            Retry-After: {schema: {type: integer}, example: 120}
            X-Region: {schema: {type: string, enum: [eu]}}
          content: {application/json: {schema: {type: object}, example: {detail: Later.}}}
        default: {description: Anything else.}
"""
FIRST_RESPONSE = "        '200':\n          description: The model existed"


@pytest.fixture(scope="module")
def altered(contract_text: str, tmp_path_factory: pytest.TempPathFactory) -> Contract:
    """The contract with more responses of the upsert."""
    assert FIRST_RESPONSE in contract_text
    file = tmp_path_factory.mktemp("altered") / "openapi.yaml"
    text = contract_text.replace(FIRST_RESPONSE, MORE_RESPONSES + FIRST_RESPONSE)
    file.write_text(text, encoding="utf-8")
    return load(file)


@pytest.fixture(scope="module")
def mock_app() -> ASGIApp:
    return app()


@pytest.fixture(scope="module")
def altered_app(altered: Contract) -> ASGIApp:
    return app(altered.file)


class Declared(NamedTuple):
    """A response of an operation, and one of its examples if it has any."""

    method: str
    path: str
    template: str
    code: str
    example: str | None
    value: Any


def declared(contract: Contract) -> Iterator[Declared]:
    """Every status of every operation, with each of its examples."""
    for template, item in contract.document["paths"].items():
        path = template.replace("{model_name}", "a/b")
        for method in sorted({"get", "post", "delete"} & item.keys()):
            for code, response in item[method]["responses"].items():
                examples = response.get("content", {}).get("application/json", {}).get("examples", {None: {}})
                for name, example in examples.items():
                    yield Declared(method.upper(), path, template, code, name, example.get("value"))


DECLARED = list(declared(load()))
IDS = [f"{each.method} {each.code} {each.example}" for each in DECLARED]


@pytest.fixture(scope="module")
def judge(contract: Contract) -> Judge:
    return Judge(contract)


@pytest.mark.parametrize("wanted", DECLARED, ids=IDS)
def test_every_declared_status_and_example_can_be_forced(mock_app: ASGIApp, judge: Judge, wanted: Declared) -> None:
    prefer = f"code={wanted.code}" + (f", example={wanted.example}" if wanted.example else "")
    response = ask(mock_app, wanted.method, wanted.path, b"not even JSON", prefer=prefer, authorization="")
    assert response.status == int(wanted.code)
    assert response.headers["preference-applied"] == prefer
    assert "Prefer" in response.headers["vary"]
    assert (response.json if response.body else None) == wanted.value
    assert ("www-authenticate" in response.headers) == (response.status == 401)
    judge.check(wanted.method, wanted.template, response.status, response.headers, response.body)


def test_every_response_with_a_body_has_an_example() -> None:
    assert [each for each in DECLARED if not each.example and each.code != "204"] == []


@pytest.mark.parametrize("wanted", DECLARED, ids=IDS)
def test_data_is_generated_for_every_status(mock_app: ASGIApp, judge: Judge, wanted: Declared) -> None:
    for seed in range(10):
        prefer = f"code={wanted.code}, dynamic=true; seed={seed}"
        response = ask(mock_app, wanted.method, wanted.path, prefer=prefer)
        assert response.status == int(wanted.code)
        judge.check(wanted.method, wanted.template, response.status, response.headers, response.body)


def test_a_preferred_example_determines_the_status(mock_app: ASGIApp) -> None:
    by_name = {each.example: each for each in reversed(DECLARED) if each.example and each.method == "POST"}
    for name, first in by_name.items():
        response = ask(mock_app, "POST", MODELS, prefer=f"EXAMPLE={name}")
        assert (response.status, response.json) == (int(first.code), first.value)
        assert response.headers["preference-applied"] == f"example={name}"


def test_generated_data_is_the_same_for_the_same_seed_and_url(mock_app: ASGIApp) -> None:
    def made_up(prefer: str, name: str = "m", served: ASGIApp = mock_app) -> bytes:
        return ask(served, "GET", f"{MODELS}{name}/", prefer=prefer).body

    assert made_up("dynamic=true") == made_up("dynamic") == made_up("dynamic=true", served=app())
    others = {made_up("dynamic; seed=2"), made_up("dynamic=true", "n"), made_up("dynamic", served=app(seed="2"))}
    assert len(others - {made_up("dynamic=true")}) == 3


def test_a_generated_model_has_the_name_in_the_path_and_consistent_times(mock_app: ASGIApp) -> None:
    for seed in range(30):
        model = ask(mock_app, "GET", f"{MODELS}a/b/", prefer=f"dynamic=true; seed={seed}").json
        assert model["id"] == model["model_name"] == "a/b"
        if model.get("created_at") and model.get("updated_at"):
            assert model["created_at"] <= model["updated_at"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_data_is_generated_for_a_name_that_is_not_utf_8_too(mock_app: ASGIApp, method: str) -> None:
    assert ask(mock_app, method, f"{MODELS}%FF/", prefer="dynamic=true").status == 200


def test_a_forced_response_changes_no_state(mock_app: ASGIApp) -> None:
    ask(mock_app, "POST", MODELS, b'{"model_name": "kept"}')
    for status in (200, 201):
        ask(mock_app, "POST", MODELS, b'{"model_name": "forced", "input_cost": 1}', prefer=f"code={status}")
        ask(mock_app, "POST", MODELS, b'{"model_name": "kept", "input_cost": 1}', prefer=f"code={status}")
    ask(mock_app, "DELETE", f"{MODELS}kept/", prefer="code=204")
    assert ask(mock_app, "GET", f"{MODELS}forced/").status == 404
    assert "input_cost" not in ask(mock_app, "GET", f"{MODELS}kept/").json


REJECTED = {
    "an undeclared code": ("code=402", ["200", "201", "400", "415"]),
    "no code": ("code", ["200"]),
    "no number": ("code=teapot", ["200"]),
    "an undeclared example": ("example=nope", ["200: updated", "403: readOnly, builtIn"]),
    "an example of another code": ("code=403, example=updated", ["(403: readOnly, builtIn)"]),
    "neither true nor false": ("dynamic=maybe", ["dynamic=true or dynamic=false"]),
    "too long": ("wait=61", ["from 0 to 60"]),
    "endless": ("wait=inf", ["from 0 to 60"]),
    "negative": ("wait=-1", ["from 0 to 60"]),
    "no seconds": ("wait", ["from 0 to 60"]),
    "one of several": ("code=200, wait=1e3", ["from 0 to 60"]),
}


@pytest.mark.parametrize(("prefer", "told"), REJECTED.values(), ids=REJECTED)
def test_an_undeclared_response_is_rejected_with_the_declared_ones(
    mock_app: ASGIApp, prefer: str, told: list[str]
) -> None:
    response = ask(mock_app, "POST", MODELS, b'{"model_name": "rejected"}', prefer=prefer)
    assert response.status == 400
    assert all(each in response.json["detail"] for each in told)
    assert "preference-applied" not in response.headers
    assert response.context.rejection
    (error,) = response.context.rejection.errors
    assert (error.part, error.field) == (RequestPart.HEADER, "Prefer")
    assert ask(mock_app, "GET", f"{MODELS}rejected/").status == 404


@pytest.mark.parametrize("prefer", ["respond-async", "return=minimal", "dynamic=false", "code 403", ""])
def test_other_preferences_change_nothing(mock_app: ASGIApp, prefer: str) -> None:
    response = ask(mock_app, "POST", MODELS, b'{"model_name": "m"}', prefer=prefer)
    assert response.status in {200, 201}
    assert response.json["model_name"] == "m"
    assert "preference-applied" not in response.headers


def timed(served: ASGIApp, prefer: str, body: bytes = b'{"model_name": "m"}') -> tuple[Exchange, float]:
    began = time.monotonic()
    return ask(served, "POST", MODELS, body, prefer=prefer), time.monotonic() - began


def test_a_response_can_be_delayed(mock_app: ASGIApp) -> None:
    for prefer, body, status in [
        ("code=403, wait=0.2", b"", 403),
        ("wait=0.2", b'{"model_name": "m"}', 200),
        ("wait=0.2", b"{", 400),
    ]:
        ask(mock_app, "POST", MODELS, b'{"model_name": "m"}')
        response, seconds = timed(mock_app, prefer, body)
        assert response.status == status
        assert seconds >= 0.2
        assert response.headers["preference-applied"] == prefer


def test_every_response_of_an_operation_varies_with_the_preference(mock_app: ASGIApp) -> None:
    for path, status in {f"{MODELS}gpt-4o/": 200, f"{MODELS}x/": 404}.items():
        response = ask(mock_app, "GET", path)
        assert (response.status, "Prefer" in response.headers["vary"]) == (status, True)
    assert "Prefer" not in ask(mock_app, "PUT", MODELS).headers.get("vary", "")
    assert "Prefer" not in ask(mock_app, "GET", "/openapi.json").headers.get("vary", "")


def test_without_an_operation_nothing_is_forced(mock_app: ASGIApp) -> None:
    assert ask(mock_app, "PUT", MODELS, prefer="code=200").status == 405
    assert ask(mock_app, "GET", "/nope", prefer="code=200").status == 404


def test_classes_of_statuses_and_the_default_can_be_forced(altered_app: ASGIApp, altered: Contract) -> None:
    for status in (422, 451):
        response = ask(altered_app, "POST", MODELS, prefer=f"code={status}")
        assert response.status == status
        assert 1 <= response.json["code"] <= 9
        Judge(altered).check("POST", MODELS, status, response.headers, response.body)
    response = ask(altered_app, "POST", MODELS, prefer="code=500")
    assert (response.status, response.body) == (500, b"")
    for code in ("099", "4XX", "default"):
        response = ask(altered_app, "POST", MODELS, prefer=f"code={code}")
        assert response.status == 400
        assert "503, any other, 200" in response.json["detail"]
        assert "400 to 499" in response.json["detail"]


def test_declared_headers_are_sent(altered_app: ASGIApp) -> None:
    later = ask(altered_app, "POST", MODELS, prefer="code=503")
    assert (later.json, later.headers["retry-after"], later.headers["x-region"]) == ({"detail": "Later."}, "120", "eu")
    assert ask(altered_app, "POST", MODELS, prefer="code=405").headers["allow"] == "POST"


def test_the_media_type_is_the_contracts(altered_app: ASGIApp) -> None:
    response = ask(altered_app, "POST", MODELS, prefer="code=429")
    assert response.headers["content-type"] == "application/problem+json"
    assert isinstance(json.loads(response.body), dict)


def test_a_schema_for_which_no_data_can_be_generated_is_reported(altered_app: ASGIApp) -> None:
    response = ask(altered_app, "POST", MODELS, prefer="code=418")
    assert response.status == 400
    assert "The response 418 has no example, and no data can be generated" in response.json["detail"]


def test_a_forced_response_is_logged_as_such(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "mock_server.access"):
        ask(app(), "POST", MODELS, prefer="code=403")
    assert caplog.records[0].getMessage().endswith("ms  Prefer: code=403")
