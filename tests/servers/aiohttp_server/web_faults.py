"""Faults of the HTTP side: credentials, caches, headers and paths."""

from __future__ import annotations

import weakref
from typing import Any
from urllib.parse import unquote

from aiohttp import hdrs, web

from tests.servers.aiohttp_server import web_app
from tests.servers.aiohttp_server.fault_kit import around, current, fault, put
from tests.servers.aiohttp_server.log import Stream
from tests.servers.aiohttp_server.reading import Problem, read_upsert
from tests.servers.aiohttp_server.web_app import Api, Caller, Credentials, digest


@fault("MUST", "credentials-checked", "A token that starts with a known key is accepted as that key.")
def key_by_prefix() -> None:
    def known(self: Credentials, token: str) -> Caller:
        ends = range(len(token), 7, -1)
        found = next((self._callers[key] for end in ends if (key := digest(token[:end])) in self._callers), None)
        return found or original(self, token)

    original = Credentials.known
    put(Credentials, "known", known)


@fault("MUST", "credentials-checked", "The token is taken from whatever scheme the header names.")
def any_scheme() -> None:
    put(Credentials, "token", lambda self, value: value.split()[-1] if value.split() else "")


@fault("MUST", "credentials-required", "A request without credentials has those of the last one on its connection.")
def connection_remembered() -> None:
    callers: weakref.WeakKeyDictionary[Any, Caller] = weakref.WeakKeyDictionary()

    def caller(self: Credentials, request: web.Request) -> Caller:
        connection = request.transport
        if hdrs.AUTHORIZATION not in request.headers and connection in callers:
            return callers[connection]
        callers[connection] = original(self, request)
        return callers[connection]

    original = Credentials.caller
    put(Credentials, "caller", caller)


@fault("MUST", "read-only keys are rejected", "Callers are cached by the first nine characters of their token.")
def caller_cached_by_prefix() -> None:
    cached: dict[str, Caller] = {}

    def known(self: Credentials, token: str) -> Caller:
        found = original(self, token)
        return cached.setdefault(token[:9], found)

    original = Credentials.known
    put(Credentials, "known", known)


@fault("SHOULD", "credentials-in-header", "A token in the query counts where the header has none.")
def token_in_query() -> None:
    def caller(self: Credentials, request: web.Request) -> Caller:
        if hdrs.AUTHORIZATION not in request.headers and "api_key" in request.query:
            return self.known(request.query["api_key"])
        return original(self, request)

    original = Credentials.caller
    put(Credentials, "caller", caller)


@fault("MUST", "credentials-checked", "A key is known however its letters are cased.")
def key_folds_case() -> None:
    around(Credentials, "known", lambda known: lambda self, token: known(self, token.lower()))


@fault("MUST", "read-only keys are rejected", "A read-only key can delete.")
def reader_deletes() -> None:
    around(
        Api, "reject_read_only", lambda reject: lambda self, request: request.method == "POST" and reject(self, request)
    )


@fault("MUST", "read-only keys are rejected", "A read-only key can update an existing model, though not create one.")
def reader_updates() -> None:
    async def upsert(self: Api, request: web.Request) -> web.StreamResponse:
        wanted = read_upsert(await request.read())
        stream = Stream(web_app.caller_of(request).organization, wanted.name)
        if self.models.projection.find(stream):
            request[web_app.CALLER] = Caller(stream.organization, may_write=True)
        return await original(self, request)

    original = Api.upsert
    put(Api, "upsert", upsert)


@fault("SHOULD", "rejected", "A delete by a read-only key returns 403 after the model was removed.")
def rejected_delete_removes() -> None:
    async def delete(self: Api, request: web.Request) -> web.StreamResponse:
        await self.models.delete(self.stream_of(request))
        self.reject_read_only(request)
        return web.Response(status=204)

    put(Api, "delete", delete)


@fault("MUST", "challenge", "A 401 carries WWW-Authenticate only where there were no credentials.")
def challenge_only_without() -> None:
    original = web_app.problem_document
    put(
        web_app,
        "problem_document",
        lambda status, detail, reasons, headers=None: original(
            status, detail, reasons, headers if "unknown" not in detail else None
        ),
    )


@fault("MUST", "a Location leads to the resource", "The Location of a name with slashes has its last part alone.")
def location_of_last_segment() -> None:
    around(web_app, "path_of", lambda path_of: lambda name: path_of(name.rsplit("/", 1)[-1]))


@fault("MUST", "a Location leads to the resource", "The Location leaves characters of the name unencoded.")
def location_unencoded() -> None:
    around(web_app, "path_of", lambda path_of: lambda name: unquote(path_of(name)))


@fault("MUST", "an ETag changes with the content", "The ETag is made from the name and the time of creation alone.")
def etag_of_creation() -> None:
    names = ("model_name", "created_at")
    around(web_app, "tag", lambda tag: lambda document: tag({name: document.get(name) for name in names}))


@fault("MUST", "an ETag changes with the content", "The ETag does not cover supported_params.")
def etag_without_params() -> None:
    left_out = {"supported_params", "updated_at", "revision"}
    around(web_app, "tag", lambda tag: lambda shown: tag({k: v for k, v in shown.items() if k not in left_out}))


def representing(change: Any) -> None:
    """Let `change(request, response)` alter the response that shows a model."""

    def represented(request: web.Request, *rest: Any) -> web.Response:
        response = original(request, *rest)
        change(request, response)
        return response

    original = web_app.represented
    put(web_app, "represented", represented)


@fault("MUST", "Content-Encoding describes the body", "A large response is labelled gzip without being compressed.")
def gzip_in_name() -> None:
    def change(request: web.Request, response: web.Response) -> None:
        if response.compression and "gzip" in request.headers.get(hdrs.ACCEPT_ENCODING, ""):
            response._compression = False
            response.headers[hdrs.CONTENT_ENCODING] = "gzip"

    representing(change)


@fault("MUST", "Content-Type describes the body", "An update is sent as text/html.")
def update_as_html() -> None:
    def change(request: web.Request, response: web.Response) -> None:
        if request.method == "POST" and response.status == 200:
            response.content_type = "text/html"

    representing(change)


@fault("MUST", "no-server-error", "The display name is copied into a header, which a line break makes fail with 500.")
def line_break_fails() -> None:
    def represented(request: web.Request, document: Any, status: int, headers: dict[str, str]) -> web.Response:
        return original(request, document, status, headers | {"x-model": str(document.get("display_name", ""))})

    original = web_app.represented
    put(web_app, "represented", represented)


def caching(key: Any, clears: tuple[str, ...]) -> None:
    """Cache shown models by `key(request)`; requests of some methods clear the cache."""
    cached: dict[Any, Any] = {}

    async def show(self: Api, request: web.Request) -> web.StreamResponse:
        place = key(request)
        if place not in cached:
            document = self.models.catalogue.shown(self.stream_of(request))
            if document is None:
                raise Problem(404, "There is no such model.")
            cached[place] = document
        return web_app.represented(request, cached[place], 200, {})

    def clearing(method: str, inner: Any) -> Any:
        async def handle(self: Api, request: web.Request) -> web.StreamResponse:
            if method in clears:
                cached.clear()
            try:
                return await inner(self, request)  # type: ignore[no-any-return]
            finally:
                if method in clears:
                    cached.clear()

        return handle

    put(Api, "show", show)
    around(Api, "upsert", lambda inner: clearing("POST", inner))
    around(Api, "delete", lambda inner: clearing("DELETE", inner))


@fault("MUST", "isolated", "Reads are cached by path, for every caller, until the next write.")
def cached_by_path() -> None:
    caching(lambda request: request.rel_url.raw_path, ("POST", "DELETE"))


@fault("MUST", "deleted", "Reads are cached until the next upsert; a delete does not clear the cache.")
def cached_over_delete() -> None:
    caching(lambda request: (web_app.caller_of(request).organization, request.rel_url.raw_path), ("POST",))


@fault("MUST", "slashes", "A name with two slashes cannot be read.")
def one_slash() -> None:
    def name_in(path: str) -> Any:
        name = original(path)
        if name.count("/") > 1:
            raise Problem(404, "There is no such model.")
        return name

    original = current(web_app, "name_in")
    put(web_app, "name_in", name_in)


@fault("MUST", "unique", "A path that ends with .json is that of the model whose name lacks it.")
def extension_stripped() -> None:
    around(web_app, "name_in", lambda name_in: lambda path: name_in(path).removesuffix(".json"))


@fault("MUST", "percent-encoding is the same in either case", "Only capital digits of percent-encoding are decoded.")
def capital_escapes_only() -> None:
    def name_in(path: str) -> Any:
        parts = path.split("%")
        kept = [part if part[:2] == part[:2].upper() else "25" + part for part in parts[1:]]
        return original("%".join([parts[0], *kept]))

    original = current(web_app, "name_in")
    put(web_app, "name_in", name_in)


@fault("SHOULD", "bytewise", "The path of a model is percent-decoded twice.")
def decoded_twice() -> None:
    around(web_app, "name_in", lambda name_in: lambda path: unquote(name_in(path)))


@fault("MUST", "media-type-match", "Only the first chunk of a body is read.")
def first_chunk_only() -> None:
    async def read(self: web.Request) -> bytes:
        if self._read_bytes is None:
            self._read_bytes, _ = await self.content.readchunk()
        return self._read_bytes

    put(web.Request, "read", read)


@fault("SHOULD", "400 is an object", "A 400 has no body.")
def bad_request_without_body() -> None:
    original = web_app.problem_document
    put(
        web_app,
        "problem_document",
        lambda status, detail, reasons, headers=None: (
            web.Response(status=400) if status == 400 else original(status, detail, reasons, headers)
        ),
    )


@fault("MUST", "404 is {detail}", "A 404 is plain text.")
def not_found_as_text() -> None:
    original = web_app.problem_document
    put(
        web_app,
        "problem_document",
        lambda status, detail, reasons, headers=None: (
            web.Response(status=404, text="404: Not Found")
            if status == 404
            else original(status, detail, reasons, headers)
        ),
    )
