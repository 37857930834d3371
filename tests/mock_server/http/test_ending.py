"""How connections end: by the client, by an early response, and because the mock stops."""

from __future__ import annotations

import contextlib
import signal
import socket
import time

import pytest

from mock_server import MockServer
from tests.mock_server.http.corpus import GET, HEADS, SMUGGLING, post
from tests.mock_server.process import MockProcess, started
from tests.mock_server.wire import exchange_bytes, reply

SECONDS = 30
GOOD = post(b"Content-Length: 26", body=b'{"model_name": "in-flight"}'[:26])
DELAYED = ("--quiet", "--delay", "700")
EVENTS = b"GET /_mock/events HTTP/1.1\r\nHost: localhost\r\n\r\n"


def rest(connection: socket.socket) -> bytes:
    received = b""
    with contextlib.suppress(ConnectionError):
        while data := connection.recv(65536):
            received += data
    return received


def test_a_client_that_ends_its_side_still_gets_each_delayed_response() -> None:
    with started(*DELAYED) as mock:
        received = exchange_bytes(mock.address, GET + GET.replace(b"gpt-4o", b"none"), nothing_more=True)
        assert [part[:3] for part in received.split(b"HTTP/1.1 ")[1:]] == [b"200", b"404"]


@pytest.mark.parametrize(
    "effect", [{"drip": {"bytes": 40, "every": 50}}, {"latency": {"min": 300, "max": 300}}, {"status": 503}]
)
def test_one_whose_response_is_faulty_too(effect: dict[str, object]) -> None:
    with MockServer(faults=[effect]) as mock:
        host, _, port = mock.url.removeprefix("http://").rpartition(":")
        response = reply(exchange_bytes((host, int(port)), GET, nothing_more=True))
        assert len(response.body) == int(response.headers["content-length"])


def test_an_event_stream_ends_with_the_clients_side() -> None:
    with started("--quiet") as mock, socket.create_connection(mock.address, timeout=SECONDS) as connection:
        connection.sendall(EVENTS)
        assert b"200" in connection.recv(65536)
        connection.shutdown(socket.SHUT_WR)
        rest(connection)


EARLY = {
    "no key": (HEADS[::2], b"POST /api/models/ HTTP/1.1", 401),
    "wrong path": (HEADS, b"POST /nope HTTP/1.1", 404),
    "wrong method": (HEADS, b"DELETE /api/models/ HTTP/1.1", 405),
    "too large": (HEADS, b"POST /api/models/ HTTP/1.1", 413),
}


@pytest.mark.parametrize("sends_body", [False, True])
@pytest.mark.parametrize(("heads", "line", "status"), EARLY.values(), ids=EARLY)
def test_a_response_in_place_of_100_continue_ends_the_connection(
    address: tuple[str, int], heads: tuple[bytes, ...], line: bytes, status: int, sends_body: bool
) -> None:
    size = 2_000_000 if status == 413 else len(SMUGGLING)
    with socket.create_connection(address, timeout=SECONDS) as connection:
        connection.sendall(
            post(b"Expect: 100-continue", b"Content-Length: %d" % size, body=b"", heads=heads, line=line)
        )
        received = connection.recv(65536)
        with contextlib.suppress(OSError):
            connection.sendall(SMUGGLING if sends_body else GET)
            received += rest(connection)
    assert received.count(b"HTTP/1.1 ") == 1
    response = reply(received)
    assert (response.status, response.headers["connection"]) == (status, "close")


def test_a_body_that_is_asked_for_is_taken_and_the_connection_stays(address: tuple[str, int]) -> None:
    body = b'{"model_name": "asked-for"}'
    with socket.create_connection(address, timeout=SECONDS) as connection:
        connection.sendall(post(b"Expect: 100-continue", b"Content-Length: %d" % len(body), body=b""))
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body + GET)
        connection.shutdown(socket.SHUT_WR)
        received = rest(connection)
    assert [part[:3] for part in received.split(b"HTTP/1.1 ")[1:]] == [b"201", b"200"]


def test_a_large_body_does_not_hide_the_response(address: tuple[str, int]) -> None:
    sent = post(b"Connection: close", b"Content-Length: 5000000", body=b"x" * 5_000_000, heads=HEADS[::2])
    assert reply(exchange_bytes(address, sent)).status == 401


def stopping(mock: MockProcess, sent: bytes, wait: float = 0.3) -> bytes:
    """Send a request, stop the mock while it is under way, and return what came."""
    with socket.create_connection(mock.address, timeout=SECONDS) as connection:
        connection.sendall(sent)
        time.sleep(wait)
        mock.process.send_signal(signal.SIGTERM)
        received = rest(connection)
        assert mock.process.wait(timeout=SECONDS) == 0
        return received


@pytest.mark.parametrize("sent", [GET, post(b"Content-Length: 27", body=b'{"model_name": "in-flight"}')])
def test_a_request_under_way_is_finished_when_the_mock_stops(sent: bytes) -> None:
    with started(*DELAYED) as mock:
        response = reply(stopping(mock, sent))
        assert response.status in {200, 201}
        assert response.headers["connection"] == "close"
        assert mock.stderr == ""


@pytest.mark.parametrize("sent", [GET, GET * 3, post(b"Content-Length: 27", body=b'{"model_name": "in-flight"}')])
def test_one_that_takes_longer_than_the_grace_period_is_closed(sent: bytes) -> None:
    with started("--quiet", "--delay", "60000", "--grace-period", "0.5") as mock:
        assert stopping(mock, sent) == b""
        assert mock.stderr == ""


@pytest.mark.parametrize("sent", [b"", GET, GET[:-5], EVENTS])
def test_what_has_no_response_to_wait_for_does_not_hold_it_up(sent: bytes) -> None:
    with started("--quiet", "--grace-period", "600") as mock:
        assert stopping(mock, sent).count(b"HTTP/1.1 ") == (sent in {GET, EVENTS})
        assert mock.stderr == ""


def test_errors_of_framing_are_in_the_access_log() -> None:
    with started() as mock:
        assert exchange_bytes(mock.address, b"GET /a\x1b HTTP/1.1\r\n\r\n" + b"x", nothing_more=True)
        assert exchange_bytes(mock.address, b"POST /b HTTP/1.1\r\n\r\n", nothing_more=True)
        mock.stop()
        assert "POST /b 400  The request has no Host" in mock.stderr
        assert "\x1b" not in mock.stderr
        assert "upgrade" not in mock.stderr.lower()


@pytest.mark.parametrize(
    ("sent", "detail"),
    [
        (b"patch /a HTTP/1.1\r\nHost: mock\r\n\r\n", "methods are in capitals"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "use http://"),
        (
            b"POST /a HTTP/1.1\r\nHost: mock\r\nContent-Length: 1\r\n\r\n{}GET /b HTTP/1.1\r\n",
            "its Content-Length may be too small",
        ),
        (b"GET /a b HTTP/1.1\r\nHost: mock\r\n\r\n", "a space in the target is %20"),
        (b"GET /\xc3\xa9 HTTP/1.1\r\nHost: mock\r\n\r\n", "must be percent-encoded"),
        (b"GET /a?\xc3\xa9 HTTP/1.1\r\nHost: mock\r\n\r\n", "must be percent-encoded"),
        (b"GET /a HTTP/1.1\r\nHost: mock\r\nA B: c\r\n\r\n", "Invalid header token"),
    ],
)
def test_errors_of_framing_are_in_the_words_of_the_user(address: tuple[str, int], sent: bytes, detail: str) -> None:
    assert detail in exchange_bytes(address, sent, nothing_more=True).decode()
