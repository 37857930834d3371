"""The pure core: what an upsert and a delete decide."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract import Omitted, Upsert, load
from mock_server.errors import Rejection
from mock_server.upsert import Context, ReferenceFields, Removed, RequestReference, StoredModel, Written, delete, upsert

RULES = load().upsert
BORN = datetime(2026, 2, 1, tzinfo=UTC)
LATER = BORN + timedelta(seconds=1)

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "string": st.text(max_size=5),
    "number": st.floats(allow_nan=False, allow_infinity=False),
    "integer": st.integers(0, 1),
    "object": st.dictionaries(st.text(max_size=3), st.none() | st.integers(), max_size=3),
}


def bodies(rules: Upsert = RULES) -> st.SearchStrategy[dict[str, Any]]:
    """Valid bodies about one model, without contradictions."""
    fields = {name: VALUES[field.schema["type"]] for name, field in rules.request.items() if not field.alias}
    return st.fixed_dictionaries(
        {rules.key: st.just("m")}, optional={name: value for name, value in fields.items() if name != rules.key}
    )


def written(stored: StoredModel | None, body: dict[str, Any], at: datetime = BORN, rules: Upsert = RULES) -> Written:
    outcome = upsert(rules, stored, body, Context(at))
    assert isinstance(outcome, Written)
    return outcome


@given(bodies())
def test_a_create_stores_what_was_sent(body: dict[str, Any]) -> None:
    assert written(None, body) == Written(201, StoredModel(body, BORN, BORN))


@given(bodies(), bodies())
def test_an_update_keeps_what_it_leaves_out(first: dict[str, Any], second: dict[str, Any]) -> None:
    before = written(None, first).stored
    after = written(before, second, LATER)
    assert (after.status, after.stored.created, after.stored.updated) == (200, BORN, LATER)
    override = "supported_params_override"
    for field in first.keys() | second.keys() - {override}:
        if field != override:
            assert after.stored.values[field] == second.get(field, first.get(field))
    merged = {**first.get(override, {}), **second.get(override, {})}
    assert after.stored.values.get(override, {}) == merged


@given(bodies(), bodies())
def test_an_update_resets_omitted_fields_if_the_contract_requires_it(
    first: dict[str, Any], second: dict[str, Any]
) -> None:
    rules = replace(RULES, omitted=Omitted.RESET)
    after = written(written(None, first).stored, second, rules=rules)
    assert after.stored.values.keys() == second.keys()


@given(bodies(), bodies())
def test_repeating_an_update_changes_only_its_time(first: dict[str, Any], second: dict[str, Any]) -> None:
    once = written(written(None, first).stored, second).stored
    twice = written(once, second, LATER).stored
    assert replace(twice, updated=once.updated) == once


@given(bodies(), bodies())
def test_what_is_stored_is_never_changed_in_place(first: dict[str, Any], second: dict[str, Any]) -> None:
    before = written(None, first).stored
    copy = StoredModel({name: dict(v) if isinstance(v, dict) else v for name, v in before.values.items()}, BORN, BORN)
    written(before, second, LATER)
    assert before == copy


def test_the_time_of_an_update_never_goes_back() -> None:
    first = written(None, {"model_name": "m"}, LATER).stored
    assert written(first, {"model_name": "m"}, BORN).stored.updated == LATER


def test_both_spellings_share_one_stored_value() -> None:
    first = written(None, {"model_name": "m", "provider_id": "a"}).stored
    assert first.values == {"model_name": "m", "custom_provider_id": "a"}
    assert written(first, {"model_name": "m", "custom_provider_id": "b"}).stored.values["custom_provider_id"] == "b"
    both = {"model_name": "m", "provider_id": "a", "custom_provider_id": "a"}
    assert written(None, both).stored == first


def test_fields_that_the_contract_does_not_name_are_ignored() -> None:
    body = {"model_name": "m", "id": "x", "source": "hardcoded", "unheard_of": 1}
    assert written(None, body).stored.values == {"model_name": "m"}


def test_two_spellings_that_differ_are_rejected() -> None:
    decision = upsert(RULES, None, {"model_name": "m", "provider_id": "a", "custom_provider_id": "b"}, Context(BORN))
    assert isinstance(decision, Rejection)
    assert (decision.status, list(decision.body)) == (400, ["provider_id"])


MISSING = RequestReference("base_model_name", "models", "x", 404)


@pytest.mark.parametrize(
    ("context", "status"),
    [
        (Context(BORN, may_write=False, built_in=["m"], missing=(MISSING,)), 403),
        (Context(BORN, built_in=["m"], missing=(MISSING,)), 403),
        (Context(BORN, missing=(MISSING,)), 404),
        (Context(BORN), 201),
    ],
)
def test_the_first_rejection_counts(context: Context, status: int) -> None:
    assert upsert(RULES, None, {"model_name": "m"}, context).status == status


def test_the_statuses_are_the_contracts() -> None:
    rules = replace(RULES, created=200, updated=201, reserved=409, forbidden=402)
    first = written(None, {"model_name": "m"}, rules=rules)
    assert (first.status, written(first.stored, {"model_name": "m"}, rules=rules).status) == (200, 201)
    assert upsert(rules, None, {"model_name": "m"}, Context(BORN, built_in=["m"])).status == 409
    assert upsert(rules, None, {"model_name": "m"}, Context(BORN, may_write=False)).status == 402


def test_the_things_that_a_body_names() -> None:
    body = {"model_name": "m", "base_model_name": "b", "provider_id": "p", "custom_provider_id": "p"}
    references = ReferenceFields(RULES)
    assert references.models_in(body) == ["b"]
    assert references.missing_in(body, lambda *_: True) == ()
    assert references.missing_in(body, lambda *_: False) == (
        RequestReference("base_model_name", "models", "b", 404),
        RequestReference("custom_provider_id", "providers", "p", 404),
    )


def test_a_delete_removes_what_is_there() -> None:
    stored = written(None, {"model_name": "m"}).stored
    assert isinstance(delete(RULES, stored, "m", Context(BORN)), Removed)


@pytest.mark.parametrize(
    ("context", "status"),
    [(Context(BORN, may_write=False), 403), (Context(BORN, built_in=["m"]), 403), (Context(BORN), 404)],
)
def test_a_delete_is_rejected(context: Context, status: int) -> None:
    decision = delete(RULES, None, "m", context)
    assert isinstance(decision, Rejection)
    assert decision.status == status
