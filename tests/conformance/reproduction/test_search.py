"""The search, with a replay that sends nothing: what it leaves, and what it tries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from conformance.judge.outcome import Failure, Replay, Reproduced
from conformance.reproduction.search import shortest, simpler
from conformance.target.operations import encoded
from conformance.wire.exchange import Exchange, Request, Response

Bodies = Sequence[dict[str, Any]]


def _request(body: Any) -> Request:
    return Request("POST", "/", body=body if isinstance(body, bytes) else encoded(body), key="k")


def _replay(fails: Callable[[Bodies], bool], asked: list[Bodies] | None = None) -> Replay:
    """Return a replay in which the last response shows a failure if `fails` says so of the bodies sent."""

    def replay(requests: Sequence[Request]) -> Reproduced | None:
        bodies = [request.json for request in requests]
        if asked is not None:
            asked.append(bodies)
        if not fails(bodies):
            return None
        return Reproduced(Failure("a", "b"), tuple(Exchange(r, Response(200, (), b"{}", 0.0)) for r in requests))

    return replay


def _left(sequence: Sequence[Any], fails: Callable[[Bodies], bool]) -> list[Any] | None:
    found = shortest([_request(body) for body in sequence], _replay(fails), key="k")
    return [request.json for request in found.requests] if found else None


def test_exchanges_that_do_not_matter_are_left_out() -> None:
    sequence = [{"k": 1, "number": number} for number in range(8)]
    assert _left(sequence, lambda bodies: bodies[-1].get("number") == 7) == [{"k": 1, "number": 7}]


def test_an_earlier_one_that_matters_stays() -> None:
    def fails(bodies: Bodies) -> bool:
        return "last" in bodies[-1] and any("first" in body for body in bodies[:-1])

    sequence = [{"k": 0, "first": 1}, {"k": 0, "x": 1}, {"k": 0, "y": 1}, {"k": 0, "z": 1, "last": 1}]
    assert _left([{"k": 0}, *sequence], fails) == [{"k": 0, "first": 1}, {"k": 0, "last": 1}]


def test_members_that_do_not_matter_are_left_out_but_for_the_key() -> None:
    sequence = [{"k": "name", "a": 0, "b": "long text", "c": {"d": 1, "e": 2}, "f": True}]
    assert _left(sequence, lambda bodies: "b" in bodies[-1]) == [{"k": "name", "b": "a"}]
    assert _left(sequence, lambda bodies: "d" in bodies[-1].get("c", ())) == [{"k": "name", "c": {"d": 1}}]
    assert _left(sequence, lambda _: True) == [{"k": "name"}]


def test_nothing_is_returned_if_no_shorter_sequence_fails() -> None:
    assert _left([{"k": 0}] * 12, lambda bodies: len(bodies) == 12) is None


def test_bodies_that_are_not_written_as_this_suite_writes_them_are_not_touched() -> None:
    raw = b'{"k": 0, "spaced":   true}'
    found = shortest([_request(raw)], _replay(lambda _: True), key="k")
    assert found is not None
    assert found.requests[0].body == raw


def test_each_end_is_tried_once() -> None:
    asked: list[Bodies] = []
    shortest([_request({"k": 0})] * 5, _replay(lambda _: False, asked), key="k")
    assert [len(bodies) for bodies in asked] == [1, 2, 3, 5]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("text", ["a"]),
        ("a", []),
        ("", []),
        (12.5, [1]),
        (0, []),
        (1, []),
        (True, []),
        (None, []),
        ([1, 2], [[]]),
        ([], []),
        ({"a": 1, "b": 2}, [{"a": 1}, {"b": 2}]),
        ({"a": 1}, []),
    ],
)
def test_simpler_values(value: Any, expected: list[Any]) -> None:
    assert list(simpler(value)) == expected


def test_a_body_that_this_suite_does_not_write_is_left_as_it_is() -> None:
    half = b'{"k":"m","a":"\\ud800"}'
    found = shortest([_request(half)], _replay(lambda _: True), key="k")
    assert found is not None
    assert [request.body for request in found.requests] == [half]
