"""The interface of transports, the route to a target, and how responses are received.

A response body is never trusted: it may be endless, slow, too long, or in another coding than its headers say.
"""

from __future__ import annotations

import math
import ssl
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpcore2
import httpx2

from conformance.wire import strict_json
from conformance.wire.exchange import Request, Response


class Transport:
    """Sends requests and returns responses. Thread-safe. This one uses no connections."""

    base_url = ""
    has_connections = False
    """Whether requests use network connections."""
    time_left = math.inf
    """Seconds left of the run: a request may not take longer, whatever its own time limit."""

    def send(self, request: Request) -> Response:
        """Return the whole response. Raises NoResponse, or StaleConnection if a reused connection may be the reason."""
        raise NotImplementedError

    @contextmanager
    def connection(self) -> Iterator[Callable[[Request], Response]]:
        """Open a connection, and yield a function that sends requests over it until the target closes it."""
        yield self.send

    def disable_keep_alive(self) -> None:
        """Send each request over a new connection from now on."""

    def close(self) -> None:
        """Close the connections."""


TIMEOUT = 30.0


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """A client certificate, with which the target can authenticate the suite."""

    cert: str
    """A file in PEM; it contains the private key too if `key` is None."""
    key: str | None = None
    passphrase: str | None = field(default=None, repr=False)

    def load(self, context: ssl.SSLContext, on_encrypted: Callable[[], object] = lambda: None) -> None:
        """Load it into the context. Raises OSError (ssl.SSLError), and never asks for a passphrase on a terminal."""

        def passphrase() -> str:
            on_encrypted()
            return self.passphrase or ""

        context.load_cert_chain(self.cert, self.key, passphrase)


@dataclass(frozen=True, slots=True)
class Route:
    """How to connect to the target, according to the user."""

    timeout: float = TIMEOUT
    """Maximum seconds for a whole request."""
    proxy: str | None = None
    """URL of an HTTP proxy."""
    proxy_auth: str | None = field(default=None, repr=False)
    """User and password for it, with a colon between them."""
    ca: str | None = None
    """A file in PEM with the certificates to trust instead of the system's."""
    insecure: bool = False
    """Whether to accept any certificate."""
    client_certificate: ClientCertificate | None = None
    """The client certificate, if the target requires one."""

    def ssl_context(self) -> ssl.SSLContext:
        """Return a context that verifies certificates and has the client's. Raises OSError (ssl.SSLError)."""
        if self.ca:
            context = ssl.create_default_context(cafile=self.ca)
        else:
            context = httpx2.create_ssl_context(verify=not self.insecure)
        if self.client_certificate is not None:
            self.client_certificate.load(context)
        return context

    def httpcore_proxy(self) -> httpcore2.Proxy | None:
        """Return the proxy with its credentials, or None."""
        if self.proxy is None:
            return None
        user, _, password = (self.proxy_auth or "").partition(":")
        return httpcore2.Proxy(self.proxy, auth=(user, password) if user else None)


MAX_BODY_BYTES = 512 * 1024
"""Maximum size of a response body; models are far smaller."""
GZIP = 16 + zlib.MAX_WBITS
GZIP_BEGINS = b"\x1f\x8b"
"""The first bytes of gzip; no JSON text begins with them."""


class UnreadableBody(Exception):
    """The body cannot be read. The text completes "the body ..."."""


@dataclass(frozen=True, slots=True)
class Body:
    """The body of a response."""

    content: bytes
    """Decoded, if necessary contrary to Content-Encoding."""
    encoded_size: int
    """The size before decoding."""
    encoding_error: str = ""
    """What the body is, if Content-Encoding says something else; empty otherwise."""


def receive_body(response: httpcore2.Response, until: float) -> Body:
    """Return the decoded body. Raises UnreadableBody, or ReadTimeout if it is not complete at `until`.

    Requests ask for no coding. gzip and deflate are decoded all the same: some gateways compress everything.
    """
    body = bytearray()
    for chunk in response.iter_stream():
        if time.monotonic() > until:
            raise httpcore2.ReadTimeout
        body += chunk
        _limit_length(len(body))
    codings = (value.decode("latin-1") for name, value in response.headers if name.lower() == b"content-encoding")
    return decode_body(bytes(body), ", ".join(codings))


def decode_body(body: bytes, coding: str | None) -> Body:
    """Return the decoded body, decoded from gzip even if the header does not name it."""
    named = [word for part in (coding or "").split(",") if (word := part.strip().lower()) not in ("", "identity")]
    content, encoding_error = body, ""
    for name in reversed(named) if body else ():
        if _is_in(name, content):
            content = _decompressed(content, name)
            continue
        if name not in _WINDOWS and strict_json.parse(content).errors:
            raise UnreadableBody(f"is in the coding {name!r}, which the request did not ask for")
        encoding_error = f"a body that is not in the coding {', '.join(named)}"
        break
    if not encoding_error and content.startswith(GZIP_BEGINS):
        content = _decompressed(content, "gzip")
        encoding_error = "a body in the coding gzip" + (", once more than the header says" if named else "")
    return Body(content, len(body), encoding_error)


_WINDOWS = {"gzip": GZIP, "x-gzip": GZIP, "deflate": zlib.MAX_WBITS}


def _is_in(coding: str, body: bytes) -> bool:
    """Return whether a body begins like one in the coding."""
    if coding == "deflate":
        return len(body) > 1 and body[0] & 0x0F == zlib.DEFLATED and int.from_bytes(body[:2], "big") % 31 == 0
    return coding in _WINDOWS and body.startswith(GZIP_BEGINS)


def _decompressed(body: bytes, coding: str) -> bytes:
    """Return the decoded body, at most MAX_BODY_BYTES: a small body can decode to a thousand times its size.

    The decoders of httpx2 would take a body that is cut for a whole one.
    """
    decoder = zlib.decompressobj(_WINDOWS[coding])
    try:
        content = decoder.decompress(body, MAX_BODY_BYTES + 1)
    except zlib.error as error:
        raise UnreadableBody(f"is not in the coding {coding}, though it begins so ({error})") from None
    _limit_length(len(content))
    if not decoder.eof:
        raise UnreadableBody(f"ends before its {coding} coding is complete")
    return content


def _limit_length(length: int) -> None:
    if length > MAX_BODY_BYTES:
        raise UnreadableBody(f"is longer than {MAX_BODY_BYTES} bytes and was not read further")
