"""Variants in what stands in front of the implementation: routers, proxies, firewalls and other routes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import httpx2

from tests.servers.plain import COLLECTION, PlainServer
from tests.servers.variants.state import UpdatesReplace
from tests.servers.wire import HttpError, Request, Response

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from tests.servers.plain_http import Handler
    from tests.servers.wire import Json

ANY_SERVER = (405, 411, 413, 414, 415)
PAGE = b"<!doctype html><title>No</title><h1>No</h1>"


class FrontErrorsWithoutBody(PlainServer):
    """Open: the body of a 405, 413 or 415. Here there is none."""

    def respond(self, request: Request) -> Response:
        response = super().respond(request)
        return replace(response, body=None) if response.status in ANY_SERVER else response


class FrontErrorsAreHtml(PlainServer):
    """Open: the body of a 405, 413 or 415. Here it is the HTML page of a front server."""

    def body_bytes(self, request: Request, response: Response) -> bytes:
        return PAGE if response.status in ANY_SERVER else super().body_bytes(request, response)

    def content_type(self, response: Response) -> str:
        return "text/html" if response.status in ANY_SERVER else super().content_type(response)


class ChunksUnknown(PlainServer):
    """Standard: a server need not know a transfer coding (RFC 9112, 6.1). This one returns 501 for chunks."""

    def read_body(self, request: Request) -> bytes:
        if request.header("Transfer-Encoding"):
            raise HttpError(501, "Transfer codings are not known here.")
        return super().read_body(request)


class FirewallInFront(PlainServer):
    """Open: unusual names may be rejected. Here a firewall rejects what looks like an attack, with its own page."""

    suspect = (b"<script>", b"/etc/passwd", b"DROP TABLE")

    def read_body(self, request: Request) -> bytes:
        data = super().read_body(request)
        if any(words in data for words in self.suspect):
            request.environ["plain.blocked"] = True
            raise HttpError(403, "Blocked.")
        return data

    def body_bytes(self, request: Request, response: Response) -> bytes:
        return PAGE if "plain.blocked" in request.environ else super().body_bytes(request, response)

    def headers(self, request: Request, response: Response, body: bytes) -> dict[str, str]:
        headers = super().headers(request, response, body)
        return {**headers, "Content-Type": "text/html"} if "plain.blocked" in request.environ else headers


class PercentInPathRejected(UpdatesReplace):
    """Open: how an unusual path is handled. Here a front server returns 400 for an encoded percent sign."""

    def handler(self, request: Request) -> Handler:
        if "%" in request.path:
            raise HttpError(400, "The path is not allowed.")
        return super().handler(request)


class OddPathsCloseConnection(PlainServer):
    """Open: how a path with control characters is handled. Here a front server closes the connection."""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        response = super().__call__(environ, start_response)
        odd = any(character < " " or character == "\x7f" for character in environ["PATH_INFO"])
        return self.broken() if odd else response

    def broken(self) -> Iterator[bytes]:
        """Fail before the first byte."""
        yield b""
        raise httpx2.RemoteProtocolError("server disconnected without sending a response")


class ListNeedsDashboardToken(PlainServer):
    """Published, outside the contract: models can be listed. Here that needs a dashboard token instead of a key."""

    def handlers(self, path: str) -> Mapping[str, Handler]:
        listing = {"GET": self.listing, "PUT": self.listing} if path == COLLECTION else {}
        return {**super().handlers(path), **listing}

    def listing(self, request: Request) -> Response:
        """Reject API keys."""
        raise self.unauthorized("A token of the dashboard is needed.")


class OptionsAllowed(PlainServer):
    """Standard: which other methods exist. Here each path has OPTIONS, and Allow lists it."""

    def handler(self, request: Request) -> Handler:
        try:
            return super().handler(request)
        except HttpError as error:
            if error.status != 405:
                raise
            allow = {"Allow": f"{error.headers['Allow']},OPTIONS"}
            if request.method == "OPTIONS":
                return lambda _: Response(204, headers=allow)
            raise HttpError(error.status, error.problem, allow) from error


class AllowOfOneRoute(PlainServer):
    """Open: whether Allow is complete. Here it has one method of the path, as with Starlette's router."""

    def handler(self, request: Request) -> Handler:
        try:
            return super().handler(request)
        except HttpError as error:
            one = {"Allow": error.headers["Allow"].partition(",")[0]} if "Allow" in error.headers else {}
            raise HttpError(error.status, error.problem, one) from error


class QueryRejected(PlainServer):
    """Open: an unknown query is ignored. Here it is rejected before credentials are checked."""

    def handler(self, request: Request) -> Handler:
        if request.environ.get("QUERY_STRING"):
            raise HttpError(400, "No parameters are expected.")
        return super().handler(request)


class CharsetNamed(PlainServer):
    """Standard: media types have parameters and are case-insensitive. Here the charset is given, in capitals."""

    def content_type(self, response: Response) -> str:
        return "Application/JSON; Charset=UTF-8"


class ErrorsAreEmptyObjects(PlainServer):
    """Open: the content of an error. Here it is an empty object."""

    def error_body(self, error: HttpError) -> Json:
        return {}


class ErrorsInList(PlainServer):
    """Open: the shape of an error. Here it is an object with a list of errors."""

    def error_body(self, error: HttpError) -> Json:
        messages = [error.problem] if isinstance(error.problem, str) else list(error.problem.values())
        return {"errors": [{"status": str(error.status), "messages": messages}]}
