"""Send requests over HTTP/1.1 to a target that may be slow, broken or hostile, or to an application in this process.

The timeouts of the HTTP library limit each read, so a target that sends one byte per second never reaches them. Here
a deadline limits the request as a whole, from connecting to the last byte. The sockets also note whether a connection
was opened for the request and which bytes came first, so that a failure can be explained.
"""

from __future__ import annotations

import math
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpcore2
import httpx2

from conformance.wire.exchange import SAFE, NoResponse, Request, Response, StaleConnection
from conformance.wire.raw_connection import RawConnection
from conformance.wire.transport import (
    TIMEOUT,
    Body,
    Connectionless,
    Route,
    UnreadableBody,
    httpx_request,
    receive_body,
    to_response,
)

CONNECTIONS = 64
IDLE = 2.0
"""Idle seconds after which a connection is not reused; some servers close theirs that early."""
SHORTEST = 0.1
"""Minimum seconds for a request, however little is left of the time budget."""
STALE = 3
"""Number of stale connections after which none is reused."""
PAUSES = (0.1, 0.3, 0.6, 1.0)
"""Seconds between attempts to connect to a target that has responded before: it may be restarting."""
BROKEN = (
    httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.ProxyError, httpcore2.UnsupportedProtocol, UnreadableBody
)  # fmt: skip


class HttpTransport:
    """A target at a URL, which may have a path. Follows no redirects, so no credential goes to another host."""

    has_connections = True
    time_left = math.inf

    def __init__(self, base_url: str, route: Route = Route()) -> None:  # noqa: B008 - it is frozen
        self.base_url = base_url.rstrip("/")
        self._route = route
        self._tls = route.ssl_context() if self.base_url.startswith("https:") else None
        self._calls = DeadlineBackend()
        self._stale = 0
        self._answered = False
        self._keep_alive_pool = self._pool(CONNECTIONS, CONNECTIONS)
        self._single_use_pool = self._pool(CONNECTIONS, 0)

    def send(self, request: Request) -> Response:
        """Return the response. Safe requests are sent again if a reused connection was stale."""
        if request.wire_format is not None:
            with RawConnection(self.base_url, self._route, self._tls) as by_hand:
                return by_hand.send(request, max(self.time_left, SHORTEST))
        for pause in PAUSES:
            try:
                return self._sent_once(request)
            except NoResponse as lost:  # nothing was sent
                if not (self._answered and isinstance(lost.error, httpcore2.ConnectError)):
                    raise
                time.sleep(pause)
        return self._sent_once(request)

    def _sent_once(self, request: Request) -> Response:
        sent = httpx_request(self.base_url, request)
        if self._stale >= STALE:
            return self._sent(self._single_use_pool, request, sent)
        try:
            return self._sent(self._keep_alive_pool, request, sent)
        except StaleConnection:
            self._stale += 1
            if request.method not in SAFE:
                raise
            return self._sent(self._single_use_pool, request, httpx_request(self.base_url, request))

    @contextmanager
    def connection(self) -> Iterator[Callable[[Request], Response]]:
        pool = self._pool(1, 1)
        with RawConnection(self.base_url, self._route, self._tls) as by_hand:

            def send(request: Request) -> Response:
                if request.wire_format is not None:
                    return by_hand.send(request, max(self.time_left, SHORTEST))
                return self._sent(pool, request, httpx_request(self.base_url, request))

            try:
                yield send
            finally:
                pool.close()

    def disable_keep_alive(self) -> None:
        self._stale = STALE
        self._keep_alive_pool.close()

    def close(self) -> None:
        self._keep_alive_pool.close()
        self._single_use_pool.close()

    def _pool(self, most: int, kept: int) -> httpcore2.ConnectionPool:
        return httpcore2.ConnectionPool(
            ssl_context=self._tls,
            proxy=self._route.httpcore_proxy(),
            max_connections=most,
            max_keepalive_connections=kept,
            keepalive_expiry=IDLE,
            network_backend=self._calls,
        )

    def _sent(self, pool: httpcore2.ConnectionPool, request: Request, sent: httpx2.Request) -> Response:
        started = time.monotonic()
        limit = min(self._route.timeout, max(self.time_left, SHORTEST))
        with self._calls.call(limit) as call:
            try:
                response = pool.handle_request(self._for_core(sent))
                try:
                    coding = next(
                        (value for name, value in response.headers if name.lower() == b"content-encoding"), b""
                    )
                    body = receive_body(response.iter_stream(), coding.decode("latin-1"), call.until)
                finally:
                    response.close()
            except (httpcore2.TimeoutException, TimeoutError) as error:
                reason = f"no complete response came within the time limit of {round(limit, 2):g} s"
                unsent = isinstance(error, httpcore2.ConnectTimeout)
                raise NoResponse(request, reason, error, call.first_bytes, unsent=unsent) from None
            except BROKEN as error:
                raise _broken(request, error, call) from error
        self._answered = True
        return to_response(response.status, response.headers, body, time.monotonic() - started)

    def _for_core(self, sent: httpx2.Request) -> httpcore2.Request:
        url = sent.url
        return httpcore2.Request(
            sent.method,
            httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=sent.headers.raw,
            content=sent.stream,
            extensions={"timeout": {"pool": self._route.timeout}},
        )


def _broken(request: Request, error: Exception, call: RequestState) -> NoResponse | StaleConnection:
    """Return the exception for a failed connection: StaleConnection if it was reused and sent nothing back."""
    reason = f"the connection broke: {str(error) or type(error).__name__}"
    if not call.connected and not call.first_bytes and not isinstance(error, UnreadableBody):
        return StaleConnection(request, reason)
    unsent = isinstance(error, httpcore2.ConnectError | httpcore2.ProxyError)
    return NoResponse(request, reason, error, call.first_bytes, unsent=unsent)


SLICE = 64 * 1024
"""Bytes that are written at a time; the deadline is checked between slices."""
FIRST_BYTES = 64
"""How many bytes of a response are kept, to say what it is if it is not HTTP."""


@dataclass(slots=True)
class RequestState:
    """The state of a request that is being sent."""

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


class DeadlineBackend(httpcore2.NetworkBackend):
    """Sockets with a deadline for whole requests. Each thread sends one request at a time."""

    def __init__(self) -> None:
        self._sockets = httpcore2.SyncBackend()
        self._current = threading.local()

    @contextmanager
    def call(self, seconds: float) -> Iterator[RequestState]:
        """Within the block, apply one deadline to everything that this thread does on the sockets."""
        self._current.call = call = RequestState(time.monotonic() + seconds)
        yield call

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the call has its own
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        call: RequestState = self._current.call
        call.connected = True
        return _Stream(
            self._sockets.connect_tcp(host, port, call.left, local_address, socket_options or ()), self._current
        )


class _Stream(httpcore2.NetworkStream):
    def __init__(self, stream: httpcore2.NetworkStream, current: threading.local) -> None:
        self._stream = stream
        self._current = current

    @property
    def _call(self) -> RequestState:
        call: RequestState = self._current.call
        return call

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - the call has its own
        call = self._call
        received = self._stream.read(max_bytes, call.left)
        if len(call.first_bytes) < FIRST_BYTES:
            call.first_bytes += received[:FIRST_BYTES]
        return received

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


App = Callable[..., Any]


class InProcess(Connectionless):
    """An application in this process. An exception in it becomes a 500, as in a server."""

    base_url = "http://in-process"

    def __init__(self, app: App, timeout: float = TIMEOUT) -> None:
        self._transport = httpx2.WSGITransport(app=_as_wsgi(app), raise_app_exceptions=False)
        self._timeout = timeout

    def send(self, request: Request) -> Response:
        started = time.monotonic()
        try:
            status, headers, body = self._answer(
                httpx_request(self.base_url, request), started + min(self._timeout, max(self.time_left, 0.1))
            )
        except TimeoutError:
            raise NoResponse(
                request, f"no complete response came within the time limit of {self._timeout:g} s"
            ) from None
        except (httpx2.TransportError, UnreadableBody) as error:  # an application may break its connection
            raise NoResponse(request, f"the connection broke: {str(error) or type(error).__name__}") from None
        return to_response(status, headers, body, time.monotonic() - started)

    def close(self) -> None:
        self._transport.close()

    def _answer(self, request: httpx2.Request, until: float) -> tuple[int, list[tuple[bytes, bytes]], Body]:
        try:
            response = self._transport.handle_request(request)
            body = receive_body(response.iter_raw(), response.headers.get("content-encoding"), until)
        except (httpx2.TransportError, TimeoutError, UnreadableBody):
            raise
        except Exception as error:  # noqa: BLE001 - any exception that an application raises is its failure
            said = f"{type(error).__name__}: {error}".encode()
            return 500, [(b"Content-Type", b"text/plain")], Body(said, len(said))
        return response.status_code, response.headers.raw, body


def is_asgi(app: App) -> bool:
    """Return whether an application is ASGI rather than WSGI."""
    import inspect

    return inspect.iscoroutinefunction(app) or inspect.iscoroutinefunction(type(app).__call__)


def _as_wsgi(app: App) -> Any:
    if not is_asgi(app):
        return app
    from a2wsgi import ASGIMiddleware

    return ASGIMiddleware(app)
