"""A reverse proxy in threads that does what a script says: forward a request, or anything else with its connection."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import urlsplit

from tests.conformance.surroundings.messages import Request, Response, Stream, read_request, read_response

RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Upstream:
    """The connection to the server that belongs to one connection of a client."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self._connection: socket.socket | None = None
        self._stream: Stream | None = None

    def exchange(self, request: Request) -> Response:
        """The server's response, over the connection that is open, or over a new one where that was closed."""
        if self._connection is not None:
            with contextlib.suppress(OSError, EOFError):
                return self._exchanged(request)
        self.close()
        self._connection = socket.create_connection(self._address)
        self._stream = Stream(self._connection)
        return self._exchanged(request)

    def close(self) -> None:
        """Close the connection, where there is one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _exchanged(self, request: Request) -> Response:
        assert self._connection is not None
        assert self._stream is not None
        self._connection.sendall(request.raw)
        return read_response(self._stream, request.method)


@dataclass(slots=True)
class Call:
    """One request on its way through the proxy."""

    number: int
    """Of the request, from 1 on, over all connections."""
    request: Request
    proxy: Proxy
    uses: int
    """Requests with the same key so far, this one included."""
    _connection: socket.socket
    _upstream: Upstream
    kept: bool = False
    """Whether the connection takes another request after a response that the script sent itself."""

    def forward(self) -> Response:
        """What the server responds."""
        response = self._upstream.exchange(self.request)
        if response.status == 201:
            self.proxy.creates += 1
        return response

    def send(self, content: bytes) -> None:
        """Send bytes to the client, whatever they are."""
        self._connection.sendall(content)

    def reset(self) -> None:
        """Make the connection end with a reset rather than in order."""
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)


Script: TypeAlias = Callable[[Call], Response | None]
"""The response to send. None sends nothing more, and closes the connection unless the call says otherwise."""


@dataclass(slots=True)
class Proxy:
    """What the proxy has seen, and its listening socket."""

    server: str
    script: Script
    requests: int = 0
    creates: int = 0
    """Responses of the server that said 201."""
    statuses: Counter[int | None] = field(default_factory=Counter)
    """Responses sent, by status; None counts the requests that got none."""
    keys: Counter[str] = field(default_factory=Counter)
    """Requests by key."""
    over: threading.Event = field(default_factory=threading.Event)
    """Set at the end of the test: nothing waits longer than that."""
    _port: int = 0
    _listener: socket.socket | None = None
    _open: set[socket.socket] = field(default_factory=set)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def url(self) -> str:
        """Where clients reach it."""
        return f"http://127.0.0.1:{self._port}"

    def listen(self) -> None:
        """Take connections, on the same port as before where there was one."""
        with self._lock:
            if self.over.is_set():
                return
            self._listener = socket.create_server(("127.0.0.1", self._port), backlog=128)
            self._port = self._listener.getsockname()[1]
            threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def leave(self, seconds: float | None = None) -> None:
        """Refuse connections and cut those that are open: for so many seconds, or for good."""
        with self._lock:
            listener, self._listener = self._listener, None
            cut, self._open = self._open, set()
        for each in (listener, *cut):
            if each is not None:
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
        if listener is not None:
            listener.close()
            if seconds is not None:
                timer = threading.Timer(seconds, self.listen)
                timer.daemon = True
                timer.start()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                with self._lock:
                    self._open.add(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        upstream = Upstream(self._address())
        try:
            with connection, contextlib.suppress(OSError, EOFError, ValueError):
                stream = Stream(connection)
                while self._pass_on(connection, read_request(stream), upstream):
                    pass
        finally:
            upstream.close()
            with self._lock:
                self._open.discard(connection)

    def _pass_on(self, connection: socket.socket, request: Request, upstream: Upstream) -> bool:
        """Do with a request what the script says: whether its connection takes another."""
        with self._lock:
            self.requests += 1
            self.keys[request.key] += 1
            call = Call(self.requests, request, self, self.keys[request.key], connection, upstream)
        response = self.script(call)
        self.statuses[None if response is None else response.status] += 1
        if response is None:
            return call.kept
        connection.sendall(response.encoded(request.method))
        return not (request.closes or response.closes)

    def _address(self) -> tuple[str, int]:
        parts = urlsplit(self.server)
        assert parts.hostname is not None
        assert parts.port is not None
        return parts.hostname, parts.port


@contextlib.contextmanager
def proxied(server: str, script: Script) -> Iterator[Proxy]:
    """A proxy in front of the server at a URL, until the end of the block."""
    proxy = Proxy(server, script)
    proxy.listen()
    try:
        yield proxy
    finally:
        proxy.over.set()
        proxy.leave()
