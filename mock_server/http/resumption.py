"""Parses the rest of a request whose head offers to upgrade the connection.

llhttp stops at the end of such a head, as though the connection were upgraded, and httptools has no switch for that.
So another parser takes over: it gets a head with the same framing and without the offer, and then what follows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import httptools

_KEPT = frozenset({b"connection", b"content-length", b"transfer-encoding"})


class Callbacks(Protocol):
    """Whom a parser tells what it finds."""

    def on_message_begin(self) -> None:
        """Begin a request."""

    def on_url(self, url: bytes) -> None:
        """Take a part of the request target."""

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header or trailer field."""

    def on_headers_complete(self) -> None:
        """End the head."""

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""

    def on_message_complete(self) -> None:
        """End the request."""


class Resumption:
    """A parser that tells nothing of the first head that it reads, because that is known."""

    def __init__(self, callbacks: Callbacks) -> None:
        self._callbacks = callbacks
        self._known = True
        self.on_body = callbacks.on_body
        self.on_message_complete = callbacks.on_message_complete
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)

    def start(self, method: str, version: str, headers: Sequence[tuple[bytes, bytes]]) -> None:
        """Give the parser the head of the request whose rest it is to read."""
        fields = b"".join(b"%b: %b\r\n" % field for field in headers if field[0] in _KEPT)
        self.parser.feed_data(f"{method} / HTTP/{version}\r\n".encode() + fields + b"\r\n")

    def on_message_begin(self) -> None:
        """Begin a request."""
        if not self._known:
            self._callbacks.on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Take a part of the request target."""
        if not self._known:
            self._callbacks.on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header or trailer field."""
        if not self._known:
            self._callbacks.on_header(name, value)

    def on_headers_complete(self) -> None:
        """End the head."""
        if not self._known:
            self._callbacks.on_headers_complete()
        self._known = False
