"""Variants in what stands in front of the implementation: routers, proxies, firewalls, and routes beside it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import httpx2

from tests.servers.plain import COLLECTION, PlainServer
from tests.servers.wire import Answer, RefusedError, Request

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from tests.servers.plain_http import Handler
    from tests.servers.wire import Json

ANY_SERVER = (405, 411, 413, 414, 415)
PAGE = b"<!doctype html><title>No</title><h1>No</h1>"


class FrontStatusesAreBare(PlainServer):
    """Open: the body of a 405, 413 or 415. Here there is none."""

    def answer(self, request: Request) -> Answer:
        answer = super().answer(request)
        return replace(answer, body=None) if answer.status in ANY_SERVER else answer


class FrontStatusesAreHtml(PlainServer):
    """Open: the body of a 405, 413 or 415. Here it is the page of a front server."""

    def body_bytes(self, request: Request, answer: Answer) -> bytes:
        return PAGE if answer.status in ANY_SERVER else super().body_bytes(request, answer)

    def content_type(self, answer: Answer) -> str:
        return "text/html" if answer.status in ANY_SERVER else super().content_type(answer)


class ChunksUnknown(PlainServer):
    """Standard: a server need not know a transfer coding (RFC 9112, section 6.1). This one answers 501 to chunks."""

    def body_data(self, request: Request) -> bytes:
        if request.header("Transfer-Encoding"):
            raise RefusedError(501, "Transfer codings are not known here.")
        return super().body_data(request)


class FirewallInFront(PlainServer):
    """Open: odd names may be refused. Here a firewall refuses what looks like an attack, with a page of its own."""

    suspect = (b"<script>", b"/etc/passwd", b"DROP TABLE")

    def body_data(self, request: Request) -> bytes:
        data = super().body_data(request)
        if any(words in data for words in self.suspect):
            request.environ["plain.blocked"] = True
            raise RefusedError(403, "Blocked.")
        return data

    def body_bytes(self, request: Request, answer: Answer) -> bytes:
        return PAGE if "plain.blocked" in request.environ else super().body_bytes(request, answer)

    def headers(self, request: Request, answer: Answer, body: bytes) -> dict[str, str]:
        headers = super().headers(request, answer, body)
        return {**headers, "Content-Type": "text/html"} if "plain.blocked" in request.environ else headers


class OddPathsEndTheConnection(PlainServer):
    """Open: what is done with a path of control characters. Here a front server closes the connection."""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        answer = super().__call__(environ, start_response)
        odd = any(character < " " or character == "\x7f" for character in environ["PATH_INFO"])
        return self.broken() if odd else answer

    def broken(self) -> Iterator[bytes]:
        """No answer."""
        yield b""
        raise httpx2.RemoteProtocolError("server disconnected without sending a response")


class ListsNeedADashboardToken(PlainServer):
    """Published, outside the contract: models can be listed. Here that takes a token of the dashboard, and no key."""

    def handlers(self, path: str) -> Mapping[str, Handler]:
        listing = {"GET": self.listing, "PUT": self.listing} if path == COLLECTION else {}
        return {**super().handlers(path), **listing}

    def listing(self, request: Request) -> Answer:
        """Refuse a key."""
        raise self.unauthorized("A token of the dashboard is needed.")


class OptionsAllowed(PlainServer):
    """Standard: which further methods there are. Here each path has OPTIONS, and Allow says so."""

    def handler(self, request: Request) -> Handler:
        try:
            return super().handler(request)
        except RefusedError as refusal:
            more = {"Allow": f"{refusal.headers['Allow']},OPTIONS"} if "Allow" in refusal.headers else {}
            raise RefusedError(refusal.status, refusal.problem, more) from refusal


class AllowOfOneRoute(PlainServer):
    """Open: whether Allow is complete. Here a router names one method of the path, as that of Starlette does."""

    def handler(self, request: Request) -> Handler:
        try:
            return super().handler(request)
        except RefusedError as refusal:
            one = {"Allow": refusal.headers["Allow"].partition(",")[0]} if "Allow" in refusal.headers else {}
            raise RefusedError(refusal.status, refusal.problem, one) from refusal


class QueriesRefused(PlainServer):
    """Open: a query that nobody asked for is ignored. Here it is refused, before anybody asks who sent it."""

    def handler(self, request: Request) -> Handler:
        if request.environ.get("QUERY_STRING"):
            raise RefusedError(400, "No parameters are expected.")
        return super().handler(request)


class CharsetNamed(PlainServer):
    """Standard: media types have parameters, and no case. Here the charset is named, in capitals."""

    def content_type(self, answer: Answer) -> str:
        return "Application/JSON; Charset=UTF-8"


class ErrorsAreEmptyObjects(PlainServer):
    """Open: what an error says. Here it is nothing, as an object."""

    def error_body(self, refusal: RefusedError) -> Json:
        return {}


class ErrorsInArrays(PlainServer):
    """Open: the shape of an error. Here it is a list of errors, as a member."""

    def error_body(self, refusal: RefusedError) -> Json:
        messages = [refusal.problem] if isinstance(refusal.problem, str) else list(refusal.problem.values())
        return {"errors": [{"status": str(refusal.status), "messages": messages}]}
