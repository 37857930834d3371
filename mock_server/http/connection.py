"""A connection: its requests and responses, its timeouts, and how it ends early."""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
from collections.abc import Callable, Coroutine
from typing import Any, cast

import orjson
from starlette.types import Receive, Scope
from uvicorn.config import Config
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from mock_server.context import context_of
from mock_server.http.framing import ProtocolError
from mock_server.settings import Limits

_AT_ONCE = struct.pack("ii", 1, 0)
"""SO_LINGER: on, for 0 seconds."""


async def reset(scope: Scope) -> bool:
    """Reset the connection, so that the client receives an RST. Return False if there is no connection."""
    transport = context_of(scope).transport
    if transport is None:
        return False
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
    transport.abort()
    await asyncio.sleep(0)  # until the server has noticed
    return True


async def close(scope: Scope, receive: Receive) -> bool:
    """Close the connection after sent data is written, and wait for that. Return False if there is no connection."""
    transport = context_of(scope).transport
    if transport is None:
        return False
    transport.close()
    while (await receive())["type"] != "http.disconnect":
        pass
    return True


_FAILED = "The mock failed. This is a fault of the mock, not of the request."
_EVENTS = b"text/event-stream"


def error_response(status: int, detail: str, *, with_body: bool = True) -> bytes:
    """Return a response in the error shape of the mock. It says that the connection will be closed."""
    body = orjson.dumps({"detail": detail})
    head = b"content-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(body)
    return STATUS_LINE[status] + head + (body if with_body else b"")


class Writer:
    """The part of a transport that a response needs. Its `close` lets the client read the response first.

    It can hold a head back until the body comes, so that both are written with one call of the system, and arrive in
    one packet. uvloop does not wait for more after a write.
    """

    __slots__ = ("_close", "_held", "_holding", "_transport")

    def __init__(self, transport: asyncio.Transport, close: Callable[[], None]) -> None:
        self._transport = transport
        self._close = close
        self._held = b""
        self._holding = False

    def hold(self) -> None:
        """Hold back what is written, until `release`."""
        self._holding = True

    def release(self, *, to_next: bool = False) -> None:
        """Write what was held back: now, or together with what is written next."""
        self._holding = False
        if self._held and not to_next:
            self.write(b"")

    def write(self, data: bytes) -> None:
        """Write data, or hold it back."""
        if self._holding:
            self._held += data
            return
        if self._held:
            data, self._held = self._held + data, b""
        self._transport.write(data)

    def close(self) -> None:
        """Close the connection after what was written."""
        self.release()
        self._close()

    def is_closing(self) -> bool:
        """Return whether nothing can be written any more."""
        return self._transport.is_closing()


class Flow(FlowControl):
    """Flow control that stops reading while requests of the connection wait for their turn."""

    def __init__(self, transport: asyncio.Transport, holds: Callable[[], bool]) -> None:
        super().__init__(transport)
        self._holds = holds

    def resume_reading(self) -> None:
        """Continue to read, unless more requests would only wait."""
        if self.read_paused and not self._holds():
            super().resume_reading()


class Cycle(RequestResponseCycle):
    """A request and its response."""

    _head: Any = None

    @property
    def endless(self) -> bool:
        """Whether the response is a stream that ends only when one side closes the connection."""
        headers = self._head.get("headers", ()) if self._head else ()
        return any(name.lower() == b"content-type" and value.startswith(_EVENTS) for name, value in headers)

    def send(self, message: Any) -> Coroutine[Any, Any, None]:
        """Send a part of the response.

        A final response in place of `100 Continue` ends the connection, because nobody knows whether the body follows.
        """
        if self._head is not None:
            return super().send(message)
        self._head = message
        if self.waiting_for_100_continue and self.more_body:
            self.keep_alive = False
        return self._start(message)

    async def _start(self, message: Any) -> None:
        """Write the head, together with the body if its length is known: then it comes at once, as ASGI suggests."""
        writer = cast("Writer", self.transport)
        writer.hold()
        await super().send(message)
        writer.release(to_next=self.chunked_encoding is False and self.scope["method"] != "HEAD")

    def disconnect(self) -> None:
        """Tell the app that the client has gone; whatever it sends from now on is dropped."""
        self.disconnected = True
        self.message_event.set()

    async def send_500_response(self) -> None:
        """Respond for an app that has failed. If it was cancelled because the mock stops, only close the connection."""
        if not isinstance(sys.exc_info()[1], asyncio.CancelledError):
            self.transport.write(error_response(500, _FAILED, with_body=self.scope["method"] != "HEAD"))
        self.response_started = self.response_complete = True
        self.transport.close()


_LINGERING = 2
"""Seconds for which a client may continue to send after the last response."""
_PROGRESS = 64 * 1024
"""Bytes that a client must read within the time limit for responses."""


class TimedProtocol(HttpToolsProtocol):
    """A connection that is closed if its client is too slow. The server calls `check_time` regularly.

    All connections share one timer, because starting and cancelling a timer for each request takes longer.
    """

    limits = Limits()

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._receiving = False  # a request has started, and is not complete
        self._in_head = False
        self._closing = False  # nothing more is parsed
        self._since = self.loop.time()  # of the current phase: receiving, idle or closing
        self._unsent: tuple[int, float] | None = None

    @property
    def _busy(self) -> bool:
        raise NotImplementedError

    def _reject(self, rejection: ProtocolError) -> None:
        raise NotImplementedError

    def pause_writing(self) -> None:
        """Wait for the client to read what was written."""
        self._unsent = None
        super().pause_writing()

    def check_time(self, now: float) -> None:
        """Close the connection if its client is too slow."""
        if self.flow.write_paused:
            self._check_reading_client(now)
        elif self._closing or self.transport.is_closing():
            self._check_closing(now)
        elif self._receiving:
            self._check_receiving(now)
        elif not self._busy and now - self._since > self.limits.idle_seconds:
            self.transport.close()

    def _check_reading_client(self, now: float) -> None:
        size = self.transport.get_write_buffer_size()
        if self._unsent is None or size + _PROGRESS <= self._unsent[0]:
            self._unsent = size, now
        elif now - self._unsent[1] > self.limits.response_seconds:
            self.transport.abort()

    def _check_closing(self, now: float) -> None:
        if not self._closing:
            self._closing, self._since = True, now
        unsent = self.transport.get_write_buffer_size()
        if now - self._since > (self.limits.response_seconds if unsent else _LINGERING):
            self.transport.abort()

    def _check_receiving(self, now: float) -> None:
        expected = self._in_head or not self.cycle.waiting_for_100_continue
        if self.flow.read_paused or not expected:  # the app is not ready for the rest
            self._since = now
        elif now - self._since > self.limits.request_seconds:
            seconds = f"{self.limits.request_seconds:g} seconds"
            self._reject(ProtocolError(408, f"The request did not arrive completely within {seconds}."))
