"""A connection to the mock without a socket: its own protocol, told of bytes, over a transport in memory."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import h11
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.server import ServerState

from mock_server.admin.app import Access
from mock_server.control import Control
from mock_server.http.protocol import Protocol, protocol_of
from mock_server.mock import app_of, control_of
from mock_server.scenario import start_of
from mock_server.server import server
from mock_server.settings import Limits, Settings
from tests.mock_server.fuzz.loop import JumpingLoop

LIMITS = Limits(request_line=2048, header_bytes=8192, header_count=30, trailer_bytes=1024)
"""Small ones, so that requests that exceed them are small too."""

_LEAVES_AFTER = 600
"""Seconds by the clock of the loop."""


class _Socket:
    """What is left of a socket: its addresses, and that a fault sets how it is closed."""

    def getsockname(self) -> tuple[str, int]:
        """Return the address of the mock."""
        return "127.0.0.1", 8000

    def getpeername(self) -> tuple[str, int]:
        """Return the address of the client."""
        return "127.0.0.1", 50000

    def setsockopt(self, *_: object) -> None:
        """Take an option."""


class Transport(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self, protocol: Protocol, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__({"socket": _Socket()})
        self._protocol = protocol
        self._loop = loop
        self.written = bytearray()
        self.reading = asyncio.Event()
        self.reading.set()
        self.gone = asyncio.Event()
        self._closing = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Keep it. A client that is sent events without end leaves after a while."""
        if self._closing:
            return
        self.written += data
        if b"content-type: text/event-stream" in data:
            self._loop.call_later(_LEAVES_AFTER, self.close)

    def write_eof(self) -> None:
        """Note that nothing more is written."""

    def pause_reading(self) -> None:
        """Have the client wait."""
        self.reading.clear()

    def resume_reading(self) -> None:
        """Have the client go on."""
        self.reading.set()

    def get_write_buffer_size(self) -> int:
        """Return 0: the client has taken everything."""
        return 0

    def is_closing(self) -> bool:
        """Return whether it is closed, or about to be."""
        return self._closing

    def close(self) -> None:
        """Close it."""
        if not self._closing:
            self._closing = True
            self._loop.call_soon(self._lose)

    abort = close

    def _lose(self) -> None:
        self._protocol.connection_lost(None)
        self.reading.set()
        self.gone.set()


@dataclass(frozen=True, slots=True)
class Response:
    """A response as h11 reads it."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON without names that stand twice."""
        return json.loads(self.body.decode("utf-8"), object_pairs_hook=_once)


def _once(members: list[tuple[str, Any]]) -> dict[str, Any]:
    assert len({name for name, _ in members}) == len(members), members
    return dict(members)


@dataclass(slots=True)
class Heard:
    """A request as the app got it."""

    method: str
    target: bytes
    body: bytearray = field(default_factory=bytearray)
    complete: bool = False


class Mock:
    """A mock in this process, one for many connections."""

    def __init__(self, settings: Settings | None = None, access: Access | None = None, limits: Limits = LIMITS) -> None:
        wanted = settings or Settings(seed=7, check_responses=True)
        self._loop = JumpingLoop()
        self._loop.set_exception_handler(lambda _, context: self.errors.append(str(context)))
        self.control: Control = control_of(wanted, start_of(wanted))
        self._app: ASGIApp = app_of(wanted, self.control, access or Access())
        self._config = server(self, lambda: None, limits).config
        self._config.load()
        self._protocol: Callable[..., Protocol] = protocol_of(limits)
        self._server = ServerState()
        self.errors: list[str] = []
        """What went wrong unseen: errors in the log, in tasks and in callbacks."""
        self.heard: list[Heard] = []
        """The requests of the latest connection."""
        self._log = _ErrorLog(self.errors)
        for name in ("", "uvicorn.error", "mock_server"):
            logging.getLogger(name).addHandler(self._log)

    def close(self) -> None:
        """End it."""
        for name in ("", "uvicorn.error", "mock_server"):
            logging.getLogger(name).removeHandler(self._log)
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    @property
    def models(self) -> dict[str, Any]:
        """The stored models."""
        state: dict[str, Any] = self._loop.run_until_complete(self.control.state())
        return dict(state["models"])

    def reset(self) -> None:
        """Go back to the start."""
        self._loop.run_until_complete(self.control.reset())

    def exchange(self, *pieces: bytes) -> bytes:
        """Send these pieces, end this side of the connection, and return all that the mock writes until it closes."""
        self.heard = []
        self.errors.clear()
        self._loop.patient()
        written = self._loop.run_until_complete(self._exchange(pieces))
        assert not self.errors, "\n".join(self.errors)
        return written

    async def _exchange(self, pieces: Sequence[bytes]) -> bytes:
        protocol = self._protocol(self._config, self._server, {}, self._loop)
        transport = Transport(protocol, self._loop)
        protocol.connection_made(transport)
        for piece in pieces:
            await transport.reading.wait()
            if transport.is_closing():
                break
            protocol.data_received(piece)
            await asyncio.sleep(0)
        await transport.reading.wait()
        if not transport.is_closing() and not protocol.eof_received():
            transport.close()
        await transport.gone.wait()
        await asyncio.gather(*self._server.tasks)
        return bytes(transport.written)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on to the app, and keep what it gets."""
        query = b"?" + scope["query_string"] if scope["query_string"] else b""
        heard = Heard(scope["method"], scope["raw_path"] + query)
        self.heard.append(heard)

        async def hearing() -> Any:
            message = await receive()
            if message["type"] == "http.request":
                heard.body += message.get("body", b"")
                heard.complete = not message.get("more_body", False)
            return message

        await self._app(scope, hearing, send)


class _ErrorLog(logging.Handler):
    def __init__(self, errors: list[str]) -> None:
        super().__init__(logging.ERROR)
        self._errors = errors

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the message."""
        self._errors.append(self.format(record))


def responses(received: bytes, *methods: str) -> list[Response]:
    """Return the final responses in these bytes, as h11 reads them for requests of these methods, or of GET."""
    found: list[Response] = []
    waiting: Iterator[str] = iter(methods)
    while received:
        client = h11.Connection(h11.CLIENT, max_incomplete_event_size=1 << 20)
        client.send(h11.Request(method=next(waiting, "GET"), target="/", headers=[("host", "mock")]))
        client.send(h11.EndOfMessage())
        client.receive_data(received)
        body, head = bytearray(), None
        while not isinstance(event := client.next_event(), h11.EndOfMessage):
            assert isinstance(event, (h11.InformationalResponse, h11.Response, h11.Data)), (event, received)
            if isinstance(event, h11.Response):
                head = event
            elif isinstance(event, h11.Data):
                body += event.data
        assert head is not None
        headers = {name.decode(): value.decode("latin-1") for name, value in head.headers}
        found.append(Response(head.status_code, headers, bytes(body)))
        received = client.trailing_data[0]
        assert not (received and headers.get("connection") == "close"), received
    return found
