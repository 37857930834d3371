"""Sends requests over HTTP/1.1, to a target that may be slow, broken or hostile."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpcore2
import httpx2

from conformance.wire.body import Unreadable, read_body
from conformance.wire.by_hand import ByHand
from conformance.wire.call import Call, Calls
from conformance.wire.exchange import SAFE, Request, Response
from conformance.wire.lost import Lost, Stale
from conformance.wire.route import Route
from conformance.wire.transport import outgoing, received

CONNECTIONS = 64
IDLE = 2.0
"""Seconds after which a connection is not used again; servers close theirs after as little as that."""
SHORTEST = 0.1
"""Seconds that a request gets, however little is left of the time budget."""
STALE = 3
"""Stale connections after which none is used again."""
PAUSES = (0.1, 0.3, 0.6, 1.0)
"""Seconds before a target is connected to again that answered before and refuses now: it may be restarting."""
BROKEN = (
    httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.ProxyError, httpcore2.UnsupportedProtocol, Unreadable
)  # fmt: skip


class HttpTransport:
    """A target at a URL; its path prefix is kept. Follows no redirects, so no credential goes to another host."""

    connects = True
    longest = math.inf

    def __init__(self, base_url: str, route: Route = Route()) -> None:  # noqa: B008 - it is frozen
        self.base_url = base_url.rstrip("/")
        self._route = route
        self._tls = route.tls() if self.base_url.startswith("https:") else None
        self._calls = Calls()
        self._stale = 0
        self._answered = False
        self._kept = self._pool(CONNECTIONS, CONNECTIONS)
        self._fresh = self._pool(CONNECTIONS, 0)

    def send(self, request: Request) -> Response:
        """The response. A request that can be sent twice is, where the connection may have been closed before it."""
        if request.wire is not None:
            with ByHand(self.base_url, self._route, self._tls) as by_hand:
                return by_hand.send(request, max(self.longest, SHORTEST))
        for pause in PAUSES:
            try:
                return self._sent_once(request)
            except Lost as lost:  # nothing was sent
                if not (self._answered and isinstance(lost.error, httpcore2.ConnectError)):
                    raise
                time.sleep(pause)
        return self._sent_once(request)

    def _sent_once(self, request: Request) -> Response:
        sent = outgoing(self.base_url, request)
        if self._stale >= STALE:
            return self._sent(self._fresh, request, sent)
        try:
            return self._sent(self._kept, request, sent)
        except Stale:
            self._stale += 1
            if request.method not in SAFE:
                raise
            return self._sent(self._fresh, request, outgoing(self.base_url, request))

    @contextmanager
    def connection(self) -> Iterator[Callable[[Request], Response]]:
        pool = self._pool(1, 1)
        with ByHand(self.base_url, self._route, self._tls) as by_hand:

            def send(request: Request) -> Response:
                if request.wire is not None:
                    return by_hand.send(request, max(self.longest, SHORTEST))
                return self._sent(pool, request, outgoing(self.base_url, request))

            try:
                yield send
            finally:
                pool.close()

    def keep_none(self) -> None:
        self._stale = STALE
        self._kept.close()

    def close(self) -> None:
        self._kept.close()
        self._fresh.close()

    def _pool(self, most: int, kept: int) -> httpcore2.ConnectionPool:
        return httpcore2.ConnectionPool(
            ssl_context=self._tls,
            proxy=self._route.through(),
            max_connections=most,
            max_keepalive_connections=kept,
            keepalive_expiry=IDLE,
            network_backend=self._calls,
        )

    def _sent(self, pool: httpcore2.ConnectionPool, request: Request, sent: httpx2.Request) -> Response:
        started = time.monotonic()
        limit = min(self._route.timeout, max(self.longest, SHORTEST))
        with self._calls.call(limit) as call:
            try:
                response = pool.handle_request(self._for_core(sent))
                try:
                    coding = next(
                        (value for name, value in response.headers if name.lower() == b"content-encoding"), b""
                    )
                    body = read_body(response.iter_stream(), coding.decode("latin-1"), call.until)
                finally:
                    response.close()
            except (httpcore2.TimeoutException, TimeoutError) as error:
                reason = f"no whole answer came within the time limit of {round(limit, 2):g} s"
                unsent = isinstance(error, httpcore2.ConnectTimeout)
                raise Lost(request, reason, error, call.beginning, unsent=unsent) from None
            except BROKEN as error:
                raise _broken(request, error, call) from error
        self._answered = True
        return received(response.status, response.headers, body, time.monotonic() - started)

    def _for_core(self, sent: httpx2.Request) -> httpcore2.Request:
        url = sent.url
        return httpcore2.Request(
            sent.method,
            httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=sent.headers.raw,
            content=sent.stream,
            extensions={"timeout": {"pool": self._route.timeout}},
        )


def _broken(request: Request, error: Exception, call: Call) -> Lost | Stale:
    """What a failure on the wire says: nothing, where a connection that was kept may have been closed before it."""
    reason = f"the connection broke: {str(error) or type(error).__name__}"
    if not call.connected and not call.beginning and not isinstance(error, Unreadable):
        return Stale(request, reason)
    unsent = isinstance(error, httpcore2.ConnectError | httpcore2.ProxyError)
    return Lost(request, reason, error, call.beginning, unsent=unsent)
