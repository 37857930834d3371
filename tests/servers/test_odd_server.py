"""The odd server makes every choice that it promises, and its spellings mean the same."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import pairwise
from random import Random
from typing import Any

from tests.servers.catalogue import ODD_SEEDS
from tests.servers.odd_server.app import Call, OddServer, Response
from tests.servers.odd_server.habits import ODDITIES, OPTIONAL, Habits, draw_habits
from tests.servers.odd_server.spelling import Speller

TRIES = 400
VALUE = {"a": [1, 0, -7, 2**53 + 1, 0.1, -0.0, 1e300, 5e-324, 2.0], "/ü\n": {"deep": None, "b": True}, "": "\\/"}


def events_of(server: OddServer, body: dict[str, Any], **headers: str) -> list[Any]:
    """Return one response as ASGI events."""
    headers = {"authorization": "Bearer demo-acme", "content-type": "application/json", **headers}
    call = Call("POST", "/api/models/", headers, json.dumps(body).encode())
    return server.events(call, server.rate_limit(call) or server.respond(call))


def headers_of(events: list[Any]) -> dict[str, str]:
    """Return the headers of a response, with names in lower case."""
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


def test_responses_vary() -> None:
    server = OddServer("1", reads=True)
    responses = [events_of(server, {"model_name": "a"}) for _ in range(TRIES)]
    headers = [headers_of(events) for events in responses]
    statuses = {events[0]["status"] for events in responses}
    assert statuses == {200, 201, 429}
    assert len({header.get("content-type") for header in headers}) == 3
    for name in ("content-length", "connection", "set-cookie", "etag"):
        having = sum(name in header for header in headers)
        assert 0 < having < TRIES, name


def test_responses_are_compressed_for_clients_that_accept_it() -> None:
    server = OddServer("1", reads=True)
    responses = [events_of(server, {"model_name": "a"}, **{"accept-encoding": "gzip"}) for _ in range(TRIES)]
    assert {headers_of(events).get("content-encoding") for events in responses} == {None, "gzip"}


def test_error_responses_have_every_shape() -> None:
    server = OddServer("1", reads=True)
    wrong = [server.respond(Call("POST", "/api/models/", authorized(), b"{}")) for _ in range(TRIES)]
    assert {shape_of(response) for response in wrong} == {"detail", "by field", "application/problem+json"}
    text = [
        server.respond(Call("POST", "/api/models/", authorized(**{"content-type": "text/plain"}), b"")) for _ in wrong
    ]
    assert {response.status for response in text} == {400, 415}


def test_no_request_is_put_off_twice() -> None:
    server = OddServer("1", reads=True)
    rate_limited = [server.rate_limit(Call("GET", "/", {}, b"")) is not None for _ in range(10 * TRIES)]
    assert any(rate_limited)
    assert not any(first and second for first, second in pairwise(rate_limited))


def test_the_seeds_in_the_catalogue_have_every_habit_between_them() -> None:
    habits = [draw_habits(Random(seed), reads=True) for seed in ODD_SEEDS]
    for oddity in ODDITIES:
        assert {oddity in each.rejects for each in habits} == {True, False}, oddity
    for habit in (
        "repeats_update",
        "merges_overrides",
        "checks_permission_first",
        "closes_connections",
        "clock_resolution",
    ):
        assert len({getattr(each, habit) for each in habits}) > 1, habit
    assert all(returned_by_some(field, habits) for field in (*OPTIONAL, "created_at", "updated_at"))


def returned_by_some(field: str, habits: list[Habits]) -> bool:
    """Return whether some server returns a field with a value and another does not return it."""
    return {field not in each.absent | each.null_times for each in habits} == {True, False}


def authorized(**headers: str) -> dict[str, str]:
    """Return the headers of a JSON request with a valid key."""
    return {"authorization": "Bearer demo-acme", "content-type": "application/json", **headers}


def shape_of(response: Response) -> str:
    """Return the shape of a 400 response."""
    return response.media_type or ("detail" if "detail" in response.value else "by field")
