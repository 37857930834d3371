"""A connection: its flow, its timeouts, and how it ends early."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from typing import Any

from starlette.types import Receive, Scope
from uvicorn.config import Config
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
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


class Flow(FlowControl):
    """Flow control that stops reading while requests of the connection wait for their turn."""

    def __init__(self, transport: asyncio.Transport, holds: Callable[[], bool]) -> None:
        super().__init__(transport)
        self._holds = holds

    def resume_reading(self) -> None:
        """Continue to read, unless more requests would only wait."""
        if self.read_paused and not self._holds():
            super().resume_reading()


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
