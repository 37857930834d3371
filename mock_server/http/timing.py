"""How long a connection waits for its client."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from mock_server.http.framing import RejectedError
from mock_server.http.limits import Limits

_LINGERING = 2
"""Seconds for which a client may go on sending after the last response."""
_PROGRESS = 64 * 1024
"""Bytes that a client must take within the time limit for responses."""


class TimedProtocol(HttpToolsProtocol):
    """A connection that is closed when its client is too slow. The server calls `check_time` now and then.

    One timer for all connections: to start and cancel one for each request would cost time.
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
        self._receiving = False  # a message has begun, and is not complete
        self._in_head = False
        self._closing = False  # nothing more is parsed
        self._since = self.loop.time()  # of the current phase: receiving, idle or closing
        self._unsent: tuple[int, float] | None = None

    @property
    def _busy(self) -> bool:
        raise NotImplementedError

    def _reject(self, rejection: RejectedError) -> None:
        raise NotImplementedError

    def pause_writing(self) -> None:
        """Wait for the client to take what was written."""
        self._unsent = None
        super().pause_writing()

    def check_time(self, now: float) -> None:
        """Close the connection if its client is too slow."""
        if self.flow.write_paused:
            self._check_taking(now)
        elif self._closing or self.transport.is_closing():
            self._check_closing(now)
        elif self._receiving:
            self._check_receiving(now)
        elif not self._busy and now - self._since > self.limits.idle_seconds:
            self.transport.close()

    def _check_taking(self, now: float) -> None:
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
        asked_for = self._in_head or not self.cycle.waiting_for_100_continue
        if self.flow.read_paused or not asked_for:  # the app is not ready for the rest
            self._since = now
        elif now - self._since > self.limits.request_seconds:
            seconds = f"{self.limits.request_seconds:g} seconds"
            self._reject(RejectedError(408, f"The request did not arrive completely within {seconds}."))
