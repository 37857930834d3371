"""Bugs in how requests are read from a connection, how answers are written to it, and in what is left on it."""

from __future__ import annotations

import io
import re
from abc import abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from tests.mutants.mutant import Mutant
from tests.servers.careless import Chunks, Front
from tests.servers.plain_http import MAX_BODY_BYTES
from tests.servers.wire import HttpError, Request, Response

if TYPE_CHECKING:
    from tests.servers.fixtures import Caller
    from tests.servers.plain_fields import Values
    from tests.servers.wire import Json


class _Unread(Mutant):
    careless = True

    def respond(self, request: Request) -> Response:
        if not self.leaves(request):
            request.environ["wsgi.input"] = io.BytesIO(request.read(MAX_BODY_BYTES + 1))
        return super().respond(request)

    @abstractmethod
    def leaves(self, request: Request) -> bool:
        """Whether the body is left where it is, until it is needed."""


class BodyOfAStrangerLeft(_Unread):
    """A body without credentials is not read, and taken for the next request of the connection."""

    kills = frozenset({"STA-33"})

    def leaves(self, request: Request) -> bool:
        return not request.header("Authorization")


class BodyOfAReaderLeft(_Unread):
    """A body that is refused with 403 is not read, and taken for the next request of the connection."""

    kills = frozenset({"STA-33"})

    def leaves(self, request: Request) -> bool:
        caller = self.caller(self.token(request) or "")
        return caller is not None and not caller.may_write

    def admit(self, request: Request) -> tuple[Caller, Values]:
        self.reject_read_only(self.authenticate(request))
        return super().admit(request)


class BodyOfAnotherMediaTypeLeft(_Unread):
    """A body of another media type is not read, and taken for the next request of the connection."""

    kills = frozenset({"STA-33"})

    def leaves(self, request: Request) -> bool:
        return not request.header("Content-Type").lower().startswith("application/json")

    def json_body(self, request: Request) -> Json:
        self.reject_media_type(request.header("Content-Type"))
        return super().json_body(request)


class NoContentHasContent(_Unread):
    """The delete is answered 204 with a body, which clients take for the beginning of the next answer."""

    kills = frozenset({"STA-33"})

    def leaves(self, request: Request) -> bool:
        return False

    def delete(self, request: Request) -> Response:
        return replace(super().delete(request), body={"deleted": True})


class BodyLeftWhereItGoesWrong(_Unread):
    """What is no JSON is read up to its first mistake, and the rest is taken for the next request of the connection."""

    kills = frozenset({"STA-33"})

    def leaves(self, request: Request) -> bool:
        return request.method == "POST"

    def read_body(self, request: Request) -> bytes:
        length = int(request.header("Content-Length") or 0)
        beginning = request.read(2) if length > 2 else b""
        if beginning == b"{{":
            raise HttpError(400, "An object begins with the name of a member.")
        request.environ["CONTENT_LENGTH"] = str(length - len(beginning) or "")
        return beginning + super().read_body(request)


class _Fronted(_Unread):
    front: ClassVar[type[Front]]

    def leaves(self, request: Request) -> bool:
        return False


class _ContentAfterEveryHead(Front):
    def has_content(self) -> bool:
        return True


class HeadHasContent(_Fronted):
    """Answers to HEAD are written as all others are, content and all."""

    kills = frozenset({"SCH-26"})
    front = _ContentAfterEveryHead


class _NeverCloses(Front):
    def parse_request(self) -> bool:
        parsed = super().parse_request()
        self.close_connection = self.request_version != "HTTP/1.1"
        return parsed


class CloseIsIgnored(_Fronted):
    """A connection is kept open, and requests are taken from it, whatever the client says of it."""

    kills = frozenset({"STA-40"})
    front = _NeverCloses


class _AlwaysInChunks(Front):
    def send_response(self, code: int, message: str | None = None) -> None:
        self.send_response_only(code, message)

    def frame(self, written: bytes) -> None:
        self.send_header("Transfer-Encoding", "chunked")

    def content(self, written: bytes) -> None:
        ending = b"" if self._status == 204 else b"0\r\n\r\n"
        self.wfile.write((b"%x\r\n%s\r\n" % (len(written), written) if written else b"") + ending)


class ChunksForEverybody(_Fronted):
    """Answers are written in chunks, to clients that know only HTTP/1.0 as well."""

    kills = frozenset({"STA-41"})
    front = _AlwaysInChunks


class _NamesAsTheyAreWritten(Front):
    def environ(self) -> dict[str, Any]:
        environ = super().environ()
        if not any(name == "Authorization" for name in self.headers):
            environ.pop("HTTP_AUTHORIZATION", None)
        return environ


class HeaderNamesByCase(_Fronted):
    """The credentials are looked for in a dictionary of headers, under `Authorization` as it is mostly written."""

    kills = frozenset({"STA-44"})
    front = _NamesAsTheyAreWritten


class _CapitalDigits(Front):
    def path_info(self, path: str) -> str:
        return re.sub(
            rb"%([0-9A-F]{2})", lambda found: bytes.fromhex(found[1].decode()), path.encode("latin-1")
        ).decode("latin-1")


class CapitalDigitsOnly(_Fronted):
    """The percent-encoding of a path is read by a pattern that knows capital digits only."""

    kills = frozenset({"STA-45"})
    front = _CapitalDigits


class _UnreservedKept(Front):
    def path_info(self, path: str) -> str:
        encoded = re.split(r"(%(?:2[dDeE]|5[fF]|7[eE]|[3-7][0-9]|[46][1-9a-fA-F]|[57][0-9aA]))", path)
        decoded = (
            part if odd % 2 else super(_UnreservedKept, self).path_info(part) for odd, part in enumerate(encoded)
        )
        return "".join(decoded)


class UnreservedStayEncoded(_Fronted):
    """Only what has to be percent-encoded is decoded again in a path."""

    kills = frozenset({"STA-46"})
    front = _UnreservedKept


class _LosesBodies(Front):
    def environ(self) -> dict[str, Any]:
        environ = super().environ()
        if self.loses():
            environ |= {"CONTENT_LENGTH": "", "wsgi.input": io.BytesIO()}
            environ.pop("HTTP_TRANSFER_ENCODING", None)
        return environ

    def loses(self) -> bool:
        """Whether the body of the request gets lost."""
        return "Upgrade" in self.headers


class _DropsBodies(_LosesBodies):
    def environ(self) -> dict[str, Any]:
        length = self.headers.get("Content-Length") if self.loses() else None
        environ = super().environ()
        self.rfile.read(int(length or 0))
        return environ


class _DropsBodiesForOthers(_DropsBodies):
    def loses(self) -> bool:
        return self.headers.get("Upgrade", "h2c") != "h2c"


class _LosesChunkedBodies(_LosesBodies):
    def loses(self) -> bool:
        return super().loses() and "Transfer-Encoding" in self.headers


class _LeavesWhatIsNoObject(_LosesBodies):
    def loses(self) -> bool:
        assert isinstance(self.rfile, io.BufferedReader)
        return super().loses() and not self.rfile.peek(1).startswith(b"{")


class BodyAfterAnOfferIsTheNextRequest(_Fronted):
    """A head that offers another protocol ends its request, and the body is taken for the next one."""

    kills = frozenset({"STA-47", "STA-48"})
    front = _LosesBodies


class BodyAfterAnOfferIsDropped(_Fronted):
    """What follows a head that offers another protocol is dropped, as if that had been agreed on."""

    kills = frozenset({"STA-47"})
    front = _DropsBodies


class BodyIsDroppedForUnknownProtocols(_Fronted):
    """An offer of h2c is known and ignored; what follows one of any other protocol is dropped."""

    kills = frozenset({"STA-47"})
    front = _DropsBodiesForOthers


class ChunksAfterAnOfferLeft(_Fronted):
    """A chunked body is not read where the head offers another protocol, and taken for the next request."""

    kills = frozenset({"STA-47"})
    front = _LosesChunkedBodies


class OddBodyAfterAnOfferLeft(_Fronted):
    """Where the head offers another protocol, only a body that begins as JSON is read; the rest is the next request."""

    kills = frozenset({"STA-48"})
    front = _LeavesWhatIsNoObject


class _JoinsTrailers(Front):
    def environ(self) -> dict[str, Any]:
        environ = super().environ()
        chunks = environ["wsgi.input"]
        if isinstance(chunks, Chunks):
            environ["wsgi.input"] = io.BytesIO(chunks.read(MAX_BODY_BYTES + 1))
            for name, value in chunks.trailers:
                variable = name.upper().replace("-", "_")
                self.join(environ, variable if variable == "CONTENT_TYPE" else f"HTTP_{variable}", value)
        return environ

    def join(self, environ: dict[str, Any], variable: str, value: str) -> None:
        """Make a header of a trailer."""
        environ[variable] = value


class _AddsTrailers(_JoinsTrailers):
    def join(self, environ: dict[str, Any], variable: str, value: str) -> None:
        if not environ.get(variable):
            environ[variable] = value


class _JoinsCredentials(_JoinsTrailers):
    def join(self, environ: dict[str, Any], variable: str, value: str) -> None:
        if variable == "HTTP_AUTHORIZATION" and environ.get(variable):
            environ[variable] = value


class _JoinsMediaTypes(_JoinsTrailers):
    def join(self, environ: dict[str, Any], variable: str, value: str) -> None:
        if variable == "CONTENT_TYPE" and environ.get(variable):
            environ[variable] = value


class TrailersReplaceHeaders(_Fronted):
    """Trailers are put into the dictionary of headers, after them."""

    kills = frozenset({"AUT-13", "STA-49"})
    front = _JoinsTrailers


class TrailersFillInForHeaders(_Fronted):
    """A header that is missing is looked for in the trailers."""

    kills = frozenset({"AUT-13", "STA-49"})
    front = _AddsTrailers


class LastCredentialsCount(_Fronted):
    """Of all Authorization fields the last one counts, which may be a trailer."""

    kills = frozenset({"AUT-13"})
    front = _JoinsCredentials


class LastMediaTypeCounts(_Fronted):
    """Of all Content-Type fields the last one counts, which may be a trailer."""

    kills = frozenset({"STA-49"})
    front = _JoinsMediaTypes
