"""The mock in the tests of its users: MockServer, mock_app, and the fixtures of pytest."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import NoReturn

import httpx2
import pytest

from mock_server import Limits, MockServer, mock_app
from mock_server.state.document import StateError
from tests.mock_server.process import ROOT, SECONDS
from tests.mock_server.wire import MODELS

NOON = "2026-02-01T12:00:00Z"


@pytest.fixture(scope="module")
def server() -> Iterator[MockServer]:
    with MockServer(seed=1, clock=f"{NOON}+1s", faults=[{"id": "never", "status": 500, "probability": 0}]) as server:
        yield server


@pytest.fixture
def client(server: MockServer) -> Iterator[httpx2.Client]:
    server.reset()
    headers = {"Authorization": f"Bearer {server.api_key}"}
    with httpx2.Client(base_url=server.url, headers=headers) as client:
        yield client


def test_it_serves_and_is_reset(server: MockServer, client: httpx2.Client) -> None:
    created = client.post(MODELS, json={"model_name": "m"})
    assert (created.status_code, created.json()["created_at"]) == (201, NOON)
    assert server.reset() == {"models": 1, "requests": 1, "faults": 1}
    assert client.post(MODELS, json={"model_name": "m"}).json()["created_at"] == NOON
    assert server.reset(organization="acme", model="m")["models"] == 1
    assert server.reset("journal") == {"models": 0, "requests": 1, "faults": 0}


def test_its_requests_can_be_read_and_waited_for(server: MockServer, client: httpx2.Client) -> None:
    client.post(MODELS, json={"model_name": "m", "input_cost": "x"})
    (entry,) = server.requests(rejected=True)
    assert (entry.method, entry.status, entry.organization) == ("POST", 400, "acme")
    assert entry.request.body.json == {"model_name": "m", "input_cost": "x"}
    assert entry.rejection
    assert [error.pointer for error in entry.rejection.errors] == ["/input_cost"]
    later = threading.Thread(target=client.get, args=("/api/later",))
    later.start()
    assert [entry.path for entry in server.wait_for(path="/api/later", timeout=SECONDS)] == ["/api/later"]
    later.join()
    with pytest.raises(TimeoutError, match="0 of 1 requests"):
        server.wait_for(path="/api/never", timeout=0)
    with pytest.raises(ValueError, match="4xx"):
        server.requests(status="many")


def test_it_can_be_made_to_fail(server: MockServer, client: httpx2.Client) -> None:
    name = server.faults.add(status=503, count=1)
    assert [client.get(f"{MODELS}gpt-4o/").status_code for _ in range(2)] == [503, 200]
    assert [rule["fired"] for rule in server.faults.rules] == [0, 1]
    assert server.faults.remove(name)
    server.faults.add(reset=True)
    with pytest.raises(httpx2.ReadError):
        client.get(f"{MODELS}gpt-4o/")
    server.faults.clear()
    assert server.faults.rules == []
    for wrong in ({"status": 200}, {"method": "GET"}, {"stats": 500}):
        with pytest.raises(ValueError, match=r"."):
            server.faults.add(**wrong)


def test_its_state_can_be_read_and_set(server: MockServer, client: httpx2.Client) -> None:
    client.post(MODELS, json={"model_name": "m"})
    before = server.state
    server.reset()
    server.state = before
    assert client.get(f"{MODELS}m/").status_code == 200
    with pytest.raises(StateError, match="#/models"):
        server.state = {**before, "models": {"initech": {"m": {}}}}
    assert server.state == before


def test_keys_are_found_by_their_rights(server: MockServer) -> None:
    assert server.key("globex") == "demo-globex"
    assert server.key("acme", may_write=False) == "demo-acme-readonly"
    with pytest.raises(LookupError):
        server.key("initech")


def test_several_serve_side_by_side_and_stop() -> None:
    with MockServer() as one, MockServer() as other:
        assert one.url != other.url
        headers = {"Authorization": f"Bearer {one.api_key}"}
        httpx2.post(one.url + MODELS, json={"model_name": "m"}, headers=headers)
        assert httpx2.get(f"{other.url}{MODELS}m/", headers=headers).status_code == 404
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(one.url)
    with pytest.raises(RuntimeError, match="with statement"):
        one.reset()


def test_it_can_be_started_again() -> None:
    server = MockServer()
    for _ in range(2):
        server.start()
        assert httpx2.get(f"{server.url}/_mock/health").status_code == 200
        server.stop()


def test_its_limits_can_be_chosen() -> None:
    with MockServer(limits=Limits(request_line=100)) as limited, MockServer() as usual:
        long = "/api/models/" + "x" * 100
        assert [httpx2.get(each.url + long).status_code for each in (limited, usual)] == [414, 404]


def test_the_limits_of_what_it_stores_can_be_chosen() -> None:
    large = {"model_name": "m", "display_name": "x" * 3000}
    with MockServer(max_model_bytes=2000) as mock:
        assert _upsert(mock, large).status_code == 400
    with MockServer(max_state_bytes=5000, journal=3, journal_bytes=20_000) as mock:
        assert [_upsert(mock, {**large, "model_name": name}).status_code for name in "ab"] == [201, 400]
        assert [entry.id for entry in mock.requests()] == [1, 2]
        for _ in range(2):
            _upsert(mock, {"model_name": "c"})
        assert [entry.id for entry in mock.requests()] == [2, 3, 4], "there are more than `journal`"
        for _ in range(3):
            _upsert(mock, {**large, "unknown": "x" * 10_000})
        assert len(mock.requests()) < 3, "they take more than `journal_bytes`"


def _upsert(mock: MockServer, body: dict[str, str]) -> httpx2.Response:
    return httpx2.post(f"{mock.url}/api/models/", json=body, headers={"Authorization": f"Bearer {mock.api_key}"})


def test_it_describes_itself_even_if_it_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.metadata.Distribution.from_name", _not_installed)
    with MockServer() as mock:
        assert httpx2.get(f"{mock.url}/_mock/info").json()["version"] == "unknown"


def _not_installed(name: str) -> NoReturn:
    raise PackageNotFoundError(name)


def test_it_leaves_no_thread_behind() -> None:
    before = set(threading.enumerate())
    with MockServer():
        assert [thread for thread in set(threading.enumerate()) - before if thread.name == "respan-mock"]
    assert not [thread for thread in set(threading.enumerate()) - before if thread.name == "respan-mock"]


def test_an_app_needs_no_socket() -> None:
    app = mock_app(clock=NOON, faults=[{"path": "/api/models/lost/", "reset": True}])

    async def steps() -> None:
        transport = httpx2.ASGITransport(app=app)
        headers = {"Authorization": f"Bearer {app.api_key}"}
        async with httpx2.AsyncClient(transport=transport, base_url="http://mock", headers=headers) as client:
            assert (await client.post(MODELS, json={"model_name": "m"})).json()["created_at"] == NOON
            with pytest.raises(ConnectionResetError):
                await client.get(f"{MODELS}lost/")
            assert (await client.get("/_mock/requests")).json()["total"] == 2
            assert (await app.control.reset())["models"] == 1
            assert (await client.get(f"{MODELS}m/")).status_code == 404

    asyncio.run(steps())


USER_TESTS = """
import urllib.error, urllib.request
import pytest

@pytest.fixture(scope="session")
def respan_mock_settings():
    return {"clock": "2026-02-01T12:00:00Z"}

@pytest.mark.parametrize("attempt", range(2))
def test_every_test_gets_a_mock_in_its_initial_state(respan_mock, attempt):
    body = b'{"model_name": "m"}'
    headers = {"Authorization": f"Bearer {respan_mock.api_key}", "Content-Type": "application/json"}
    request = urllib.request.Request(respan_mock.url + "/api/models/", body, headers)
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 201
        assert b"2026-02-01T12:00:00Z" in answer.read()
    assert [entry.status for entry in respan_mock.requests()] == [201]
"""


@pytest.mark.parametrize("workers", [[], ["-p", "xdist", "-n", "2"]])
def test_the_fixture_works_in_a_strict_run_of_a_user(tmp_path: Path, workers: list[str]) -> None:
    (tmp_path / "test_mine.py").write_text(USER_TESTS, encoding="utf-8")
    options = ["-p", "respan_contract_plugins", "-W", "error", "-q", *workers]
    ended = _pytest(tmp_path, *options)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "2 passed" in ended.stdout


def test_the_plugin_loads_nothing_until_a_test_asks(tmp_path: Path) -> None:
    (tmp_path / "test_mine.py").write_text(
        "import sys\n\ndef test_nothing_is_loaded():\n"
        "    assert 'respan_contract_plugins' in sys.modules\n"
        "    assert not {'connexion', 'uvicorn', 'starlette', 'contract', 'asyncio'} & sys.modules.keys()\n",
        encoding="utf-8",
    )
    ended = _pytest(tmp_path, "-p", "respan_contract_plugins", "-q")
    assert ended.returncode == 0, ended.stdout + ended.stderr


def _pytest(directory: Path, *options: str) -> subprocess.CompletedProcess[str]:
    variables = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "pytest", "-c", os.devnull, "--rootdir", ".", *options, "test_mine.py"]
    return subprocess.run(
        command, cwd=directory, env=variables, capture_output=True, text=True, timeout=SECONDS * 2, check=False
    )
