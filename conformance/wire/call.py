"""Bounds a request as a whole, from connecting to the last octet, and notes what came of it on the socket.

An HTTP client bounds each read, and so waits for ever for a server that sends an octet now and then. Here every
operation on the socket gets what is left of the time of the request that it belongs to.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpcore2

SLICE = 64 * 1024
"""Octets that are written at a time; between two slices the time is looked at."""
BEGINNING = 64
"""Octets of an answer that are kept, to say what it was where it was no HTTP."""


@dataclass(slots=True)
class Call:
    """One request on its way."""

    until: float
    """When it has to be over, by `time.monotonic`."""
    connected: bool = False
    """A connection was made for it; else it went over one that was there."""
    beginning: bytes = b""
    """The first octets that came back."""

    @property
    def left(self) -> float:
        """Seconds that are left, above 0. Raises ReadTimeout where there are none."""
        left = self.until - time.monotonic()
        if left <= 0:
            raise httpcore2.ReadTimeout("the time of the request is up")
        return left


class Calls(httpcore2.NetworkBackend):
    """The sockets of a pool of connections. Each thread has one call at a time."""

    def __init__(self) -> None:
        self._sockets = httpcore2.SyncBackend()
        self._current = threading.local()

    @contextmanager
    def call(self, seconds: float) -> Iterator[Call]:
        """Count all that this thread does on the sockets, until the end of the block, as one call."""
        self._current.call = call = Call(time.monotonic() + seconds)
        yield call

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the call has its own
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        call: Call = self._current.call
        call.connected = True
        return _Stream(
            self._sockets.connect_tcp(host, port, call.left, local_address, socket_options or ()), self._current
        )


class _Stream(httpcore2.NetworkStream):
    def __init__(self, stream: httpcore2.NetworkStream, current: threading.local) -> None:
        self._stream = stream
        self._current = current

    @property
    def _call(self) -> Call:
        call: Call = self._current.call
        return call

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - the call has its own
        call = self._call
        octets = self._stream.read(max_bytes, call.left)
        if len(call.beginning) < BEGINNING:
            call.beginning += octets[:BEGINNING]
        return octets

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 - the call has its own
        for start in range(0, len(buffer), SLICE):
            self._stream.write(buffer[start : start + SLICE], self._call.left)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002 - the call has its own
    ) -> httpcore2.NetworkStream:
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, self._call.left), self._current)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
