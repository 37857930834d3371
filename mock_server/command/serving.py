"""Runs an ASGI app on uvicorn with httptools and uvloop, and stops it cleanly."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable, Sequence
from typing import Any, cast

import orjson
import uvicorn
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from mock_server.http.connection import CONNECTION

_PATIENCE = 1
"""Seconds that answers under way have when the mock stops."""
_IDLE = 75
"""Seconds for which a connection stays open between two requests."""


def serve(app: Any, sockets: Sequence[socket.socket], ready: Callable[[], None]) -> None:
    """Serve `app` until SIGINT or SIGTERM. Calls `ready` when it answers, and a signal stops it cleanly.

    Then it raises what the handler of that signal raises that was there before.
    """
    server(app, ready).run(sockets=list(sockets))


def server(app: Any, ready: Callable[[], None]) -> uvicorn.Server:
    """A server of `app`, to be run. It calls `ready` in its event loop; setting its `should_exit` stops it."""
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http=_Protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=_IDLE,
        timeout_graceful_shutdown=_PATIENCE,
    )
    return _Server(config, ready)


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop. Requests that are cut off then are no errors, and uvicorn need not report them."""
        logger = logging.getLogger("uvicorn.error")
        level = logger.level
        logger.setLevel(logging.CRITICAL + 1)
        try:
            await super().shutdown(sockets)
            await asyncio.gather(*self.server_state.tasks, return_exceptions=True)  # those that were cancelled
        finally:
            logger.setLevel(level)  # in a test, the process goes on


class _Protocol(HttpToolsProtocol):
    """Answers what is no HTTP in the error shape of the mock, and lets an answer get at its connection."""

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        cast("dict[str, object]", self.scope)[CONNECTION] = self.transport

    def send_400_response(self, msg: str) -> None:
        """Write the answer, and close."""
        body = orjson.dumps({"detail": msg})
        self.transport.write(
            STATUS_LINE[400]
            + b"content-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(body)
            + body
        )
        self.transport.close()
