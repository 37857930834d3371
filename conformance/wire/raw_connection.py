"""Write requests byte by byte and read the responses, for cases that no HTTP client would send, or would hide.

A raw connection uses no proxy, and sends one request after another.
"""

from __future__ import annotations

import contextlib
import math
import re
import socket
import ssl
import time
from collections.abc import Iterator
from types import TracebackType
from urllib.parse import urlsplit

from conformance.wire.exchange import NoResponse, Request, Response, StaleConnection, WireFormat
from conformance.wire.transport import MAX_BODY_BYTES, Route, UnreadableBody, decode_body

CRLF = b"\r\n"
LONGEST_HEAD = 64 * 1024
SILENCE = 0.3
"""Seconds without data after which nothing more is expected, if nothing has to come."""
BODY_DELAY = 0.1
"""Seconds between a head and a body that is sent later."""
SWITCHING_PROTOCOLS = 101


class InvalidHttp(Exception):
    """The received bytes are not an HTTP response, or not a complete one."""


class RawConnection:
    """A connection, which the first request opens."""

    def __init__(self, base_url: str, route: Route, tls: ssl.SSLContext | None) -> None:
        self._url = urlsplit(base_url)
        self._route = route
        self._tls = tls
        self._socket: socket.socket | None = None
        self._rest = b""
        self._until = 0.0
        self._switched = False

    def __enter__(self) -> RawConnection:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.close()

    def send(self, request: Request, longest: float = math.inf) -> Response:
        """Return the response. Raises NoResponse, or StaleConnection if an earlier request closed the connection."""
        began, limit = time.monotonic(), min(self._route.timeout, longest)
        self._until = began + limit
        first = self._socket is None
        if self._switched:
            raise StaleConnection(request, "the connection was switched to another protocol")
        try:
            if self._socket is None:
                self._socket = self._connected()
            self._write(self._socket, request)
            return self._response(request, began)
        except TimeoutError as error:
            reason = f"no complete response came within the time limit of {round(limit, 2):g} s"
            raise NoResponse(request, reason, error, self._rest) from None
        except (OSError, InvalidHttp, UnreadableBody) as error:
            reason = f"the connection broke: {error or type(error).__name__}"
            if not first and not self._rest:
                raise StaleConnection(request, reason) from None
            raise NoResponse(request, reason, error, self._rest) from error

    def _connected(self) -> socket.socket:
        port = self._url.port or (443 if self._tls else 80)
        host = self._url.hostname or ""
        connected = socket.create_connection((host, port), self._left())
        return self._tls.wrap_socket(connected, server_hostname=host) if self._tls else connected

    def _write(self, connection: socket.socket, request: Request) -> None:
        head, content = head_and_content(request, self._url.geturl())
        connection.settimeout(self._left())
        if request.wire_format is None or not request.wire_format.delay_body:
            connection.sendall(head + content)
            return
        connection.sendall(head)
        time.sleep(BODY_DELAY)
        with contextlib.suppress(OSError):  # the target may respond before the body, and close the connection
            connection.sendall(content)

    def _left(self) -> float:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def _response(self, request: Request, began: float) -> Response:
        status, headers = self._head()
        while 100 <= status <= 199 and status != SWITCHING_PROTOCOLS:
            status, headers = self._head()
        plain = {name.lower(): value for name, value in headers}
        if request.method == "HEAD":  # anything that follows is content that must not be there
            body = self._until_silence()
        elif status == SWITCHING_PROTOCOLS:  # anything that follows is not HTTP/1.1
            self._switched, body = True, b""
        elif status in (204, 304):
            body = b""
        elif "chunked" in plain.get("transfer-encoding", "").lower():
            body = b"".join(self._chunks())
        elif "content-length" in plain:
            body = self._exactly(_size(plain["content-length"], 10))
        else:
            body = self._until_closed()
        read = decode_body(body, plain.get("content-encoding"))
        return Response(status, headers, read.content, time.monotonic() - began, read.encoded_size, read.encoding_error)

    def _head(self) -> tuple[int, tuple[tuple[str, str], ...]]:
        while CRLF * 2 not in self._rest:
            if len(self._rest) > LONGEST_HEAD:
                raise InvalidHttp("the head has no end")
            self._more()
        head, _, self._rest = self._rest.partition(CRLF * 2)
        first, *lines = head.decode("latin-1").split("\r\n")
        version, _, rest = first.partition(" ")
        if not (version.startswith("HTTP/1.") and re.fullmatch("[0-9]{3}", rest[:3])):
            raise InvalidHttp(f"the response is not HTTP: {first[:64]!r}")
        fields = (line.partition(":") for line in lines)
        return int(rest[:3]), tuple((name, value.strip(" \t")) for name, _, value in fields)

    def _chunks(self) -> Iterator[bytes]:
        total = 0
        while size := _size(self._line().split(b";")[0].decode("latin-1"), 16):
            total += size
            if total > MAX_BODY_BYTES:
                raise UnreadableBody(f"is longer than {MAX_BODY_BYTES} bytes and was not read further")
            yield self._exactly(size)
            self._line()
        while self._line():  # trailers
            pass

    def _line(self) -> bytes:
        while CRLF not in self._rest:
            self._more()
        line, _, self._rest = self._rest.partition(CRLF)
        return line

    def _exactly(self, length: int) -> bytes:
        if length > MAX_BODY_BYTES:
            raise UnreadableBody(f"is longer than {MAX_BODY_BYTES} bytes and was not read further")
        while len(self._rest) < length:
            self._more()
        body, self._rest = self._rest[:length], self._rest[length:]
        return body

    def _until_closed(self) -> bytes:
        with contextlib.suppress(InvalidHttp):
            while len(self._rest) <= MAX_BODY_BYTES:
                self._more()
        body, self._rest = self._rest, b""
        return body

    def _until_silence(self) -> bytes:
        self._until = min(self._until, time.monotonic() + SILENCE)
        with contextlib.suppress(TimeoutError, OSError):
            return self._until_closed()
        body, self._rest = self._rest, b""
        return body

    def _more(self) -> None:
        """Read more bytes. Raises InvalidHttp if the connection is closed."""
        if self._socket is None:
            raise InvalidHttp("there is no connection")
        self._socket.settimeout(self._left())
        came = self._socket.recv(65536)
        if not came:
            raise InvalidHttp("it was closed before the response was complete")
        self._rest += came


def _size(text: str, base: int) -> int:
    """Return the length in a framing field (RFC 9112, sections 6.2 and 7.1). Raises InvalidHttp if it is invalid."""
    digits = text.strip(" \t")
    if not re.fullmatch("[0-9]{1,19}" if base == 10 else "[0-9A-Fa-f]{1,16}", digits):
        raise InvalidHttp(f"invalid length of a body: {text[:64]!r}")
    return int(digits, base)


def request_bytes(request: Request, base_url: str) -> bytes:
    """Return the bytes of the request."""
    head, content = head_and_content(request, base_url)
    return head + content


def head_and_content(request: Request, base_url: str) -> tuple[bytes, bytes]:
    """Return the head of the request, and the bytes after it."""
    content = request.body or b""
    lines = [*head_lines(request, base_url), *framing_lines(request, str(len(content))), "", ""]
    if request.chunked:
        chunk = [b"%x" % len(content), content] if content else []
        content = CRLF.join([*chunk, *(line.encode("latin-1", "replace") for line in ending_lines(request)), b""])
    return "\r\n".join(lines).encode("latin-1", "replace"), content


def head_lines(request: Request, base_url: str) -> list[str]:
    """Return the lines of the head, without those for the length of the body."""
    wire, url = request.wire_format or WireFormat(), urlsplit(base_url)
    target = url.path.rstrip("/") + request.target
    line = (
        f"{request.method} {f'{url.scheme}://{url.netloc}' if wire.absolute_target else ''}{target} HTTP/{wire.version}"
    )
    hosts = (url.netloc,) if wire.hosts is None else wire.hosts
    lines = [line, *(f"Host: {host}" for host in hosts), *(f"{name}: {value}" for name, value in request.headers)]
    if request.credential is not None:
        lines.append(f"{wire.authorization}{request.credential.value}")
    return [*lines, *(f"{name}: {secret.value}" for name, secret in request.user_headers)]


def framing_lines(request: Request, length: str) -> list[str]:
    """Return the line of the head for the length of the body; none if there is no body."""
    if request.body is None:
        return []
    return ["Transfer-Encoding: chunked" if request.chunked else f"Content-Length: {length}"]


def ending_lines(request: Request) -> list[str]:
    """Return the lines after the last chunk of a chunked body: its end, and the trailer section."""
    trailers = request.wire_format.trailers if request.wire_format is not None else ()
    return ["0", *(f"{name}: {value}" for name, value in trailers), ""]
