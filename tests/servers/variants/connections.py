"""Variants in how a server treats Upgrade offers, chunked bodies, trailers and connections."""

from __future__ import annotations

from http import HTTPStatus
from io import BytesIO
from typing import Any, ClassVar

from tests.servers.careless import Front
from tests.servers.plain import PlainServer

SETTINGS_FRAME = b"\0\0\0\x04\0\0\0\0\0"
"""With which a server of HTTP/2 begins."""
LONGEST = 1 << 21


class _Reading(Front):
    """Reads every body before it responds."""

    def environ(self) -> dict[str, Any]:
        environ, length = super().environ(), self.headers.get("Content-Length")
        body = environ["wsgi.input"].read(LONGEST if length is None else int(length)) if self.has_body() else b""
        return {**environ, "wsgi.input": BytesIO(body)}

    def has_body(self) -> bool:
        """Return whether the request has a body."""
        return "Content-Length" in self.headers or "Transfer-Encoding" in self.headers

    def offers(self, *protocols: str) -> bool:
        """Return whether the request offers another protocol: one of these, if any are named."""
        offered = self.headers.get("Upgrade")
        return offered is not None and (not protocols or offered in protocols)

    def reject(self, status: HTTPStatus) -> None:
        """Respond without a body and close the connection."""
        self.send_response(status)
        for header in (("Content-Length", "0"), ("Connection", "close")):
            self.send_header(*header)
        self.end_headers()


class _Connected(PlainServer):
    careless = True
    front: ClassVar[type[Front]] = _Reading


class _RejectsUpgrade(_Reading):
    def respond(self) -> None:
        if self.offers():
            self.reject(HTTPStatus.BAD_REQUEST)
        else:
            super().respond()


class UpgradeRejected(_Connected):
    """Standard: an Upgrade offer may be rejected. This server returns 400, as servers do that know only WebSocket."""

    front = _RejectsUpgrade


class _ClosesAfterUpgrade(_Reading):
    def respond(self) -> None:
        if self.offers():
            self.close_connection = True
        else:
            super().respond()


class UpgradeClosesConnection(_Connected):
    """Standard: a connection may close at any time. This server closes it after an Upgrade offer."""

    front = _ClosesAfterUpgrade


class _RejectsUpgradeWithBody(_Reading):
    def respond(self) -> None:
        if self.offers() and self.has_body():
            self.environ()
            self.reject(HTTPStatus.NOT_IMPLEMENTED)
        else:
            super().respond()


class UpgradeWithBodyReturns501(_Connected):
    """Standard: unsupported requests may get 501. This server returns it for an Upgrade offer with a body."""

    front = _RejectsUpgradeWithBody


class _RejectsUpgradeWithReason(_Reading):
    def respond(self) -> None:
        if not (self.offers() and self.has_body()):
            super().respond()
            return
        self.environ()
        said = b'{"detail": "A request that offers another protocol has no body here."}'
        self.send_response(HTTPStatus.BAD_REQUEST)
        for header in (("Content-Type", "application/json"), ("Content-Length", str(len(said)))):
            self.send_header(*header)
        self.end_headers()
        self.wfile.write(said)


class UpgradeWithBodyReturns400(_Connected):
    """Open: whether a request with a body may offer an upgrade. This server returns 400 with a reason."""

    front = _RejectsUpgradeWithReason


class _Switches(_Reading):
    def respond(self) -> None:
        if not self.offers("h2c"):
            super().respond()
            return
        self.environ()
        self.wfile.write(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
        self.wfile.write(SETTINGS_FRAME)
        self.close_connection = True


class H2cUpgradeAccepted(_Connected):
    """Standard: an Upgrade offer may be accepted (RFC 9110, 7.8). This server switches to h2c and stops there."""

    front = _Switches


class _RejectsTrailers(_Reading):
    def respond(self) -> None:
        if "Trailer" in self.headers:
            self.environ()
            self.reject(HTTPStatus.BAD_REQUEST)
        else:
            super().respond()


class TrailersRejected(_Connected):
    """Open: whether a request may have trailers. This server rejects requests that announce some."""

    front = _RejectsTrailers


class _RejectsHeaderTrailers(_Reading):
    def respond(self) -> None:
        if self.headers.get("Trailer") in {"Authorization", "Content-Type"}:
            self.environ()
            self.reject(HTTPStatus.BAD_REQUEST)
        else:
            super().respond()


class HeaderTrailersRejected(_Connected):
    """Open: which trailers a request may have. This server rejects those that only headers may be."""

    front = _RejectsHeaderTrailers


class _RejectsTrailersAsHeaders(_Reading):
    STATUSES: ClassVar = {"Authorization": HTTPStatus.UNAUTHORIZED, "Content-Type": HTTPStatus.UNSUPPORTED_MEDIA_TYPE}

    def respond(self) -> None:
        status = self.STATUSES.get(self.headers.get("Trailer", ""))
        if status is None:
            super().respond()
            return
        self.environ()
        self.send_response(status)
        for header in (("Content-Length", "0"), ("WWW-Authenticate", "Bearer"), ("Connection", "close")):
            self.send_header(*header)
        self.end_headers()


class TrailersRejectedByName(_Connected):
    """Open: the status for a trailer that only a header may be. Here it is that of a wrong header."""

    front = _RejectsTrailersAsHeaders


class _RequiresContentLength(_Reading):
    def respond(self) -> None:
        if "Transfer-Encoding" in self.headers:
            self.reject(HTTPStatus.LENGTH_REQUIRED)
            self.close_connection = True
        else:
            super().respond()


class ContentLengthRequired(_Connected):
    """Standard: a request without Content-Length may get 411. This server returns it and closes the connection."""

    front = _RequiresContentLength


class _ClosesAfterTrailers(_Reading):
    def respond(self) -> None:
        if "Trailer" in self.headers:
            self.close_connection = True
        else:
            super().respond()


class TrailersCloseConnection(_Connected):
    """Standard: a connection may close at any time. This server closes it when trailers are announced."""

    front = _ClosesAfterTrailers


class OneConnectionAtATime(_Connected):
    """Open: how many connections are served at once. Here it is one; others wait until the client closes it."""

    threads = False


class _Old(_Reading):
    protocol_version = "HTTP/1.0"

    def respond(self) -> None:
        if "Transfer-Encoding" in self.headers:  # which HTTP/1.0 does not know
            self.reject(HTTPStatus.LENGTH_REQUIRED)
        else:
            super().respond()


class Http10(_Connected):
    """Standard: a server may speak HTTP/1.0, which closes the connection after each response and has no chunks."""

    front = _Old
