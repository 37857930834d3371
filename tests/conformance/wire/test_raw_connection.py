"""Requests that are written by hand go over the wire as they are meant to, and what comes back is read whole."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import replace

import pytest

from conformance.wire.exchange import Credential, NoResponse, Request, Response, StaleConnection, WireFormat
from conformance.wire.http import HttpTransport
from conformance.wire.raw_connection import BODY_DELAY, request_bytes
from conformance.wire.transport import Route
from tests.conformance.wire.sockets import saying

KEY = Credential("Bearer secret", "Bearer $RESPAN_API_KEY")
PLAIN = Request("GET", "/a", (("Accept", "*/*"),), None, KEY, wire_format=WireFormat())
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n[1]"


def answered(answer: bytes | Callable[[socket.socket], None], *requests: Request) -> list[Response]:
    """What comes back, over one connection."""
    with saying(answer) as server:
        transport = HttpTransport(server.url, Route())
        with transport.connection() as send:
            return [send(request) for request in requests]


@pytest.mark.parametrize(
    ("request_", "lines"),
    [
        (PLAIN, ["GET /x/a HTTP/1.1", "Host: h:1", "Accept: */*", "Authorization: Bearer secret"]),
        (
            Request("GET", "/a", wire_format=WireFormat(version="1.0", hosts=("a", "b"))),
            ["GET /x/a HTTP/1.0", "Host: a", "Host: b"],
        ),
        (Request("GET", "/a", wire_format=WireFormat(hosts=(), absolute_target=True)), ["GET http://h:1/x/a HTTP/1.1"]),
        (
            Request("POST", "/a", (), b"{}", KEY, wire_format=WireFormat(authorization="authorization:   ")),
            ["POST /x/a HTTP/1.1", "Host: h:1", "authorization:   Bearer secret", "Content-Length: 2"],
        ),
    ],
)
def test_a_request_is_written_as_printed(request_: Request, lines: list[str]) -> None:
    body = request_.body or b""
    assert request_bytes(request_, "http://h:1/x") == "\r\n".join([*lines, "", ""]).encode() + body


@pytest.mark.parametrize(
    "answer",
    [
        OK,
        b"HTTP/1.1 100 Continue\r\n\r\n" + OK,
        b"HTTP/1.1 200 OK\r\n\r\n[1]",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;a=b\r\n[\r\n2\r\n1]\r\n0\r\nX: y\r\n\r\n",
    ],
)
def test_a_response_is_read_whole_however_it_is_framed(answer: bytes) -> None:
    [response] = answered(answer, PLAIN)
    assert (response.status, response.json) == (200, [1])


def test_what_follows_the_head_of_a_response_to_head_is_its_body() -> None:
    head = Request("HEAD", "/a", wire_format=WireFormat())
    assert answered(OK, head)[0].body == b"[1]"
    assert answered(OK[:-3], head)[0].body == b""


def test_a_connection_that_is_closed_after_a_response_is_stale() -> None:
    with pytest.raises(StaleConnection):
        answered(OK, PLAIN, PLAIN)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"220 mail\r\n\r\n",
        "HTTP/1.1 2²0 OK\r\n\r\n".encode("latin-1"),
        OK[:-1],
        b"HTTP/1.1 200 OK\r\nContent-",
    ],
)
def test_what_is_no_whole_response_is_lost(answer: bytes) -> None:
    with pytest.raises(NoResponse, match="the connection broke"):
        answered(answer, PLAIN)


def test_a_body_may_be_chunked_and_have_trailers() -> None:
    wire = WireFormat(trailers=(("X-Sum", "1"), ("Authorization", "Bearer other")))
    request = Request("POST", "/a", (), b"{}", KEY, chunked=True, wire_format=wire)
    head = b"POST /x/a HTTP/1.1\r\nHost: h:1\r\nAuthorization: Bearer secret\r\nTransfer-Encoding: chunked\r\n\r\n"
    content = b"2\r\n{}\r\n0\r\nX-Sum: 1\r\nAuthorization: Bearer other\r\n\r\n"
    assert request_bytes(request, "http://h:1/x") == head + content
    assert request_bytes(replace(request, body=b"", wire_format=WireFormat()), "http://h:1/x").endswith(
        b"\r\n\r\n0\r\n\r\n"
    )


def test_a_body_may_follow_its_head_by_a_moment() -> None:
    [response] = answered(OK, replace(PLAIN, body=b"[2]", wire_format=WireFormat(delay_body=True)))
    assert (response.status, response.seconds >= BODY_DELAY) == (200, True)


def test_nothing_is_sent_after_another_protocol_was_switched_to() -> None:
    switched = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n\0\0\0\x04\0\0\0\0\0"
    assert answered(switched, PLAIN)[0].status == 101
    with pytest.raises(StaleConnection, match="another protocol"):
        answered(switched, PLAIN, PLAIN)
