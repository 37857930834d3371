"""Requests and responses as bytes on a socket, for what no HTTP client would send."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from email.parser import BytesParser
from typing import Any

from tests.mock_server.process import SECONDS

MODELS = "/api/models/"
KEY = "demo-acme"


@dataclass(frozen=True, slots=True)
class Reply:
    """One response."""

    status: int
    headers: Mapping[str, str]
    """By name in lower case."""
    body: bytes

    @property
    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)


def request(method: str, target: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> bytes:
    """A request. Without a `Content-Length` or `Transfer-Encoding` of its own it gets the one that is right."""
    given = {"Host": "mock", "Connection": "close", **(headers or {})}
    if not {"content-length", "transfer-encoding"} & {name.lower() for name in given}:
        given["Content-Length"] = str(len(body))
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items())]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def upsert(body: bytes, headers: Mapping[str, str | None] | None = None, key: str | None = KEY) -> bytes:
    """An upsert of any bytes. A header of None is left out."""
    given: dict[str, str | None] = {"Content-Type": "application/json"}
    if key is not None:
        given["Authorization"] = f"Bearer {key}"
    given.update(headers or {})
    return request("POST", MODELS, {name: value for name, value in given.items() if value is not None}, body)


def chunked(*chunks: bytes) -> bytes:
    """A body in chunks."""
    return b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"


def exchange(address: tuple[str, int], sent: bytes) -> Reply:
    """Send bytes, and read the response until the server closes."""
    return reply(exchange_bytes(address, sent))


def exchange_bytes(address: tuple[str, int], sent: bytes, *, nothing_more: bool = False) -> bytes:
    """Send bytes, and read all bytes until the server closes or resets the connection.

    With `nothing_more` the server is told that nothing follows, so that it need not wait for the rest of a request.
    """
    received = b""
    with socket.create_connection(address, timeout=SECONDS) as connection:
        try:
            connection.sendall(sent)
            if nothing_more:
                connection.shutdown(socket.SHUT_WR)
            while data := connection.recv(65536):
                received += data
        except TimeoutError:
            raise
        except OSError:  # the connection was reset
            pass
    return received


def reply(received: bytes) -> Reply:
    """The first response in `received` that is not a 1xx."""
    head, _, body = received.partition(b"\r\n\r\n")
    status_line, _, fields = head.partition(b"\r\n")
    status = int(status_line.split()[1])
    if status < 200:
        return reply(body)
    headers = {name.lower(): value for name, value in BytesParser().parsebytes(fields + b"\r\n\r\n").items()}
    return Reply(status, headers, body)
