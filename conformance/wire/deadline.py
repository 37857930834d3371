"""Sockets with one deadline for a whole request, from connecting to the last byte.

The timeouts of httpcore2 limit each read, so a target that sends one byte per second never reaches them. The sockets
also note whether a connection was opened for the request and which bytes came first, to explain a failure.
"""

from __future__ import annotations

import ssl
import time
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import httpcore2

SLICE = 64 * 1024
"""Bytes that are written at a time; the deadline is checked between slices."""
FIRST_BYTES = 64
"""How many bytes of a response are kept, to say what it is if it is not HTTP."""


@dataclass(slots=True)
class Call:
    """A request that is being sent."""

    until: float
    """Its deadline, by `time.monotonic`."""
    connected: bool = False
    """Whether a connection was opened for it, rather than reused."""
    first_bytes: bytes = b""
    """The first bytes of the response."""

    @property
    def left(self) -> float:
        """Seconds left, above 0. Raises ReadTimeout after the deadline."""
        left = self.until - time.monotonic()
        if left <= 0:
            raise httpcore2.ReadTimeout("the time of the request is up")
        return left


CALL: ContextVar[Call] = ContextVar("call")
"""The request that this thread sends: it may use a connection that another thread opened."""


class Sockets(httpcore2.SyncBackend):
    """Connections that take the timeout of each step from the request, whatever timeout they are given."""

    def connect_tcp(self, *args: Any, **options: Any) -> httpcore2.NetworkStream:
        call = CALL.get()
        call.connected = True
        return _Stream(super().connect_tcp(*args, **{**options, "timeout": call.left}))


class _Stream(httpcore2.NetworkStream):
    def __init__(self, stream: httpcore2.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        call = CALL.get()
        received = self._stream.read(max_bytes, call.left)
        if len(call.first_bytes) < FIRST_BYTES:
            call.first_bytes += received[:FIRST_BYTES]
        return received

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        for start in range(0, len(buffer), SLICE):
            self._stream.write(buffer[start : start + SLICE], CALL.get().left)

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore2.NetworkStream:
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, CALL.get().left))

    def close(self) -> None:
        self._stream.close()

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
