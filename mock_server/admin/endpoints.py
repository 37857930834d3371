"""Runs the operations of the admin API: read the declared parameters and body, call the handler, send the response.

Connexion's own validation is not used: NaN, invalid UTF-8, unknown charsets, long integers and deep nesting get a 500,
`APPLICATION/JSON` is not validated, chunked bodies and integers in headers are rejected, the last of repeated
parameters counts, and bodies have no limit. sse-starlette is not used: its import changes `uvicorn.Server`, and once a
signal has stopped another server in the process, each new stream ends at once.

Long responses are sent in chunks and never built whole, so that other clients are served in between.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

import orjson
from connexion.middleware.abstract import RoutedAPI, RoutedMiddleware
from connexion.operations.abstract import AbstractOperation
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.responses import Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from contract.pointer import to_pointer
from mock_server.display import to_json
from mock_server.errors import RejectedError, Rejection, alternatives, quoted, rejected
from mock_server.events import Event, Events, Hello, Watcher
from mock_server.http.bodies import check_media_type, receive_body
from mock_server.strict_json import UnreadableError, read_json, read_json_exactly
from mock_server.validation import Validator

LARGEST_BODY = 1024 * 1024
"""Maximum bytes of a body, unless the operation declares `x-limits`."""
_LARGE = 64 * 1024
"""Bodies of at least this many bytes are parsed in a thread, so that other clients need not wait."""
DEEPEST_BODY = 80
"""Maximum nesting of a body. A state contains models, which nest as deep as the contract allows."""

Handler: TypeAlias = Callable[..., Awaitable[ASGIApp]]
"""Gets each parameter by its name, those with a default always, and the body as `body` if the operation has one."""


class AdminEndpoint:
    """One operation of the admin API."""

    def __init__(self, operation: AbstractOperation) -> None:
        self._handler: Handler = operation.function
        self._parameters = _Parameters(operation.parameters)
        self._body = _JsonBody(operation) if operation.request_body else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or raise the RejectedError of one that is rejected."""
        arguments = self._parameters.read(scope)
        if self._body:
            try:
                arguments["body"] = await self._body.read(scope, receive)
            except ClientDisconnect:
                return
        response = await self._handler(**arguments)
        await response(scope, receive, send)


class _JsonBody:
    def __init__(self, operation: AbstractOperation) -> None:
        self._accepted = tuple(operation.consumes)
        self._place = to_pointer(("paths", operation.path, operation.method, "requestBody"))
        self._required: bool = operation.request_body.get("required", False)
        self._limit: int = operation.request_body.get("x-limits", {}).get("bytes", LARGEST_BODY)
        self._validator = Validator(operation.body_schema(self._accepted[0]))

    async def read(self, scope: Scope, receive: Receive) -> Any:
        """Return the body, or None if there is none. Raises a 413, 415 or 400."""
        raw = await receive_body(scope["headers"], receive, self._limit, self._place)
        if not raw and not self._required:
            return None
        check_media_type(scope["headers"], self._accepted, self._place)
        if len(raw) < _LARGE:
            return self._parsed(raw, read_json)
        # The exact reader is slower, but lets other threads run between objects.
        return await asyncio.to_thread(self._parsed, raw, read_json_exactly)

    def _parsed(self, raw: bytes, read: Callable[[bytes, int], Any]) -> Any:
        """Return the value of a body. Raises a 400."""
        try:
            body = read(raw, DEEPEST_BODY)
        except UnreadableError as error:
            raise rejected(400, str(error)) from None
        if errors := self._validator.errors(body):
            raise RejectedError(Rejection(400, tuple(errors), by_field=True))
        return body


class AdminAPI(RoutedAPI[AdminEndpoint]):
    """The endpoints of the document."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.add_paths()

    def make_operation(self, operation: AbstractOperation) -> AdminEndpoint:
        """Return the endpoint of an operation."""
        return AdminEndpoint(operation)


class AdminEndpointMiddleware(RoutedMiddleware[AdminAPI]):
    """Runs the operation of each request. Requests without one are passed on."""

    api_cls = AdminAPI


class _Parameters:
    """The parameters of one operation. Unknown ones are rejected: most are typing errors."""

    def __init__(self, declared: Sequence[Mapping[str, Any]]) -> None:
        self._schemas = {each["name"]: each["schema"] for each in declared}
        self._in_query = [each["name"] for each in declared if each["in"] == "query"]
        self._in_header = [each["name"] for each in declared if each["in"] == "header"]
        self._defaults = {name: it["default"] for name, it in self._schemas.items() if "default" in it}
        required = [each["name"] for each in declared if each.get("required")]
        self._validator = Validator({"type": "object", "properties": self._schemas, "required": required})

    def read(self, scope: Scope) -> dict[str, Any]:
        """Return the values by name, as a function takes it: `Last-Event-ID` is `last_event_id`. Raises a 400."""
        values = {name: _value(text, self._schemas[name]["type"]) for name, text in self._sent(scope)}
        if errors := self._validator.errors(values):
            raise RejectedError(Rejection(400, tuple(errors), by_field=True))
        return {name.lower().replace("-", "_"): value for name, value in {**self._defaults, **values}.items()}

    def _sent(self, scope: Scope) -> Iterator[tuple[str, str]]:
        for name, value in scope["path_params"].items():
            yield name, value.encode(errors="replace").decode()  # no id contains bytes that are not UTF-8
        headers = Headers(scope=scope)
        for name in self._in_header:
            if repeated := headers.getlist(name):
                yield name, ", ".join(repeated)
        seen: set[str] = set()
        for name, value in parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True):
            if name not in self._in_query:
                known = f"use {alternatives(self._in_query)}" if self._in_query else "this operation has none"
                raise rejected(400, f"Unknown query parameter {quoted(name)}; {known}.")
            if name in seen:
                raise rejected(400, f"The query parameter {quoted(name)} is repeated; send it once.")
            seen.add(name)
            yield name, value


def _value(text: str, kind: str) -> Any:
    """Return the JSON value of `text` for a parameter of the type `kind`, or `text` itself if it has none."""
    if kind == "string":
        return text
    try:
        value = read_json(text.encode(), nesting=0)
    except UnreadableError:
        return text
    return text if kind == "integer" and isinstance(value, float) else value  # 1.0 is an integer in JSON Schema


_CHUNK = 64 * 1024
"""Minimum bytes of a chunk, apart from the last."""
_JSON = "application/json"


def json_response(content: Any, status: int = 200) -> Response:
    """Return a response with `content` as JSON."""
    return Response(to_json(content), status, media_type=_JSON)


def streamed_json(parts: Iterable[bytes]) -> Response:
    """Return a response whose JSON text is the concatenation of `parts`, in chunks unless it is short."""
    chunks = _chunks(parts)
    first, second = next(chunks), next(chunks, None)
    if second is None:
        return Response(first, media_type=_JSON)
    return StreamingResponse(_with_pauses(chain([first, second], chunks)), media_type=_JSON)


async def _with_pauses(chunks: Iterable[bytes]) -> AsyncIterator[bytes]:
    """Yield the chunks. Other requests are served in between."""
    for chunk in chunks:
        yield chunk
        await asyncio.sleep(0)


def _chunks(parts: Iterable[bytes]) -> Iterator[bytes]:
    chunk = bytearray()
    for part in parts:
        chunk += part
        if len(chunk) >= _CHUNK:
            yield bytes(chunk)
            chunk.clear()
    yield bytes(chunk)


def members(items: Iterable[tuple[str, Iterable[bytes]]]) -> Iterator[bytes]:
    """Yield the parts of a JSON object with these members.

    >>> b"".join(members([("a", [b"1"]), ("b", [b"[", b"]"])]))
    b'{"a":1,"b":[]}'
    """
    before = b"{"
    for name, value in items:
        yield before + orjson.dumps(name) + b":"
        yield from value
        before = b","
    yield b"{}" if before == b"{" else b"}"


def elements(items: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the parts of a JSON array of these elements.

    >>> b"".join(elements([b"1", b"2"])), b"".join(elements([]))
    (b'[1,2]', b'[]')
    """
    before = b"["
    for item in items:
        yield before + item
        before = b","
    yield b"[]" if before == b"[" else b"]"


HEARTBEAT = 15.0
"""Seconds without an event before a comment is sent, so that both ends know that the connection is alive."""
_RETRY_MS = 1000
_EVENT_HEADERS = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-store, no-transform",  # a proxy that compresses would hold events back
    "X-Accel-Buffering": "no",
}


class EventStream:
    """A stream of events: first those since the event `after`, then each new one.

    It ends when the client disconnects, or is so slow that it misses events. Then the client can resume.
    """

    def __init__(self, events: Events, after: int | None, pace: int | None) -> None:
        self._events = events
        self._after = after
        self._pace = pace

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events, or only the headers in response to HEAD."""
        if scope["method"] == "HEAD":
            await StreamingResponse((), headers=_EVENT_HEADERS)(scope, receive, send)
            return
        async with self._events.reading(self._after, self._pace) as (hello, watcher):
            parts = _events_of(self._events, watcher, hello)
            await StreamingResponse(parts, headers=_EVENT_HEADERS)(scope, receive, send)


async def _events_of(events: Events, watcher: Watcher, hello: Hello) -> AsyncIterator[bytes]:
    yield b"retry: %d\nevent: hello\ndata: %b\n\n" % (_RETRY_MS, orjson.dumps(hello._asdict()))
    while True:
        try:
            async with asyncio.timeout(HEARTBEAT):
                event = await watcher.next()
        except TimeoutError:
            yield b": still here\n\n"
            continue
        if event is None:
            return
        yield events.text(event, _serialized)


def _serialized(event: Event) -> bytes:
    return b"id: %d\nevent: %b\ndata: %b\n\n" % (event.id, event.kind.encode(), orjson.dumps(event.data))
