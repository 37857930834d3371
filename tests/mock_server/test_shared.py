"""Mocks that share a Redis are one mock: whatever one has responded to is in effect at the others."""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest

from tests.mock_server.process import MockProcess, run, started
from tests.mock_server.redis_server import RedisServer, running
from tests.mock_server.wire import KEY, MODELS

FAULTS, REQUESTS = "/_mock/faults", "/_mock/requests"
CLOCK = "2026-02-01T12:00:00Z+1s"
OPTIONS = ["--quiet", "--clock", CLOCK, "--seed", "7", "--journal", "50", "--max-state-bytes", "20000"]
RACERS = 24


@pytest.fixture(scope="module")
def mocks(redis_server: RedisServer) -> Iterator[tuple[MockProcess, MockProcess]]:
    options = [*OPTIONS, "--check-responses", "--store", f"{redis_server.url}?prefix=pair"]
    with started(*options) as first, started(*options) as second:
        yield first, second
        assert first.stderr == second.stderr == ""


@pytest.fixture
def clients(mocks: tuple[MockProcess, MockProcess]) -> Iterator[tuple[httpx2.Client, httpx2.Client]]:
    """A client of each mock, after a reset."""
    headers = {"Authorization": f"Bearer {KEY}"}
    first, second = [httpx2.Client(base_url=each.url, headers=headers, timeout=30) for each in mocks]
    with first, second:
        assert first.post("/_mock/reset").status_code == 200
        yield first, second


def spread(clients: tuple[httpx2.Client, httpx2.Client], method: str, to: str, /, **body: Any) -> list[httpx2.Response]:
    """Send many requests at once, one half to each mock."""
    start = threading.Barrier(RACERS)

    def send(number: int) -> httpx2.Response:
        start.wait(timeout=30)
        return clients[number % 2].request(method, to, json=body or None)

    with ThreadPoolExecutor(RACERS) as threads:
        return list(threads.map(send, range(RACERS)))


Pair = tuple[httpx2.Client, httpx2.Client]


def test_a_model_is_the_same_everywhere_with_its_bases(clients: Pair) -> None:
    here, there = clients
    for number in range(12):
        base = {"base_model_name": f"b{number - 1}"} if number else {"base_model_name": "gpt-4o", "input_cost": 7}
        assert clients[number % 2].post(MODELS, json={"model_name": f"b{number}", **base}).status_code == 201
    shown = here.get(f"{MODELS}b11/").json()
    assert shown["input_cost"] == 7
    assert shown == there.get(f"{MODELS}b11/").json()
    assert there.delete(f"{MODELS}b0/").status_code == 204
    assert here.get(f"{MODELS}b0/").status_code == 404
    assert here.get(f"{MODELS}b11/").json().get("input_cost") != 7
    assert {here.request(method, f"{MODELS}a%ff/").status_code for method in ("GET", "DELETE")} == {404}


def test_one_of_concurrent_creates_gets_201_and_no_field_is_lost(clients: Pair) -> None:
    responses = spread(clients, "POST", MODELS, model_name="raced")
    assert Counter(each.status_code for each in responses) == {201: 1, 200: RACERS - 1}

    def send(number: int) -> int:
        body = {"model_name": "raced", "supported_params_override": {str(number): {}}}
        return clients[number % 2].post(MODELS, json=body).status_code

    with ThreadPoolExecutor(RACERS) as threads:
        assert set(threads.map(send, range(RACERS))) == {200}
    assert len(clients[0].get(f"{MODELS}raced/").json()["supported_params"]) == RACERS


def test_each_write_has_its_step_of_the_clock(clients: Pair) -> None:
    here, there = clients
    times = [each.post(MODELS, json={"model_name": f"m{n}"}).json()["created_at"] for n, each in enumerate(clients * 2)]
    assert times == [f"2026-02-01T12:00:0{second}Z" for second in range(4)]
    spread(clients, "POST", MODELS, model_name="raced")
    assert there.get("/_mock/scenario").json()["clock"] == f"2026-02-01T12:00:{4 + RACERS}Z+1s"
    here.post("/_mock/reset", json={"parts": ["clock"]})
    assert there.post(MODELS, json={"model_name": "m"}).json()["created_at"] == "2026-02-01T12:00:00Z"


def test_a_fault_acts_as_often_as_it_says_in_all_mocks_together(clients: Pair) -> None:
    here, there = clients
    for sender, other in [(here, there), (there, here)]:
        sender.post(FAULTS, json={"id": "next", "status": 503, "count": 1})
        assert [other.get(f"{MODELS}gpt-4o/").status_code, sender.get(f"{MODELS}gpt-4o/").status_code] == [503, 200]
    here.post(FAULTS, json={"id": "some", "status": 418, "count": 10})
    statuses = Counter(each.status_code for each in spread(clients, "GET", f"{MODELS}gpt-4o/"))
    assert statuses == {418: 10, 200: RACERS - 10}
    assert {each["id"]: each["fired"] for each in there.get(FAULTS).json()["faults"]} == {"next": 1, "some": 10}
    assert here.delete(f"{FAULTS}/some").status_code == 204
    assert there.delete(f"{FAULTS}/some").status_code == 404


def test_the_seed_decides_about_the_nth_request_wherever_it_arrives(clients: Pair) -> None:
    def statuses(order: tuple[httpx2.Client, ...]) -> list[int]:
        clients[0].put(FAULTS, json={"faults": [{"id": "half", "status": 503, "probability": 0.5}]})
        return [each.get(f"{MODELS}gpt-4o/").status_code for each in order * 6]

    mixed = statuses(clients)
    assert set(mixed) == {200, 503}
    assert statuses((clients[1], clients[1])) == mixed


def test_rules_that_are_added_at_once_are_all_there(clients: Pair) -> None:
    spread(clients, "POST", FAULTS, status=503, path="/api/models/absent*")
    assert [each["id"] for each in clients[0].get(FAULTS).json()["faults"]] == [f"f{n + 1}" for n in range(RACERS)]


def test_the_journal_has_each_request_once_under_one_number(clients: Pair) -> None:
    here, there = clients
    responses = spread(clients, "GET", f"{MODELS}gpt-4o/")
    assert {each.status_code for each in responses} == {200}
    here.post(MODELS, content=b'{"model_name": "\xff"}', headers={"Content-Type": "application/json"})
    listed = there.get(REQUESTS, params={"limit": 100}).json()
    numbers = [each["id"] for each in listed["requests"]]
    assert numbers == list(range(numbers[0], numbers[0] + RACERS + 1))
    assert (listed["total"], listed["dropped"]) == (RACERS + 1, 0)
    entry = there.get(f"{REQUESTS}/{numbers[-1]}").json()
    assert entry == here.get(f"{REQUESTS}/{numbers[-1]}").json() | {"curl": entry["curl"]}
    assert entry["rejection"]["errors"][0]["part"] == "body"
    for _ in range(2):
        spread(clients, "GET", f"{MODELS}gpt-4o/")
    listed = here.get(REQUESTS, params={"limit": 100}).json()
    assert (listed["total"], listed["dropped"]) == (50, 3 * RACERS + 1 - 50)
    assert there.get(f"{REQUESTS}/{numbers[0]}").status_code == 404


def test_a_client_waits_for_requests_to_any_mock(clients: Pair) -> None:
    here, there = clients
    here.get(f"{MODELS}early/")
    with ThreadPoolExecutor(1) as threads:
        params: dict[str, str | int] = {"path": f"{MODELS}*", "count": 6, "timeout": 30, "status": "404"}
        waiting = threads.submit(there.get, f"{REQUESTS}/wait", params=params)
        for number in range(5):
            here.get(f"{MODELS}late-{number}/")
        found = waiting.result().json()
    assert [each["path"].split("/")[-2] for each in found["requests"]] == ["early", *(f"late-{n}" for n in range(5))]


def events_of(lines: Iterator[str]) -> Iterator[tuple[str, Any]]:
    kind = ""
    for line in lines:
        if line.startswith("event: "):
            kind = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield kind, json.loads(line.removeprefix("data: "))


def test_events_show_what_happens_at_all_mocks(clients: Pair) -> None:
    here, there = clients
    with there.stream("GET", "/_mock/events") as stream:
        events = events_of(stream.iter_lines())
        hello = next(events)[1]
        here.post(MODELS, json={"model_name": "m", "input_cost": 1})
        there.delete(f"{MODELS}m/")
        here.post(FAULTS, json={"status": 503, "path": "/api/models/absent/"})
        here.post("/_mock/reset", json={"parts": ["journal"]})
        kinds = [next(events) for _ in range(6)]
    assert [kind for kind, _ in kinds] == ["model", "request", "model", "request", "faults", "cleared"]
    assert kinds[0][1]["model"]["values"] == {"model_name": "m", "input_cost": 1}
    assert kinds[2][1] == {"organization": "acme", "name": "m", "model": None}
    assert [kinds[5][1], kinds[4][1][0]["status"]] == [{"journal": 2}, 503]
    headers = {"Last-Event-ID": str(hello["latest"])}
    with here.stream("GET", "/_mock/events", headers=headers) as again:
        events = events_of(again.iter_lines())
        assert next(events)[1] == {**hello, "complete": True, "latest": hello["latest"] + 6}
        assert [next(events)[0] for _ in range(6)] == [kind for kind, _ in kinds]


def test_a_reset_is_one_change_for_all_mocks(clients: Pair) -> None:
    here, there = clients
    there.post(MODELS, json={"model_name": "m"})
    there.post(FAULTS, json={"status": 503, "count": 5})
    assert here.post("/_mock/reset").json() == {"models": 1, "requests": 1, "faults": 1}
    assert there.get(f"{MODELS}m/").status_code == 404
    assert there.get(FAULTS).json() == {"faults": []}
    assert there.get(REQUESTS).json()["total"] == 1
    for organization, removed in [("globex", 0), ("acme", 1)]:
        here.post(MODELS, json={"model_name": "m"})
        body = {"organization": organization, "model": "m"}
        assert there.post("/_mock/reset", json=body).json()["models"] == removed


def test_state_and_scenario_are_those_of_all_mocks(clients: Pair) -> None:
    here, there = clients
    here.post(MODELS, json={"model_name": "m", "input_cost": 1.5})
    here.post(FAULTS, json={"status": 503, "count": 3, "method": "DELETE"})
    assert there.delete(f"{MODELS}m/").status_code == 503
    state = there.get("/_mock/state").json()
    assert state["models"]["acme"]["m"]["values"] == {"model_name": "m", "input_cost": 1.5}
    scenario = there.get("/_mock/scenario").json()
    assert [each["count"] for each in scenario["faults"]] == [2]
    assert scenario["models"] == state["models"]
    here.post("/_mock/reset", json={"parts": ["models"]})
    assert there.put("/_mock/state", json=state).json() == state
    assert here.get(f"{MODELS}m/").json()["input_cost"] == 1.5
    response = here.post(MODELS, json={"model_name": "large", "display_name": "x" * 20_000})
    assert response.json()["detail"].startswith("All models together would be more than 20000 bytes")


def test_a_mock_that_starts_from_something_else_does_not_join(redis_server: RedisServer, clients: Pair) -> None:
    ended = run("--port", "0", "--quiet", "--seed", "8", "--store", f"{redis_server.url}?prefix=pair")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "have started with other clock and seed: start this one in the same way" in ended.stderr


SECRET = "p%40ss-word"


def test_a_store_that_cannot_be_used_is_an_error_without_its_password() -> None:
    with running("--requirepass", "p@ss-word") as redis:
        wrong = [
            (f"unix://:{SECRET}wrong@{redis.socket}", "it rejects the user or the password"),
            (f"{redis.url}", "it rejects the user or the password"),
            (
                f"redis://:{SECRET}@127.0.0.1:1/0",
                "The store redis://127.0.0.1:1/0 is unavailable: it cannot be reached",
            ),
            (f"unix://:{SECRET}@{redis.socket}?db=99", "it has no database of this number"),
            (f"redis://:{SECRET}@127.0.0.1:1/first", "the path is the number of a database"),
            (f"redis://:{SECRET}@127.0.0.1:1/0?socket_timout=1", "the parameter socket_timout in the query is unknown"),
            (f"http://:{SECRET}@127.0.0.1:1", "it may begin with redis, rediss, unix"),
            (f"redis+sentinel://:{SECRET}@127.0.0.1:1", "name the service after the hosts"),
            (
                f"redis+sentinel://:{SECRET}@127.0.0.1:1/main",
                "a sentinel cannot be asked, and no other knows such a master that is up",
            ),
            (f"redis+cluster://:{SECRET}@127.0.0.1:1", "it cannot be reached"),
        ]
        for url, message in wrong:
            ended = run("--port", "0", "--store", url)
            assert (ended.returncode, ended.stdout) == (2, ""), url
            assert message in ended.stderr
            assert ended.stderr.count("\n") == 1, ended.stderr
            assert "ss-word" not in ended.stderr
        with started("--log-level", "debug", RESPAN_MOCK_STORE=f"unix://:{SECRET}@{redis.socket}") as mock:
            info = httpx2.get(f"{mock.url}/_mock/info").text
            assert "redis.sock" in info
            assert httpx2.get(f"{mock.url}{MODELS}m/", headers={"Authorization": f"Bearer {KEY}"}).status_code == 404
            assert "ss-word" not in info + mock.printed + mock.stderr


def test_a_store_forgets_everything_together_after_its_time(redis_server: RedisServer) -> None:
    with started("--quiet", "--store", redis_server.url, "--store-prefix", "ttl", "--store-ttl", "1000") as mock:
        with httpx2.Client(base_url=mock.url, headers={"Authorization": f"Bearer {KEY}"}) as client:
            client.post(MODELS, json={"model_name": "m"})
        keys = re.findall(rb"\{ttl\}:\w+", redis_server.ask("KEYS", "{ttl}:*"))
        assert {b"{ttl}:control", b"{ttl}:models", b"{ttl}:journal"} == set(keys)
        assert {redis_server.ask("TTL", key.decode()) for key in keys} <= {b":1000\r\n", b":999\r\n"}
    assert redis_server.ask("TTL", "{pair}:control") in {b":-1\r\n", b":-2\r\n"}
