"""A client that is slow, endless or greedy holds neither memory nor other clients."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.mock_server.http.corpus import GET, KEY, post
from tests.mock_server.process import MockProcess, run, started
from tests.mock_server.wire import exchange_bytes, reply

SECONDS = 30
SHORT = ("--request-timeout", "1", "--response-timeout", "1", "--idle-timeout", "2")
HEAD = GET[:-2]
CHUNKED = post(b"Transfer-Encoding: chunked", body=b"")


@pytest.fixture(scope="module")
def mock() -> Iterator[MockProcess]:
    with started("--quiet", *SHORT) as mock:
        yield mock
        assert mock.process.poll() is None
        assert "Traceback" not in mock.stderr


def connected(mock: MockProcess) -> socket.socket:
    return socket.create_connection(mock.address, timeout=SECONDS)


def rest(connection: socket.socket) -> bytes:
    received = b""
    with contextlib.suppress(ConnectionError):
        while data := connection.recv(65536):
            received += data
    return received


def memory(mock: MockProcess) -> int:
    """Its resident memory, in KiB."""
    text = Path(f"/proc/{mock.process.pid}/status").read_text(encoding="ascii")
    return int(text.partition("VmRSS:")[2].split()[0])


def work_until_another(mock: MockProcess) -> float:
    """Seconds of processor time that the mock uses until another client has a response."""
    began = mock.processor_seconds
    assert exchange_bytes(mock.address, GET, nothing_more=True).startswith(b"HTTP/1.1 200")
    return mock.processor_seconds - began


LATE = {
    "nothing after the first byte": b"G",
    "part of the head": HEAD,
    "no end of a field": HEAD + b"X: yyy",
    "part of a body": post(b"Content-Length: 99", body=b"{"),
    "part of a chunk": CHUNKED + b"5\r\nab",
    "no last chunk": CHUNKED + b"5\r\nabcde\r\n",
    "part of the trailers": CHUNKED + b"0\r\nX: y\r\n",
    "a second request": GET + HEAD,
    "body after an offer to upgrade": post(b"Connection: Upgrade", b"Upgrade: h2c", b"Content-Length: 99", body=b"{"),
}


@pytest.mark.parametrize("sent", LATE.values(), ids=LATE)
def test_a_request_that_does_not_arrive_is_408(mock: MockProcess, sent: bytes) -> None:
    with connected(mock) as connection:
        connection.sendall(sent)
        received = rest(connection)
    if sent.startswith(GET):
        assert received.startswith(b"HTTP/1.1 200")
        received = received[received.index(b"HTTP/1.1 408") :]
    response = reply(received)
    assert (response.status, response.headers["connection"]) == (408, "close")
    assert "within 1 seconds" in response.json["detail"]


def test_one_that_trickles_is_408(mock: MockProcess) -> None:
    with connected(mock) as connection, contextlib.suppress(ConnectionError):
        connection.sendall(HEAD)
        connection.settimeout(0.1)
        for number in range(100):
            connection.sendall(b"X-%d: y\r\n" % number)
            with contextlib.suppress(TimeoutError):
                assert reply(connection.recv(65536)).status == 408
                return
    pytest.fail("no response")


@pytest.mark.parametrize("sent", [b"", b"\r\n\r\n", GET])
def test_an_idle_connection_is_closed(mock: MockProcess, sent: bytes) -> None:
    with connected(mock) as connection:
        connection.sendall(sent)
        assert rest(connection)[:12] in {b"", b"HTTP/1.1 200"}


def test_a_response_that_came_early_ends_with_the_time_of_the_request(mock: MockProcess) -> None:
    with connected(mock) as connection:
        connection.sendall(post(b"Content-Length: 100000000000", body=b"{"))
        received = rest(connection)
    assert [part[:3] for part in received.split(b"HTTP/1.1 ")[1:]] == [b"413"]


ENDLESS: dict[str, tuple[bytes, Callable[[int], bytes]]] = {
    "header fields": (HEAD, lambda number: b"X-%d: y\r\n" % number * 1000),
    "a header name": (HEAD, lambda _: b"x" * 65536),
    "a header value": (HEAD + b"X: ", lambda _: b"x" * 65536),
    "a path": (b"GET /", lambda _: b"x" * 65536),
    "a query": (b"GET /?", lambda _: b"x" * 65536),
    "spaces": (b"GET ", lambda _: b" " * 65536),
    "trailers": (CHUNKED + b"0\r\n", lambda number: b"X-%d: y\r\n" % number * 1000),
    "a trailer": (CHUNKED + b"0\r\nX: ", lambda _: b"x" * 65536),
    "a chunk extension": (CHUNKED + b"5;", lambda _: b"x" * 65536),
    "a chunked body": (CHUNKED, lambda _: b"10000\r\n" + b"x" * 65536 + b"\r\n"),
    "tiny chunks": (CHUNKED, lambda _: b"1\r\nx\r\n" * 9000),
    "empty lines": (b"", lambda _: b"\r\n" * 32768),
    "a body without key": (CHUNKED.replace(KEY.encode(), b"none"), lambda _: b"10000\r\n" + b"x" * 65536 + b"\r\n"),
    "requests": (GET * 100, lambda _: GET * 500),
}


@pytest.mark.parametrize(("begin", "more"), ENDLESS.values(), ids=ENDLESS)
def test_nothing_endless_takes_memory_or_others_their_time(
    mock: MockProcess, begin: bytes, more: Callable[[int], bytes]
) -> None:
    before = memory(mock)
    longest, number, ends = 0.0, 0, time.monotonic() + 2
    with connected(mock) as connection:
        connection.settimeout(0.2)
        with contextlib.suppress(OSError):
            connection.sendall(begin)
            while time.monotonic() < ends:
                number += 1
                with contextlib.suppress(TimeoutError):
                    connection.sendall(more(number))
                if number % 50 == 1:
                    longest = max(longest, work_until_another(mock))
    assert memory(mock) - before < 30_000
    assert longest < 1


def fill(mock: MockProcess, size: int) -> None:
    """Store models, so that the state is large."""
    for number in range(size):
        values = {"model_name": f"large-{number}", "display_name": "d" * 200}
        body = json.dumps({**values, "supported_params_override": {"a": {"values": ["v" * 100] * 100}}}).encode()
        assert exchange_bytes(mock.address, post(b"Content-Length: %d" % len(body), body=body), nothing_more=True)


def test_a_client_that_never_reads_is_cut_off(mock: MockProcess) -> None:
    fill(mock, 60)
    wanted = b"GET /_mock/state HTTP/1.1\r\nHost: localhost\r\n\r\n"
    before = memory(mock)
    clients = []
    for _ in range(10):
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(mock.address)
        connection.settimeout(SECONDS)
        connection.sendall(wanted * 500)
        clients.append(connection)
    time.sleep(4)
    assert memory(mock) - before < 60_000
    for connection in clients:
        assert len(rest(connection)) < 30_000_000
        connection.close()


def test_a_client_that_reads_slowly_gets_all(mock: MockProcess) -> None:
    fill(mock, 60)
    wanted = b"GET /_mock/state HTTP/1.1\r\nHost: localhost\r\n\r\n"
    whole = len(exchange_bytes(mock.address, wanted, nothing_more=True))
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(mock.address)
        connection.sendall(wanted)
        received = 0
        while received < whole and (data := connection.recv(65536)):
            received += len(data)
            time.sleep(0.01 if received > 200_000 else 0.1)
    assert received == whole


def test_there_are_no_more_connections_than_allowed() -> None:
    with started("--quiet", "--max-connections", "5") as mock, contextlib.ExitStack() as stack:
        idle = []
        for _ in range(5):
            idle.append(stack.enter_context(connected(mock)))
            time.sleep(0.1)  # so that it is known which is idle for longest
        assert exchange_bytes(mock.address, GET, nothing_more=True).startswith(b"HTTP/1.1 200")
        assert rest(idle[0]) == b""
        busy = [stack.enter_context(connected(mock)) for _ in range(5)]
        for connection in busy:
            connection.sendall(HEAD)
            time.sleep(0.05)
        response = reply(exchange_bytes(mock.address, GET))
        assert (response.status, response.headers["connection"]) == (503, "close")
        assert "--max-connections" in response.json["detail"]
        for connection in busy:
            connection.sendall(b"Connection: close\r\n\r\n")
            assert rest(connection).startswith(b"HTTP/1.1 200")


LIMITS = {
    "--max-request-line": ("99", b"GET /%b HTTP/1.1\r\nHost: mock\r\n\r\n" % (b"a" * 100), 414),
    "--max-header-bytes": ("199", HEAD + b"X: " + b"y" * 200 + b"\r\n\r\n", 431),
    "--max-headers": ("20", HEAD + b"".join(b"X: y\r\n" for _ in range(20)) + b"\r\n", 431),
    "--max-trailer-bytes": ("99", CHUNKED + b"0\r\nX: " + b"y" * 100 + b"\r\n\r\n", 431),
}


def test_each_limit_has_an_option() -> None:
    options = [word for name, (value, _, _) in LIMITS.items() for word in (name, value)]
    with started("--quiet") as usual, started("--quiet", *options) as limited:
        for name, (_, sent, status) in LIMITS.items():
            assert reply(exchange_bytes(usual.address, sent, nothing_more=True)).status in {200, 400, 404}, name
            assert reply(exchange_bytes(limited.address, sent, nothing_more=True)).status == status, name
        assert exchange_bytes(limited.address, GET, nothing_more=True).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    ("option", "value"),
    [("--max-headers", "0"), ("--request-timeout", "0"), ("--grace-period", "nan"), ("--idle-timeout", "x")],
)
def test_a_limit_that_cannot_be_is_rejected(option: str, value: str) -> None:
    ended = run(option, value)
    assert ended.returncode == 2
    assert f"{option}: '{value}' is not a" in ended.stderr
