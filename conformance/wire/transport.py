"""What sends requests to a target, and what a request looks like on its way there."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import lru_cache
from typing import Any, Protocol

import httpx2

from conformance.wire.body import Body
from conformance.wire.exchange import Request, Response


class Transport(Protocol):
    """Anything that answers requests. Safe to call from several threads."""

    base_url: str
    connects: bool
    """Whether requests go over connections."""
    longest: float
    """Seconds that a request may take beside its own time limit: what is left of the run."""

    def send(self, request: Request) -> Response:
        """The response, whole. Raises Lost where none comes, or Stale where a kept connection may be why."""
        ...

    def connection(self) -> AbstractContextManager[Callable[[Request], Response]]:
        """A connection: what sends requests over it, one after the other, as long as the target keeps it open."""
        ...

    def keep_none(self) -> None:
        """Send each request over a connection of its own from now on."""
        ...

    def close(self) -> None:
        """Release the connections."""
        ...


class Connectionless:
    """What a transport has that has no connections."""

    connects = False
    longest = math.inf

    def send(self, request: Request) -> Response:
        """The response."""
        raise NotImplementedError

    @contextmanager
    def connection(self) -> Iterator[Callable[[Request], Response]]:
        yield self.send

    def keep_none(self) -> None:
        pass


def outgoing(base_url: str, request: Request) -> httpx2.Request:
    """The request as it is sent, with no more headers than its own, Host, framing, and that no coding is wanted."""
    headers = [(name.encode(), value.encode()) for name, value in request.headers if request.beside_cookies(name)]
    extra = ((name, secret) for name, secret in request.extra if request.beside_cookies(name))
    headers.extend((name.encode(), secret.value.encode()) for name, secret in extra)
    if cookies := [value for value, _ in request.cookies]:
        headers.append((b"Cookie", "; ".join(cookies).encode()))
    if request.header("accept-encoding") is None:
        headers.append((b"Accept-Encoding", b"identity"))
    if request.credential is not None:
        headers.append((b"Authorization", request.credential.value.encode()))
    content: Any = request.body
    if request.chunked and request.body is not None:
        content = _in_chunks(request.body)
    return httpx2.Request(request.method, _url(base_url + request.target), headers=headers, content=content)


@lru_cache(maxsize=64)
def _url(text: str) -> httpx2.URL:
    """Parsed once: most requests of a run go to one path."""
    return httpx2.URL(text)


def received(status: int, headers: list[tuple[bytes, bytes]], body: Body, seconds: float) -> Response:
    """A response as it came."""
    decoded = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)
    return Response(status, decoded, body.content, seconds, body.sent, body.miscoded)


def _in_chunks(body: bytes, size: int = 16) -> Iterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]
