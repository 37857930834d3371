"""A request and its response on a connection, as the app sees them: what ASGI calls `receive` and `send`.

uvicorn has such a class too. This one does less for each request. The head of a response is written together with its
body if its length is known: with one call of the system, and in one packet. (uvloop does not wait for more after a
write.) Lines of the head are checked and joined once, because responses repeat them. Nothing is created for waiting
until the app has to wait.
"""

from __future__ import annotations

import asyncio
import logging
from functools import lru_cache
from typing import Protocol

import orjson
from starlette.types import ASGIApp, Message, Scope
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HEADER_RE, HEADER_VALUE_RE, STATUS_LINE
from uvicorn.server import ServerState

from mock_server.http.bodies import Headers

_FAILED = "The mock failed. This is a fault of the mock, not of the request."
_EVENTS = b"text/event-stream"
_WITHOUT_BODY = (204, 304)
_LENGTH = b"content-length: "
_ENDING = (b"transfer-encoding: ", b"connection: ", b"content-type: " + _EVENTS)
"""How the lines of a head begin that say how a response, or its connection, ends."""
_LAST_CHUNK = b"0\r\n\r\n"

logger = logging.getLogger("uvicorn.error")


def error_response(status: int, detail: str, *, with_body: bool = True) -> bytes:
    """Return a response in the error shape of the mock. It says that the connection will be closed."""
    body = orjson.dumps({"detail": detail})
    head = b"content-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(body)
    return STATUS_LINE[status] + head + (body if with_body else b"")


class Connection(Protocol):
    """The connection of a request."""

    transport: asyncio.Transport
    flow: FlowControl
    server_state: ServerState

    def linger(self) -> None:
        """Close this side of the connection after what was written, and the other side with the client."""

    def on_response_complete(self) -> None:
        """Continue with the next request."""


class Cycle:
    """A request and its response."""

    def __init__(self, connection: Connection, scope: Scope, *, keep_alive: bool, expects_continue: bool) -> None:
        self.scope = scope
        self.keep_alive = keep_alive
        self.waiting_for_100_continue = expects_continue
        self.body = bytearray()
        """What has arrived of the body, and the app has not received."""
        self.more_body = True
        self.disconnected = False
        self.response_started = False
        self.response_complete = False
        self.endless = False
        """Whether the response is a stream that ends only when one side closes the connection."""
        self._connection = connection
        self._received = False  # the app has the whole request
        self._changed: asyncio.Event | None = None  # since the app first waited
        self._held = b""  # the head, until the body comes
        self._left: int | None = None  # bytes of the body that are still to be sent; None if it has no stated length
        self._chunked = False
        self._has_body = True

    async def run_asgi(self, app: ASGIApp) -> None:
        """Call the app. If it fails, respond for it or, if the response has started, close the connection."""
        try:
            await app(self.scope, self.receive, self.send)
        except BaseException as error:
            logger.exception("Exception in ASGI application\n")
            self._fail(respond=not isinstance(error, asyncio.CancelledError))  # which means that the mock stops
            return
        if not self.response_complete and not self.disconnected:
            logger.error("ASGI callable returned without completing response.")
            self._fail()

    def _fail(self, *, respond: bool = True) -> None:
        if not self.response_started and respond:
            self._held = error_response(500, _FAILED, with_body=self.scope["method"] != "HEAD")
        if self._held and not self.disconnected:
            self._connection.transport.write(self._held)
        self.response_started = self.response_complete = True
        self._connection.linger()

    def disconnect(self) -> None:
        """Tell the app that the client has gone; whatever it sends from now on is dropped."""
        self.disconnected = True
        self.wake()

    def wake(self) -> None:
        """Let the app look again at what has changed, if it waits."""
        if self._changed is not None:
            self._changed.set()

    # What the app calls

    async def receive(self) -> Message:
        """Return the next part of the request."""
        if self.waiting_for_100_continue and not self._connection.transport.is_closing():
            self._connection.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.waiting_for_100_continue = False
        if self._connection.flow.read_paused and not (self.disconnected or self.response_complete):
            self._connection.flow.resume_reading()
        while not (self.body or self.disconnected or self.response_complete) and (self.more_body or self._received):
            self._changed = self._changed or asyncio.Event()
            self._changed.clear()
            await self._changed.wait()
        if self.disconnected or self.response_complete:
            return {"type": "http.disconnect"}
        body, self.body = bytes(self.body), bytearray()
        self._received = not self.more_body
        return {"type": "http.request", "body": body, "more_body": self.more_body}

    async def send(self, message: Message) -> None:
        """Send a part of the response."""
        if self._connection.flow.write_paused and not self.disconnected:
            await self._connection.flow.drain()
        if self.disconnected:
            return
        expected = "body" if self.response_started else "start"
        if self.response_complete or message["type"] != f"http.response.{expected}":
            raise RuntimeError(f"the app sent {message['type']}, which does not fit what it sent before")
        if self.response_started:
            self._send_body(message.get("body", b""), more=message.get("more_body", False))
        else:
            self._start(message["status"], message.get("headers", ()))

    def _start(self, status: int, headers: Headers) -> None:
        """Write the head, or hold it back until the body comes, if its length is known. Then it comes at once.

        HTTP/1.0 has no chunks: a body of unknown length ends with the connection (RFC 9112, section 6.3).

        A final response in place of `100 Continue` ends the connection, because nobody knows whether the body follows.
        """
        if self.waiting_for_100_continue and self.more_body:
            self.keep_alive = False
        lines = [STATUS_LINE[status]]
        closes = False
        for name, value in (*self._connection.server_state.default_headers, *headers):
            line = _line(name, value)
            lines.append(line)
            if line.startswith(_LENGTH):
                self._left = int(value)
            elif line.startswith(_ENDING):
                closes = self._apply(line) or closes
        self._has_body = self.scope["method"] != "HEAD" and status not in _WITHOUT_BODY
        if self._left is None and not self._chunked and self._has_body and self.scope["http_version"] != "1.0":
            self._chunked = True
            lines.append(b"transfer-encoding: chunked\r\n")
        if not (self.keep_alive or closes):
            lines.append(b"connection: close\r\n")
        lines.append(b"\r\n")
        head = b"".join(lines)
        self.response_started, self.waiting_for_100_continue = True, False
        if self._has_body and self._left is not None and not self._chunked:
            self._held = head
        else:
            self._connection.transport.write(head)

    def _apply(self, line: bytes) -> bool:
        """Apply a line that begins like one of _ENDING. Return whether it says that the connection closes."""
        name, _, value = line.lower().rstrip().partition(b": ")
        if name == b"transfer-encoding":
            self._chunked = value == b"chunked"
        elif name == b"content-type":
            self.endless = value.startswith(_EVENTS)
        elif b"close" in map(bytes.strip, value.split(b",")):
            self.keep_alive = False
            return True
        return False

    def _send_body(self, body: bytes, *, more: bool) -> None:
        if not self._has_body:
            self._left = 0
        elif self._chunked:
            chunk = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
            self._connection.transport.write(chunk if more else chunk + _LAST_CHUNK)
        else:
            if self._left is not None:
                self._left -= len(body)
                if self._left < 0:
                    raise RuntimeError("the body of a response is longer than its Content-Length")
            self._connection.transport.write(self._held + body if self._held else body)
            self._held = b""
        if more:
            return
        if self._left:
            raise RuntimeError("the body of a response is shorter than its Content-Length")
        self.response_complete = True
        self.wake()
        if not self.keep_alive:
            self._connection.linger()
        self._connection.on_response_complete()


@lru_cache(maxsize=1024)
def _line(name: bytes, value: bytes) -> bytes:
    """Return a header as a line, with its name in lower case. Raises RuntimeError."""
    if HEADER_RE.search(name) or HEADER_VALUE_RE.search(value):
        raise RuntimeError(f"the header {name!r} of a response has a character that HTTP does not allow there")
    return name.lower() + b": " + value + b"\r\n"
