"""A WSGI or ASGI application in this process as a target, without a socket."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import httpx2

from conformance.wire.body import Body, Unreadable, read_body
from conformance.wire.exchange import Request, Response
from conformance.wire.lost import Lost
from conformance.wire.route import TIMEOUT
from conformance.wire.transport import Connectionless, outgoing, received

App = Callable[..., Any]


class InProcess(Connectionless):
    """Calls the application for each request. An exception in it is a 500, as a server makes it."""

    base_url = "http://in-process"

    def __init__(self, app: App, timeout: float = TIMEOUT) -> None:
        self._transport = httpx2.WSGITransport(app=_as_wsgi(app), raise_app_exceptions=False)
        self._timeout = timeout

    def send(self, request: Request) -> Response:
        started = time.monotonic()
        try:
            status, headers, body = self._answer(
                outgoing(self.base_url, request), started + min(self._timeout, max(self.longest, 0.1))
            )
        except TimeoutError:
            raise Lost(request, f"no whole answer came within the time limit of {self._timeout:g} s") from None
        except (httpx2.TransportError, Unreadable) as error:  # an application may break its connection
            raise Lost(request, f"the connection broke: {str(error) or type(error).__name__}") from None
        return received(status, headers, body, time.monotonic() - started)

    def close(self) -> None:
        self._transport.close()

    def _answer(self, request: httpx2.Request, until: float) -> tuple[int, list[tuple[bytes, bytes]], Body]:
        try:
            response = self._transport.handle_request(request)
            body = read_body(response.iter_raw(), response.headers.get("content-encoding"), until)
        except (httpx2.TransportError, TimeoutError, Unreadable):
            raise
        except Exception as error:  # noqa: BLE001 - whatever escapes an application is its failure
            said = f"{type(error).__name__}: {error}".encode()
            return 500, [(b"Content-Type", b"text/plain")], Body(said, len(said))
        return response.status_code, response.headers.raw, body


def is_asgi(app: App) -> bool:
    """Whether an application is one of ASGI, and not of WSGI."""
    import inspect

    return inspect.iscoroutinefunction(app) or inspect.iscoroutinefunction(type(app).__call__)


def _as_wsgi(app: App) -> Any:
    if not is_asgi(app):
        return app
    from a2wsgi import ASGIMiddleware

    return ASGIMiddleware(app)
