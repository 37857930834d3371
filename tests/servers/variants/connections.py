"""Variants in what a server does with offers of another protocol, with chunked bodies, and with what follows them."""

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
    """Reads every body before anything is answered."""

    def environ(self) -> dict[str, Any]:
        environ, length = super().environ(), self.headers.get("Content-Length")
        body = environ["wsgi.input"].read(LONGEST if length is None else int(length)) if self.has_body() else b""
        return {**environ, "wsgi.input": BytesIO(body)}

    def has_body(self) -> bool:
        """Whether the request has a body."""
        return "Content-Length" in self.headers or "Transfer-Encoding" in self.headers

    def offers(self, *protocols: str) -> bool:
        """Whether the request offers another protocol: one of these, where there are any."""
        offered = self.headers.get("Upgrade")
        return offered is not None and (not protocols or offered in protocols)

    def refuse(self, status: HTTPStatus) -> None:
        """Answer without a body, and close the connection."""
        self.send_response(status)
        for header in (("Content-Length", "0"), ("Connection", "close")):
            self.send_header(*header)
        self.end_headers()


class _Connected(PlainServer):
    careless = True
    front: ClassVar[type[Front]] = _Reading


class _RefusesOffers(_Reading):
    def respond(self) -> None:
        if self.offers():
            self.refuse(HTTPStatus.BAD_REQUEST)
        else:
            super().respond()


class OffersRefused(_Connected):
    """Standard: an offer may be refused. Here any is answered 400, as by servers that know WebSocket alone."""

    front = _RefusesOffers


class _ClosesAfterOffers(_Reading):
    def respond(self) -> None:
        if self.offers():
            self.close_connection = True
        else:
            super().respond()


class OffersEndTheConnection(_Connected):
    """Standard: a connection may be closed at any time. Here it is as soon as another protocol is offered."""

    front = _ClosesAfterOffers


class _RefusesOffersWithBodies(_Reading):
    def respond(self) -> None:
        if self.offers() and self.has_body():
            self.environ()
            self.refuse(HTTPStatus.NOT_IMPLEMENTED)
        else:
            super().respond()


class OffersWithBodiesUnknown(_Connected):
    """Standard: what a server does not know is answered 501. Here that is an offer before a body."""

    front = _RefusesOffersWithBodies


class _RefusesOffersAsUnclear(_Reading):
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


class OffersWithBodiesRefused(_Connected):
    """Open: whether a request that has a body may offer another protocol. Here it is answered 400, and says why."""

    front = _RefusesOffersAsUnclear


class _Switches(_Reading):
    def respond(self) -> None:
        if not self.offers("h2c"):
            super().respond()
            return
        self.environ()
        self.wfile.write(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
        self.wfile.write(SETTINGS_FRAME)
        self.close_connection = True


class OffersOfH2cTaken(_Connected):
    """Standard: an offer may be taken up (RFC 9110, section 7.8). Here one of h2c is, which then goes no further."""

    front = _Switches


class _RefusesTrailers(_Reading):
    def respond(self) -> None:
        if "Trailer" in self.headers:
            self.environ()
            self.refuse(HTTPStatus.BAD_REQUEST)
        else:
            super().respond()


class TrailersRefused(_Connected):
    """Open: whether a request may have trailers. Here it is refused as soon as it announces some."""

    front = _RefusesTrailers


class _RefusesSomeTrailers(_Reading):
    def respond(self) -> None:
        if self.headers.get("Trailer") in {"Authorization", "Content-Type"}:
            self.environ()
            self.refuse(HTTPStatus.BAD_REQUEST)
        else:
            super().respond()


class TrailersThatAreHeadersRefused(_Connected):
    """Open: whether a request may have any trailers. Here those are refused that only headers may be."""

    front = _RefusesSomeTrailers


class _RefusesTrailersAsHeaders(_Reading):
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


class TrailersRefusedByTheirNames(_Connected):
    """Open: with what a trailer is refused that only a header may be. Here with the status of a wrong header."""

    front = _RefusesTrailersAsHeaders


class _WantsLengths(_Reading):
    def respond(self) -> None:
        if "Transfer-Encoding" in self.headers:
            self.refuse(HTTPStatus.LENGTH_REQUIRED)
            self.close_connection = True
        else:
            super().respond()


class LengthsRequired(_Connected):
    """Standard: a request without Content-Length may be answered 411. Here it is, and the connection closed."""

    front = _WantsLengths


class _ClosesAfterTrailers(_Reading):
    def respond(self) -> None:
        if "Trailer" in self.headers:
            self.close_connection = True
        else:
            super().respond()


class TrailersEndTheConnection(_Connected):
    """Standard: a connection may be closed at any time. Here it is as soon as trailers are announced."""

    front = _ClosesAfterTrailers


class OneConnectionAtATime(_Connected):
    """Open: how many connections are served at once. Here it is one, and others wait until the client closes it."""

    threads = False


class _Old(_Reading):
    protocol_version = "HTTP/1.0"

    def respond(self) -> None:
        if "Transfer-Encoding" in self.headers:  # which HTTP/1.0 does not know
            self.refuse(HTTPStatus.LENGTH_REQUIRED)
        else:
            super().respond()


class OldVersion(_Connected):
    """Standard: a server may speak HTTP/1.0, which ends each connection after a response and knows no chunks."""

    front = _Old
