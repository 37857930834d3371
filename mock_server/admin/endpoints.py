"""Runs the operations of the admin API: read the declared parameters and body, call the handler, send the response.

Long responses are sent in chunks and never built whole, so that other clients are served in between. The stream of
server-sent events (HTML standard) never ends.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

import orjson
from connexion.middleware.abstract import RoutedAPI, RoutedMiddleware
from connexion.operations.abstract import AbstractOperation
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from contract.pointer import to_pointer
from mock_server.errors import RejectedError, Rejection, alternatives, quoted, rejected
from mock_server.events import Event, Events, Watcher
from mock_server.http import connection
from mock_server.http.bodies import check_media_type, receive_body
from mock_server.responses import Response
from mock_server.strict_json import UnreadableError, read_json, read_json_exactly
from mock_server.validation import Validator

LARGEST_BODY = 1024 * 1024
"""Maximum bytes of a body, unless the operation declares `x-limits`."""
_LARGE = 64 * 1024
"""Bodies of at least this many bytes are parsed in a thread, so that other clients need not wait."""
DEEPEST_BODY = 80
"""Maximum nesting of a body. A state contains models, which nest as deep as the contract allows."""


@dataclass(frozen=True, slots=True)
class AdminRequest:
    """The parameters and body that a handler gets."""

    parameters: Mapping[str, Any]
    """Path, query and header parameters by name. Those with a default are always present."""
    body: Any = None


Handler: TypeAlias = Callable[[AdminRequest], Awaitable[Response | ASGIApp]]


class AdminEndpoint:
    """One operation of the admin API."""

    def __init__(self, operation: AbstractOperation) -> None:
        self._handler: Handler = operation.function
        self._parameters = Parameters(operation.parameters)
        self._body = _JsonBody(operation) if operation.request_body else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or raise the RejectedError of one that is rejected."""
        parameters = self._parameters.read(scope)
        try:
            body = await self._body.read(scope, receive) if self._body else None
        except ClientDisconnect:
            return
        response = await self._handler(AdminRequest(parameters, body))
        if isinstance(response, Response):
            await _write(response, send)
        else:
            await response(scope, receive, send)


class _JsonBody:
    def __init__(self, operation: AbstractOperation) -> None:
        self._accepted = list(operation.consumes)
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


async def _write(response: Response, send: Send) -> None:
    content = b"" if response.content is None else orjson.dumps(response.content)
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(content))] if content else []
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": content})


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


_WORDS = {"true": True, "false": False}


class Parameters:
    """The parameters of one operation. Unknown ones are rejected: most are typing errors."""

    def __init__(self, declared: Sequence[Mapping[str, Any]]) -> None:
        self._schemas = {each["name"]: each["schema"] for each in declared}
        self._in_query = [each["name"] for each in declared if each["in"] == "query"]
        self._headers = {each["name"].lower().encode(): each["name"] for each in declared if each["in"] == "header"}
        self._defaults = {name: it["default"] for name, it in self._schemas.items() if "default" in it}
        required = [each["name"] for each in declared if each.get("required")]
        self._validator = Validator({"type": "object", "properties": self._schemas, "required": required})

    def read(self, scope: Scope) -> dict[str, Any]:
        """Return the values by name. Raises a 400."""
        values = {name: _value(text, self._schemas[name]) for name, text in self._sent(scope)}
        if errors := self._validator.errors(values):
            raise RejectedError(Rejection(400, tuple(errors), by_field=True))
        return {**self._defaults, **values}

    def _sent(self, scope: Scope) -> Iterator[tuple[str, str]]:
        for name, value in scope["path_params"].items():
            yield name, value.encode(errors="replace").decode()  # no id contains bytes that are not UTF-8
        for raw_name, raw_value in scope["headers"]:
            if raw_name in self._headers:
                yield self._headers[raw_name], raw_value.decode("latin-1")
        seen: set[str] = set()
        for name, value in parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True):
            if name not in self._in_query:
                known = f"use {alternatives(self._in_query)}" if self._in_query else "this operation has none"
                raise rejected(400, f"Unknown query parameter {quoted(name)}; {known}.")
            if name in seen:
                raise rejected(400, f"The query parameter {quoted(name)} is repeated; send it once.")
            seen.add(name)
            yield name, value


def _value(text: str, schema: Mapping[str, Any]) -> Any:
    """Convert `text` to the type of the schema, or return it unchanged if it has no such value."""
    match schema["type"]:
        case "boolean":
            return _WORDS.get(text, text)
        case "integer":
            return int(text) if text.isascii() and text.removeprefix("-").isdigit() and len(text) < 18 else text
        case "number":
            return _number(text)
    return text


def _number(text: str) -> float | str:
    try:
        number = float(text)
    except ValueError:
        return text
    return number if math.isfinite(number) else text


_CHUNK = 64 * 1024
"""Minimum bytes of a chunk, apart from the last."""
_JSON_HEADERS = [(b"content-type", b"application/json")]


class JsonStream:
    """A 200 response whose JSON text is the concatenation of `parts`. Other requests are served between its chunks."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        self._parts = parts

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Send the response."""
        chunks = _chunks(self._parts)
        first, second = next(chunks), next(chunks, None)
        length = [] if second else [(b"content-length", b"%d" % len(first))]  # a short response is not chunked
        await send({"type": "http.response.start", "status": 200, "headers": [*_JSON_HEADERS, *length]})
        for chunk in chain([first, second or b""], chunks):
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await asyncio.sleep(0)
        await send({"type": "http.response.body", "body": b""})


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
_EVENT_HEADERS = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store, no-transform"),  # a proxy that compresses would hold events back
    (b"x-accel-buffering", b"no"),
]


class EventStream:
    """A stream of events: first those since the event `after`, then each new one."""

    def __init__(self, events: Events, after: int | None, pace: int | None) -> None:
        self._events = events
        self._after = after
        self._pace = pace

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send events until the client disconnects. A client that is too slow is disconnected, and can resume."""
        complete = self._after is not None and self._events.knows(self._after)
        with self._events.watching(self._after, self._pace) as watcher:
            sending = asyncio.ensure_future(_send_events(_events_of(self._events, watcher, complete), send))
            tasks = {
                sending,
                asyncio.ensure_future(_disconnected(receive)),
                asyncio.ensure_future(watcher.behind.wait()),
            }
            try:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in tasks:
                    task.cancel()
            if watcher.behind.is_set():
                await connection.reset(scope)


async def _send_events(parts: AsyncIterator[bytes], send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": _EVENT_HEADERS})
    async for part in parts:
        await send({"type": "http.response.body", "body": part, "more_body": True})


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _events_of(events: Events, watcher: Watcher, complete: bool) -> AsyncIterator[bytes]:
    hello = orjson.dumps({"complete": complete, "latest": events.total, "run": events.run})
    yield b"retry: %d\nevent: hello\ndata: %b\n\n" % (_RETRY_MS, hello)
    while True:
        try:
            async with asyncio.timeout(HEARTBEAT):
                event = await watcher.next()
        except TimeoutError:
            yield b": still here\n\n"
        else:
            yield events.text(event, _serialized)


def _serialized(event: Event) -> bytes:
    return b"id: %d\nevent: %b\ndata: %b\n\n" % (event.id, event.kind.encode(), orjson.dumps(event.data))
