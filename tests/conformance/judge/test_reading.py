"""How request bodies read: never harder than the contract, by the word of two validators that are not the suite's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.generate.values import (
    Invalidity,
    InvalidValue,
    distinct_value,
    edge_values,
    invalid_values,
    plain_values,
)
from conformance.judge.requests import Validity, classify_body, classify_value
from contract import Contract, RequestField, load
from tests.conformance.fields_of_all_kinds import FIELDS
from tests.conformance.judge.oracles import Oracles
from tests.conformance.parts import drawn
from tests.conformance.wire.test_strict_json import VALUES
from tests.contract.altered import drop

SHIPPED = load()
REQUEST = SHIPPED.upsert.request
READS_AS = {
    Invalidity.TYPE: Validity.INVALID,
    Invalidity.ENUM: Validity.INVALID,
    Invalidity.COERCIBLE: Validity.COERCIBLE,
    Invalidity.NULL: Validity.COERCIBLE,
}
SCHEMAS = {**{name: field.schema for name, field in REQUEST.items()}, **FIELDS}
OTHERS = [name for name in SCHEMAS if name != SHIPPED.upsert.key]
"""The fields apart from the key, which no value here may take the place of."""
VALID = {Validity.PLAIN: (True, True), Validity.INVALID: (False, False), Validity.COERCIBLE: (False, False)}
WORDS = st.sampled_from(["", " ", "abc", "1", "1.5", "true", "NaN", "null", "[1]", "{}", "free", "FREE", "0", "\u00bd"])
ODD: st.SearchStrategy[Any] = WORDS | st.sampled_from(
    [0, 1, 2, -1, 0.5, 1.0, 2**31, 2**63, 10**30, 1e300, True, False, None, [], {}]
)


def _wrongs() -> list[Any]:
    return [
        pytest.param(name, wrong, id=f"{name}: {wrong.label}")
        for name, schema in SCHEMAS.items()
        for wrong in invalid_values(schema)
    ]


@pytest.mark.parametrize(("name", "wrong"), _wrongs())
def test_a_wrong_value_reads_as_it_is_wrong(
    all_kinds: Contract, oracles: Oracles, name: str, wrong: InvalidValue
) -> None:
    key = all_kinds.upsert.key
    body = {key: "plain-name", name: wrong.value}
    assert classify_value(all_kinds.upsert.request[name].schema, wrong.value) is READS_AS[wrong.invalidity]
    assert classify_body(all_kinds, body) is READS_AS[wrong.invalidity]
    assert oracles.verdicts(body) == (False, False)


@pytest.mark.parametrize("field", REQUEST.values(), ids=REQUEST)
def test_every_field_has_values_of_every_wrongness(field: RequestField) -> None:
    wrongs = invalid_values(field.schema)
    expected = set(Invalidity) - ({Invalidity.ENUM} if "enum" not in field.schema else set())
    assert {wrong.invalidity for wrong in wrongs} == expected
    assert len({wrong.label for wrong in wrongs}) == len(wrongs)


def test_null_is_wrong_unless_the_schema_allows_it() -> None:
    assert Invalidity.NULL not in {wrong.invalidity for wrong in invalid_values(FIELDS["note"])}
    assert classify_value(FIELDS["note"], None) is Validity.OPEN
    assert classify_value(FIELDS["short"], None) is Validity.COERCIBLE


def test_an_empty_name_is_unusual_if_the_schema_allows_it(altered: Callable[..., Contract]) -> None:
    key = SHIPPED.upsert.key
    allowing = altered(drop(f"#/components/schemas/ModelUpsert/properties/{key}/minLength"))
    assert classify_body(allowing, {key: ""}) is Validity.OPEN
    assert classify_body(SHIPPED, {key: ""}) is Validity.COERCIBLE


def _values_of(make: Callable[[Any], list[Any]]) -> list[Any]:
    return [
        pytest.param(name, value, id=f"{name}-{index}")
        for name, schema in SCHEMAS.items()
        for index, value in enumerate(make(schema))
        if name != SHIPPED.upsert.key
    ]


@pytest.mark.parametrize(("name", "value"), _values_of(plain_values))
def test_a_plain_value_reads_plain(all_kinds: Contract, oracles: Oracles, name: str, value: Any) -> None:
    body = {all_kinds.upsert.key: "plain-name", name: value}
    assert classify_body(all_kinds, body) is Validity.PLAIN
    assert oracles.verdicts(body) == (True, True)


@pytest.mark.parametrize(("name", "value"), _values_of(edge_values))
def test_an_odd_value_reads_open(all_kinds: Contract, oracles: Oracles, name: str, value: Any) -> None:
    body = {all_kinds.upsert.key: "plain-name", name: value}
    assert classify_body(all_kinds, body) is Validity.OPEN
    assert oracles.verdicts(body) == (True, True)


@pytest.mark.parametrize("name", OTHERS)
def test_every_field_has_plain_values(name: str) -> None:
    assert plain_values(SCHEMAS[name])


@pytest.mark.parametrize("name", OTHERS)
def test_values_that_tell_variants_apart_are_valid(oracles: Oracles, name: str) -> None:
    values = [distinct_value(SCHEMAS[name], variant) for variant in range(40)]
    for value in values:
        assert oracles.verdicts({SHIPPED.upsert.key: "plain-name", name: value}) == (True, True)
    assert values[0] != values[1]


@pytest.mark.parametrize(
    ("body", "reading"),
    [
        ({"model_name": "plain-name"}, Validity.PLAIN),
        ({"model_name": "openai/gpt-4o"}, Validity.PLAIN),
        ({"model_name": "a name with spaces"}, Validity.OPEN),
        ({"model_name": "list"}, Validity.OPEN),
        ({"model_name": ""}, Validity.COERCIBLE),
        ({"model_name": 7}, Validity.COERCIBLE),
        ({"model_name": ["a"]}, Validity.INVALID),
        ({"model_name": "plain-name", "unheard_of": [1]}, Validity.OPEN),
        ({"model_name": "plain-name", "unheard_of": [1], "input_cost": "abc"}, Validity.INVALID),
        ({"model_name": "plain-name", "streaming_support": 1.0}, Validity.OPEN),
        ({"model_name": "plain-name", "max_context_window": 7.0}, Validity.OPEN),
        ({"model_name": "plain-name", "input_cost": float("inf")}, Validity.OPEN),
        ({"input_cost": 1}, Validity.INVALID),
        ({}, Validity.INVALID),
        ([], Validity.INVALID),
        ("plain-name", Validity.INVALID),
        (None, Validity.INVALID),
    ],
    ids=repr,
)
def test_a_body_reads_as_the_worst_of_its_values(body: Any, reading: Validity) -> None:
    assert classify_body(SHIPPED, body) is reading


@given(st.dictionaries(st.sampled_from(OTHERS), ODD | VALUES, max_size=3))
@drawn
def test_no_reading_is_at_odds_with_the_validators(
    all_kinds: Contract, oracles: Oracles, values: dict[str, Any]
) -> None:
    body = {SHIPPED.upsert.key: "plain-name", **values}
    reading = classify_body(all_kinds, body)
    if reading in VALID:
        assert oracles.verdicts(body) == VALID[reading]
