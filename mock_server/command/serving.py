"""Runs an ASGI app on uvicorn with httptools and uvloop, and stops it cleanly."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import uvicorn

from mock_server.http.limits import DEFAULTS, Limits
from mock_server.http.protocol import Protocol, protocol_of

_TICKS = 5
"""Tenths of a second between two looks at what the connections have taken too long for."""


def serve(app: Any, sockets: Sequence[socket.socket], ready: Callable[[], None], limits: Limits = DEFAULTS) -> None:
    """Serve `app` until SIGINT, SIGTERM or SIGHUP. Calls `ready` when it answers, and a signal stops it cleanly.

    Then it raises what the handler of that signal raises that was there before.
    """
    server(app, ready, limits).run(sockets=list(sockets))


def server(app: Any, ready: Callable[[], None], limits: Limits = DEFAULTS) -> uvicorn.Server:
    """A server of `app`, to be run. It calls `ready` in its event loop; setting its `should_exit` stops it."""
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http=protocol_of(limits),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=limits.grace_seconds,  # type: ignore[arg-type]  # any number will do
    )
    return _Server(config, ready)


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop at SIGHUP too, unless it is ignored, as under nohup."""
        with super().capture_signals():
            if (
                threading.current_thread() is not threading.main_thread()
                or signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
            ):
                yield
                return
            before = signal.signal(signal.SIGHUP, self.handle_exit)
            try:
                yield
            finally:
                signal.signal(signal.SIGHUP, before)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets)
        self._ready()

    async def on_tick(self, counter: int) -> bool:
        """Look after the connections. Return whether to stop."""
        if counter % _TICKS == 0:
            now = asyncio.get_running_loop().time()
            for connection in tuple(self.server_state.connections):
                if isinstance(connection, Protocol):
                    connection.check_time(now)
        return await super().on_tick(counter)

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
