"""A careless HTTP/1.1 server for WSGI applications: unread bytes of a body are parsed as the next request."""

from __future__ import annotations

import contextlib
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import unquote_to_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedIOBase
    from wsgiref.types import WSGIApplication

METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")


class _Alone(HTTPServer):
    """Serves one connection at a time."""

    def handle_error(self, *_: Any) -> None:
        """Ignore clients that have disconnected."""


class _Server(_Alone, ThreadingHTTPServer):
    daemon_threads = True


class Chunks:
    """A chunked body, read whole or not at all."""

    def __init__(self, stream: BufferedIOBase) -> None:
        self._stream = stream
        self.trailers: list[tuple[str, str]] = []
        """The fields after it, once it is read."""

    def read(self, limit: int) -> bytes:
        body = b""
        while size := int(self._stream.readline().split(b";")[0], 16):
            body += self._stream.read(size)
            self._stream.readline()
        while line := self._stream.readline().strip():
            name, _, value = line.decode("latin-1").partition(":")
            self.trailers.append((name, value.strip()))
        return body[:limit]


class Front(BaseHTTPRequestHandler):
    app: ClassVar[WSGIApplication]
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # which holds a body back until its head is acknowledged

    def respond(self) -> None:
        """Pass the request to the application and its response to the client."""
        written = b"".join(type(self).app(self.environ(), self._start))
        if self._status not in (204, 304):
            self.frame(written)
        self.end_headers()
        if self.has_content():
            self.content(written)

    def frame(self, written: bytes) -> None:
        """Send the header that says where the content ends."""
        self.send_header("Content-Length", str(len(written)))

    def has_content(self) -> bool:
        """Return whether the response has content."""
        return self.command != "HEAD"

    def content(self, written: bytes) -> None:
        """Send the content."""
        self.wfile.write(written)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def _start(self, status: str, headers: list[tuple[str, str]], *_: Any) -> Any:
        self._status = int(status[:3])
        self.send_response(self._status)
        for name, value in headers:
            if name.lower() != "content-length":
                self.send_header(name, value)

    def path_info(self, path: str) -> str:
        """Return a percent-decoded path, as in WSGI."""
        return unquote_to_bytes(path).decode("latin-1")

    def environ(self) -> dict[str, Any]:
        """Return the WSGI environment of the request."""
        path, _, query = self.path.partition("?")
        headers = {
            f"HTTP_{name.upper().replace('-', '_')}": ", ".join(self.headers.get_all(name, [])) for name in self.headers
        }
        return {
            **headers,
            "REMOTE_PORT": str(self.client_address[1]),
            "REQUEST_METHOD": self.command,
            "PATH_INFO": self.path_info(path),
            "QUERY_STRING": query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": self.headers.get("Content-Length", ""),
            "wsgi.input": Chunks(self.rfile) if self.headers.get("Transfer-Encoding") else self.rfile,
            "wsgi.errors": sys.stderr,
        }


def _respond(front: Front) -> None:
    front.respond()


for method in METHODS:
    setattr(Front, f"do_{method}", _respond)


@contextlib.contextmanager
def carelessly_served(app: WSGIApplication) -> Iterator[str]:
    """Yield the base URL of an application that a thread serves."""
    front = getattr(app, "front", Front)
    handler = type("Handler", (front,), {"app": staticmethod(app)})
    with (_Server if getattr(app, "threads", True) else _Alone)(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
