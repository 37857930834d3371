"""Each raw request of the table gets the responses that HTTP asks for, and harms nobody else."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Iterator

import h11
import pytest

from mock_server import MockServer
from tests.mock_server.http.corpus import GET, SMUGGLED, STORED, Row, rows
from tests.mock_server.wire import exchange_bytes

ROWS = rows()
BYTEWISE = [row for row in ROWS if len(row.sent) < 1200]
"""Those that are sent byte by byte too: where a packet ends changes nothing."""
LEAST = 400


@pytest.fixture(scope="module")
def mock() -> Iterator[MockServer]:
    with MockServer() as mock:
        yield mock


@pytest.fixture
def address(mock: MockServer) -> Iterator[tuple[str, int]]:
    host, _, port = mock.url.removeprefix("http://").rpartition(":")
    yield host, int(port)
    mock.reset("models")


def statuses(received: bytes, first_method: bytes) -> list[int]:
    """The final status of each response, as h11 reads them one after the other."""
    found: list[int] = []
    while received:
        client = h11.Connection(h11.CLIENT)
        method = b"GET" if found or first_method != b"HEAD" else b"HEAD"
        client.send(h11.Request(method=method, target=b"/", headers=[(b"host", b"mock")]))
        client.send(h11.EndOfMessage())
        client.receive_data(received)
        while not isinstance(event := client.next_event(), h11.EndOfMessage):
            assert isinstance(event, (h11.InformationalResponse, h11.Response, h11.Data)), (event, received)
            if isinstance(event, h11.Response):
                found.append(event.status_code)
                closes = (b"connection", b"close") in list(event.headers)
        received = client.trailing_data[0]
        assert not (closes and received), received
    return found


def check(row: Row, received: bytes, mock: MockServer, address: tuple[str, int]) -> None:
    found = statuses(received, row.method)
    assert len(found) == len(row.statuses), (found, received[-400:])
    assert all(status in allowed for status, allowed in zip(found, row.statuses, strict=True)), (found, received[-400:])
    for head in received.split(b"HTTP/1.1 ")[1:]:
        assert b"text/plain" not in head
    state = json.dumps(mock.state)
    assert SMUGGLED not in state
    assert row.stores or STORED not in state
    assert exchange_bytes(address, GET, nothing_more=True).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.label)
def test_at_once(row: Row, mock: MockServer, address: tuple[str, int]) -> None:
    check(row, exchange_bytes(address, row.sent, nothing_more=True), mock, address)


@pytest.mark.parametrize("row", BYTEWISE, ids=lambda row: row.label)
def test_byte_by_byte(row: Row, mock: MockServer, address: tuple[str, int]) -> None:
    received = b""
    with socket.create_connection(address, timeout=30) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for place in range(len(row.sent)):
            connection.sendall(row.sent[place : place + 1])
        connection.shutdown(socket.SHUT_WR)
        while data := connection.recv(65536):
            received += data
    check(row, received, mock, address)


@pytest.mark.parametrize("method", ["PUSH", "get", "GETT", "X-CUSTOM"])
def test_an_unknown_method_is_named_as_the_reason(address: tuple[str, int], method: str) -> None:
    received = exchange_bytes(address, f"{method} / HTTP/1.1\r\nHost: mock\r\n\r\n".encode())
    assert b"does not begin with a method that the mock knows" in received


def test_a_client_that_speaks_tls_is_told_so(address: tuple[str, int]) -> None:
    outgoing = ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="mock")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    assert b"use http://" in exchange_bytes(address, outgoing.read())


def test_the_table_is_large_and_names_each_row_once() -> None:
    assert len(ROWS) >= LEAST
    assert len({row.label for row in ROWS}) == len(ROWS)
