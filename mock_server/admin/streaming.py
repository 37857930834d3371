"""Writes long answers of the admin API in pieces, so that nobody waits for all of one, and none is built whole."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from itertools import chain

import orjson
from starlette.types import Receive, Scope, Send

_PIECE = 64 * 1024
"""Bytes that are sent at a time."""
_HEADERS = [(b"content-type", b"application/json")]


class JsonStream:
    """An answer with status 200 of the JSON text that `parts` are together. Other requests are answered in between."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        self._parts = parts

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Send it."""
        pieces = _pieces(self._parts)
        first, second = next(pieces), next(pieces, None)
        length = [] if second else [(b"content-length", b"%d" % len(first))]  # a short answer is not chunked
        await send({"type": "http.response.start", "status": 200, "headers": [*_HEADERS, *length]})
        for piece in chain([first, second or b""], pieces):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            await asyncio.sleep(0)
        await send({"type": "http.response.body", "body": b""})


def _pieces(parts: Iterable[bytes]) -> Iterator[bytes]:
    piece = bytearray()
    for part in parts:
        piece += part
        if len(piece) >= _PIECE:
            yield bytes(piece)
            piece.clear()
    yield bytes(piece)


def members(items: Iterable[tuple[str, Iterable[bytes]]]) -> Iterator[bytes]:
    """Give an object of these names and values.

    >>> b"".join(members([("a", [b"1"]), ("b", [b"[", b"]"])]))
    b'{"a":1,"b":[]}'
    """
    before = b"{"
    for name, value in items:
        yield before + orjson.dumps(name) + b":"
        yield from value
        before = b","
    yield b"{}" if before == b"{" else b"}"


def elements(items: Iterable[bytes]) -> Iterator[bytes]:
    """Give an array of these values.

    >>> b"".join(elements([b"1", b"2"])), b"".join(elements([]))
    (b'[1,2]', b'[]')
    """
    before = b"["
    for item in items:
        yield before + item
        before = b","
    yield b"[]" if before == b"[" else b"]"
