"""What sends requests to a target: the way there, what a request looks like on it, and how a response is read.

The body of a response is not trusted: neither its length, nor its coding, nor that it ever ends.
"""

from __future__ import annotations

import math
import ssl
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol

import httpcore2
import httpx2

from conformance.wire import strict_json
from conformance.wire.exchange import Request, Response


class Transport(Protocol):
    """Anything that answers requests. Safe to call from several threads."""

    base_url: str
    has_connections: bool
    """Whether requests go over connections."""
    time_left: float
    """Seconds that a request may take beside its own time limit: what is left of the run."""

    def send(self, request: Request) -> Response:
        """The response, whole. Raises Lost where none comes, or Stale where a kept connection may be why."""
        ...

    def connection(self) -> AbstractContextManager[Callable[[Request], Response]]:
        """A connection: what sends requests over it, one after the other, as long as the target keeps it open."""
        ...

    def disable_keep_alive(self) -> None:
        """Send each request over a connection of its own from now on."""
        ...

    def close(self) -> None:
        """Release the connections."""
        ...


class Connectionless:
    """What a transport has that has no connections."""

    has_connections = False
    time_left = math.inf

    def send(self, request: Request) -> Response:
        """The response."""
        raise NotImplementedError

    @contextmanager
    def connection(self) -> Iterator[Callable[[Request], Response]]:
        yield self.send

    def disable_keep_alive(self) -> None:
        pass


def httpx_request(base_url: str, request: Request) -> httpx2.Request:
    """The request as it is sent, with no more headers than its own, Host, framing, and that no coding is wanted."""
    headers = [(name.encode(), value.encode()) for name, value in request.headers if request.is_separate_header(name)]
    extra = ((name, secret) for name, secret in request.user_headers if request.is_separate_header(name))
    headers.extend((name.encode(), secret.value.encode()) for name, secret in extra)
    if cookies := [value for value, _ in request.cookies]:
        headers.append((b"Cookie", "; ".join(cookies).encode()))
    if request.header("accept-encoding") is None:
        headers.append((b"Accept-Encoding", b"identity"))
    if request.credential is not None:
        headers.append((b"Authorization", request.credential.value.encode()))
    content: Any = request.body
    if request.chunked and request.body is not None:
        content = _in_chunks(request.body)
    return httpx2.Request(request.method, _url(base_url + request.target), headers=headers, content=content)


@lru_cache(maxsize=64)
def _url(text: str) -> httpx2.URL:
    """Parsed once: most requests of a run go to one path."""
    return httpx2.URL(text)


def to_response(status: int, headers: list[tuple[bytes, bytes]], body: Body, seconds: float) -> Response:
    """A response as it came."""
    decoded = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)
    return Response(status, decoded, body.content, seconds, body.encoded_size, body.encoding_error)


def _in_chunks(body: bytes, size: int = 16) -> Iterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


TIMEOUT = 30.0


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """What the target is shown of the one who asks."""

    cert: str
    """File in PEM, with the private key in it where `key` is None."""
    key: str | None = None
    passphrase: str | None = field(default=None, repr=False)

    def load(self, context: ssl.SSLContext, on_encrypted: Callable[[], object] = lambda: None) -> None:
        """Have the context show it. Raises OSError (ssl.SSLError), and never asks for a passphrase on a terminal."""

        def passphrase() -> str:
            on_encrypted()
            return self.passphrase or ""

        context.load_cert_chain(self.cert, self.key, passphrase)


@dataclass(frozen=True, slots=True)
class Route:
    """What the user said of the way to the target."""

    timeout: float = TIMEOUT
    """Seconds for a request as a whole."""
    proxy: str | None = None
    """URL of an HTTP proxy."""
    proxy_auth: str | None = field(default=None, repr=False)
    """User and password for it, with a colon between them."""
    ca: str | None = None
    """File of the certificates to trust, in PEM, in place of the machine's."""
    insecure: bool = False
    """Whether any certificate will do."""
    client_certificate: ClientCertificate | None = None
    """What the target is shown, where it wants to know who connects."""

    def ssl_context(self) -> ssl.SSLContext:
        """How certificates are verified, and which is shown. Raises OSError (ssl.SSLError) for files of no use."""
        context = self._verifying()
        if self.client_certificate is not None:
            self.client_certificate.load(context)
        return context

    def _verifying(self) -> ssl.SSLContext:
        if self.insecure:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            return context
        return ssl.create_default_context(cafile=self.ca) if self.ca else httpcore2.default_ssl_context()

    def httpcore_proxy(self) -> httpcore2.Proxy | None:
        """The proxy, with what it is to be told of the user."""
        if self.proxy is None:
            return None
        user, _, password = (self.proxy_auth or "").partition(":")
        return httpcore2.Proxy(self.proxy, auth=(user, password) if user else None)


MAX_BODY_BYTES = 512 * 1024
"""Bytes of a body that are read at most; no model comes near it."""
GZIP = 16 + zlib.MAX_WBITS
GZIP_BEGINS = b"\x1f\x8b"
"""No JSON text begins so."""


class UnreadableBody(Exception):
    """The body cannot be taken as it is sent. The text completes "the body ..."."""


@dataclass(frozen=True, slots=True)
class Body:
    """A body as it came."""

    content: bytes
    """Decoded, whatever the header says, where it can be told how."""
    encoded_size: int
    """Bytes before they were decoded."""
    encoding_error: str = ""
    """How the body is coded, where Content-Encoding says otherwise."""


def receive_body(chunks: Iterable[bytes], coding: str | None, until: float) -> Body:
    """The body, decoded. Raises Unreadable, or TimeoutError where it drips past `until` of `time.monotonic`.

    Requests ask for no coding; gzip and deflate are read all the same, for gateways that compress whatever passes.
    """
    body = bytearray()
    for chunk in chunks:
        if time.monotonic() > until:
            raise TimeoutError
        body += chunk
        _refuse_long(len(body))
    return decode_body(bytes(body), coding)


def decode_body(body: bytes, coding: str | None) -> Body:
    """The body without the codings that it is in, those that the header does not name among them."""
    named = [word for part in (coding or "").split(",") if (word := part.strip().lower()) not in ("", "identity")]
    content, miscoded = body, ""
    if len(named) > 1:
        raise UnreadableBody(f"is in the codings {coding!r}, which the request did not ask for")
    if named and body:
        if _is_in(named[0], body):
            content = _decompressed(body, named[0])
        elif named[0] in _WINDOWS or not strict_json.parse(body).errors:
            miscoded = f"a body that is not in the coding {named[0]}"
        else:
            raise UnreadableBody(f"is in the coding {named[0]!r}, which the request did not ask for")
    if not miscoded and content.startswith(GZIP_BEGINS):
        content = _decompressed(content, "gzip")
        miscoded = "a body in the coding gzip" + (", once more than that" if named else "")
    return Body(content, len(body), miscoded)


_WINDOWS = {"gzip": GZIP, "x-gzip": GZIP, "deflate": zlib.MAX_WBITS}


def _is_in(coding: str, body: bytes) -> bool:
    """Whether a body begins as the coding does."""
    if coding == "deflate":
        return len(body) > 1 and body[0] & 0x0F == zlib.DEFLATED and int.from_bytes(body[:2], "big") % 31 == 0
    return coding in _WINDOWS and body.startswith(GZIP_BEGINS)


def _decompressed(body: bytes, coding: str) -> bytes:
    """What a body decodes to, no more than LONGEST: a small one may hold a thousand times its size."""
    decoder = zlib.decompressobj(_WINDOWS[coding])
    try:
        content = decoder.decompress(body, MAX_BODY_BYTES + 1)
    except zlib.error as error:
        raise UnreadableBody(f"is not in the coding {coding}, though it begins so ({error})") from None
    _refuse_long(len(content))
    if not decoder.eof:
        raise UnreadableBody(f"ends in the midst of its {coding} coding")
    return content


def _refuse_long(length: int) -> None:
    if length > MAX_BODY_BYTES:
        raise UnreadableBody(f"is longer than {MAX_BODY_BYTES} bytes and was not read further")
