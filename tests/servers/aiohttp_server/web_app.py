"""The HTTP side: routes, credentials, representations and problem documents."""

from __future__ import annotations

import hashlib
import json
import logging
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from aiohttp import HttpVersion11, hdrs, web

from tests.servers.aiohttp_server.commands import ABSENT, Models
from tests.servers.aiohttp_server.log import Stream
from tests.servers.aiohttp_server.reading import Problem, name_in, read_upsert
from tests.servers.aiohttp_server.views import FIXTURES, PREFIX, Document, path_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

LARGEST_BODY = 512 * 1024
SMALLEST_COMPRESSED = 1024
BEARER = re.compile(r"bearer +([!-~]+)", re.IGNORECASE)
CHALLENGE = 'Bearer realm="models"'
JSON_TYPE = re.compile(r'application/(?:[\w.-]+\+)?json(?:\s*;\s*charset\s*=\s*"?utf-?8"?)?\s*;?', re.IGNORECASE)
LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Caller:
    """The caller of a request."""

    organization: str
    may_write: bool


CALLER = "caller"


def caller_of(request: web.Request) -> Caller:
    """Return who sent a request."""
    caller: Caller = request[CALLER]
    return caller


def digest(text: str) -> str:
    """Return the hash of a secret."""
    return hashlib.sha256(text.encode()).hexdigest()


class Credentials:
    """Stores the API keys by their hashes."""

    def __init__(self) -> None:
        """Take the keys of the fixtures."""
        self._callers = {digest(key): Caller(**values) for key, values in FIXTURES["keys"].items()}

    def caller(self, request: web.Request) -> Caller:
        """Return who sent a request."""
        match request.headers.getall(hdrs.AUTHORIZATION, []):
            case [value]:
                return self.known(self.token(value))
            case []:
                raise Problem(401, "The request has no credentials.")
            case _:
                raise Problem(401, "The request has credentials twice.")

    def token(self, value: str) -> str:
        """Return the token of an Authorization header."""
        found = BEARER.fullmatch(value.strip())
        if not found:
            raise Problem(401, "The credentials are no bearer token.")
        return found[1]

    def known(self, token: str) -> Caller:
        """Return whose token it is."""
        caller = self._callers.get(digest(token))
        if not caller:
            raise Problem(401, "The token is unknown.")
        return caller


class Api:
    """The endpoint, and the paths of its models."""

    def __init__(self) -> None:
        """Start without models."""
        self.models = Models()
        self.credentials = Credentials()

    def app(self) -> web.Application:
        """Return the application."""
        app = web.Application(middlewares=[problems, one_host, self.authenticated], client_max_size=LARGEST_BODY)
        app.router.add_post(PREFIX, self.upsert)
        app.router.add_get(PREFIX + "{name:.+}/", self.show)
        app.router.add_delete(PREFIX + "{name:.+}/", self.delete)
        return app

    @web.middleware
    async def authenticated(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let only known callers pass."""
        if request.match_info.http_exception is None:
            request[CALLER] = self.credentials.caller(request)
        return await handler(request)

    async def upsert(self, request: web.Request) -> web.StreamResponse:
        """Create or update a model."""
        self.reject_read_only(request)
        self.reject_media_type(request)
        wanted = read_upsert(await request.read())
        stream = Stream(caller_of(request).organization, wanted.name)
        model, created = await self.models.upsert(stream, wanted)
        headers = {"location": path_of(stream.name)} if created and has_plain_path(stream.name) else {}
        document = self.models.catalogue.document(stream, model)
        return represented(request, document, HTTPStatus.CREATED if created else HTTPStatus.OK, headers)

    async def show(self, request: web.Request) -> web.StreamResponse:
        """Return a model."""
        document = self.models.catalogue.shown(self.stream_of(request))
        if document is None:
            raise Problem(404, ABSENT)
        etag = tag(document)
        if etag in request.headers.get(hdrs.IF_NONE_MATCH, ""):
            return web.Response(status=304, headers={"etag": etag})
        return represented(request, document, HTTPStatus.OK, {"etag": etag})

    async def delete(self, request: web.Request) -> web.StreamResponse:
        """Delete a model."""
        self.reject_read_only(request)
        await self.models.delete(self.stream_of(request))
        return web.Response(status=204)

    def stream_of(self, request: web.Request) -> Stream:
        """Return the stream of the model that the path names."""
        return Stream(caller_of(request).organization, name_in(request.rel_url.raw_path))

    def reject_read_only(self, request: web.Request) -> None:
        """Reject callers that may only read."""
        if not caller_of(request).may_write:
            raise Problem(403, "These credentials may only read.")

    def reject_media_type(self, request: web.Request) -> None:
        """Reject what is not sent as JSON in UTF-8."""
        if not JSON_TYPE.fullmatch(request.headers.get(hdrs.CONTENT_TYPE, "").strip()):
            raise Problem(415, "The body must be application/json, in UTF-8.")


def has_plain_path(name: str) -> bool:
    """Return whether clients send the path of a name as it is: they resolve dot segments."""
    return not {".", ".."} & set(name.split("/"))


def tag(document: Document) -> str:
    """Return a weak entity tag: two representations that differ in measurements alone have the same."""
    lasting = {name: value for name, value in document.items() if name != "throughput"}
    return f'W/"{digest(json.dumps(lasting))[:20]}"'


def represented(request: web.Request, document: Document, status: int, headers: dict[str, str]) -> web.Response:
    """Return a model as JSON, compressed if it is large and chunked if the client understands that."""
    body = json.dumps(document, indent=1).encode() + b"\n"
    response = web.Response(body=body, status=status, headers=headers | {"vary": "authorization, accept-encoding"})
    response.content_type = "application/json"
    if len(body) >= SMALLEST_COMPRESSED:
        response.enable_compression()
    if request.version >= HttpVersion11:
        response.enable_chunked_encoding()
    return response


def problem_document(status: int, detail: str, reasons: dict[str, str], headers: Any = None) -> web.Response:
    """Return an error response (RFC 9457)."""
    document: Document = {"status": status, "title": HTTPStatus(status).phrase, "detail": detail}
    if reasons:
        document["invalid-params"] = [{"name": name, "reason": reason} for name, reason in reasons.items()]
    body = json.dumps(document).encode()
    return web.Response(body=body, status=status, headers=headers, content_type="application/problem+json")


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Make each error a problem document."""
    try:
        return await handler(request)
    except Problem as problem:
        headers = {hdrs.WWW_AUTHENTICATE: CHALLENGE} if problem.status == 401 else None
        return problem_document(problem.status, problem.detail, problem.reasons, headers)
    except web.HTTPException as error:
        allow = {hdrs.ALLOW: error.headers[hdrs.ALLOW]} if hdrs.ALLOW in error.headers else None
        return problem_document(error.status, error.reason, {}, allow)
    except Exception:
        LOGGER.exception("%s %s failed", request.method, request.path)
        return problem_document(500, "This server failed.", {})


@web.middleware
async def one_host(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Reject requests without a Host, or with two (RFC 9112, section 3.2)."""
    hosts = request.headers.getall(hdrs.HOST, [])
    if len(hosts) > 1 or (not hosts and request.version >= HttpVersion11):
        raise Problem(400, "The request must have one Host.")
    return await handler(request)
