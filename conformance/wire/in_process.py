"""Send requests to a WSGI or ASGI application in this process (PEP 3333), as a server would.

httpx2 has a transport for WSGI, but its requests and responses take longer than an application in memory does.
"""

from __future__ import annotations

import inspect
import io
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote

import httpcore2

from conformance.wire.exchange import NoResponse, Request, Response
from conformance.wire.http import BROKEN_CONNECTION, SHORTEST, WITH_CONTENT, exchange, fields_of
from conformance.wire.transport import TIMEOUT, Transport

App = Callable[..., Any]
CONSTANT: Mapping[str, Any] = MappingProxyType({
    "wsgi.version": (1, 0),
    "wsgi.url_scheme": "http",
    "wsgi.multithread": True,
    "wsgi.multiprocess": False,
    "wsgi.run_once": False,
    "SCRIPT_NAME": "",
    "SERVER_NAME": "in-process",
    "SERVER_PORT": "80",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "REMOTE_ADDR": "127.0.0.1",
    "HTTP_HOST": "in-process",
})  # fmt: skip
"""What every request has."""
NAMED_ALONE = ("CONTENT_TYPE", "CONTENT_LENGTH")
"""Headers whose variables have no prefix."""


class InProcess(Transport):
    """An application in this process. An exception in it becomes a 500, as in a server."""

    base_url = "http://in-process"

    def __init__(self, app: App, timeout: float = TIMEOUT) -> None:
        self._app = _as_wsgi(app)
        self._timeout = timeout

    def send(self, request: Request) -> Response:
        began, seconds = time.monotonic(), min(self._timeout, max(self.time_left, SHORTEST))
        try:
            return exchange(request, self._responding(request), seconds, connected=True)
        except NoResponse:  # an application may break its connection
            raise
        except Exception as error:  # noqa: BLE001 - any exception that an application raises is its failure
            said = f"{type(error).__name__}: {error}".encode()
            return Response(500, (("Content-Type", "text/plain"),), said, time.monotonic() - began, len(said))

    @contextmanager
    def _responding(self, request: Request) -> Iterator[httpcore2.Response]:
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], _: Any = None) -> Callable[[bytes], object]:
            started.append((status, headers))
            return lambda _: None

        try:
            body = self._app(self._environ(request), start_response)
        except (httpcore2.TimeoutException, *BROKEN_CONNECTION) as error:  # it called another server
            raise RuntimeError(f"{type(error).__name__}: {error}") from error
        try:
            chunks = _from_first_chunk(body)
            if not started:
                raise RuntimeError("the application did not call start_response")
            status, headers = started[-1]
            written = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
            yield httpcore2.Response(int(status.split()[0]), headers=written, content=chunks)
        finally:
            if hasattr(body, "close"):
                body.close()

    def _environ(self, request: Request) -> dict[str, Any]:
        (path, _, query), body = request.target.partition("?"), request.body or b""
        environ = {**CONSTANT, "wsgi.input": io.BytesIO(body), "wsgi.errors": sys.stderr}
        environ |= {"REQUEST_METHOD": request.method, "PATH_INFO": unquote(path), "QUERY_STRING": query}
        if request.chunked:
            environ["HTTP_TRANSFER_ENCODING"] = "chunked"
        if body or (request.method in WITH_CONTENT and not request.chunked):
            environ["CONTENT_LENGTH"] = str(len(body))
        for name, value in fields_of(request):
            variable = name.upper().replace("-", "_")
            environ[variable if variable in NAMED_ALONE else f"HTTP_{variable}"] = value
        return environ


def _from_first_chunk(body: Iterable[bytes]) -> Iterator[bytes]:
    """Return the chunks, and let the application make the first that is not empty: it may start its response then."""
    chunks = iter(body)
    return chain([next(filter(None, chunks), b"")], chunks)


def is_asgi(app: App) -> bool:
    """Return whether an application is ASGI rather than WSGI."""
    return inspect.iscoroutinefunction(app) or inspect.iscoroutinefunction(type(app).__call__)


def _as_wsgi(app: App) -> Any:
    if not is_asgi(app):
        return app
    from a2wsgi import ASGIMiddleware

    return ASGIMiddleware(app)
