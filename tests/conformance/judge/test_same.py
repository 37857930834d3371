"""When two JSON values are the same."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.judge.expect import same
from tests.conformance.parts import drawn
from tests.conformance.wire.test_strict_json import VALUES

EQUAL = [
    (2, 2.0),
    (0, 0.0),
    (0.0, -0.0),
    (0.1, 0.1),
    (2**53 + 1, 2**53),
    (2**63 - 1, 9.223372036854776e18),
    ({"a": 1, "b": [2]}, {"b": [2.0], "a": 1.0}),
    ([], []),
    ({}, {}),
    (None, None),
    (10**400, 10**400),
]
DIFFERENT: list[tuple[Any, Any]] = [
    (1, True),
    (0, False),
    (0, None),
    ("", None),
    (False, None),
    ([], {}),
    ([], None),
    ("1", 1),
    ("a", "A"),
    ("\u00e9", "e\u0301"),
    ("a", "a "),
    (0.1, 0.10000000000000002),
    (2**53, 2**53 + 2),
    ([1, 2], [2, 1]),
    ([1], [1, 1]),
    ({"a": 1}, {"a": 1, "b": None}),
    ({"a": True}, {"a": 1}),
    ([[0]], [[False]]),
    (10**400, -(10**400)),
]


@pytest.mark.parametrize(("one", "other"), EQUAL, ids=range(len(EQUAL)))
def test_equal(one: Any, other: Any) -> None:
    assert same(one, other)
    assert same(other, one)


@pytest.mark.parametrize(("one", "other"), DIFFERENT, ids=range(len(DIFFERENT)))
def test_different(one: Any, other: Any) -> None:
    assert not same(one, other)
    assert not same(other, one)


@given(VALUES)
@drawn
def test_what_goes_through_json_is_the_same(value: Any) -> None:
    assert same(value, json.loads(json.dumps(value)))


@given(VALUES, VALUES)
@drawn
def test_a_pair_is_judged_alike_in_either_order(one: Any, other: Any) -> None:
    assert same(one, other) is same(other, one)
    assert same([one], {"a": one}) is False


@given(st.integers(-(2**53), 2**53))
@drawn
def test_integers_up_to_2_to_the_53_are_distinguished(number: int) -> None:
    assert same(number, float(number))
    assert not same(number, number + 1) or number == 2**53
