"""Sends a given number of upserts over one connection, many at once: wrk can only send for a given time."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from io import BufferedReader
from urllib.parse import urlsplit

from benchmarks.throughput.load import BODY, KEY, PATH, LoadError

_AT_ONCE = 64
"""Requests that are sent before their responses are read."""


def fill(url: str, numbers: Sequence[int]) -> None:
    """Send an upsert of each of the models with these numbers. Raises LoadError."""
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port)) as connection:
        responses = connection.makefile("rb")
        for start in range(0, len(numbers), _AT_ONCE):
            part = numbers[start : start + _AT_ONCE]
            connection.sendall(b"".join(_requests(part)))
            for _ in part:
                _check(responses)


def _requests(numbers: Sequence[int]) -> Iterator[bytes]:
    head = f"POST {PATH} HTTP/1.1\r\nHost: mock\r\nAuthorization: Bearer {KEY}\r\nContent-Type: application/json\r\n"
    for number in numbers:
        content = BODY % number
        yield f"{head}Content-Length: {len(content)}\r\n\r\n{content}".encode()


def _check(responses: BufferedReader) -> None:
    """Read a response. Raises LoadError if it is no success."""
    status, length = responses.readline(), 0
    while (line := responses.readline()) not in (b"\r\n", b""):
        name, _, value = line.partition(b":")
        if name == b"content-length":
            length = int(value)
    content = responses.read(length)
    if not status.startswith(b"HTTP/1.1 2"):
        raise LoadError(f"an upsert returned {status.decode()!r}: {content.decode()}")
