"""HTTP messages as the scripted proxy passes them on: byte for byte, unless a script changes them."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

END_OF_HEAD = b"\r\n\r\n"
WITHOUT_BODY = (204, 304)
FRAMING = ("content-length", "transfer-encoding")

Headers = tuple[tuple[str, str], ...]


class Stream:
    """What comes over a connection, cut into messages. Raises EOFError where it ends too early."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._data = b""

    @property
    def begun(self) -> bool:
        """Whether bytes of the next message have come."""
        return bool(self._data)

    def until(self, mark: bytes) -> bytes:
        """All up to a mark, and the mark."""
        while mark not in self._data:
            self._more()
        return self.exactly(self._data.index(mark) + len(mark))

    def exactly(self, size: int) -> bytes:
        """As many bytes."""
        while len(self._data) < size:
            self._more()
        taken, self._data = self._data[:size], self._data[size:]
        return taken

    def chunks(self) -> tuple[bytes, bytes]:
        """A chunked body: what it stands for, and as it was sent, trailers included."""
        body, raw = b"", b""
        while True:
            line = self.until(b"\r\n")
            size = int(line.partition(b";")[0], 16)
            raw += line
            if not size:
                break
            chunk = self.exactly(size + 2)
            body, raw = body + chunk[:-2], raw + chunk
        while (line := self.until(b"\r\n")) != b"\r\n":
            raw += line
        return body, raw + line

    def rest(self) -> bytes:
        """All until the connection is closed."""
        try:
            while True:
                self._more()
        except EOFError:
            return self.exactly(len(self._data))

    def _more(self) -> None:
        data = self._connection.recv(65536)
        if not data:
            raise EOFError
        self._data += data


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it was sent."""

    method: str
    target: str
    headers: Headers
    body: bytes
    raw: bytes

    def header(self, name: str) -> str:
        """The first value of a header, "" where it is absent."""
        return _first(self.headers, name)

    @property
    def key(self) -> str:
        """The bearer token, "" where there is none."""
        scheme, _, token = self.header("authorization").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else ""

    @property
    def members(self) -> dict[str, Any]:
        """The members of the JSON object in the body; none where there is no such object."""
        try:
            value = json.loads(self.body)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}

    @property
    def closes(self) -> bool:
        """Whether the connection ends with the response."""
        return "close" in self.header("connection").lower() or b" HTTP/1.0\r\n" in self.raw.partition(b"\n")[0] + b"\n"


@dataclass(frozen=True, slots=True)
class Response:
    """A response: as it came while `raw` holds it, else as its parts say."""

    status: int
    headers: Headers = ()
    body: bytes = b""
    raw: bytes = b""
    until_close: bool = False

    def header(self, name: str) -> str:
        """The first value of a header, "" where it is absent."""
        return _first(self.headers, name)

    @property
    def closes(self) -> bool:
        """Whether the connection ends with it."""
        return self.until_close or "close" in self.header("connection").lower()

    def changed(self, **changes: Any) -> Response:
        """The same with other parts, and a length that fits."""
        return replace(self, raw=b"", **changes)

    def encoded(self, method: str = "") -> bytes:
        """What is sent in response to a request of the method."""
        if self.raw:
            return self.raw
        headers = [(name, value) for name, value in self.headers if name.lower() not in FRAMING]
        if self.status not in WITHOUT_BODY:
            headers.append(("Content-Length", str(len(self.body))))
        lines = [f"HTTP/1.1 {self.status} {_phrase(self.status)}", *(f"{name}: {value}" for name, value in headers)]
        body = b"" if method == "HEAD" or self.status in WITHOUT_BODY else self.body
        return "\r\n".join(lines).encode("latin-1") + END_OF_HEAD + body


def read_request(stream: Stream) -> Request:
    """The next request. Raises EOFError where the client has none."""
    head = stream.until(END_OF_HEAD)
    first, headers = _parted(head)
    method, _, rest = first.partition(" ")
    if "chunked" in _first(headers, "transfer-encoding").lower():
        body, raw = stream.chunks()
    else:
        length = _first(headers, "content-length")
        body = raw = stream.exactly(int(length)) if length.isdecimal() else b""
    return Request(method, rest.partition(" ")[0], headers, body, head + raw)


def read_response(stream: Stream, method: str) -> Response:
    """The response to a request of the method; interim ones are left out."""
    status = 100
    while 100 <= status < 200:
        head = stream.until(END_OF_HEAD)
        first, headers = _parted(head)
        status = int(first.split(" ")[1])
    until_close = False
    body = raw = b""
    if method == "HEAD" or status in WITHOUT_BODY:
        pass
    elif "chunked" in _first(headers, "transfer-encoding").lower():
        body, raw = stream.chunks()
    elif length := _first(headers, "content-length"):
        body = raw = stream.exactly(int(length))
    else:
        body = raw = stream.rest()
        until_close = True
    return Response(status, headers, body, head + raw, until_close)


def _parted(head: bytes) -> tuple[str, Headers]:
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    pairs = (line.partition(":") for line in lines)
    return first, tuple((name, value.strip(" \t")) for name, _, value in pairs)


def _first(headers: Headers, name: str) -> str:
    return next((value for each, value in headers if each.lower() == name), "")


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unnamed"
