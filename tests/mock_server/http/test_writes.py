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


def _written(app: ASGIApp, method: str = "GET") -> Recorder:
    async def serve() -> Recorder:
        config = Config(app, log_config=None)
        config.load()
        protocol = protocol_of(Limits())(config, ServerState(), {})
        protocol.connection_made(transport := Recorder())
        protocol.data_received(f"{method} / HTTP/1.1\r\nHost: mock\r\n\r\n".encode())
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


def test_a_head_without_the_promised_body_is_still_written() -> None:
    transport = _written(_sending(2))
    assert [each.endswith(b"content-length: 2\r\n\r\n") for each in transport.written] == [True]
    assert transport.closed
