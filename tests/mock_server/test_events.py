"""Events arrive in order, and cost nothing without watchers."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator
from itertools import islice
from typing import Any

import httpx2
import pytest

from mock_server.events import PATIENCE, REMEMBERED, Event, Events, Watcher
from tests.mock_server.in_process import app, ask
from tests.mock_server.process import SECONDS, MockProcess, started
from tests.mock_server.wire import request

EVENTS = "/_mock/events"


def told(response: httpx2.Response) -> Iterator[dict[str, Any]]:
    """Yield the events of a stream, with their data parsed."""
    event: dict[str, Any] = {}
    for line in response.iter_lines():
        field, _, value = line.partition(": ")
        if line:
            event[field] = json.loads(value) if field == "data" else value
        elif event:
            yield event
            event = {}


async def following(watcher: Watcher) -> Event:
    event = await watcher.next()
    assert event
    return event


@pytest.fixture
def own() -> Iterator[MockProcess]:
    with started("--quiet") as process:
        yield process
        assert process.stderr == ""


def test_requests_are_reported_as_they_arrive(own: MockProcess) -> None:
    with (
        httpx2.Client(base_url=own.url, timeout=SECONDS) as client,
        client.stream("GET", EVENTS) as stream,
        httpx2.Client(base_url=own.url) as other,
    ):
        assert stream.headers["content-type"] == "text/event-stream"
        assert stream.headers["cache-control"] == "no-store, no-transform"  # or a proxy that compresses holds it back
        events = told(stream)
        assert next(events)["event"] == "hello"
        other.get("/api/one")
        event = next(events)
        assert (event["event"], event["id"], event["data"]["path"]) == ("request", "1", "/api/one")
        other.delete("/_mock/requests")
        assert next(events)["event"] == "cleared"


def test_a_client_that_reconnects_gets_the_events_that_it_missed(own: MockProcess) -> None:
    with httpx2.Client(base_url=own.url, timeout=SECONDS) as client:
        with client.stream("GET", EVENTS) as stream:
            next(told(stream))
        for path in ("/api/one", "/api/two", "/api/three"):
            client.get(path)
        with client.stream("GET", EVENTS, headers={"Last-Event-ID": "1"}) as stream:
            hello, *missed = islice(told(stream), 3)
        assert (hello["data"]["complete"], hello["data"]["latest"]) == (True, 3)
        assert [(event["id"], event["data"]["path"]) for event in missed] == [("2", "/api/two"), ("3", "/api/three")]
        with client.stream("GET", EVENTS, headers={"Last-Event-ID": "900"}) as stream:
            again = next(told(stream))["data"]
            assert (again["complete"], again["latest"]) == (False, 3)
            assert again["run"] == hello["data"]["run"]


def test_a_restart_is_recognized_by_the_run(own: MockProcess) -> None:
    with started("--quiet") as other:
        runs = set()
        for mock in (own, own, other):
            with httpx2.Client(base_url=mock.url, timeout=SECONDS) as client, client.stream("GET", EVENTS) as stream:
                runs.add(next(told(stream))["data"]["run"])
    assert len(runs) == 2


def test_with_a_pace_skipped_events_are_reported_once_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    async def steps() -> None:
        events = Events()
        with events.watching(after=None, pace=2) as watcher:
            for second, kind, count in ((100.0, "n", 5), (100.5, "m", 1), (100.9, "n", 1), (101.0, "n", 3)):
                monkeypatch.setattr("mock_server.events.time.monotonic", lambda now=second: now)
                for _ in range(count):
                    events.publish(kind, {})
            monkeypatch.undo()
            read = [await following(watcher) for _ in range(7)]
        assert [(event.id, event.kind) for event in read] == [
            (1, "n"), (2, "n"), (3, "skipped"), (6, "m"), (8, "n"), (9, "n"), (10, "skipped"),
        ]  # fmt: skip
        assert read[2].data == {"event": "n"}

    asyncio.run(steps())


def test_a_stream_has_the_requested_pace(own: MockProcess) -> None:
    with (
        httpx2.Client(base_url=own.url, timeout=SECONDS) as client,
        client.stream("GET", f"{EVENTS}?pace=1") as stream,
        httpx2.Client(base_url=own.url) as other,
    ):
        events = told(stream)
        next(events)
        while True:  # two requests within the same second come soon
            other.get("/api/one")
            if next(events)["event"] == "skipped":
                break
    with httpx2.Client(base_url=own.url) as client:
        assert client.get(f"{EVENTS}?pace=0").status_code == 400


def test_the_stream_of_a_client_that_does_not_read_ends(own: MockProcess) -> None:
    with socket.create_connection(own.address) as watcher, httpx2.Client(base_url=own.url) as client:
        watcher.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        watcher.sendall(request("GET", EVENTS, {"Host": "localhost"}))
        watcher.recv(100)
        for _ in range(PATIENCE + 200):  # the buffers of the system may take 4 MiB, which are 140 of these
            client.post("/api/one", headers={"X-Long": "x" * 15_000}, content="x" * 15_000)  # kept as they are
        watcher.settimeout(SECONDS)
        received = b"".join(iter(lambda: watcher.recv(65536), b""))
    assert received.endswith(b"\r\n0\r\n\r\n")
    assert received.count(b"event: request") < PATIENCE


def test_head_gets_the_headers_of_the_stream(own: MockProcess) -> None:
    with httpx2.Client(base_url=own.url, timeout=SECONDS) as client:
        assert client.head(EVENTS).headers["content-type"] == "text/event-stream"
        assert client.get("/_mock/health").status_code == 200  # on the same connection


def test_a_stop_does_not_wait_for_watchers(own: MockProcess) -> None:
    with httpx2.Client(base_url=own.url, timeout=SECONDS) as client, client.stream("GET", EVENTS) as stream:
        next(told(stream))
        assert own.stop() == (0, "")


def test_the_number_of_stored_events_is_bounded() -> None:
    async def steps() -> None:
        events = Events()
        with events.watching(after=None):
            pass  # a client that reconnects was connected before
        for number in range(REMEMBERED + 10):
            events.publish("n", number)
        assert events.knows(10)
        assert not events.knows(9)
        with events.watching(after=REMEMBERED + 8) as watcher:
            assert [(await following(watcher)).data for _ in range(2)] == [REMEMBERED + 8, REMEMBERED + 9]

    asyncio.run(steps())


def test_a_slow_watcher_is_behind() -> None:
    async def steps() -> None:
        events = Events()
        with events.watching(after=None) as watcher:
            for _ in range(PATIENCE):
                events.publish("n", 0)
            assert await watcher.next()
            for _ in range(2):
                events.publish("n", 0)
            assert await watcher.next() is None
            assert events.total == PATIENCE + 2

    asyncio.run(steps())


def test_only_requests_that_changed_a_model_report_a_change() -> None:
    told: list[tuple[str, str, bool]] = []
    mock = app(changed=lambda organization, name, stored: told.append((organization, name, stored is not None)))
    ask(mock, "POST", "/api/models/", b'{"model_name": "m"}')
    ask(mock, "POST", "/api/models/", b'{"model_name": "m", "unknown_model": ')
    ask(mock, "POST", "/api/models/", b'{"model_name": "n", "base_model_name": "absent"}')
    ask(mock, "GET", "/api/models/m/")
    ask(mock, "DELETE", "/api/models/absent/")
    assert told == [("acme", "m", True)]
    ask(mock, "DELETE", "/api/models/m/")
    assert told == [("acme", "m", True), ("acme", "m", False)]
