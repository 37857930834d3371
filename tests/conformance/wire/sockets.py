"""Small servers on loopback that say exactly what a test wants, and remember exactly what they were told."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

Script: TypeAlias = Callable[[socket.socket], None]


@dataclass(slots=True)
class Heard:
    """A server that runs in a thread, and the head and body of each request that it got."""

    url: str
    heads: list[bytes] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    @property
    def header_names(self) -> list[str]:
        """Names of the headers of the latest request, in lower case."""
        return [line.partition(b":")[0].decode().lower() for line in self.heads[-1].split(b"\r\n")[1:]]

    @property
    def request_line(self) -> str:
        """The first line of the latest request."""
        return self.heads[-1].partition(b"\r\n")[0].decode()


@contextlib.contextmanager
def saying(response: bytes | Script, tls: ssl.SSLContext | None = None) -> Iterator[Heard]:
    """A server that sends each connection one response and closes it; a script does with the connection as it likes."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        heard = Heard("http://{}:{}".format(*listener.getsockname()))
        thread = threading.Thread(target=_serve, args=(listener, heard, response, tls), daemon=True)
        thread.start()
        yield heard
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def _serve(listener: socket.socket, heard: Heard, response: bytes | Script, tls: ssl.SSLContext | None) -> None:
    with contextlib.suppress(OSError):
        while True:
            accepted, _ = listener.accept()
            with accepted, contextlib.suppress(OSError), _secured(accepted, tls) as connection:
                _hear(connection, heard)
                if callable(response):
                    response(connection)
                else:
                    connection.sendall(response)


def _secured(connection: socket.socket, tls: ssl.SSLContext | None) -> socket.socket:
    return tls.wrap_socket(connection, server_side=True) if tls else connection


def _hear(connection: socket.socket, heard: Heard) -> None:
    data = b""
    while b"\r\n\r\n" not in data:
        data += _some(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    lower = head.lower()
    if b"transfer-encoding: chunked" in lower:
        while not body.endswith(b"0\r\n\r\n"):
            body += _some(connection)
    elif b"content-length: " in lower:
        length = int(lower.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        while len(body) < length:
            body += _some(connection)
    heard.heads.append(head)
    heard.bodies.append(body)


def _some(connection: socket.socket) -> bytes:
    data = connection.recv(65536)
    if not data:
        raise ConnectionAbortedError("the client went away")
    return data
