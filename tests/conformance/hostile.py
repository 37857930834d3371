"""Servers that mean no good: correct for some requests, and then whatever a test wants, byte by byte."""

from __future__ import annotations

import contextlib
import io
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from urllib.parse import unquote_to_bytes

from tests.servers.plain import PlainServer

Request: TypeAlias = tuple[bytes, bytes]
"""Head and body."""
Act: TypeAlias = "Callable[[socket.socket, Hostile, Request], None]"
"""What is done with a connection once a request came over it."""
MEGABYTE = b"x" * 1024 * 1024


@dataclass(slots=True)
class Hostile:
    """A server in threads. `friendly` requests go to a correct implementation, all others by `act`."""

    act: Act
    friendly: int = 0
    url: str = ""
    tls: ssl.SSLContext | None = None
    heads: list[bytes] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    """The bodies of the requests, as they came."""
    over: threading.Event = field(default_factory=threading.Event)
    app: Any = field(default_factory=PlainServer)
    counting: threading.Lock = field(default_factory=threading.Lock)
    connections: list[socket.socket] = field(default_factory=list)
    threads: list[threading.Thread] = field(default_factory=list)

    @property
    def header_names(self) -> list[str]:
        """Names of the headers of the latest request, in lower case."""
        return [line.partition(b":")[0].decode().lower() for line in self.heads[-1].split(b"\r\n")[1:]]

    @property
    def request_line(self) -> str:
        """The first line of the latest request."""
        return self.heads[-1].partition(b"\r\n")[0].decode()

    def remember(self, request: Request) -> int:
        """Return the number of this request, from 1 on."""
        with self.counting:
            self.heads.append(request[0])
            self.bodies.append(request[1])
            return len(self.heads)

    def start(self, target: Callable[[socket.socket, Hostile], None], connection: socket.socket) -> None:
        """Run a function in a thread."""
        self.threads.append(threading.Thread(target=target, args=(connection, self), daemon=True))
        self.threads[-1].start()

    def answer_to(self, request: Request) -> bytes:
        """What a correct implementation returns, with its length and nothing else added."""
        return _answer_of(self.app, *request)


@contextlib.contextmanager
def hostile(act: Act, friendly: int = 0, tls: ssl.SSLContext | None = None) -> Iterator[Hostile]:
    """Such a server, until the end of the block."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        server = Hostile(act, friendly, "http://{}:{}".format(*listener.getsockname()), tls)
        server.start(_accept, listener)
        try:
            yield server
        finally:
            server.over.set()
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            for connection in server.connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            for thread in server.threads:
                thread.join(10)


def _accept(listener: socket.socket, server: Hostile) -> None:
    with contextlib.suppress(OSError):
        while not server.over.is_set():
            connection, _ = listener.accept()
            server.connections.append(connection)
            server.start(_serve, connection)


def _serve(accepted: socket.socket, server: Hostile) -> None:
    with accepted, contextlib.suppress(OSError, EOFError), _secured(accepted, server.tls) as connection:
        while True:
            request = _request(connection)
            if server.remember(request) > server.friendly:
                server.act(connection, server, request)
                return
            connection.sendall(server.answer_to(request))


def _secured(connection: socket.socket, tls: ssl.SSLContext | None) -> socket.socket:
    return tls.wrap_socket(connection, server_side=True) if tls else connection


def _request(connection: socket.socket) -> Request:
    data = b""
    while b"\r\n\r\n" not in data:
        data += _some(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    lower = head.lower()
    length = int(lower.partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
    while len(body) < length:
        body += _some(connection)
    if b"transfer-encoding: chunked" in lower:
        while not body.endswith(b"0\r\n\r\n"):
            body += _some(connection)
    return head, body


def _some(connection: socket.socket) -> bytes:
    data = connection.recv(65536)
    if not data:
        raise EOFError
    return data


def _answer_of(app: Any, head: bytes, body: bytes) -> bytes:
    if b"transfer-encoding: chunked" in head.lower():
        body = b"".join(body.split(b"\r\n")[1::2])
    lines = head.decode("latin-1").split("\r\n")
    method, target, _ = lines[0].split(" ")
    path, _, query = target.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method, "PATH_INFO": _unquoted(path), "QUERY_STRING": query,
        "CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body), "wsgi.errors": io.StringIO(),
    }  # fmt: skip
    for line in lines[1:]:
        name, _, value = line.partition(": ")
        key = name.upper().replace("-", "_")
        environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
    told: list[str] = []

    def start_response(status: str, headers: list[tuple[str, str]], *_: Any) -> None:
        told.append("\r\n".join([f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers)]))

    content = b"".join(app(environ, start_response))
    length = "" if "content-length:" in told[0].lower() else f"\r\nContent-Length: {len(content)}"
    return f"{told[0]}{length}\r\n\r\n".encode("latin-1") + content


def _unquoted(path: str) -> str:
    return unquote_to_bytes(path).decode("latin-1")


# -- acts ------------------------------------------------------------------------------------------------------------


def saying(*parts: bytes) -> Act:
    """Say this, and close the connection."""

    def act(connection: socket.socket, *_: object) -> None:
        for part in parts:
            connection.sendall(part)

    return act


def answering(head: str, body: bytes = b"") -> Act:
    """Answer with these lines above the body, and close the connection."""
    return saying(head.replace("\n", "\r\n").encode("latin-1") + b"\r\n\r\n" + body)


def silent(_: socket.socket, server: Hostile, __: Request) -> None:
    """Say nothing, for ever."""
    server.over.wait()


def waiting_after(content: bytes) -> Act:
    """Say this, and nothing more, for ever."""

    def act(connection: socket.socket, server: Hostile, _: Request) -> None:
        connection.sendall(content)
        server.over.wait()

    return act


def for_ever(beginning: bytes, again: bytes, pause: float = 0.0) -> Act:
    """Say one thing, and then another again and again."""

    def act(connection: socket.socket, server: Hostile, _: Request) -> None:
        connection.sendall(beginning)
        while not server.over.is_set():
            connection.sendall(again)
            if pause:
                time.sleep(pause)

    return act


def resetting(connection: socket.socket, *_: object) -> None:
    """Reset the connection."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def closing_kept(connection: socket.socket, server: Hostile, request: Request) -> None:
    """Answer one request, take a second one in, and close the connection."""
    connection.sendall(server.answer_to(request))
    _request(connection)


def doing_without_a_word(connection: socket.socket, server: Hostile, request: Request) -> None:
    """Answer one request, do what a second one asks, and close the connection."""
    connection.sendall(server.answer_to(request))
    server.answer_to(_request(connection))


def bomb(megabytes: int = 1024) -> bytes:
    """The beginning of a gzip stream that decodes to so many megabytes and is a thousandth as long."""
    coder = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    head = coder.compress(b"") + coder.flush(zlib.Z_FULL_FLUSH)
    block = coder.compress(MEGABYTE) + coder.flush(zlib.Z_FULL_FLUSH)
    return head + block * megabytes
