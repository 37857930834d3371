"""Runs an ASGI app on uvicorn with httptools and uvloop, and stops it cleanly."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from typing import Any

import uvicorn

from mock_server.http.limits import DEFAULTS, Limits
from mock_server.http.protocol import Protocol, protocol_of

_TICKS = 5
"""Tenths of a second between two looks at what the connections have taken too long for."""
_BACKLOG = 2048


class AddressError(Exception):
    """The mock cannot listen there. The user is at fault; the message says what to do."""


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens at `host` and `port`, so that whoever reads the address can connect at once.

    Raises AddressError.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = found[0]
        return socket.create_server(address[:2], family=family, backlog=_BACKLOG)
    except (OSError, UnicodeError) as error:
        reason = str(getattr(error, "strerror", None) or error).partition(" (while")[0]
        mend = "choose another --port; --port 0 picks a free one" if port else "choose another --host"
        raise AddressError(f"cannot listen at {host}:{port}: {reason}; {mend}") from None


def url_of(listener: socket.socket) -> str:
    """The address of a listening socket as a client on this machine writes it."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - read, not listened at
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(app: Any, listener: socket.socket, ready: Callable[[], None], limits: Limits = DEFAULTS) -> None:
    """Serve `app` until SIGINT or SIGTERM. Calls `ready` when it answers, and a signal stops it cleanly.

    Then it raises what the handler of that signal raises that was there before.
    """
    server(app, ready, limits).run(sockets=[listener])


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
