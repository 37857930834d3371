"""Bounds of memory and work: models, bases, events, journal, faults, admin bodies."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from threading import Thread
from time import monotonic
from typing import Any

import httpx2
import orjson
import pytest

from contract import Upsert
from mock_server.errors import Rejection
from mock_server.events import MOST_WATCHERS, PATIENCE_BYTES, REMEMBERED_BYTES, Events
from mock_server.faults.effects import PeekableRequest
from mock_server.faults.index import RuleIndex
from mock_server.faults.rule import RuleError, rule
from mock_server.faults.rules import LARGEST, MOST, ActiveRule, Faults
from mock_server.journal.journal import MOST_WAITING, SMALLEST_EXCHANGE, Criteria, Exchange, Journal, packed
from mock_server.journal.recorder import LONGEST_HEADERS, LONGEST_VALUE
from mock_server.state.document import MOST_PROBLEMS
from mock_server.store import LONGEST_CHAIN
from mock_server.upsert import MOST_ENTRIES, Context, StoredModel, Written, upsert
from mock_server.validation import LARGE, Validator
from mock_server.validation import MOST as MOST_ERRORS
from tests.mock_server.process import SECONDS, MockProcess, started
from tests.mock_server.wire import KEY, MODELS

NOW = datetime(2026, 2, 1, tzinfo=UTC)
OVERRIDE = "supported_params_override"
STATE = "/_mock/state"
FAULTS = "/_mock/faults"
KIB = 1024


@pytest.fixture(scope="module")
def own() -> Iterator[MockProcess]:
    """Yield a mock with small limits, which short requests can reach."""
    options = ["--max-model-bytes", "20000", "--max-state-bytes", "100000", "--journal-bytes", "50000"]
    with started("--quiet", *options) as process:
        yield process
        assert process.stderr == ""


@pytest.fixture
def client(own: MockProcess) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=own.url, headers={"Authorization": f"Bearer {KEY}"}) as client:
        client.post("/_mock/reset")
        yield client


def state_of(**models: dict[str, Any]) -> dict[str, Any]:
    times = {"created": "2026-02-01T00:00:00Z", "updated": "2026-02-01T00:00:00Z"}
    written = {name: {"values": {"model_name": name, **values}, **times} for name, values in models.items()}
    return {"format": "respan-mock-state", "version": 1, "models": {"acme": written}}


def test_a_model_grows_up_to_its_limit(client: httpx2.Client) -> None:
    for number in range(10):
        entries = {f"parameter {number}": "x" * 5000}
        response = client.post(MODELS, json={"model_name": "m", OVERRIDE: entries})
        if response.status_code == 400:
            break
    assert response.json()["detail"].startswith("The model would be 20")
    assert "--max-model-bytes" in response.json()["detail"]
    assert list(client.get(f"{MODELS}m/").json()["supported_params"]) == ["parameter 0", "parameter 1", "parameter 2"]
    assert client.post(MODELS, json={"model_name": "m", OVERRIDE: {"parameter 0": {}}}).status_code == 200


def test_all_models_together_have_a_limit_and_deleting_makes_room(client: httpx2.Client) -> None:
    large = {"display_name": "x" * 19_000}
    statuses = [client.post(MODELS, json={"model_name": f"m{n}", **large}).status_code for n in range(6)]
    assert statuses == [201] * 5 + [400]
    rejected = client.post(MODELS, json={"model_name": "m5", **large}).json()["detail"]
    assert rejected.startswith("All models together would be more than 100000 bytes")
    assert client.delete(f"{MODELS}m0/").status_code == 204
    assert client.post(MODELS, json={"model_name": "m5", **large}).status_code == 201
    assert client.post(MODELS, json={"model_name": "m5", "display_name": ""}).status_code == 200


def test_an_override_has_a_limit_of_entries(rules: Upsert) -> None:
    def put(stored: StoredModel | None, start: int, count: int) -> Written | Rejection:
        entries = {str(number): 1 for number in range(start, start + count)}
        return upsert(rules, stored, {"model_name": "m", OVERRIDE: entries}, Context(NOW))

    first = put(None, 0, MOST_ENTRIES)
    assert isinstance(first, Written)
    assert isinstance(put(first.stored, 0, MOST_ENTRIES), Written)
    rejection = put(first.stored, MOST_ENTRIES, 1)
    assert isinstance(rejection, Rejection)
    assert rejection.status == 400
    assert list(rejection.body) == [OVERRIDE]


def test_bases_are_followed_up_to_a_bound(client: httpx2.Client) -> None:
    client.post(MODELS, json={"model_name": "b0", "input_cost": 7})
    for number in range(1, LONGEST_CHAIN + 1):
        model = {"model_name": f"b{number}", "base_model_name": f"b{number - 1}"}
        response = client.post(MODELS, json=model)
        assert response.status_code == (201 if number < LONGEST_CHAIN else 400), number
    assert list(response.json()) == ["base_model_name"]
    assert client.get(f"{MODELS}b{LONGEST_CHAIN - 1}/").json()["input_cost"] == 7


def test_a_base_that_grows_later_is_cut_and_not_failed(client: httpx2.Client) -> None:
    last = LONGEST_CHAIN + 19
    for number in range(last + 1):
        client.post(MODELS, json={"model_name": f"b{number}", **({} if number else {"input_cost": 7})})
    for number in range(last, 0, -1):  # the base that is named has none itself, yet
        model = {"model_name": f"b{number}", "base_model_name": f"b{number - 1}"}
        assert client.post(MODELS, json=model).status_code == 200
    assert client.get(f"{MODELS}b{LONGEST_CHAIN - 1}/").json()["input_cost"] == 7
    far = client.get(f"{MODELS}b{last}/")
    assert far.status_code == 200
    assert "input_cost" not in far.json()


def test_large_events_are_remembered_by_their_bytes() -> None:
    async def steps() -> None:
        events = Events()
        with events.watching(after=None):
            pass
        for number in range(100):
            events.publish("n", number, size=REMEMBERED_BYTES // 10)
        assert events.knows(91)
        assert not events.knows(90)
        events.publish("n", 0, size=REMEMBERED_BYTES * 2)
        assert events.knows(101)
        assert not events.knows(100)

    asyncio.run(steps())


def test_a_release_lets_go_of_what_is_large() -> None:
    async def steps() -> None:
        events = Events()
        with events.watching(after=None):
            pass
        for _ in range(5):
            events.publish("n", 0, size=1024 * KIB)
        events.publish("small", 0)
        events.release()
        assert events.knows(5)
        assert not events.knows(4)

    asyncio.run(steps())


def test_a_watcher_is_behind_by_bytes_too_and_frees_them() -> None:
    async def steps() -> None:
        events = Events()
        with events.watching(after=None) as watcher:
            events.publish("n", 0, size=PATIENCE_BYTES * 2)  # one may always wait
            assert await watcher.next()
            for size in (PATIENCE_BYTES * 2, 0):
                events.publish("n", 0, size=size)
            assert await watcher.next() is None

    asyncio.run(steps())


def test_the_number_of_watchers_is_bounded() -> None:
    async def steps() -> None:
        events = Events()
        watching = [events.watching(after=None) for _ in range(MOST_WATCHERS)]
        for each in watching:
            assert not events.crowded
            each.__enter__()
        assert events.crowded
        for each in watching:
            each.__exit__(None, None, None)
        assert not events.crowded

    asyncio.run(steps())


def an_exchange(number: int, request: bytes = b"", headers: list[tuple[bytes, bytes]] | None = None) -> Exchange:
    return Exchange(
        id=number,
        ended=0,
        seconds=0,
        method="POST",
        path=b"/",
        query=b"",
        head=packed(headers or []),
        request=request,
        request_length=len(request),
        complete=True,
        status=200,
        response_head=b"",
        response=b"",
        response_length=0,
        caller=None,
        rejection=None,
        preference=None,
        faults=(),
        bytes=SMALLEST_EXCHANGE + len(request),
    )


def test_the_journal_is_bounded_by_bytes() -> None:
    journal = Journal(1000, room=100 * KIB)
    for number in range(1, 101):
        journal.add(an_exchange(number, b"x" * 16 * KIB))
    assert len(journal) == 5
    assert asyncio.run(journal.get(100))
    assert journal.clear() == 5
    for number in range(101, 131):
        journal.add(an_exchange(number))
    assert len(journal) == 30


def test_one_large_exchange_stays_in_the_journal() -> None:
    journal = Journal(1000, room=KIB)
    journal.add(an_exchange(1, b"x" * 16 * KIB))
    assert asyncio.run(journal.get(1))


def test_long_headers_are_cut_in_the_journal(client: httpx2.Client) -> None:
    client.get(f"{MODELS}m/", headers={"X-Long": "x" * (LONGEST_HEADERS + 1), "X-Short": "mine"})
    (entry,) = client.get("/_mock/requests").json()["requests"]
    shown = entry["request"]["headers"]
    assert shown["x-long"].startswith("x" * LONGEST_VALUE + "... (the first 256 of")
    assert shown["x-short"] == "mine"


def test_many_long_headers_are_cut_in_the_journal(client: httpx2.Client) -> None:
    client.get(f"{MODELS}m/", headers={f"X-{number}": "x" * 500 for number in range(60)})
    (entry,) = client.get("/_mock/requests").json()["requests"]
    shown = entry["request"]["headers"]
    assert all(shown[f"x-{number}"].startswith("x" * LONGEST_VALUE + "...") for number in range(60))


def test_short_headers_are_recorded_unchanged(client: httpx2.Client) -> None:
    long = "x" * (LONGEST_HEADERS - KIB)
    client.get(f"{MODELS}m/", headers={"X-Long": long})
    (entry,) = client.get("/_mock/requests").json()["requests"]
    assert entry["request"]["headers"]["x-long"] == long


def test_a_list_is_the_same_json_in_one_chunk_or_many(client: httpx2.Client) -> None:
    for _ in range(30):
        client.post(MODELS, json={"model_name": "x" * 5000})
    response = client.get("/_mock/requests", params={"limit": 1000})
    listed = response.json()
    assert list(listed) == ["requests", "total", "dropped"]
    assert 0 < len(listed["requests"]) < 30  # --journal-bytes
    assert client.get("/_mock/requests", params={"path": "/nothing"}).json()["requests"] == []
    assert client.get(STATE).json()["models"]["acme"].keys() == {"x" * 5000}


def test_number_and_size_of_rules_are_bounded() -> None:
    faults = Faults()
    none: tuple[ActiveRule, ...] = ()
    with pytest.raises(RuleError, match=f"give at most {MOST}"):
        faults.replace([{"status": 503}] * (MOST + 1))
    with pytest.raises(RuleError, match=f"take more than {LARGEST} bytes"):
        faults.replace([{"status": 503, "body": "x" * LARGEST}])
    assert faults.active == none
    faults.replace([{"status": 503}] * MOST)
    assert [each.id for each in faults.active[::999]] == ["f1", "f1000"]
    with pytest.raises(RuleError):
        faults.add({"status": 503})
    assert faults.add({"id": "f1", "status": 404}).id == "f1"
    assert len(faults.active) == MOST


def test_a_body_is_read_once_for_all_rules() -> None:
    read: list[int] = []

    async def receive() -> dict[str, Any]:
        read.append(1)
        return {"type": "http.request", "body": b'{"model_name": "m"}', "more_body": False}

    def organization_of(headers: list[tuple[bytes, bytes]]) -> str:
        read.append(1)
        return "acme"

    async def steps() -> None:
        scope = {"method": "POST", "path": MODELS, "headers": []}
        request = PeekableRequest(scope, receive, "model_name", organization_of, limit=1000)
        written = ({"status": 503, "path": "*" * each, "organization": "acme", "model": "n"} for each in range(1, 100))
        index = RuleIndex([ActiveRule("f", rule(each), None) for each in written])
        assert [each async for each in index.matching(request)] == []
        assert len(read) == 2

    asyncio.run(steps())


def test_the_number_of_reported_errors_is_bounded() -> None:
    validator = Validator({"items": {"type": "string"}})
    few, many, very_many = [1] * 3, [1] * (MOST_ERRORS * 2), [1] * LARGE
    assert len(validator.errors(few)) == 3
    assert [each.rule for each in validator.errors(many)] == ["type"] * (MOST_ERRORS - 1) + ["x-limits"]
    assert [each.rule for each in validator.errors(very_many)] == ["type", "x-limits"]
    assert validator.errors(["a"] * LARGE) == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (STATE, state_of(**{f"m{number}": {"input_cost": "free"} for number in range(3000)})),
        (STATE, state_of() | {"models": {f"o{number}": {} for number in range(MOST_PROBLEMS * 5)}}),
        (FAULTS, {"faults": [1] * 50_000}),
    ],
    ids=["values", "organizations", "faults"],
)
def test_the_response_to_very_many_errors_is_short(client: httpx2.Client, path: str, body: Any) -> None:
    response = client.put(path, json=body)
    assert response.status_code == 400
    assert len(response.content) < 50_000


def test_a_state_that_is_too_large_is_rejected_and_replaces_nothing(client: httpx2.Client) -> None:
    client.post(MODELS, json={"model_name": "mine"})
    large = {"display_name": "x" * 18_000}
    together = client.put(STATE, json=state_of(**{f"m{number}": large for number in range(10)}))
    assert (together.status_code, together.json()["detail"][:19]) == (400, "All models together")
    one = client.put(STATE, json=state_of(m={"display_name": "x" * 25_000}))
    assert one.status_code == 400
    assert "--max-model-bytes" in one.json()["detail"]
    entries = {str(number): 1 for number in range(MOST_ENTRIES + 1)}
    many = client.put(STATE, json=state_of(m={OVERRIDE: entries}))
    assert f"#/models/acme/m/values/{OVERRIDE}: it has more than {MOST_ENTRIES} entries" in many.json()["detail"]
    assert client.put(STATE, content=b" " * (4096 * KIB + 1)).status_code == 413
    assert client.put(FAULTS, content=b" " * (1024 * KIB + 1)).status_code == 413
    assert list(client.get(STATE).json()["models"]["acme"]) == ["mine"]


def test_a_replaced_state_is_returned_unchanged(client: httpx2.Client) -> None:
    state = state_of(**{f"m{number}": {"display_name": '"é\\u2028'} for number in range(900)})
    assert len(orjson.dumps(state)) > 64 * KIB  # it is read in a thread
    assert client.put(STATE, json=state).json() == state
    assert client.get(STATE).json() == state
    assert client.put(STATE, content=json.dumps(state)[:-1]).status_code == 415
    response = client.put(STATE, content=json.dumps(state)[:-1], headers={"Content-Type": "application/json"})
    assert "not valid JSON" in response.json()["detail"]


def test_very_many_rules_apply_to_one_request(client: httpx2.Client) -> None:
    waits = [{"latency": {"min": 0}, "when": when} for when in ("before", "after")] * 300
    rules = [*waits, *[{"drip": {"bytes": 50, "every": 0}}] * 399, {"status": 503}]
    assert client.put(FAULTS, json={"faults": rules}).status_code == 200
    assert client.get(f"{MODELS}gpt-4o/").status_code == 503
    assert all(each["fired"] == 1 for each in client.get(FAULTS).json()["faults"])


def test_latencies_and_pauses_of_several_rules_add_up(client: httpx2.Client) -> None:
    slow: list[dict[str, Any]] = [{"latency": {"min": 100}}, {"latency": {"min": 100}, "when": "after"}]
    client.put(FAULTS, json={"faults": [*slow, {"drip": {"bytes": 20, "every": 100}}, {"status": 503}]})
    start = monotonic()
    assert client.get(f"{MODELS}gpt-4o/").json()["detail"].startswith("This error was")
    assert monotonic() - start > 0.3


def test_other_clients_are_served_while_long_paths_are_compared() -> None:
    async def turns(count: int) -> int:
        journal = Journal(1000)
        for number in range(count):
            journal.add(an_exchange(number)._replace(path=b"/" + b"%41" * 20_000 + b"%d" % number))
        others = 0

        async def other() -> None:
            nonlocal others
            while True:
                others += 1
                await asyncio.sleep(0)

        task = asyncio.ensure_future(other())
        assert len(await journal.matching(Criteria(path="/A*7"))) == count // 10
        task.cancel()
        return others

    assert asyncio.run(turns(20)) >= 10


def test_a_request_that_arrives_when_a_client_begins_to_wait_counts_once() -> None:
    async def found() -> int:
        journal = Journal(1000)
        long = b"/" + b"%41" * 20_000
        for number in range(1, 11):
            journal.add(an_exchange(number)._replace(path=long + b"%d" % number))
        waiting = asyncio.ensure_future(journal.wait_for(Criteria(path="/A*"), 12, 1))
        await asyncio.sleep(0)
        for number in range(11, 13):
            journal.add(an_exchange(number)._replace(path=long + b"%d" % number))
        return len({each.id for each in await waiting})

    assert asyncio.run(found()) == 12


def test_the_number_of_waiting_clients_is_bounded() -> None:
    journal = Journal(1)
    with contextlib.ExitStack() as stack:
        for _ in range(MOST_WAITING):
            assert not journal.crowded
            stack.enter_context(journal.listening(lambda _: None))
        assert journal.crowded
    assert not journal.crowded


@pytest.mark.parametrize("count", [100, 1000])
def test_other_clients_are_served_while_rules_are_checked(own: MockProcess, client: httpx2.Client, count: int) -> None:
    long = "/api/models/*" + "a*" * (400_000 // count) + "/"
    client.get("/_mock/health")  # builds the admin API
    start = own.processor_seconds

    def put() -> None:
        with httpx2.Client(base_url=own.url, timeout=SECONDS) as other:
            response = other.put(FAULTS, json={"faults": [{"path": long, "status": 503}] * count})
        assert response.status_code == 200, response.text

    putting = Thread(target=put)
    putting.start()
    waits = []
    while putting.is_alive():
        began = own.processor_seconds
        client.get("/_mock/health")
        waits.append(own.processor_seconds - began)
    putting.join()
    assert max(waits) < (own.processor_seconds - start) / 3
