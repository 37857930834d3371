"""A response of known length is written with one call of the system; anything else as soon as the app sends it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.server import ServerState

from mock_server.http.protocol import protocol_of
from mock_server.settings import Limits


class Recorder(asyncio.Transport):
    """A transport that records each write."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.closed = False

    def write(self, data: Any) -> None:
        self.written.append(bytes(data))

    def write_eof(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return False

    def resume_reading(self) -> None:
        pass


def _sending(length: int | None, *bodies: bytes) -> ASGIApp:
    """Return an app that sends a head and parts of a body."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        headers = [] if length is None else [(b"content-length", b"%d" % length)]
        messages: list[Message] = [{"type": "http.response.start", "status": 200, "headers": headers}]
        for number, body in enumerate(bodies, 1):
            messages.append({"type": "http.response.body", "body": body, "more_body": number < len(bodies)})
        for message in messages:
            await send(message)

    return app


def _written(app: ASGIApp, method: str = "GET", version: str = "1.1") -> Recorder:
    """Return what is written when `app` responds to a request."""

    async def serve() -> Recorder:
        config = Config(app, log_config=None)
        config.load()
        protocol = protocol_of(Limits())(config, ServerState(), {})
        protocol.connection_made(transport := Recorder())
        protocol.data_received(f"{method} / HTTP/{version}\r\nHost: mock\r\n\r\n".encode())
        await asyncio.gather(*protocol.tasks)
        return transport

    return asyncio.run(serve())


@pytest.mark.parametrize(
    ("app", "method", "ends"),
    [
        pytest.param(_sending(2, b"ok"), "GET", [b"\r\n\r\nok"], id="at once"),
        pytest.param(_sending(2, b"o", b"k"), "GET", [b"\r\n\r\no", b"k"], id="in parts"),
        pytest.param(_sending(2, b"ok"), "HEAD", [b"\r\n\r\n"], id="without a body"),
        pytest.param(_sending(None, b"ok"), "GET", [b"\r\n\r\n", b"2\r\nok\r\n0\r\n\r\n"], id="of unknown length"),
    ],
)
def test_how_often_the_system_is_called(app: ASGIApp, method: str, ends: list[bytes]) -> None:
    written = _written(app, method).written
    assert len(written) == len(ends)
    assert all(each.endswith(end) for each, end in zip(written, ends, strict=True))


@pytest.mark.parametrize("parts", [[b"ok"], [b"o", b"k"], [b"", b"ok", b""]], ids=len)
def test_http_1_0_ends_a_body_of_unknown_length_with_the_connection(parts: list[bytes]) -> None:
    transport = _written(_sending(None, *parts), version="1.0")
    assert b"".join(transport.written) == b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nok"
    assert transport.closed


def test_a_head_without_the_promised_body_is_still_written() -> None:
    transport = _written(_sending(2))
    assert [each.endswith(b"content-length: 2\r\n\r\n") for each in transport.written] == [True]
    assert transport.closed


def _with(status: int, *headers: tuple[bytes, bytes], body: bytes = b"") -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


@pytest.mark.parametrize(
    ("app", "written"),
    [
        pytest.param(_with(204), b"HTTP/1.1 204 No Content\r\n\r\n", id="no content"),
        pytest.param(
            _with(304, (b"content-length", b"9"), body=b"unchanged"),
            b"HTTP/1.1 304 Not Modified\r\ncontent-length: 9\r\n\r\n",
            id="not modified",
        ),
        pytest.param(
            _with(200, (b"Content-Length", b"2"), (b"Connection", b"Close"), body=b"ok"),
            b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: Close\r\n\r\nok",
            id="closed by the app",
        ),
        pytest.param(
            _with(200, (b"Transfer-Encoding", b"chunked"), body=b"ok"),
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
            id="chunked by the app",
        ),
    ],
)
def test_the_head_of_a_response(app: ASGIApp, written: bytes) -> None:
    transport = _written(app)
    assert b"".join(transport.written) == written
    assert transport.closed == (b"Close" in written)


@pytest.mark.parametrize(
    "header", [(b"x", b"a\r\nb: c"), (b"x\r\n", b"a"), (b"x", b"a\0"), (b"x y", b"a"), (b"x", b"\x7f")]
)
def test_a_header_that_http_does_not_allow_is_never_written(header: tuple[bytes, bytes]) -> None:
    transport = _written(_with(200, header, (b"content-length", b"2"), body=b"ok"))
    assert b"".join(transport.written).startswith(b"HTTP/1.1 500 ")
    assert b"\r\nx" not in b"".join(transport.written)
    assert transport.closed


@pytest.mark.parametrize(("length", "body"), [(1, b"ok"), (3, b"ok")])
def test_a_body_of_another_length_than_promised_ends_the_connection(length: int, body: bytes) -> None:
    transport = _written(_sending(length, body))
    assert len(b"".join(transport.written).partition(b"\r\n\r\n")[2]) <= length
    assert transport.closed


def test_each_task_that_waits_for_the_end_hears_of_it() -> None:
    heard: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert await receive() == {"type": "http.request", "body": b"", "more_body": False}
        waiting = [asyncio.ensure_future(receive()) for _ in range(2)]
        await asyncio.sleep(0)
        assert not any(each.done() for each in waiting)
        await _with(200, (b"content-length", b"2"), body=b"ok")(scope, receive, send)
        heard.extend([(await each)["type"] for each in waiting])

    assert b"".join(_written(app).written).endswith(b"ok")
    assert heard == ["http.disconnect"] * 2
