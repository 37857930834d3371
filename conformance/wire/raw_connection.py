"""Write requests byte by byte, for cases that no HTTP client would send, and read what one would hide.

h11 reads the responses. A raw connection uses no proxy, sends one request after another, and goes on for as long as the
target does: after `Connection: close`, too.
"""

from __future__ import annotations

import itertools
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

import h11
import httpcore2

from conformance.wire.deadline import CALL, Sockets
from conformance.wire.exchange import Request, StaleConnection, WireFormat

CRLF = b"\r\n"
LONGEST_HEAD = AT_ONCE = 64 * 1024
SILENCE, READS = 0.3, 8
"""Seconds without data after which nothing more is expected, and how often it is read, if nothing has to come."""
BODY_DELAY = 0.1
"""Seconds between a head and a body that is sent later."""
INTERIM = {*range(100, 200)} - {101}
"""Statuses of responses before the one to read; 101 is the last over its connection."""
ANY_UPGRADE = [("Host", "any"), ("Connection", "Upgrade"), ("Upgrade", "any")]
"""Headers of a request in place of the one that is sent, which h11 would reject; a response may switch protocols."""


class RawConnection:
    """A connection, which the first request opens."""

    def __init__(self, base_url: str, tls: ssl.SSLContext | None) -> None:
        self._url = urlsplit(base_url)
        self._tls = tls
        self._socket: httpcore2.NetworkStream | None = None
        self._rest = b""
        """What came after the latest response."""
        self._switched = False

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()

    @contextmanager
    def stream(self, request: Request) -> Iterator[httpcore2.Response]:
        """Send a request, and yield its response. Raises StaleConnection if an earlier request switched protocols."""
        if self._switched:
            raise StaleConnection(request, "the connection was switched to another protocol")
        CALL.get().first_bytes = self._rest
        self._socket = self._socket or self._connected()
        self._write(self._socket, request)
        received = self._received(self._socket, "HEAD" if request.method == "HEAD" else "GET")
        head = next(received)
        yield httpcore2.Response(head.status_code, headers=head.headers.raw_items(), content=received)

    def _connected(self) -> httpcore2.NetworkStream:
        host = self._url.hostname or ""
        stream = Sockets().connect_tcp(host=host, port=self._url.port or (443 if self._tls else 80))
        return stream.start_tls(self._tls, host) if self._tls else stream

    def _write(self, stream: httpcore2.NetworkStream, request: Request) -> None:
        head, content = head_and_content(request, self._url.geturl())
        with suppress(httpcore2.WriteError):  # the target may respond before the body, and close the connection
            if request.wire_format is not None and request.wire_format.delay_body:
                stream.write(head)
                time.sleep(BODY_DELAY)
                head = b""
            stream.write(head + content)

    def _received(self, stream: httpcore2.NetworkStream, method: str) -> Iterator[Any]:
        """Yield the head of the response, and then its content."""
        reader = h11.Connection(h11.CLIENT, LONGEST_HEAD)
        reader.send(h11.Request(method=method, target="/", headers=ANY_UPGRADE))
        reader.send(h11.EndOfMessage())
        if self._rest:
            reader.receive_data(self._rest)
        while (event := reader.next_event()) is not h11.PAUSED and not isinstance(event, h11.EndOfMessage):
            if event is h11.NEED_DATA:
                data = stream.read(AT_ONCE)
                if not data and reader.their_state is h11.SEND_RESPONSE:
                    raise httpcore2.RemoteProtocolError("it was closed before the response was complete")
                reader.receive_data(data)
            elif isinstance(event, h11.Data):
                yield bytes(event.data)
            elif isinstance(event, h11.Response | h11.InformationalResponse) and event.status_code not in INTERIM:
                yield event
        self._rest, self._switched = reader.trailing_data[0], event is h11.PAUSED
        if method == "HEAD":
            yield from self._until_silence(stream)

    def _until_silence(self, stream: httpcore2.NetworkStream) -> Iterator[bytes]:
        """Yield what follows the head of a response to HEAD, where nothing may come, until nothing comes any more."""
        yield self._rest
        self._rest, call = b"", CALL.get()
        call.until = min(call.until, time.monotonic() + SILENCE)
        with suppress(httpcore2.TimeoutException, httpcore2.NetworkError):
            yield from itertools.islice(iter(lambda: stream.read(AT_ONCE), b""), READS)


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
    lines = [line, *(f"Host: {host}" for host in hosts), *(f"{name}: {value}" for name, value in request.fields)]
    return lines if request.credential is None else [*lines, f"{wire.authorization}{request.credential.value}"]


def framing_lines(request: Request, length: str) -> list[str]:
    """Return the line of the head for the length of the body; none if there is no body."""
    if request.body is None:
        return []
    return ["Transfer-Encoding: chunked" if request.chunked else f"Content-Length: {length}"]


def ending_lines(request: Request) -> list[str]:
    """Return the lines after the last chunk of a chunked body: its end, and the trailer section."""
    trailers = request.wire_format.trailers if request.wire_format is not None else ()
    return ["0", *(f"{name}: {value}" for name, value in trailers), ""]
