"""A Redis that is away, slow, full, restarted or cut off: 503, and the mock goes on as soon as Redis does."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.mock_server.process import SECONDS, MockProcess, started
from tests.mock_server.redis_server import RedisServer, running
from tests.mock_server.wire import KEY, MODELS

AWAY = "it cannot be reached"
FROM_A_PAGE = {"Origin": "https://example.com"}


class Proxy:
    """Passes bytes between a mock and its Redis, until it is told not to."""

    def __init__(self, folder: Path, target: Path) -> None:
        self.path = folder / "p"
        self._target = target
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.path))
        self._listener.listen()
        self.holds_responses = False
        """Whether what Redis sends does not arrive."""
        self.cuts_at: bytes | None = None
        """The bytes of a response in whose place the connection is cut, once."""
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._open = True
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def cut(self) -> None:
        """Cut all connections."""
        for pair in self._pairs:
            for each in pair:
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._open = False
        self.cut()
        self._thread.join(SECONDS)
        self._listener.close()

    def _run(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ, None)
            while self._open:
                for key, _ in selector.select(0.02):
                    if key.data is None:
                        self._accept(selector)
                    elif not (self.holds_responses and key.data[1]):
                        self._pass(selector, key.fileobj, *key.data)
            for each in [each for pair in self._pairs for each in pair]:
                each.close()

    def _accept(self, selector: selectors.BaseSelector) -> None:
        client, _ = self._listener.accept()
        redis = socket.socket(socket.AF_UNIX)
        try:
            redis.connect(str(self._target))
        except OSError:
            client.close()
            redis.close()
            return
        self._pairs.append((client, redis))
        selector.register(client, selectors.EVENT_READ, (redis, False))
        selector.register(redis, selectors.EVENT_READ, (client, True))

    def _pass(self, selector: selectors.BaseSelector, source: object, target: socket.socket, is_response: bool) -> None:
        assert isinstance(source, socket.socket)
        data = b""
        with contextlib.suppress(OSError):
            data = source.recv(65536)
            if data and is_response and self.cuts_at is not None and self.cuts_at in data:
                self.cuts_at, data = None, b""
            if data:
                target.sendall(data)
        if not data:
            for each in (source, target):
                with contextlib.suppress(KeyError, ValueError):
                    selector.unregister(each)
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    """A Redis that keeps what it stores, and that the tests may stop."""
    with running("--appendonly", "yes", "--appendfsync", "always") as server:
        yield server


@pytest.fixture(scope="module")
def proxy(redis: RedisServer) -> Iterator[Proxy]:
    proxy = Proxy(redis.socket.parent, redis.socket)
    yield proxy
    proxy.close()


@pytest.fixture(scope="module")
def mock(redis: RedisServer, proxy: Proxy) -> Iterator[MockProcess]:
    with started("--quiet", "--store", f"unix://{proxy.path}?socket_timeout=0.4") as process:
        yield process
        assert "Traceback" not in process.stderr


@pytest.fixture
def client(mock: MockProcess) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=mock.url, headers={"Authorization": f"Bearer {KEY}"}, timeout=SECONDS) as client:
        eventually(client)
        client.post("/_mock/reset")
        yield client


def eventually(client: httpx2.Client) -> None:
    """Wait until the mock responds with what is stored."""
    for _ in range(200):
        if client.get(f"{MODELS}gpt-4o/").status_code == 200:
            return
        time.sleep(0.05)
    raise AssertionError("the mock has not recovered")


def assert_unavailable(response: httpx2.Response, reason: str) -> None:
    assert response.status_code == 503, response.text
    assert response.headers["Retry-After"] == "1"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert reason in response.json()["detail"]


def test_while_redis_is_away_each_request_is_503_and_nothing_is_lost(redis: RedisServer, client: httpx2.Client) -> None:
    assert client.post(MODELS, json={"model_name": "m", "input_cost": 1}).status_code == 201
    with redis.away():
        for method, path, body in [("GET", f"{MODELS}m/", None), ("POST", MODELS, {"model_name": "m"})]:
            assert_unavailable(client.request(method, path, json=body, headers=FROM_A_PAGE), AWAY)
        assert client.get("/_mock/state").status_code == 503
        assert client.post("/_mock/reset").status_code == 503
        assert client.get("/_mock/health").status_code == 200
    eventually(client)
    assert client.get(f"{MODELS}m/").json()["input_cost"] == 1
    assert client.post(MODELS, json={"model_name": "m", "output_cost": 2}).status_code == 200


def test_a_redis_that_comes_back_empty_gets_the_start_again(tmp_path: Path) -> None:
    scenario = tmp_path / "scenario.yaml"
    scenario.write_text(
        "format: respan-mock-scenario\nversion: 1\nmodels: {acme: {first: {values: {input_cost: 7}}}}\n"
        "faults: [{id: teapot, method: DELETE, status: 418}]\n"
    )
    with running() as redis, started("--quiet", "--scenario", str(scenario), "--store", redis.url) as mock:
        headers = {"Authorization": f"Bearer {KEY}"}
        with httpx2.Client(base_url=mock.url, headers=headers, timeout=SECONDS) as client:
            client.post(MODELS, json={"model_name": "m"})
            client.delete("/_mock/faults/teapot")
            with redis.away():
                pass
            eventually(client)
            assert client.get(f"{MODELS}m/").status_code == 404
            assert client.get(f"{MODELS}first/").json()["input_cost"] == 7
            assert client.delete(f"{MODELS}first/").status_code == 418
            for number in range(1, 4):
                assert client.post(MODELS, json={"model_name": "m"}).status_code == (201 if number == 1 else 200)


def test_a_slow_redis_is_503_in_time(proxy: Proxy, client: httpx2.Client) -> None:
    proxy.holds_responses = True
    try:
        assert_unavailable(
            client.post(MODELS, json={"model_name": "m"}, headers=FROM_A_PAGE),
            "it did not respond in time",
        )
    finally:
        proxy.holds_responses = False
    eventually(client)
    assert client.post(MODELS, json={"model_name": "m"}).status_code == 201


def test_a_connection_that_is_cut_is_replaced(proxy: Proxy, client: httpx2.Client) -> None:
    client.post(MODELS, json={"model_name": "m"})
    for _ in range(3):
        proxy.cut()
        assert client.get(f"{MODELS}m/").status_code == 200
    proxy.cuts_at = b"*5\r\n"
    assert client.get(f"{MODELS}m/").status_code == 200


def test_a_write_whose_response_is_lost_is_503_and_happens_once(proxy: Proxy, client: httpx2.Client) -> None:
    for name, response_of in [("looked", b"*5\r\n"), ("committed", b"done")]:
        proxy.cuts_at = response_of
        response = client.post(MODELS, json={"model_name": name, "input_cost": 1})
        eventually(client)
        if name == "looked":  # what only reads is repeated
            assert response.status_code == 201
        else:
            detail = response.json().get("detail", response.text)
            assert (response.status_code, "Whether it has stored the change is unknown." in detail) == (503, True)
        assert client.get(f"{MODELS}{name}/").json()["input_cost"] == 1
        assert client.post(MODELS, json={"model_name": name}).status_code == 200


def test_a_full_redis_stores_nothing_half_and_can_be_emptied(redis: RedisServer, client: httpx2.Client) -> None:
    assert client.post(MODELS, json={"model_name": "before", "input_cost": 1}).status_code == 201
    state = client.get("/_mock/state").json()
    assert redis.ask("CONFIG", "SET", "maxmemory", "1") == b"+OK\r\n"
    try:
        for name in ("new", "before"):
            response = client.post(MODELS, json={"model_name": name, "input_cost": 2}, headers=FROM_A_PAGE)
            assert_unavailable(response, "it is full (maxmemory)")
        assert "unknown" not in response.json()["detail"]
        assert client.get(f"{MODELS}before/").json()["input_cost"] == 1
        assert client.get("/_mock/state").json() == state
        assert client.delete(f"{MODELS}before/").status_code == 204
        assert client.post("/_mock/reset").status_code == 200
    finally:
        redis.ask("CONFIG", "SET", "maxmemory", "0")
    assert client.post(MODELS, json={"model_name": "new"}).status_code == 201


def test_scripts_that_redis_has_forgotten_are_sent_again(redis: RedisServer, client: httpx2.Client) -> None:
    redis.ask("SCRIPT", "FLUSH")
    assert client.post(MODELS, json={"model_name": "m"}).status_code == 201


def test_a_client_that_watches_and_one_that_waits_go_on_after_a_restart(
    redis: RedisServer, client: httpx2.Client
) -> None:
    params = {"path": f"{MODELS}awaited/", "timeout": "30"}
    found: list[httpx2.Response] = []
    waiting = threading.Thread(target=lambda: found.append(client.get("/_mock/requests/wait", params=params)))
    waiting.start()
    time.sleep(0.3)
    with redis.away():
        pass
    with httpx2.Client(base_url=client.base_url, headers=client.headers, timeout=SECONDS) as other:
        eventually(other)
        other.get(f"{MODELS}awaited/")
    waiting.join(SECONDS)
    assert [each["status"] for each in found[0].json()["requests"]] == [404]
