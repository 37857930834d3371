"""A loopback proxy for HTTPS: it opens tunnels (CONNECT) and records the requested hosts."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(slots=True)
class Tunnels:
    """A proxy that runs in threads."""

    url: str
    requested: list[bytes] = field(default_factory=list)
    """The heads of the requests to it."""


@contextlib.contextmanager
def tunnelling() -> Iterator[Tunnels]:
    """Yield a proxy that opens every requested tunnel."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        tunnels = Tunnels("http://{}:{}".format(*listener.getsockname()))
        thread = threading.Thread(target=_serve, args=(listener, tunnels), daemon=True)
        thread.start()
        yield tunnels
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def _serve(listener: socket.socket, tunnels: Tunnels) -> None:
    with contextlib.suppress(OSError):
        while True:
            client, _ = listener.accept()
            threading.Thread(target=_tunnel, args=(client, tunnels), daemon=True).start()


def _tunnel(client: socket.socket, tunnels: Tunnels) -> None:
    with client, contextlib.suppress(OSError):
        head = b""
        while b"\r\n\r\n" not in head:
            if not (part := client.recv(4096)):
                return
            head += part
        tunnels.requested.append(head)
        host, _, port = head.split()[1].decode().rpartition(":")
        with socket.create_connection((host, int(port))) as target:
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=_pump, args=(target, client), daemon=True)
            back.start()
            _pump(client, target)
            back.join(10)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while part := source.recv(65536):
            sink.sendall(part)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
