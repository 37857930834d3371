"""Records every request to the API, in the journal and as one line of the log.

The line has the method, path, status and time, the preferences and faults that were applied, and why the request was
rejected.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Container, Sequence
from functools import lru_cache
from itertools import count
from time import perf_counter, time
from typing import TypeAlias

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contract.errors import visible
from mock_server.context import RequestContext, context_of
from mock_server.errors import plain
from mock_server.http.bodies import drain
from mock_server.http.routing import raw_path
from mock_server.journal.journal import CUT, SMALLEST_EXCHANGE, Exchange, Headers
from mock_server.redaction import Redaction

LONGEST_BODY = 16 * 1024
"""Maximum bytes that are recorded of a body."""
LONGEST_HEADERS = 16 * 1024
"""Maximum bytes of the headers of a request and its response together. Longer ones are cut off."""
LONGEST_VALUE = 256
"""Bytes that are recorded of each header name and value if headers are cut off."""

Note: TypeAlias = Callable[[Exchange], Awaitable[None] | None]
"""Called with each exchange when its response is complete. If it returns an awaitable, the response waits for it."""
_MOMENT = 0.05
"""Seconds to wait for a body that the app has not read; most arrive with their request."""


class RecordingMiddleware:
    """Records exchanges.

    An exchange is recorded before the end of its response is sent, so that a client that has the response finds it in
    the journal.
    """

    def __init__(self, app: ASGIApp, note: Note) -> None:
        self.app = app
        self._note = note
        self._numbers = count(1)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Pass the request on."""
        return (self._recorded if scope["type"] == "http" else self.app)(scope, receive, send)

    async def _recorded(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Local variables, because an object with methods was measured to cost half as much again.
        started = perf_counter()
        request = response = b""
        request_length = response_length = status = 0
        complete = over = False
        headers: Headers = []

        async def receiving() -> Message:
            nonlocal request, request_length, complete
            message = await receive()
            body = message.get("body", b"")
            request = request if len(request) >= LONGEST_BODY else (request + body)[:LONGEST_BODY]
            request_length += len(body)
            complete = complete or (message["type"] == "http.request" and not message.get("more_body", False))
            return message

        def sending(message: Message) -> Awaitable[None]:
            nonlocal status, headers, response, response_length
            if message["type"] == "http.response.start":
                status, headers = message["status"], message["headers"]
                return send(message) if complete else _send_after_the_body(scope, receiving, send, message)
            body = message.get("body", b"")
            response = response if len(response) >= LONGEST_BODY else (response + body)[:LONGEST_BODY]
            response_length += len(body)
            if not message.get("more_body", False) and (noted := close()) is not None:
                return _send_noted(noted, send, message)
            return send(message)

        def close() -> Awaitable[None] | None:
            nonlocal over
            over = True
            context = context_of(scope)
            rejection = context.rejection
            if not context.in_contract and rejection is None:
                return None  # not part of the API: Swagger UI or the contract
            sent, returned, length = _bounded(scope["headers"], headers)
            path, query = raw_path(scope), scope["query_string"]
            length += len(path) + len(query) + len(request) + len(response) + (rejection.bytes if rejection else 0)
            exchange = (
                next(self._numbers),
                time(),
                perf_counter() - started,
                scope["method"],
                path,
                query,
                sent,
                request,
                request_length,
                complete,
                status,
                returned,
                response,
                response_length,
                context.caller,
                rejection,
                context.preferences,
                context.faults,
                SMALLEST_EXCHANGE + length,
            )
            return self._note(tuple.__new__(Exchange, exchange))  # Exchange(...) does the same with one more call

        try:
            await self.app(scope, receiving, sending)
        finally:
            if not over and (noted := close()) is not None:
                await noted


async def _send_noted(noted: Awaitable[None], send: Send, message: Message) -> None:
    """Send the end of a response after its exchange is in the journal."""
    await noted
    await send(message)


def _bounded(sent: Headers, returned: Headers) -> tuple[Headers, Headers, int]:
    """Return the headers of a request and its response as they are recorded, and their length.

    If they are long together, each name and value is cut off.

    >>> _bounded([(b"accept", b"*/*")], [])
    ([(b'accept', b'*/*')], [], 9)
    >>> _bounded([(b"x", b"a" * 20_000)], [])[0][0][1][250:]
    b'aaaaaa... (the first 256 of 20000 bytes)'
    """
    length = _length((*sent, *returned))
    if length > LONGEST_HEADERS:
        sent, returned = ([(_cut(name), _cut(value)) for name, value in headers] for headers in (sent, returned))
        length = _length((*sent, *returned))
    return sent, returned, length


def _length(headers: Sequence[tuple[bytes, bytes]]) -> int:
    return sum([len(name) + len(value) for name, value in headers])


def _cut(text: bytes) -> bytes:
    if len(text) <= LONGEST_VALUE:
        return text
    return text[:LONGEST_VALUE] + CUT % (LONGEST_VALUE, len(text))


async def _send_after_the_body(scope: Scope, receive: Receive, send: Send, start: Message) -> None:
    """Read what has arrived of a body that the app rejects unread, so that the journal has it."""
    # With Expect: 100-continue, reading would invite the client to send the body.
    if not any(name == b"expect" for name, _ in scope["headers"]):
        await drain(receive, LONGEST_BODY, _MOMENT)
    await send(start)


logger = logging.getLogger("mock_server.access")

_LONGEST_BODY = 16 * 1024
"""Bytes of a body that are searched for secrets, before the reason of a rejection is written."""


class AccessLogMiddleware:
    """Logs each request when its response is complete, or only those with one of the `statuses`."""

    def __init__(self, app: ASGIApp, redaction: Redaction, statuses: Container[int] | None = None) -> None:
        self.app = app
        self._redaction = redaction
        self._statuses = statuses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and log it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status, body = 0, b""
        start = perf_counter()

        async def reading() -> Message:
            nonlocal body
            message = await receive()
            if len(body) < _LONGEST_BODY:
                body += message.get("body", b"")[:_LONGEST_BODY]
            return message

        async def recording(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        await self.app(scope, reading, recording)
        taken = (perf_counter() - start) * 1000
        if self._statuses is not None and status not in self._statuses:
            return
        context = context_of(scope)
        said = body if context.rejection else b""
        hide = self._redaction.of_request(scope["headers"], scope["query_string"], said).hide
        before, after = _around(scope, context)  # the time between them differs in every line
        outcome = str(status) if status else "client disconnected"
        line = f"{hide(before)} {outcome} {taken:.1f} ms{after and hide(after)}"
        logger.info(visible(line), extra={"status": status, "rejection": context.rejection, "hidden": True})


_plain = lru_cache(maxsize=64)(plain)  # clients request few paths again and again


def _around(scope: Scope, context: RequestContext) -> tuple[str, str]:
    """Return the parts of the line before and after the outcome of a request."""
    target = _plain(scope["raw_path"].decode("latin-1"))
    reason = f"  {context.rejection.line}" if context.rejection else ""
    preferred = f"  Prefer: {plain(context.preferences)}" if context.preferences else ""
    faults = "".join(f"  fault {fault.id}: {fault.effect}" for fault in context.faults)
    return f"{scope['method']} {target}", f"{preferred}{faults}{reason}"
