"""The odd server makes the choices that it promises, and what it spells means what it should."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import pairwise
from random import Random
from typing import Any

from tests.servers.catalogue import ODD_SEEDS
from tests.servers.odd_server.app import Answer, Call, OddServer
from tests.servers.odd_server.habits import ODDITIES, OPTIONAL, Habits, drawn
from tests.servers.odd_server.spelling import Speller

TRIES = 400
VALUE = {"a": [1, 0, -7, 2**53 + 1, 0.1, -0.0, 1e300, 5e-324, 2.0], "/ü\n": {"deep": None, "b": True}, "": "\\/"}


def events_of(server: OddServer, body: dict[str, Any], **headers: str) -> list[Any]:
    """One answer as ASGI events."""
    headers = {"authorization": "Bearer demo-acme", "content-type": "application/json", **headers}
    call = Call("POST", "/api/models/", headers, json.dumps(body).encode())
    return server.events(call, server.put_off_or(call) or server.answer(call))


def headers_of(events: list[Any]) -> dict[str, str]:
    """The headers of an answer, names in lower case."""
    return {name.decode().lower(): value.decode() for name, value in events[0]["headers"]}


def test_json_is_spelled_in_many_ways_that_mean_the_same() -> None:
    speller = Speller(Random(1))
    texts = [speller.text(VALUE) for _ in range(TRIES)]
    assert len(set(texts)) == TRIES
    assert all(json.loads(text) == VALUE for text in texts)
    assert {str(json.loads(text)["a"][5]) for text in texts} == {"-0.0"}
    for part in ("1.0", "1e0", " ", "\n", "\\u00fc", "ü", "\\/"):
        assert any(part in text for text in texts), part


def test_dates_are_spelled_in_many_ways_that_mean_the_same() -> None:
    speller = Speller(Random(1))
    moment = datetime(2026, 2, 1, 12, tzinfo=UTC)
    texts = {speller.moment(moment) for _ in range(TRIES)}
    assert {"2026-02-01T12:00:00Z", "2026-02-01T12:00:00.000000+00:00", "2026-02-01T17:30:00.000000000+05:30"} <= texts
    assert any(text.islower() for text in texts)
    assert {datetime.fromisoformat(text.upper()) for text in texts} == {moment}


def test_answers_vary() -> None:
    server = OddServer("1", reads=True)
    answers = [events_of(server, {"model_name": "a"}) for _ in range(TRIES)]
    headers = [headers_of(events) for events in answers]
    statuses = {events[0]["status"] for events in answers}
    assert statuses == {200, 201, 429}
    assert len({header.get("content-type") for header in headers}) == 3
    for name in ("content-length", "connection", "set-cookie", "etag"):
        having = sum(name in header for header in headers)
        assert 0 < having < TRIES, name


def test_answers_are_compressed_for_those_who_take_it() -> None:
    server = OddServer("1", reads=True)
    answers = [events_of(server, {"model_name": "a"}, **{"accept-encoding": "gzip"}) for _ in range(TRIES)]
    assert {headers_of(events).get("content-encoding") for events in answers} == {None, "gzip"}


def test_refusals_take_every_shape() -> None:
    server = OddServer("1", reads=True)
    wrong = [server.answer(Call("POST", "/api/models/", authorized(), b"{}")) for _ in range(TRIES)]
    assert {shape_of(answer) for answer in wrong} == {"detail", "by field", "application/problem+json"}
    text = [
        server.answer(Call("POST", "/api/models/", authorized(**{"content-type": "text/plain"}), b"")) for _ in wrong
    ]
    assert {answer.status for answer in text} == {400, 415}


def test_no_request_is_put_off_twice() -> None:
    server = OddServer("1", reads=True)
    put_off = [server.put_off_or(Call("GET", "/", {}, b"")) is not None for _ in range(10 * TRIES)]
    assert any(put_off)
    assert not any(first and second for first, second in pairwise(put_off))


def test_the_seeds_in_the_catalogue_have_every_habit_between_them() -> None:
    habits = [drawn(Random(seed), reads=True) for seed in ODD_SEEDS]
    for oddity in ODDITIES:
        assert {oddity in each.refuses for each in habits} == {True, False}, oddity
    for habit in ("repeats_update", "merges_overrides", "judges_rights_first", "closes_connections", "grain"):
        assert len({getattr(each, habit) for each in habits}) > 1, habit
    assert all(shown_by_some(field, habits) for field in (*OPTIONAL, "created_at", "updated_at"))


def shown_by_some(field: str, habits: list[Habits]) -> bool:
    """Whether some server shows a field with a value, and another does not show it."""
    return {field not in each.absent | each.null_times for each in habits} == {True, False}


def authorized(**headers: str) -> dict[str, str]:
    """The headers of a request of JSON with a good key."""
    return {"authorization": "Bearer demo-acme", "content-type": "application/json", **headers}


def shape_of(answer: Answer) -> str:
    """Which shape an answer of 400 has."""
    return answer.media_type or ("detail" if "detail" in answer.value else "by field")
