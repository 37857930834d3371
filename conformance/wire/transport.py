"""Sends requests to a target: over HTTP, or to a WSGI or ASGI application in this process."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import httpx2

from conformance.outcome import Lost
from conformance.wire.exchange import Request, Response

MAX_BODY = 8 * 1024 * 1024
"""Octets of a response that are read at most; no model comes near it."""


class Transport(Protocol):
    """Anything that answers requests. Safe to call from several threads."""

    base_url: str

    def send(self, request: Request) -> Response:
        """The response, whole. Raises Lost where none comes."""
        ...

    def close(self) -> None:
        """Release the connections."""
        ...


class HttpTransport:
    """A target at a URL; its path prefix is kept. Follows no redirects and adds no headers but Host and framing."""

    def __init__(self, base_url: str, timeout: float = 30.0, transport: httpx2.BaseTransport | None = None) -> None:
        self.base_url = base_url.rstrip("/")
        self._timeout = timeout
        limits = httpx2.Limits(max_connections=64, max_keepalive_connections=64)
        self._client = httpx2.Client(
            timeout=timeout, transport=transport, limits=limits, follow_redirects=False, trust_env=False
        )

    def send(self, request: Request) -> Response:
        outgoing = self._outgoing(request)
        started = time.perf_counter()
        try:
            incoming = self._client.send(outgoing, stream=True)
            try:
                body = self._body(incoming, started + self._timeout)
            finally:
                incoming.close()
        except (httpx2.TimeoutException, TimeoutError):
            raise Lost(request, "no answer came within the time limit") from None
        except (httpx2.TransportError, httpx2.DecodingError) as error:
            raise Lost(request, f"the connection broke: {str(error) or type(error).__name__}") from None
        headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in incoming.headers.raw)
        return Response(incoming.status_code, headers, body, time.perf_counter() - started)

    def close(self) -> None:
        self._client.close()

    def _outgoing(self, request: Request) -> httpx2.Request:
        headers = [(name.encode(), value.encode()) for name, value in request.headers]
        if request.credential is not None:
            headers.append((b"Authorization", request.credential.value.encode()))
        content: Any = request.body
        if request.chunked and request.body is not None:
            content = _in_chunks(request.body)
        return httpx2.Request(request.method, self.base_url + request.target, headers=headers, content=content)

    @staticmethod
    def _body(incoming: httpx2.Response, until: float) -> bytes:
        """The body as far as it is read. Raises TimeoutError where it drips past `until`."""
        body = bytearray()
        for chunk in incoming.iter_bytes():
            if time.perf_counter() > until:
                raise TimeoutError
            body += chunk
            if len(body) > MAX_BODY:
                break
        return bytes(body)


def _in_chunks(body: bytes, size: int = 16) -> Iterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


def in_process(app: Callable[..., Any]) -> HttpTransport:
    """A WSGI or ASGI application as a target, without a socket. An exception in it is a 500, as a server makes it."""
    transport = httpx2.WSGITransport(app=_as_wsgi(app), raise_app_exceptions=False)
    return HttpTransport("http://in-process", transport=_Guarded(transport))


class _Guarded(httpx2.BaseTransport):
    def __init__(self, inner: httpx2.BaseTransport) -> None:
        self._inner = inner

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        try:
            response = self._inner.handle_request(request)
            response.read()  # an application may fail in the midst of its body
        except httpx2.TransportError:  # an application may break its connection
            raise
        except Exception as error:  # noqa: BLE001 - whatever escapes an application is its failure
            return httpx2.Response(500, text=f"{type(error).__name__}: {error}")
        return response


def _as_wsgi(app: Callable[..., Any]) -> Any:
    import inspect

    if not (inspect.iscoroutinefunction(app) or inspect.iscoroutinefunction(type(app).__call__)):
        return app
    from a2wsgi import ASGIMiddleware

    return ASGIMiddleware(app)
