"""Runs the operations of the admin API: reads what its document declares, calls the handler, writes the response.

Long responses are written in pieces, so that nobody waits for all of one, and none is built whole. One response has no
end: the server-sent events (the event stream of the HTML standard).
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
"""Bytes of a body, where the document gives the operation no `x-limits`."""
_LARGE = 64 * 1024
"""Bytes of a body from which on it is read in a thread, so that no other client has to wait for that."""
DEEPEST_BODY = 80
"""The state holds models, and they may nest as deep as the contract lets them."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a handler is called with."""

    parameters: Mapping[str, Any]
    """Those of the path, the query and the headers, by name; those that have a default are always there."""
    body: Any = None


Handler: TypeAlias = Callable[[Question], Awaitable[Response | ASGIApp]]


class AdminEndpoint:
    """One operation."""

    def __init__(self, operation: AbstractOperation) -> None:
        self._handler: Handler = operation.function
        self._parameters = Parameters(operation.parameters)
        self._body = _JsonBody(operation) if operation.request_body else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. Raises RejectedError for whatever is not to be done."""
        parameters = self._parameters.read(scope)
        try:
            body = await self._body.read(scope, receive) if self._body else None
        except ClientDisconnect:
            return
        answer = await self._handler(Question(parameters, body))
        if isinstance(answer, Response):
            await _write(answer, send)
        else:
            await answer(scope, receive, send)


class _JsonBody:
    def __init__(self, operation: AbstractOperation) -> None:
        self._accepted = list(operation.consumes)
        self._place = to_pointer(("paths", operation.path, operation.method, "requestBody"))
        self._required: bool = operation.request_body.get("required", False)
        self._limit: int = operation.request_body.get("x-limits", {}).get("bytes", LARGEST_BODY)
        self._validator = Validator(operation.body_schema(self._accepted[0]))

    async def read(self, scope: Scope, receive: Receive) -> Any:
        """The body, or None where there is none. Raises the 413, 415 or 400."""
        raw = await receive_body(scope["headers"], receive, self._limit, self._place)
        if not raw and not self._required:
            return None
        check_media_type(scope["headers"], self._accepted, self._place)
        if len(raw) < _LARGE:
            return self._judged(raw, read_json)
        # The exact reader is slower, but lets other threads run from object to object.
        return await asyncio.to_thread(self._judged, raw, read_json_exactly)

    def _judged(self, raw: bytes, read: Callable[[bytes, int], Any]) -> Any:
        """Return the value of a body. Raises the 400."""
        try:
            body = read(raw, DEEPEST_BODY)
        except UnreadableError as error:
            raise rejected(400, str(error)) from None
        if errors := self._validator.errors(body):
            raise RejectedError(Rejection(400, tuple(errors), by_field=True))
        return body


async def _write(answer: Response, send: Send) -> None:
    content = b"" if answer.content is None else orjson.dumps(answer.content)
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(content))] if content else []
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": content})


class AdminAPI(RoutedAPI[AdminEndpoint]):
    """The endpoints of the document, by operationId."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.add_paths()

    def make_operation(self, operation: AbstractOperation) -> AdminEndpoint:
        """Compile one operation."""
        return AdminEndpoint(operation)


class AdminEndpointMiddleware(RoutedMiddleware[AdminAPI]):
    """Answers every request that has an operation, and passes on the others."""

    api_cls = AdminAPI


_WORDS = {"true": True, "false": False}


class Parameters:
    """The parameters of one operation. Unknown ones are refused: they are mistyped ones."""

    def __init__(self, declared: Sequence[Mapping[str, Any]]) -> None:
        self._schemas = {each["name"]: each["schema"] for each in declared}
        self._in_query = [each["name"] for each in declared if each["in"] == "query"]
        self._headers = {each["name"].lower().encode(): each["name"] for each in declared if each["in"] == "header"}
        self._defaults = {name: it["default"] for name, it in self._schemas.items() if "default" in it}
        required = [each["name"] for each in declared if each.get("required")]
        self._validator = Validator({"type": "object", "properties": self._schemas, "required": required})

    def read(self, scope: Scope) -> dict[str, Any]:
        """The values by name. Raises the 400."""
        given = {name: _value(text, self._schemas[name]) for name, text in self._written(scope)}
        if errors := self._validator.errors(given):
            raise RejectedError(Rejection(400, tuple(errors), by_field=True))
        return {**self._defaults, **given}

    def _written(self, scope: Scope) -> Iterator[tuple[str, str]]:
        for name, value in scope["path_params"].items():
            yield name, value.encode(errors="replace").decode()  # no id has octets that are not UTF-8
        for raw_name, raw_value in scope["headers"]:
            if raw_name in self._headers:
                yield self._headers[raw_name], raw_value.decode("latin-1")
        seen: set[str] = set()
        for name, value in parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True):
            if name not in self._in_query:
                known = f"only {alternatives(self._in_query, 'and')}" if self._in_query else "none at all"
                raise rejected(400, f"There is no parameter {quoted(name)} here, {known}.")
            if name in seen:
                raise rejected(400, f"The parameter {quoted(name)} stands twice.")
            seen.add(name)
            yield name, value


def _value(text: str, schema: Mapping[str, Any]) -> Any:
    """`text` as a value of the type that the schema has, or as it is where it is none."""
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


_PIECE = 64 * 1024
"""Bytes that are sent at a time."""
_JSON_HEADERS = [(b"content-type", b"application/json")]


class JsonStream:
    """An answer with status 200 of the JSON text that `parts` are together. Other requests are answered in between."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        self._parts = parts

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Send it."""
        pieces = _pieces(self._parts)
        first, second = next(pieces), next(pieces, None)
        length = [] if second else [(b"content-length", b"%d" % len(first))]  # a short answer is not chunked
        await send({"type": "http.response.start", "status": 200, "headers": [*_JSON_HEADERS, *length]})
        for piece in chain([first, second or b""], pieces):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            await asyncio.sleep(0)
        await send({"type": "http.response.body", "body": b""})


def _pieces(parts: Iterable[bytes]) -> Iterator[bytes]:
    piece = bytearray()
    for part in parts:
        piece += part
        if len(piece) >= _PIECE:
            yield bytes(piece)
            piece.clear()
    yield bytes(piece)


def members(items: Iterable[tuple[str, Iterable[bytes]]]) -> Iterator[bytes]:
    """Give an object of these names and values.

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
    """Give an array of these values.

    >>> b"".join(elements([b"1", b"2"])), b"".join(elements([]))
    (b'[1,2]', b'[]')
    """
    before = b"["
    for item in items:
        yield before + item
        before = b","
    yield b"[]" if before == b"[" else b"]"


HEARTBEAT = 15.0
"""Seconds without an event after which a comment is sent, so that both ends know that the connection is alive."""
_RETRY_MS = 1000
_EVENT_HEADERS = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store, no-transform"),  # a proxy that compresses would wait for more before it sends any
    (b"x-accel-buffering", b"no"),
]


class EventStream:
    """An answer that tells what happens, and before that what came later than the event `after`."""

    def __init__(self, events: Events, after: int | None, pace: int | None) -> None:
        self._events = events
        self._after = after
        self._pace = pace

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Tell, until the client goes. One that does not keep up is cut off; it may come back and say what it has."""
        complete = self._after is not None and self._events.knows(self._after)
        with self._events.watching(self._after, self._pace) as watcher:
            telling = asyncio.ensure_future(_tell(_written(self._events, watcher, complete), send))
            tasks = {telling, asyncio.ensure_future(_gone(receive)), asyncio.ensure_future(watcher.behind.wait())}
            try:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in tasks:
                    task.cancel()
            if watcher.behind.is_set():
                await connection.reset(scope)


async def _tell(parts: AsyncIterator[bytes], send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": _EVENT_HEADERS})
    async for part in parts:
        await send({"type": "http.response.body", "body": part, "more_body": True})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _written(events: Events, watcher: Watcher, complete: bool) -> AsyncIterator[bytes]:
    hello = orjson.dumps({"complete": complete, "latest": events.total, "run": events.run})
    yield b"retry: %d\nevent: hello\ndata: %b\n\n" % (_RETRY_MS, hello)
    while True:
        try:
            async with asyncio.timeout(HEARTBEAT):
                event = await watcher.next()
        except TimeoutError:
            yield b": still here\n\n"
        else:
            yield events.text(event, _text)


def _text(event: Event) -> bytes:
    return b"id: %d\nevent: %b\ndata: %b\n\n" % (event.id, event.kind.encode(), orjson.dumps(event.data))
