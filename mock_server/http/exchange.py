"""One request and its response, with the rules for ending them that uvicorn leaves open."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import Any

import orjson
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

_FAILED = "The mock failed. This is a fault of the mock, not of the request."
_EVENTS = b"text/event-stream"


def error_response(status: int, detail: str, *, with_body: bool = True) -> bytes:
    """Return a response in the error shape of the mock that announces the end of the connection."""
    body = orjson.dumps({"detail": detail})
    head = b"content-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(body)
    return STATUS_LINE[status] + head + (body if with_body else b"")


class Writer:
    """The part of a transport that a response uses. Its `close` lets the client read the response first."""

    __slots__ = ("_close", "_transport", "write")

    def __init__(self, transport: asyncio.Transport, close: Callable[[], None]) -> None:
        self._transport = transport
        self._close = close
        self.write = transport.write

    def close(self) -> None:
        """Close the connection after what was written."""
        self._close()

    def is_closing(self) -> bool:
        """Return whether nothing can be written any more."""
        return self._transport.is_closing()


class Flow(FlowControl):
    """Flow control that reads nothing while requests of the connection wait for their turn."""

    def __init__(self, transport: asyncio.Transport, holds: Callable[[], bool]) -> None:
        super().__init__(transport)
        self._holds = holds

    def resume_reading(self) -> None:
        """Read on, unless it would only make more requests wait."""
        if self.read_paused and not self._holds():
            super().resume_reading()


class Cycle(RequestResponseCycle):
    """A request and its response."""

    _head: Any = None

    @property
    def endless(self) -> bool:
        """Whether the response is a stream that ends only when one side leaves."""
        headers = self._head.get("headers", ()) if self._head else ()
        return any(name.lower() == b"content-type" and value.startswith(_EVENTS) for name, value in headers)

    def send(self, message: Any) -> Coroutine[Any, Any, None]:
        """Send a part of the response.

        A final response in place of `100 Continue` ends the connection: whether the body follows is unknown then.
        """
        if self._head is None:
            self._head = message
            if self.waiting_for_100_continue and self.more_body:
                self.keep_alive = False
        return super().send(message)

    def disconnect(self) -> None:
        """Tell the app that the client has gone; whatever it sends from now on is dropped."""
        self.disconnected = True
        self.message_event.set()

    async def send_500_response(self) -> None:
        """Respond for an app that failed. If it was cancelled because the mock stops, only close the connection."""
        if not isinstance(sys.exc_info()[1], asyncio.CancelledError):
            self.transport.write(error_response(500, _FAILED, with_body=self.scope["method"] != "HEAD"))
        self.response_started = self.response_complete = True
        self.transport.close()
