"""Serves applications on 127.0.0.1, in a process of their own or in a thread of the tests."""

from __future__ import annotations

import argparse
import contextlib
import signal
import socket
import sys
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import uvicorn
from a2wsgi import WSGIMiddleware

if TYPE_CHECKING:
    from collections.abc import Iterator
    from wsgiref.types import WSGIApplication

WORKER_THREADS = 16
"""Concurrent requests of a WSGI application: more than any race of the tests sends."""


def threaded(app: WSGIApplication) -> Any:
    """Return an ASGI application that runs a WSGI application in threads."""
    return WSGIMiddleware(app, workers=WORKER_THREADS)  # type: ignore[arg-type]  # its types are stricter than WSGI's


def options() -> argparse.ArgumentParser:
    """Return a parser with the options of every server."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0, help="0, the default, picks a free one")
    return parser


def main(app: Any) -> None:
    """Serve an ASGI application on the port of the command line until the process is terminated."""
    serve(app, options().parse_args().port)


def serve(app: Any, port: int) -> None:
    """Serve an ASGI application until the process is terminated; the first line of output is its base URL."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # so that clean-up runs
    with _listening(port) as listener:
        print(base_url(listener), flush=True)  # noqa: T201  the process that started this one waits for it
        with contextlib.redirect_stdout(sys.stderr):
            _server(app).run([listener])


@contextlib.contextmanager
def served(app: WSGIApplication) -> Iterator[str]:
    """Yield the base URL of a WSGI application that a thread serves, with keep-alive and worker threads."""
    server = _server(threaded(app))
    with _listening(0) as listener:
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        try:
            yield base_url(listener)
        finally:
            server.should_exit = True
            thread.join()


def base_url(listener: socket.socket) -> str:
    """Return the base URL of a listening socket."""
    host, port = listener.getsockname()
    return f"http://{host}:{port}"


def _listening(port: int) -> socket.socket:
    return socket.create_server(("127.0.0.1", port), backlog=128)


def _by_path(app: Any) -> Any:
    """Return an application that gets only the path of a target in absolute form, which h11 passes on unchanged."""

    async def call(scope: Any, receive: Any, send: Any) -> None:
        target = urlsplit(scope.get("path", ""))
        if target.scheme and target.netloc:
            scope = {**scope, "path": target.path or "/", "raw_path": urlsplit(scope["raw_path"]).path or b"/"}
        await app(scope, receive, send)

    return call


def _server(app: Any) -> uvicorn.Server:
    """Return a server with h11: httptools drops the body of a request whose `Upgrade` is ignored."""
    return uvicorn.Server(
        uvicorn.Config(
            _by_path(app),
            http="h11",
            log_level="warning",
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=1,
        )
    )
