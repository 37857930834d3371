"""Requests as bytes: how they are written, how they are broken, and how h11 reads them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import h11
from hypothesis import strategies as st

from tests.mock_server.wire import KEY

Fields = Sequence[tuple[bytes, bytes]]

JSON: Fields = ((b"Authorization", b"Bearer " + KEY.encode()), (b"Content-Type", b"application/json"))
"""The fields of a request that may write."""
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY")


def message(method: str, target: bytes, fields: Fields = JSON, body: bytes = b"", chunks: Sequence[int] = ()) -> bytes:
    """Return a request. With `chunks` its body is chunked, and is cut there."""
    framing = [(b"Transfer-Encoding", b"chunked")] if chunks else [(b"Content-Length", b"%d" % len(body))]
    lines = [b"%b: %b" % field for field in ((b"Host", b"localhost"), *fields, *framing)]
    head = b"\r\n".join([b"%b %b HTTP/1.1" % (method.encode(), target), *lines]) + b"\r\n\r\n"
    return head + (chunked(body, chunks) if chunks else body)


def chunked(body: bytes, cuts: Sequence[int]) -> bytes:
    """Return a body in chunks that end at these places."""
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in cut(body, cuts) if part) + b"0\r\n\r\n"


def cut(raw: bytes, cuts: Sequence[int]) -> list[bytes]:
    """Return the pieces of `raw` between these places."""
    places = sorted({0, len(raw), *(each % (len(raw) + 1) for each in cuts)})
    return [raw[start:end] for start, end in pairwise(places)] or [raw]


CUTS = st.lists(st.integers(0, 4096), max_size=6)
"""Places at which bytes are cut."""

_TOKENS = [
    b"\r\n", b"\n", b"\r", b" ", b"\t", b":", b"\0", b"\xff", b"%", b"/", b"0", b"-1", b"5", b"ffffffffffffffffff",
    b"\r\n\r\n", b"\r\n ", b"HTTP/1.0", b"HTTP/2.0", b"Host: a\r\n", b"Connection: close\r\n",
    b"Content-Length: 5\r\n", b"Content-Length: 0\r\n", b"Transfer-Encoding: chunked\r\n", b"chunked, chunked",
    b"Transfer-Encoding: gzip\r\n", b"Connection: Upgrade\r\nUpgrade: h2c\r\n", b"Trailer: x\r\n", b";a=b", b"*",
    b"Connection: upgrade\r\nUpgrade: websocket\r\n", b"Expect: 100-continue\r\n", b"http://a@b/",
    b"0\r\n\r\n", b"0\r\nX: y\r\n\r\n", b"1\r\n{\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"x" * 3000, b"X: y\r\n" * 40,
]  # fmt: skip


@st.composite
def broken(draw: st.DrawFn, whole: st.SearchStrategy[bytes]) -> bytes:
    """Draw bytes with a few edits: something put in, left out, doubled, or moved."""
    raw = draw(whole)
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(raw)))
        end = draw(st.integers(start, min(start + 12, len(raw))))
        put = draw(st.sampled_from(_TOKENS) | st.binary(max_size=4) | st.just(raw[start:end] * 2))
        raw = raw[:start] + put + raw[end:]
    return raw


def read_by_h11(raw: bytes) -> tuple[list[tuple[str, bytes, bytes]], bool]:
    """Return method, target and body of each request that is complete, and whether h11 finds nothing wrong."""
    found: list[tuple[str, bytes, bytes]] = []
    while raw:
        server = h11.Connection(h11.SERVER)
        server.receive_data(raw)
        head, body = None, bytearray()
        try:
            while not isinstance(event := server.next_event(), h11.EndOfMessage):
                if event in (h11.NEED_DATA, h11.PAUSED):
                    return found, True
                if isinstance(event, h11.Request):
                    head = event
                elif isinstance(event, h11.Data):
                    body += event.data
        except h11.RemoteProtocolError:
            return found, False
        assert head is not None
        found.append((head.method.decode(), bytes(head.target), bytes(body)))
        if server.their_state is h11.MUST_CLOSE:
            return found, True
        raw = server.trailing_data[0]
    return found, True
