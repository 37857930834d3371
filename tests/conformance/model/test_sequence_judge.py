"""What the reference model alone finds wrong in exchanges that a check made."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from conformance.model.reference import faults_in_last, prediction_of_last
from conformance.target.client import Credentials
from conformance.target.names import Names
from conformance.target.subject import Subject
from conformance.wire.exchange import Exchange
from contract import Contract
from tests.conformance.parts import subject_of, wsgi


@pytest.fixture
def subject(contract: Contract) -> Subject:
    """A subject that nothing is sent to, of a target that keeps what is left out."""
    subject = subject_of(contract, wsgi(lambda *_: (500, {})))
    subject.capabilities.bare_upsert_returns_state = True
    return subject


@pytest.fixture
def upserted(subject: Subject) -> Callable[..., Exchange]:
    """An exchange of an upsert, with a status and what the response shows beside the name."""
    from dataclasses import replace

    from conformance.wire.exchange import Response

    def make(body: dict[str, Any], status: int, **shown: Any) -> Exchange:
        sent = subject.upsert(body).request
        told = json.dumps({"model_name": body["model_name"], **shown}).encode()
        return Exchange(replace(sent, credential=subject.credentials.primary), Response(status, (), told, 0.0))

    return make


def _found(subject: Subject, *exchanges: Exchange) -> list[tuple[str, str, str, str]]:
    return [
        (kind.operation, kind.member, kind.source, v.expected) for kind, v in faults_in_last(subject, exchanges).items()
    ]


def test_nothing_is_wrong_where_all_is_as_predicted(subject: Subject, upserted: Callable[..., Exchange]) -> None:
    key = {"model_name": subject.names.new_name()}
    assert _found(subject, upserted({**key, "input_cost": 2}, 201, input_cost=2)) == []
    created = upserted({**key, "input_cost": 2}, 201, input_cost=2)
    assert _found(subject, created, upserted(key, 200, input_cost=2.0)) == []


def test_a_wrong_value_is_reported_with_the_origin_of_the_right_one(
    subject: Subject, upserted: Callable[..., Exchange]
) -> None:
    key, base = {"model_name": subject.names.new_name()}, {"model_name": subject.names.new_name()}
    one = upserted({**key, "input_cost": 2}, 201, input_cost=1)
    assert _found(subject, one) == [("create", "input_cost", "sent", "input_cost: 2 in the response to the create")]
    kept = upserted(key, 200, input_cost=1)
    assert _found(subject, one, kept) == [
        ("update", "input_cost", "stored", "input_cost: 2 after an update that left it out")
    ]
    root = upserted({**base, "input_cost": 3}, 201, input_cost=3)
    child = upserted({**key, "base_model_name": base["model_name"]}, 201, base_model_name=base["model_name"])
    assert _found(subject, root, child) == [
        ("create", "input_cost", "inherited", "input_cost: 3 inherited from the base model")
    ]


def test_a_wrong_status_is_reported_with_the_expected_one(subject: Subject, upserted: Callable[..., Exchange]) -> None:
    key = {"model_name": subject.names.new_name()}
    created = upserted(key, 201)
    assert _found(subject, created, upserted(key, 201)) == [
        ("update", "", "200, not 201", "status 200 for a name that existed")
    ]
    wrong = upserted({**key, "input_cost": [1]}, 201)
    assert _found(subject, wrong) == [("create", "", "400, not 201", "status 400 for input_cost: [1]")]


def test_nothing_is_predicted_for_an_unknown_key(subject: Subject) -> None:
    stranger = Credentials.from_keys("another", None, None).primary
    request = subject.upsert({"model_name": Names().new_name()}, stranger).request
    assert prediction_of_last(subject, [request]) is None
