"""Requests that Schemathesis makes up: the same for the same seed, valid and invalid, and about what exists."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from conformance.judge.outcome import NotTestable
from conformance.judge.requests import Validity, classify_body, classify_value
from conformance.model.engine import AGAIN, NAMES, NothingGenerated, send_generated_requests
from conformance.model.stateful import REQUESTS, run_stateful_tests
from conformance.options import PROFILES
from conformance.target.subject import Subject
from conformance.wire.exchange import Exchange, NoResponse, Request, Response
from conformance.wire.transport import Transport
from contract import Contract, RequestField, load
from tests.conformance.judge.oracles import Oracles
from tests.conformance.parts import subject_of, wsgi
from tests.servers.plain import PlainServer

SEED = 4
REQUEST = load().upsert.request


def _cases(contract: Contract, seed: int) -> list[Exchange]:
    return send_generated_requests(subject_of(contract, PlainServer(), seed=seed))


@pytest.fixture(scope="module")
def cases(contract: Contract) -> list[Exchange]:
    return _cases(contract, SEED)


def _without_run(case: Exchange) -> str:
    """A body as text, but for the names of the run."""
    text = json.dumps(case.request.json, sort_keys=True)
    key = case.request.json.get("model_name") if isinstance(case.request.json, dict) else None
    return text.replace(key[: key.rindex("-")], "") if isinstance(key, str) and key.startswith("rc-") else text


def _objects(cases: list[Exchange]) -> list[dict[str, Any]]:
    return [case.request.json for case in cases if isinstance(case.request.json, dict)]


def _bodies(cases: list[Exchange]) -> Counter[str]:
    return Counter(map(_without_run, cases))


def test_the_same_seed_makes_the_same_requests_and_another_makes_others(
    contract: Contract, cases: list[Exchange]
) -> None:
    again = _cases(contract, SEED)
    assert _bodies(again) == _bodies(cases)
    assert _bodies(_cases(contract, SEED + 1)) != _bodies(cases)


def test_there_are_some_of_each_reading(contract: Contract, cases: list[Exchange]) -> None:
    readings = Counter(classify_body(contract, case.request.json) for case in cases)
    assert all(readings[reading] > 5 for reading in Validity), readings


def test_no_reading_of_them_is_at_odds_with_the_validators(contract: Contract, cases: list[Exchange]) -> None:
    oracles, judged = Oracles(contract), Counter[Validity]()
    for case in cases:
        reading = classify_body(contract, case.request.json)
        if reading is Validity.OPEN:
            continue
        judged[reading] += 1
        assert oracles.verdicts(case.request.json) == ((reading is Validity.PLAIN,) * 2), case.request.json
    assert judged[Validity.PLAIN]
    assert judged[Validity.INVALID]


@pytest.mark.parametrize("field", REQUEST.values(), ids=REQUEST)
def test_every_field_is_sent_right_wrong_and_null(cases: list[Exchange], field: RequestField) -> None:
    sent = [body[field.name] for body in _objects(cases) if field.name in body]
    readings = {classify_value(field.schema, value) for value in sent}
    reference = field.reference or REQUEST[field.storage_name].reference
    assert Validity.INVALID in readings
    assert None in sent
    assert readings & {Validity.PLAIN, Validity.OPEN} or (reference is not None and reference.to == "providers")


def test_bodies_that_are_no_object_and_bodies_without_the_name_are_sent(cases: list[Exchange]) -> None:
    assert any(not isinstance(case.request.json, dict) for case in cases)
    assert any("model_name" not in body for body in _objects(cases))


def test_they_are_about_a_few_models_and_bases_that_exist(contract: Contract, cases: list[Exchange]) -> None:
    bodies = _objects(cases)
    names = {body["model_name"] for body in bodies if isinstance(body.get("model_name"), str) and body["model_name"]}
    bases = {body["base_model_name"] for body in bodies if isinstance(body.get("base_model_name"), str)}
    assert len(names) == NAMES
    assert len(bases) == 1
    assert not any(isinstance(body.get("custom_provider_id"), str) for body in bodies)


def test_a_correct_server_accepts_plain_ones_and_rejects_invalid_ones(
    contract: Contract, cases: list[Exchange]
) -> None:
    for case in cases:
        reading, status = classify_body(contract, case.request.json), case.response.status
        assert reading is not Validity.PLAIN or status in (200, 201), case.request.json
        assert reading is not Validity.INVALID or status == 400, case.request.json


def test_as_many_are_sent_as_are_left(contract: Contract) -> None:
    subject = subject_of(contract, PlainServer(), profile=replace(PROFILES["default"], requests=AGAIN + 30))
    sent = len(send_generated_requests(subject))
    assert sent + 2 == subject.client.requests == 30, "two base models are created before"


@pytest.mark.parametrize(("make", "needed"), [(send_generated_requests, 1 + AGAIN), (run_stateful_tests, REQUESTS)])
def test_none_are_sent_where_too_few_are_left(
    contract: Contract, make: Callable[[Subject], object], needed: int
) -> None:
    subject = subject_of(contract, PlainServer(), profile=replace(PROFILES["default"], requests=needed - 1))
    subject.found_failure = True  # a run that found no failure yet takes some more
    with pytest.raises(NotTestable, match="request budget is exhausted"):
        make(subject)
    assert subject.client.requests == 0


def test_a_schemathesis_that_fails_is_not_taken_for_one_that_finds_nothing(
    contract: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("schemathesis.transport.wsgi.WSGITransport.send", lambda *_, **__: object().open())  # type: ignore[attr-defined]
    with pytest.raises(NothingGenerated, match=r"Schemathesis [\d.]+ sent no request: AttributeError"):
        _cases(contract, SEED)


class Gone(Transport):
    """A transport whose target went away after a few responses."""

    base_url = "http://target"

    def __init__(self, responses: int) -> None:
        self.left = responses

    def send(self, request: Request) -> Response:
        self.left -= 1
        if self.left < 0:
            raise NoResponse(request, "the connection broke")
        return Response(201, (("Content-Type", "application/json"),), b"{}", 0.0)

    def close(self) -> None:
        raise AssertionError("the transport is the run's to close")


def test_a_target_that_goes_away_is_reported_at_once(contract: Contract) -> None:
    subject: Subject = subject_of(contract, PlainServer())
    gone: Any = Gone(5)
    subject.client.transport = gone
    with pytest.raises(NoResponse, match="the connection broke"):
        send_generated_requests(subject)
    assert gone.left == -1


def _unrelated(cases: list[Exchange]) -> list[str]:
    """The bodies without the fields that refer to models and providers of the target."""
    fields = [name for name, field in REQUEST.items() if name != "model_name" and field.reference is None]
    return [json.dumps({name: body[name] for name in fields if name in body}) for body in _objects(cases)]


def test_random_data_does_not_depend_on_responses(contract: Contract, cases: list[Exchange]) -> None:
    subject = subject_of(contract, wsgi(lambda *_: (201, {"model_name": "seen", "input_cost": 12345.5})), seed=SEED)
    assert _unrelated(send_generated_requests(subject)) == _unrelated(cases)
