"""Bugs in reading requests from a connection, in writing responses, and in what stays on it."""

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
        """Return whether the body stays unread."""


class BodyUnreadAfter401(_Unread):
    """A body without credentials stays unread and is parsed as the next request."""

    kills = frozenset({"STA-33"})

    def leaves(self, request: Request) -> bool:
        return not request.header("Authorization")


class BodyUnreadAfter403(_Unread):
    """A body rejected with 403 stays unread and is parsed as the next request."""

    kills = frozenset({"STA-33"})

    def leaves(self, request: Request) -> bool:
        caller = self.caller(self.token(request) or "")
        return caller is not None and not caller.may_write

    def admit(self, request: Request) -> tuple[Caller, Values]:
        self.reject_read_only(self.authenticate(request))
        return super().admit(request)


class BodyUnreadAfter415(_Unread):
    """A body of another media type stays unread and is parsed as the next request."""

    kills = frozenset({"STA-33"})

    def leaves(self, request: Request) -> bool:
        return not request.header("Content-Type").lower().startswith("application/json")

    def json_body(self, request: Request) -> Json:
        self.reject_media_type(request.header("Content-Type"))
        return super().json_body(request)


class BodyAfter204(_Unread):
    """A delete returns 204 with a body, which clients parse as the start of the next response."""

    kills = frozenset({"STA-33"})

    def leaves(self, request: Request) -> bool:
        return False

    def delete(self, request: Request) -> Response:
        return replace(super().delete(request), body={"deleted": True})


class BodyUnreadAfterSyntaxError(_Unread):
    """A body is read up to its first syntax error; the rest is parsed as the next request."""

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


class _SendsBodyToHead(Front):
    def has_content(self) -> bool:
        return True


class BodyInHeadResponse(_Fronted):
    """A response to HEAD has a body."""

    kills = frozenset({"SCH-26"})
    front = _SendsBodyToHead


class _IgnoresClose(Front):
    def parse_request(self) -> bool:
        parsed = super().parse_request()
        self.close_connection = self.request_version != "HTTP/1.1"
        return parsed


class ConnectionCloseIgnored(_Fronted):
    """`Connection: close` of a request is ignored: the connection stays open."""

    kills = frozenset({"STA-40"})
    front = _IgnoresClose


class _AlwaysInChunks(Front):
    def send_response(self, code: int, message: str | None = None) -> None:
        self.send_response_only(code, message)

    def frame(self, written: bytes) -> None:
        self.send_header("Transfer-Encoding", "chunked")

    def content(self, written: bytes) -> None:
        ending = b"" if self._status == 204 else b"0\r\n\r\n"
        self.wfile.write((b"%x\r\n%s\r\n" % (len(written), written) if written else b"") + ending)


class ChunkedResponseToHttp10(_Fronted):
    """Responses are chunked, even to HTTP/1.0 clients."""

    kills = frozenset({"STA-41"})
    front = _AlwaysInChunks


class _CaseSensitiveHeaders(Front):
    def environ(self) -> dict[str, Any]:
        environ = super().environ()
        if not any(name == "Authorization" for name in self.headers):
            environ.pop("HTTP_AUTHORIZATION", None)
        return environ


class HeaderNamesCaseSensitive(_Fronted):
    """The name of the Authorization header is case-sensitive."""

    kills = frozenset({"STA-44"})
    front = _CaseSensitiveHeaders


class _DecodesCapitalDigits(Front):
    def path_info(self, path: str) -> str:
        return re.sub(
            rb"%([0-9A-F]{2})", lambda found: bytes.fromhex(found[1].decode()), path.encode("latin-1")
        ).decode("latin-1")


class LowercasePercentEncodingUnknown(_Fronted):
    """Percent-encodings with lower-case hexadecimal digits are not decoded."""

    kills = frozenset({"STA-45"})
    front = _DecodesCapitalDigits


class _KeepsUnreserved(Front):
    def path_info(self, path: str) -> str:
        encoded = re.split(r"(%(?:2[dDeE]|5[fF]|7[eE]|[3-7][0-9]|[46][1-9a-fA-F]|[57][0-9aA]))", path)
        decoded = (
            part if odd % 2 else super(_KeepsUnreserved, self).path_info(part) for odd, part in enumerate(encoded)
        )
        return "".join(decoded)


class UnreservedNotDecoded(_Fronted):
    """Percent-encoded characters that need no encoding are not decoded."""

    kills = frozenset({"STA-46"})
    front = _KeepsUnreserved


class _LosesBody(Front):
    def environ(self) -> dict[str, Any]:
        environ = super().environ()
        if self.loses():
            environ |= {"CONTENT_LENGTH": "", "wsgi.input": io.BytesIO()}
            environ.pop("HTTP_TRANSFER_ENCODING", None)
        return environ

    def loses(self) -> bool:
        """Return whether the body of the request gets lost."""
        return "Upgrade" in self.headers


class _DropsBody(_LosesBody):
    def environ(self) -> dict[str, Any]:
        length = self.headers.get("Content-Length") if self.loses() else None
        environ = super().environ()
        self.rfile.read(int(length or 0))
        return environ


class _DropsBodyAfterUnknownUpgrade(_DropsBody):
    def loses(self) -> bool:
        return self.headers.get("Upgrade", "h2c") != "h2c"


class _LosesChunkedBody(_LosesBody):
    def loses(self) -> bool:
        return super().loses() and "Transfer-Encoding" in self.headers


class _LeavesNonJsonBody(_LosesBody):
    def loses(self) -> bool:
        assert isinstance(self.rfile, io.BufferedReader)
        return super().loses() and not self.rfile.peek(1).startswith(b"{")


class BodyAfterUpgradeParsedAsRequest(_Fronted):
    """The body after an Upgrade offer is parsed as the next request."""

    kills = frozenset({"STA-47", "STA-48"})
    front = _LosesBody


class BodyAfterUpgradeDropped(_Fronted):
    """The body after an Upgrade offer is dropped, as if the protocol were switched."""

    kills = frozenset({"STA-47"})
    front = _DropsBody


class BodyAfterUnknownUpgradeDropped(_Fronted):
    """The body after an Upgrade offer is dropped for any protocol but h2c."""

    kills = frozenset({"STA-47"})
    front = _DropsBodyAfterUnknownUpgrade


class ChunksAfterUpgradeUnread(_Fronted):
    """A chunked body after an Upgrade offer is parsed as the next request."""

    kills = frozenset({"STA-47"})
    front = _LosesChunkedBody


class NonJsonBodyAfterUpgradeUnread(_Fronted):
    """A body after an Upgrade offer that does not start as JSON is parsed as the next request."""

    kills = frozenset({"STA-48"})
    front = _LeavesNonJsonBody


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
        """Turn a trailer into a header."""
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
    """Trailers replace headers of the same name."""

    kills = frozenset({"AUT-13", "STA-49"})
    front = _JoinsTrailers


class TrailersUsedAsHeaders(_Fronted):
    """A missing header is taken from the trailers."""

    kills = frozenset({"AUT-13", "STA-49"})
    front = _AddsTrailers


class LastAuthorizationWins(_Fronted):
    """The last Authorization field wins, even if it is a trailer."""

    kills = frozenset({"AUT-13"})
    front = _JoinsCredentials


class LastContentTypeWins(_Fronted):
    """The last Content-Type field wins, even if it is a trailer."""

    kills = frozenset({"STA-49"})
    front = _JoinsMediaTypes
