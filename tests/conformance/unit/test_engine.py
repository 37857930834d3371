"""Requests that Schemathesis makes up: the same for the same seed, valid and invalid, and about what exists."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from conformance.exploring.engine import NAMES, Generated, generated
from conformance.judge.reading import Reading, read_body, read_value
from conformance.subject.subject import Subject
from conformance.wire.exchange import Request, Response
from conformance.wire.lost import Lost
from contract import Contract, RequestField, load
from tests.conformance.unit.oracles import Oracles
from tests.conformance.unit.parts import subject_of, wsgi
from tests.servers.plain import PlainServer

SEED = 4
REQUEST = load().upsert.request


def _cases(contract: Contract, seed: int) -> list[Generated]:
    return generated(subject_of(contract, PlainServer(), seed=seed))


@pytest.fixture(scope="module")
def cases(contract: Contract) -> list[Generated]:
    return _cases(contract, SEED)


def _without_run(case: Generated) -> str:
    """A body as text, but for the names of the run."""
    text = json.dumps(case.body, sort_keys=True)
    key = case.body.get("model_name") if isinstance(case.body, dict) else None
    return text.replace(key[: key.rindex("-")], "") if isinstance(key, str) and key.startswith("rc-") else text


def _bodies(cases: list[Generated]) -> Counter[str]:
    return Counter(map(_without_run, cases))


def test_the_same_seed_makes_the_same_requests_and_another_makes_others(
    contract: Contract, cases: list[Generated]
) -> None:
    again = _cases(contract, SEED)
    assert [case.mode for case in again] == [case.mode for case in cases]
    assert _bodies(again) == _bodies(cases)
    assert _bodies(_cases(contract, SEED + 1)) != _bodies(cases)


def test_there_are_valid_and_invalid_ones_of_each_mode(contract: Contract, cases: list[Generated]) -> None:
    modes = Counter(case.mode for case in cases)
    assert modes["positive"] > 20
    assert modes["negative"] > 20
    readings = Counter(read_body(contract, case.body) for case in cases)
    assert all(readings[reading] > 5 for reading in Reading), readings


def test_no_reading_of_them_is_at_odds_with_the_validators(contract: Contract, cases: list[Generated]) -> None:
    oracles, judged = Oracles(contract), Counter[Reading]()
    for case in cases:
        reading = read_body(contract, case.body)
        if reading is Reading.OPEN:
            continue
        judged[reading] += 1
        assert oracles.verdicts(case.body) == ((reading is Reading.PLAIN,) * 2), case.body
    assert judged[Reading.PLAIN]
    assert judged[Reading.WRONG]


@pytest.mark.parametrize("field", REQUEST.values(), ids=REQUEST)
def test_every_field_is_sent_right_wrong_and_null(cases: list[Generated], field: RequestField) -> None:
    sent = [case.body[field.name] for case in cases if isinstance(case.body, dict) and field.name in case.body]
    readings = {read_value(field.schema, value) for value in sent}
    reference = field.reference or REQUEST[field.slot].reference
    assert Reading.WRONG in readings
    assert None in sent
    assert readings & {Reading.PLAIN, Reading.OPEN} or (reference is not None and reference.to == "providers")


def test_bodies_that_are_no_object_and_bodies_without_the_name_are_sent(cases: list[Generated]) -> None:
    assert any(not isinstance(case.body, dict) for case in cases)
    assert any(isinstance(case.body, dict) and "model_name" not in case.body for case in cases)


def test_they_are_about_a_few_models_and_bases_that_exist(contract: Contract, cases: list[Generated]) -> None:
    bodies = [case.body for case in cases if isinstance(case.body, dict)]
    names = {body["model_name"] for body in bodies if isinstance(body.get("model_name"), str) and body["model_name"]}
    bases = {body["base_model_name"] for body in bodies if isinstance(body.get("base_model_name"), str)}
    assert len(names) == NAMES
    assert len(bases) == 1
    assert not any(isinstance(body.get("custom_provider_id"), str) for body in bodies)


def test_a_correct_server_takes_the_plain_ones_and_refuses_the_wrong_ones(
    contract: Contract, cases: list[Generated]
) -> None:
    for case in cases:
        reading, status = read_body(contract, case.body), case.exchange.response.status
        assert reading is not Reading.PLAIN or status in (200, 201), case.body
        assert reading is not Reading.WRONG or status == 400, case.body


class Gone:
    """A transport whose target went away after a few answers."""

    base_url = "http://target"

    def __init__(self, answers: int) -> None:
        self.left = answers

    def send(self, request: Request) -> Response:
        self.left -= 1
        if self.left < 0:
            raise Lost(request, "the connection broke")
        return Response(201, (("Content-Type", "application/json"),), b"{}", 0.0)

    def close(self) -> None:
        raise AssertionError("the transport is the run's to close")


def test_a_target_that_goes_away_is_reported_at_once(contract: Contract) -> None:
    subject: Subject = subject_of(contract, PlainServer())
    gone: Any = Gone(5)
    subject.client.transport = gone
    with pytest.raises(Lost, match="the connection broke"):
        generated(subject)
    assert gone.left == -1


def test_what_is_made_up_does_not_hang_on_what_the_target_says(contract: Contract, cases: list[Generated]) -> None:
    subject = subject_of(contract, wsgi(lambda *_: (201, {"model_name": "seen", "input_cost": 12345.5})), seed=SEED)
    assert Counter(case.mode for case in generated(subject)) == Counter(case.mode for case in cases)
