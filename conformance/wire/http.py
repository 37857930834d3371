"""Send requests over HTTP/1.1 to a target that may be slow, broken or hostile.

httpcore2 does the plumbing: connections, proxies, TLS and framing. It is the engine of httpx2, whose clients add
cookies and headers that no check asked for, and take no sockets of ours, which limit a request as a whole.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from functools import lru_cache

import h11
import httpcore2
import httpx2

from conformance.wire.deadline import CALL, Call, Sockets
from conformance.wire.exchange import SAFE, NoResponse, Request, Response, StaleConnection, TimedOut
from conformance.wire.raw_connection import RawConnection
from conformance.wire.transport import Route, Transport, UnreadableBody, receive_body

CONNECTIONS = 64
IDLE = 2.0
"""Idle seconds after which a connection is not reused; some servers close theirs that early."""
SHORTEST = 0.1
"""Minimum seconds for a request, however little is left of the time budget."""
STALE = 3
"""Number of stale connections after which none is reused."""
PAUSES = (0.1, 0.3, 0.6, 1.0)
"""Seconds between attempts to connect to a target that has responded before: it may be restarting.

The retries of httpcore2 are for every target, so a wrong address would be reported late.
"""
CHUNK = 16
WITH_CONTENT = ("POST", "PUT", "PATCH")
"""Methods that have a Content-Length even if it is 0 (RFC 9110, section 8.6)."""
UNSENT = (httpcore2.ConnectError, httpcore2.ConnectTimeout, httpcore2.ProxyError)
BROKEN_CONNECTION = (
    httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.ProxyError, h11.RemoteProtocolError,
)  # fmt: skip
BROKEN = (*BROKEN_CONNECTION, httpx2.RemoteProtocolError, UnreadableBody)


class HttpTransport(Transport):
    """A target at a URL, which may have a path. Follows no redirects, so no credential goes to another host."""

    has_connections = True

    def __init__(self, base_url: str, route: Route = Route()) -> None:  # noqa: B008 - it is frozen
        self.base_url = base_url.rstrip("/")
        self._route = route
        self._tls = route.ssl_context() if self.base_url.startswith("https:") else None
        self._stale = 0
        self._answered = False
        self._keep_alive_pool = self._pool(CONNECTIONS, CONNECTIONS)
        self._single_use_pool = self._pool(CONNECTIONS, 0)

    def send(self, request: Request) -> Response:
        """Return the response. Safe requests are sent again if a reused connection was stale."""
        if request.wire_format is not None:
            with self.connection() as send:
                return send(request)
        for pause in PAUSES:
            try:
                return self._sent_once(request)
            except NoResponse as lost:  # nothing was sent
                if not (self._answered and isinstance(lost.error, httpcore2.ConnectError)):
                    raise
                time.sleep(pause)
        return self._sent_once(request)

    @contextmanager
    def connection(self) -> Iterator[Callable[[Request], Response]]:
        with self._pool(1, 1) as pool, closing(RawConnection(self.base_url, self._tls)) as raw:
            yield lambda request: self._exchange(
                request, raw.stream(request) if request.wire_format else self._stream(pool, request)
            )

    def disable_keep_alive(self) -> None:
        self._stale = STALE
        self._keep_alive_pool.close()

    def close(self) -> None:
        self._keep_alive_pool.close()
        self._single_use_pool.close()

    def _sent_once(self, request: Request) -> Response:
        if self._stale < STALE:
            try:
                return self._exchange(request, self._stream(self._keep_alive_pool, request))
            except StaleConnection:
                self._stale += 1
                if request.method not in SAFE:
                    raise
        return self._exchange(request, self._stream(self._single_use_pool, request))

    def _pool(self, most: int, kept: int) -> httpcore2.ConnectionPool:
        return httpcore2.ConnectionPool(
            ssl_context=self._tls,
            proxy=self._route.httpcore_proxy(),
            max_connections=most,
            max_keepalive_connections=kept,
            keepalive_expiry=IDLE,
            network_backend=Sockets(),
        )

    def _stream(self, pool: httpcore2.ConnectionPool, request: Request) -> AbstractContextManager[httpcore2.Response]:
        url = _url(self.base_url + request.target)
        return pool.stream(
            request.method,
            httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=[(b"Host", url.netloc), *((name.encode(), value.encode()) for name, value in fields_of(request))],
            content=_content(request),
            extensions={"timeout": {"pool": self._route.timeout}},
        )

    def _exchange(self, request: Request, responding: AbstractContextManager[httpcore2.Response]) -> Response:
        response = exchange(request, responding, min(self._route.timeout, max(self.time_left, SHORTEST)))
        self._answered = True
        return response


def exchange(
    request: Request, responding: AbstractContextManager[httpcore2.Response], seconds: float, *, connected: bool = False
) -> Response:
    """Return the whole response that comes within so many seconds. Raises NoResponse, or StaleConnection.

    `connected` says that no connection is reused.
    """
    began = time.monotonic()
    CALL.set(call := Call(began + seconds, connected))
    try:
        with responding as received:
            body = receive_body(received, call.until)
    except httpcore2.TimeoutException as error:
        reason = f"no complete response came within the time limit of {round(seconds, 2):g} s"
        raise TimedOut(request, reason, error, call.first_bytes, unsent=isinstance(error, UNSENT)) from None
    except BROKEN as error:
        cause = str(error) or type(error).__name__
        reason = f"the body {cause}" if isinstance(error, UnreadableBody) else f"the connection broke: {cause}"
        if not (call.connected or call.first_bytes or isinstance(error, UnreadableBody)):
            raise StaleConnection(request, reason) from error
        raise NoResponse(request, reason, error, call.first_bytes, unsent=isinstance(error, UNSENT)) from error
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in received.headers)
    seconds = time.monotonic() - began
    return Response(received.status, headers, body.content, seconds, body.encoded_size, body.encoding_error)


@lru_cache(maxsize=64)
def _url(text: str) -> httpx2.URL:
    """Return a parsed URL from a cache: most requests of a run go to one path."""
    return httpx2.URL(text)


def fields_of(request: Request) -> list[tuple[str, str]]:
    """Return the headers of a request without Host and framing: its own, and `Accept-Encoding: identity`."""
    fields = list(request.fields)
    if request.header("accept-encoding") is None:
        fields.append(("Accept-Encoding", "identity"))
    if request.credential is not None:
        fields.append(("Authorization", request.credential.value))
    return fields


def _content(request: Request) -> bytes | Iterator[bytes] | None:
    """Return the body; in chunks, as an iterator."""
    body = request.body
    if body is None:
        return b"" if request.method in WITH_CONTENT else None
    return (body[start : start + CHUNK] for start in range(0, len(body), CHUNK)) if request.chunked else body
