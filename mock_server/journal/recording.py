"""Takes down every request of the API."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import TypeAlias

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mock_server.journal.exchange import LONGEST_BODY, Exchange, is_a_page

Note: TypeAlias = Callable[[Exchange], None]
"""Called with each exchange when it is over."""
_MOMENT = 0.05
"""Seconds to wait for a body that nobody asked for; most come with their request."""


class RecordingMiddleware:
    """Notes what passes.

    An exchange is noted before the end of the answer is sent, so that whoever has the answer finds it in the journal.
    """

    def __init__(self, app: ASGIApp, note: Note) -> None:
        self.app = app
        self._note = note

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        exchange = Exchange(scope)

        async def receiving() -> Message:
            message = await receive()
            exchange.received(message)
            return message

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                if not exchange.complete:
                    await _look_at_the_body(exchange, scope, receiving)
                exchange.status, exchange.response_headers = message["status"], message["headers"]
            elif exchange.answered(message):
                self._close(exchange)
            await send(message)

        try:
            await self.app(scope, receiving, sending)
        finally:
            self._close(exchange)

    def _close(self, exchange: Exchange) -> None:
        if (scope := exchange.scope) is not None:
            exchange.finish(scope)
            if not is_a_page(scope):
                self._note(exchange)


async def _look_at_the_body(exchange: Exchange, scope: Scope, receive: Receive) -> None:
    """Read a body that is about to be refused unread, as far as it is there or comes at once."""
    if any(name == b"expect" for name, _ in scope["headers"]):
        return  # to ask for the body would invite the client to send it
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_MOMENT):
            while not exchange.complete and exchange.request_length < LONGEST_BODY:
                if (await receive())["type"] != "http.request":
                    return
