"""Records every request to the API, in the journal and as one line of the log.

The line has the method, path, status and time, the preferences and faults that were applied, and why the request was
rejected.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Container, Iterable
from functools import lru_cache
from itertools import count
from time import perf_counter, time
from typing import TypeAlias

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contract.errors import visible
from mock_server.context import RequestContext, context_of
from mock_server.errors import Rejection, plain
from mock_server.http.bodies import drain
from mock_server.http.routing import raw_path
from mock_server.journal.journal import CUT, SMALLEST_EXCHANGE, Exchange, Headers, packed
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
    """Passes each exchange of the API to `note`, and every exchange to `log`. Either may be None.

    That happens before the end of the response is sent, so that a client that has the response finds the exchange in
    the journal. If the response waits for the journal (`waits`), its start waits for its body: the end of a response
    without a body, such as a 204, is its start, and a server sends both at once, if it gets them at once.
    """

    def __init__(self, app: ASGIApp, note: Note | None, log: AccessLog | None = None, *, waits: bool = False) -> None:
        self.app = app
        self._waits = waits
        self._note = note
        self._log = log
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
        held: list[Message] = []

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
                unread = self._note is not None and not complete
                if self._waits:
                    held.append(message)
                    return _drain(scope, receiving) if unread else _nothing()
                return _start_unread(scope, receiving, send, message) if unread else send(message)
            body = message.get("body", b"")
            response = response if len(response) >= LONGEST_BODY else (response + body)[:LONGEST_BODY]
            response_length += len(body)
            noted = None if message.get("more_body", False) else close()
            if not held and noted is None:
                return send(message)
            messages = [*held, message]
            held.clear()
            return _send_noted(noted, send, messages)

        def close() -> Awaitable[None] | None:
            nonlocal over
            over = True
            seen = request, request_length, complete, status, headers, response, response_length
            return self._end(scope, perf_counter() - started, seen)

        try:
            await self.app(scope, receiving, sending)
        finally:
            if not over and (noted := close()) is not None:
                await noted

    def _end(
        self, scope: Scope, seconds: float, seen: tuple[bytes, int, bool, int, Headers, bytes, int]
    ) -> Awaitable[None] | None:
        """Log and record an exchange. If this returns an awaitable, the end of the response must wait for it."""
        context = context_of(scope)
        request, request_length, complete, status, headers, response, response_length = seen
        if self._log:
            self._log(scope, context, status, seconds, request)
        rejection = context.rejection
        if not self._note or not (context.in_contract or rejection):
            return None  # without a rejection, what is not part of the API is Swagger UI or the contract
        sent, returned = _bounded(scope["headers"], headers)
        path, query = raw_path(scope), scope["query_string"]
        length = len(sent) + len(returned) + len(path) + len(query) + len(request) + len(response)
        length += rejection.bytes if rejection else 0
        exchange = (
            next(self._numbers),
            time(),
            seconds,
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


async def _send_noted(noted: Awaitable[None] | None, send: Send, messages: Iterable[Message]) -> None:
    """Send the end of a response after its exchange is in the journal."""
    if noted is not None:
        await noted
    for message in messages:
        await send(message)


async def _nothing() -> None:
    """Do nothing."""


def _bounded(sent: Headers, returned: Headers) -> tuple[bytes, bytes]:
    """Return the headers of a request and its response as they are recorded.

    If they are long together, each name and value is cut off.

    >>> _bounded([(b"x", b"a" * 20_000)], [])[0][252:]
    b'aaaaaa... (the first 256 of 20000 bytes)'
    """
    head, response_head = packed(sent), packed(returned)
    if len(head) + len(response_head) > LONGEST_HEADERS:
        head, response_head = (packed([(_cut(name), _cut(value)) for name, value in each]) for each in (sent, returned))
    return head, response_head


def _cut(text: bytes) -> bytes:
    if len(text) <= LONGEST_VALUE:
        return text
    return text[:LONGEST_VALUE] + CUT % (LONGEST_VALUE, len(text))


async def _start_unread(scope: Scope, receive: Receive, send: Send, start: Message) -> None:
    """Start a response to a request whose body the app has not read."""
    await _drain(scope, receive)
    await send(start)


async def _drain(scope: Scope, receive: Receive) -> None:
    """Read what has arrived of a body that the app rejects unread, so that the journal has it."""
    # With Expect: 100-continue, reading would invite the client to send the body.
    if not any(name == b"expect" for name, _ in scope["headers"]):
        await drain(receive, LONGEST_BODY, _MOMENT)


logger = logging.getLogger("mock_server.access")


WriteLine: TypeAlias = Callable[[str, int, Rejection | None], None]
"""Writes a line of the log about a request: the text without secrets, the status, and why it was rejected."""


def _log_line(text: str, status: int, rejection: Rejection | None) -> None:
    logger.info(text, extra={"status": status, "rejection": rejection, "hidden": True})


class AccessLog:
    """Logs requests: all, or only those with one of the `statuses`."""

    def __init__(
        self, redaction: Redaction, statuses: Container[int] | None = None, write: WriteLine | None = None
    ) -> None:
        self._redaction = redaction
        self._statuses = statuses
        self._write = write or _log_line
        self._start = lru_cache(maxsize=64)(self._redacted_start)  # clients repeat few requests again and again

    def __call__(self, scope: Scope, context: RequestContext, status: int, seconds: float, body: bytes) -> None:
        """Log a request. `body` is searched for secrets before the reason of a rejection is written."""
        if self._statuses is not None and status not in self._statuses:
            return
        headers, query = scope["headers"], scope["query_string"]
        start = self._start(scope["method"], raw_path(scope), query, self._redaction.telling(headers))
        end = _end(context)
        if end:
            end = self._redaction.of_request(headers, query, body if context.rejection else b"").hide(end)
        line = f"{start} {status or 'client disconnected'} {seconds * 1000:.1f} ms{end}"
        self._write(visible(line), status, context.rejection)

    def _redacted_start(self, method: str, path: bytes, query: bytes, headers: tuple[tuple[bytes, bytes], ...]) -> str:
        """Return the part of a line before the status. `headers` are those that may have secrets."""
        target = plain(path.decode("latin-1"))
        return self._redaction.of_request(headers, query).hide(f"{method} {target}")


def _end(context: RequestContext) -> str:
    """Return the part of a line after the time, with its secrets."""
    reason = f"  {context.rejection.line}" if context.rejection else ""
    preferred = f"  Prefer: {plain(context.preferences)}" if context.preferences else ""
    faults = "".join(f"  fault {fault.id}: {fault.effect}" for fault in context.faults) if context.faults else ""
    return f"{preferred}{faults}{reason}"
