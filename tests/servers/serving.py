"""Serves applications on 127.0.0.1: one as a process of its own, or one in a thread of the tests."""

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
"""How many requests a WSGI application answers at a time: more than any race of the tests has runners."""


def threaded(app: WSGIApplication) -> Any:
    """An ASGI application that runs a WSGI application in threads."""
    return WSGIMiddleware(app, workers=WORKER_THREADS)  # type: ignore[arg-type]  # its types are stricter than WSGI's


def options() -> argparse.ArgumentParser:
    """The options that every server has."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0, help="0, the default, picks a free one")
    return parser


def main(app: Any) -> None:
    """Serve an ASGI application on the port that the command line names, until the process is ended."""
    serve(app, options().parse_args().port)


def serve(app: Any, port: int) -> None:
    """Serve an ASGI application until the process is ended; the first line of output is its base URL."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # so that what has to be cleaned up is
    with _listening(port) as listener:
        print(base_url(listener), flush=True)  # noqa: T201  the output that whoever started the process waits for
        with contextlib.redirect_stdout(sys.stderr):
            _server(app).run([listener])


@contextlib.contextmanager
def served(app: WSGIApplication) -> Iterator[str]:
    """Base URL of a WSGI application that a thread serves, with connections kept alive and real threads."""
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
    """Where a listening socket is reached."""
    host, port = listener.getsockname()
    return f"http://{host}:{port}"


def _listening(port: int) -> socket.socket:
    return socket.create_server(("127.0.0.1", port), backlog=128)


def _by_path(app: Any) -> Any:
    """An application that gets the path alone of a target in absolute form, which h11 hands on as it came."""

    async def call(scope: Any, receive: Any, send: Any) -> None:
        target = urlsplit(scope.get("path", ""))
        if target.scheme and target.netloc:
            scope = {**scope, "path": target.path or "/", "raw_path": urlsplit(scope["raw_path"]).path or b"/"}
        await app(scope, receive, send)

    return call


def _server(app: Any) -> uvicorn.Server:
    """A server of an application, with h11: under httptools, an ignored `Upgrade` loses the body of its request."""
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
