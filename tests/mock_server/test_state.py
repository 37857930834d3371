"""The state: read, replaced, reset, and stored in a file."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx2
import pytest

from mock_server.state.file import Saver, StateFile
from mock_server.store import MemoryStore
from tests.mock_server.process import SECONDS, MockProcess, run, started
from tests.mock_server.wire import KEY, MODELS

STATE, RESET = "/_mock/state", "/_mock/reset"
OURS, THEIRS = ({"Authorization": f"Bearer {key}"} for key in (KEY, "demo-globex"))
EMPTY: dict[str, Any] = {"format": "respan-mock-state", "version": 1, "models": {}}
EXACT = {"input_cost": 0.1, "output_cost": -0.0, "max_context_window": 2**63 - 1, "display_name": "🚀\0é"}


@pytest.fixture(scope="module")
def own() -> Iterator[MockProcess]:
    """Yield a mock whose models only this file uses."""
    with started("--quiet", "--fail", "0%:500", "--clock", "2026-02-01T12:00Z+1s") as process:
        yield process
        assert process.stderr == ""


@pytest.fixture
def client(own: MockProcess) -> Iterator[httpx2.Client]:
    """Yield a client of a mock in its initial state."""
    with httpx2.Client(base_url=own.url) as client:
        assert client.post(RESET).status_code == 200
        yield client


@contextlib.contextmanager
def kept(file: Path) -> Iterator[tuple[MockProcess, httpx2.Client]]:
    with started("--quiet", "--state", str(file)) as mock, httpx2.Client(base_url=mock.url, headers=OURS) as client:
        yield mock, client


def a_model(**values: Any) -> dict[str, Any]:
    return {
        "values": {"model_name": "m", **values},
        "created": "2026-02-01T12:00:00Z",
        "updated": "2026-02-01T12:00:00.5Z",
    }


def put(client: httpx2.Client, *names: str, headers: dict[str, str] = OURS) -> None:
    for name in names:
        assert client.post(MODELS, json={"model_name": name}, headers=headers).status_code == 201


def names(client: httpx2.Client) -> dict[str, list[str]]:
    return {scope: list(models) for scope, models in client.get(STATE).json()["models"].items()}


def test_the_state_has_the_values_that_requests_have_set(client: httpx2.Client) -> None:
    body = {"model_name": "m", "base_model_name": "gpt-4o", "provider_id": "my-vllm", "input_cost": 1}
    client.post(MODELS, json=body, headers=OURS)
    client.post(MODELS, json={"model_name": "m", "input_cost": 2}, headers=OURS)
    values = {"model_name": "m", "base_model_name": "gpt-4o", "custom_provider_id": "my-vllm", "input_cost": 2}
    model = {"values": values, "created": "2026-02-01T12:00:00Z", "updated": "2026-02-01T12:00:01Z"}
    assert client.get(STATE).json() == {**EMPTY, "models": {"acme": {"m": model}}}


def test_putting_a_state_replaces_all_models(client: httpx2.Client) -> None:
    put(client, "old")
    state = {**EMPTY, "models": {"globex": {"m": a_model(**EXACT)}}}
    response = client.put(STATE, json=state)
    assert (response.status_code, client.get(STATE).json()) == (200, {**state, "models": {
        "globex": {"m": {**a_model(**EXACT), "updated": "2026-02-01T12:00:00.500000Z"}}
    }})  # fmt: skip
    assert client.get(f"{MODELS}old/", headers=OURS).status_code == 404
    shown = client.get(f"{MODELS}m/", headers=THEIRS).json()
    assert {name: shown[name] for name in EXACT} == EXACT
    assert str(shown["output_cost"]) == "-0.0"


def holding(organization: str = "acme", name: str = "m", **model: Any) -> dict[str, Any]:
    """Return a state with one model."""
    return {**EMPTY, "models": {organization: {name: {**a_model(), **model}}}}


def valued(**values: Any) -> dict[str, Any]:
    """Return a state with one model that has these values."""
    return holding(**a_model(**values))


WRONG: dict[str, tuple[Any, str]] = {
    "no state": ({}, "format"),
    "another format": ({**EMPTY, "format": "x"}, '"format"'),
    "a later version": ({**EMPTY, "version": 2}, '"version"'),
    "no organization": (holding("initech"), "#/models/initech: there is no such"),
    "a wrong value": (valued(input_cost="x"), "#/models/acme/m/values/input_cost"),
    "an unknown field": (valued(source="db"), "#/models/acme/m/values/source"),
    "another spelling": (valued(provider_id="p"), "#/models/acme/m/values/provider_id"),
    "another name": (holding(name="a/b"), "#/models/acme/a~1b: its model_name"),
    "a built-in name": (holding(name="gpt-4o", values={"model_name": "gpt-4o"}), "a built-in model"),
    "no time": (holding(created="once"), "/acme/m/created"),
    "a leap second": (holding(created="2016-12-31T23:59:60Z"), "#/models/acme/m/created: "),
    "before the calendar": (holding(created="0001-01-01T00:00:00+23:59"), "#/models/acme/m/created: "),
    "after the calendar": (holding(updated="9999-12-31T23:59:59-23:59"), "#/models/acme/m/updated: "),
    "the year 0": (holding(created="0000-01-01T00:00:00Z"), "give a time from 0001-01-01T00:00:00Z"),
    "an invalid day": (holding(created="2026-02-30T00:00:00Z"), "/acme/m/created"),
    "no offset": (holding(created="2026-02-01T12:00:00"), "/acme/m/created"),
    "nearly a field": (valued(input_cots=1), "Did you mean input_cost?"),
    "null for a time": (holding(created=None), "/acme/m/created"),
    "a name for a terminal": (holding("\x9b2J\u202e"), "#/models/\\\\u009b2J\\\\u202e: there is no such"),
    "times backwards": (holding(updated="2026-01-01T00:00:00Z"), "before"),
}


@pytest.mark.parametrize(("state", "told"), WRONG.values(), ids=WRONG)
def test_an_invalid_state_is_rejected_as_a_whole(client: httpx2.Client, state: Any, told: str) -> None:
    put(client, "old")
    response = client.put(STATE, json=state)
    assert response.status_code == 400
    assert told in response.text
    assert names(client) == {"acme": ["old"]}


def test_a_reset_returns_to_the_initial_state(client: httpx2.Client) -> None:
    put(client, "m", "n")
    client.put("/_mock/faults", json={"faults": [{"status": 500, "model": "none"}, {"reset": True, "model": "none"}]})
    removed = client.post(RESET).json()
    assert (removed["models"], removed["faults"]) == (2, 2)
    assert removed["requests"] == 2
    assert names(client) == {}
    assert client.get("/_mock/requests").json()["requests"] == []
    assert [each["status"] for each in client.get("/_mock/faults").json()["faults"]] == [500]
    put(client, "m")
    assert client.get(f"{MODELS}m/", headers=OURS).json()["created_at"] == "2026-02-01T12:00:00Z"
    assert client.get("/_mock/health").status_code == 200


def test_one_organization_or_one_model_can_be_reset(client: httpx2.Client) -> None:
    put(client, "m", "n")
    put(client, "m", headers=THEIRS)
    assert client.post(RESET, json={"organization": "acme", "model": "m"}).json()["models"] == 1
    assert names(client) == {"acme": ["n"], "globex": ["m"]}
    assert client.post(RESET, json={"organization": "globex"}).json() == {"models": 1, "requests": 0, "faults": 0}
    assert names(client) == {"acme": ["n"]}
    assert len(client.get("/_mock/requests").json()["requests"]) == 3


def test_parts_can_be_reset(client: httpx2.Client) -> None:
    put(client, "m")
    assert client.post(RESET, json={"parts": ["journal"]}).json() == {"models": 0, "requests": 1, "faults": 0}
    assert names(client) == {"acme": ["m"]}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"model": "m"}, 400),
        ({"organization": "initech"}, 404),
        ({"organization": "acme", "parts": ["journal"]}, 400),
        ({"parts": ["everything"]}, 400),
        ({"part": []}, 400),
    ],
)
def test_an_invalid_reset_resets_nothing(client: httpx2.Client, body: dict[str, Any], status: int) -> None:
    put(client, "m")
    assert client.post(RESET, json=body).status_code == status
    assert names(client) == {"acme": ["m"]}


def test_events_report_changed_models(client: httpx2.Client) -> None:
    last = {"Last-Event-ID": str(_latest(client))}
    put(client, "m")
    client.delete(f"{MODELS}m/", headers=OURS)
    client.post(RESET, json={"organization": "acme"})
    with client.stream("GET", "/_mock/events", headers=last) as stream:
        lines = (line.partition(": ")[::2] for line in stream.iter_lines())
        events: list[tuple[str, Any]] = []
        kind = ""
        for field, value in lines:
            kind = value if field == "event" else kind
            if field == "data" and kind in {"model", "state"}:
                events.append((kind, json.loads(value)))
            if kind == "state" and field == "data":
                break
    written, removed, reset = events
    assert written[1]["model"]["values"] == {"model_name": "m"}
    assert (removed[1]["name"], removed[1]["model"]) == ("m", None)
    assert reset == ("state", {"organization": "acme", "model": None})


def _latest(client: httpx2.Client) -> int:
    with client.stream("GET", "/_mock/events") as stream:
        data = next(line for line in stream.iter_lines() if line.startswith("data"))
    latest: int = json.loads(data.partition(": ")[2])["latest"]
    return latest


def test_a_state_file_stores_models_from_one_run_to_the_next(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    with kept(file) as (mock, client):
        put(client, "m", "n")
        client.post(MODELS, json={"model_name": "m", **EXACT})
        before = client.get(f"{MODELS}m/").content
        client.delete(f"{MODELS}n/")
        assert mock.stop() == (0, "")
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]
    with kept(file) as (_, client):
        assert client.get(f"{MODELS}m/").content == before
        assert names(client) == {"acme": ["m"]}


def test_changes_are_saved_while_the_mock_runs(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    with kept(file) as (mock, client):
        put(client, "m")
        _until_saved(file, "m")
        client.post(RESET)
        put(client, "n")
        _until_saved(file, "n")
        mock.process.kill()
        mock.process.wait(timeout=30)
    assert list(json.loads(file.read_text(encoding="utf-8"))["models"]["acme"]) == ["n"]
    with kept(file) as (_, client):
        assert names(client) == {"acme": ["n"]}


def _until_saved(file: Path, name: str) -> None:
    while not (file.exists() and name in json.loads(file.read_text(encoding="utf-8"))["models"].get("acme", {})):
        os.sched_yield()


def test_changes_during_a_save_are_saved_after_it(tmp_path: Path) -> None:
    async def steps() -> int:
        loop, saves = asyncio.get_running_loop(), 0

        class ChangedMeanwhile(StateFile):
            def write(self, state: Mapping[str, Any]) -> None:
                nonlocal saves
                saves += 1
                if saves == 1:
                    loop.call_soon_threadsafe(saver.changed)
                super().write(state)

        saver = Saver(ChangedMeanwhile(tmp_path / "state.json"), MemoryStore())
        saver.changed()
        async with asyncio.timeout(SECONDS):
            while saves < 2:
                await asyncio.sleep(0.01)
        return saves

    assert asyncio.run(steps()) == 2


def test_an_interrupted_mock_saves(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    with kept(file) as (mock, client):
        put(client, "m")
        assert mock.stop(signal.SIGINT) == (130, "")
    assert "m" in json.loads(file.read_text(encoding="utf-8"))["models"]["acme"]


def test_a_failed_save_is_reported(tmp_path: Path) -> None:
    directory = tmp_path / "here"
    directory.mkdir()
    with kept(directory / "state.json") as (mock, client):
        directory.rename(tmp_path / "elsewhere")
        put(client, "m")
        assert mock.stop() == (1, "")
        assert "The state could not be saved: " in mock.stderr
        assert "Traceback" not in mock.stderr


def test_two_mocks_do_not_share_a_file(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    with kept(file) as (mock, _):
        ended = run("--port", "0", "--state", str(file))
        assert ended.returncode == 2
        assert f"in use by another mock, process {mock.process.pid}" in ended.stderr
        mock.stop()
    with kept(file) as (mock, client):
        assert client.get("/_mock/health").status_code == 200


BROKEN = {
    "no JSON": ("{", "#: The file is not valid JSON: line 1"),
    "not UTF-8": (b"\xff", "not valid UTF-8"),
    "a name twice": ('{"format": 1, "format": 2}', "occurs twice"),
    "no state": ("[]", "#: Expected an object"),
    "empty": ("", "#: The file is empty; a JSON object is expected."),
    "a byte order mark": (b"\xef\xbb\xbf{}", "byte order mark"),
    "half of a surrogate pair": ('{"format": "\\ud800"}', "surrogate"),
    "an integer beyond 64 bits": (f'{{"version": {2**64}}}', "64 bits"),
    "before the calendar": (json.dumps(holding(created="0001-01-01T00:00:00+23:59")), "#/models/acme/m/created: "),
    "a leap second": (json.dumps(holding(updated="2016-12-31T23:59:60Z")), "is a leap second"),
    "a wrong value": (
        json.dumps({**EMPTY, "models": {"acme": {"m": a_model(image_support=2)}}}),
        "#/models/acme/m/values/",
    ),
}


@pytest.mark.parametrize(("text", "told"), BROKEN.values(), ids=BROKEN)
def test_an_invalid_file_is_rejected_as_a_whole_and_unchanged(tmp_path: Path, text: str | bytes, told: str) -> None:
    file = tmp_path / "state.json"
    raw = text if isinstance(text, bytes) else text.encode()
    file.write_bytes(raw)
    ended = run("--port", "0", "--state", str(file))
    assert ended.returncode == 2
    assert "the state file has 1 problem" in ended.stderr
    assert told in ended.stderr
    assert "Traceback" not in ended.stderr
    assert file.read_bytes() == raw


def test_a_directory_is_rejected(tmp_path: Path) -> None:
    ended = run("--port", "0", "--state", str(tmp_path))
    assert ended.returncode == 2
    assert "it is a directory, not a regular file" in ended.stderr


@pytest.mark.parametrize("time", ["2026-02-01t12:00:00z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"])
def test_a_time_at_the_end_of_the_calendar_is_returned(client: httpx2.Client, time: str) -> None:
    assert client.put(STATE, json=holding(created=time, updated=time)).status_code == 200
    assert client.get(f"{MODELS}m/", headers=OURS).json()["created_at"] == time.upper()
    assert client.post(MODELS, json={"model_name": "m"}, headers=OURS).status_code == 200


def test_an_unwritable_place_is_reported_at_the_start(tmp_path: Path) -> None:
    ended = run("--port", "0", "--state", str(tmp_path / "none" / "state.json"))
    assert ended.returncode == 2
    assert "cannot be used: No such file or directory" in ended.stderr
