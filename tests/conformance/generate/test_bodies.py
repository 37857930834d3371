"""Drawn bodies: the valid ones are valid by two validators, the wrong ones by none, and every promised fault occurs."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.generate import bodies
from conformance.generate.values import Invalidity, invalid_values
from conformance.judge.requests import Validity, classify_body
from contract import Contract, RequestField
from tests.conformance.judge.oracles import Oracles
from tests.conformance.parts import drawn

KEY = {"model_name": "plain-name"}


@pytest.fixture(scope="module")
def fields(all_kinds: Contract) -> list[RequestField]:
    return [field for name, field in all_kinds.upsert.request.items() if name not in KEY]


@given(st.data())
@drawn
def test_values_are_plain_and_valid(
    all_kinds: Contract, fields: list[RequestField], oracles: Oracles, data: st.DataObject
) -> None:
    drawn_values = data.draw(bodies.values(fields))
    body = {**KEY, **drawn_values}
    assert len(drawn_values) <= 4
    assert classify_body(all_kinds, {name: value for name, value in body.items() if value != []}) is Validity.PLAIN
    assert oracles.verdicts(body) == (True, True)


@given(st.data())
@drawn
def test_a_wrong_value_is_wrong_whatever_is_beside_it(
    all_kinds: Contract, fields: list[RequestField], oracles: Oracles, data: st.DataObject
) -> None:
    wrong = data.draw(bodies.invalid(fields))
    body = {**KEY, **data.draw(bodies.values(fields)), **wrong}
    assert len(wrong) == 1
    assert classify_body(all_kinds, body) is Validity.INVALID
    assert oracles.verdicts(body) == (False, False)


def test_every_promised_fault_is_drawn(fields: list[RequestField]) -> None:
    promised = {
        (field.name, repr(wrong.value))
        for field in fields
        for wrong in invalid_values(field.schema)
        if wrong.invalidity in (Invalidity.TYPE, Invalidity.ENUM)
    }
    occurred: set[tuple[str, str]] = set()

    @given(bodies.invalid(fields))
    @drawn
    def collect(body: dict[str, Any]) -> None:
        occurred.update((name, repr(value)) for name, value in body.items())

    while not promised <= occurred:
        before = len(occurred)
        collect()
        assert len(occurred) > before, promised - occurred
    assert occurred == promised


def test_every_field_is_drawn(fields: list[RequestField]) -> None:
    occurred: set[str] = set()

    @given(bodies.values(fields))
    @settings(drawn, max_examples=400)
    def collect(body: dict[str, Any]) -> None:
        occurred.update(body)

    collect()
    assert occurred == {field.name for field in fields}
