"""Framing: where a request ends, and which host it addresses (RFC 9112, sections 2.3, 3.2, 6.1 and 6.3).

llhttp, the parser, rejects most invalid requests. It accepts some that its caller should judge; `check` does.

After a head that offers to upgrade the connection, llhttp stops as if the connection were upgraded, and httptools has
no option against that. So another parser takes over (`Resumption`). It gets a head with the same framing but without
the offer, and then the rest of the request.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import AddressValueError, IPv6Address
from typing import Protocol

import httptools

from mock_server.errors import quoted
from mock_server.settings import Limits

FRAMING = frozenset({b"host", b"content-length", b"transfer-encoding"})
"""The fields that `check` looks at."""
VERSIONS = ("1.1", "1.0")

_AUTHORITY = re.compile(rb"(\[[0-9A-Fa-f:.]+\]|(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})+)(?::([0-9]{0,5}))?")
_LONGEST = 300
"""Bytes of a host: names have 255 at most."""
_UNSUPPORTED_VERSION = ("Invalid HTTP version", "Expected dot", "Pause on PRI/Upgrade")
"""What llhttp says about a request line with an unsupported version of HTTP."""
_UNKNOWN_METHOD = (
    "The request does not begin with a method that the mock knows; methods are in capitals. "
    "If the client uses https://, use http://. If another request came before, its Content-Length may be too small."
)
_UNENCODED = "The request target has a character that must be percent-encoded."
_IN_OTHER_WORDS = {
    "Invalid method encountered": _UNKNOWN_METHOD,
    "Expected space after method": _UNKNOWN_METHOD,
    "Expected HTTP/, RTSP/ or ICE/": "The request line is not METHOD TARGET HTTP/1.1; a space in the target is %20.",
    "Invalid char in url path": _UNENCODED,
    "Invalid char in url query": _UNENCODED,
}
"""What llhttp says about the mistakes of most clients, and what it means."""

Fields = tuple[tuple[bytes, bytes], ...]


class ProtocolError(Exception):
    """A request that cannot be passed to the app, or a connection that cannot be served: the status, and why."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


@lru_cache(maxsize=64)  # a client repeats the same fields
def check(version: str, fields: Fields) -> None:
    """Raise ProtocolError unless `fields`, those of FRAMING, are consistent in a request of this version."""
    if version not in VERSIONS:
        raise ProtocolError(505, f"HTTP/{version} is not supported, only HTTP/1.1 and HTTP/1.0.")
    names = [name for name, _ in fields]
    _check_host(version, [value for name, value in fields if name == b"host"])
    if b"transfer-encoding" in names:
        coding = b",".join(value for name, value in fields if name == b"transfer-encoding")
        _check_coding(version, coding, with_length=b"content-length" in names)
    if names.count(b"content-length") > 1:
        raise ProtocolError(400, "The request has more than one Content-Length.")


def _check_host(version: str, hosts: Sequence[bytes]) -> None:
    if len(hosts) > 1:
        raise ProtocolError(400, "The request has more than one Host.")
    if not hosts and version == "1.1":
        raise ProtocolError(400, "The request has no Host, which HTTP/1.1 requires.")
    if hosts and not is_authority(hosts[0].rstrip(b" \t")):
        raise ProtocolError(
            400, f"{quoted(hosts[0].decode('latin-1'))} is not a valid Host; expected NAME or NAME:PORT."
        )


def _check_coding(version: str, coding: bytes, *, with_length: bool) -> None:
    if version == "1.0":
        raise ProtocolError(400, "HTTP/1.0 has no Transfer-Encoding.")
    if with_length:
        raise ProtocolError(400, "The request has both Transfer-Encoding and Content-Length.")
    codings = [each.strip(b" ").lower() for each in coding.split(b",")]
    if codings == [b"chunked"]:
        return
    if codings.count(b"chunked") > 1 or b"" in codings or codings[-1] != b"chunked":
        raise ProtocolError(400, "Transfer-Encoding must end in chunked, once; the length of the body is unknown.")
    raise ProtocolError(501, "No Transfer-Encoding except chunked is supported.")


def is_authority(value: bytes) -> bool:
    """Return whether `value` is a host, with or without a port (RFC 3986, section 3.2).

    >>> is_authority(b"localhost:8000"), is_authority(b"[::1]:8000"), is_authority(b"user@localhost")
    (True, True, False)
    """
    return len(value) <= _LONGEST and _is_authority(value)


@lru_cache(maxsize=256)
def _is_authority(value: bytes) -> bool:
    match = _AUTHORITY.fullmatch(value)
    if not match or int(match[2] or 0) > 65535:
        return False
    if match[1].startswith(b"["):
        try:
            IPv6Address(match[1][1:-1].decode())
        except AddressValueError:
            return False
    return True


@lru_cache(maxsize=64)  # a client repeats the same targets
def target_of(target: bytes) -> tuple[bytes, bytes, bytes | None]:
    """Return the path, the query and, for the absolute form, the authority of a request target.

    >>> target_of(b"/a?b"), target_of(b"http://mock:80")
    ((b'/a', b'b', None), (b'/', b'', b'mock:80'))

    Raises ProtocolError.
    """
    if target[:1] == b"/" and target.isascii():
        path, _, query = target.partition(b"#")[0].partition(b"?")
        return path, query, None
    try:
        url = httptools.parse_url(target)
    except httptools.HttpParserError:
        url = None
    if url is None or not target.isascii() or (url.schema or b"").lower() not in {b"http", b"https"} or not url.host:
        raise ProtocolError(400, "The request target is neither a path nor a URL of http or https.")
    authority = re.split(rb"[/?#]", target.partition(b"://")[2], maxsplit=1)[0]
    if not is_authority(authority):
        raise ProtocolError(400, "The request target has no valid host.")
    return url.path or b"/", url.query or b"", authority


def protocol_error(error: BaseException) -> ProtocolError:
    """Return the response to an error of the parser."""
    if isinstance(error.__context__, ProtocolError):
        return error.__context__
    reason = str(error)
    if isinstance(error, httptools.HttpParserCallbackError):
        return ProtocolError(400, "The request is not valid HTTP.")
    if reason in _UNSUPPORTED_VERSION:
        return ProtocolError(505, "This version of HTTP is not supported, only HTTP/1.1 and HTTP/1.0.")
    return ProtocolError(400, _IN_OTHER_WORDS.get(reason, f"The request is not valid HTTP: {reason}."))


def long_line(limits: Limits) -> ProtocolError:
    """Return the 414."""
    return ProtocolError(414, f"The request target is longer than {limits.request_line} bytes.")


def long_fields(limits: Limits) -> ProtocolError:
    """Return the 431 for header fields."""
    most = f"{limits.header_count} header fields or {limits.header_bytes} bytes of them"
    return ProtocolError(431, f"The request has more than {most}.")


def long_trailers(limits: Limits) -> ProtocolError:
    """Return the 431 for trailers or a chunk extension: the parser does not say which one is too long."""
    most = limits.trailer_bytes
    return ProtocolError(431, f"The trailers or a chunk extension of the request have more than {most} bytes.")


_KEPT = frozenset({b"connection", b"content-length", b"transfer-encoding"})


class Callbacks(Protocol):
    """What a parser calls for each part of a request."""

    def on_message_begin(self) -> None:
        """Begin a request."""

    def on_url(self, url: bytes) -> None:
        """Receive a part of the request target."""

    def on_header(self, name: bytes, value: bytes) -> None:
        """Receive a header or trailer field."""

    def on_headers_complete(self) -> None:
        """End the head."""

    def on_body(self, body: bytes) -> None:
        """Receive a part of the body."""

    def on_message_complete(self) -> None:
        """End the request."""


class Resumption:
    """A parser that reports nothing about its first head, because that head was reported before."""

    def __init__(self, callbacks: Callbacks) -> None:
        self._callbacks = callbacks
        self._known = True
        self.on_body = callbacks.on_body
        self.on_message_complete = callbacks.on_message_complete
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)

    def start(self, method: str, version: str, headers: Sequence[tuple[bytes, bytes]]) -> None:
        """Feed the parser the head of the request that it continues."""
        fields = b"".join(b"%b: %b\r\n" % field for field in headers if field[0] in _KEPT)
        self.parser.feed_data(f"{method} / HTTP/{version}\r\n".encode() + fields + b"\r\n")

    def on_message_begin(self) -> None:
        """Begin a request."""
        if not self._known:
            self._callbacks.on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Receive a part of the request target."""
        if not self._known:
            self._callbacks.on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Receive a header or trailer field."""
        if not self._known:
            self._callbacks.on_header(name, value)

    def on_headers_complete(self) -> None:
        """End the head."""
        if not self._known:
            self._callbacks.on_headers_complete()
        self._known = False
