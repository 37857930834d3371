"""Server-sent events (the event stream of the HTML standard)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import orjson
from starlette.types import Receive, Scope, Send

from mock_server.events import Event, Events, Watcher
from mock_server.http import connection

HEARTBEAT = 15.0
"""Seconds without an event after which a comment is sent, so that both ends know that the connection is alive."""
_RETRY_MS = 1000
_HEADERS = [
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
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
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
