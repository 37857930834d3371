"""What a client may know when it has a response: the exchange is in the journal."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from mock_server.journal.recorder import RecordingMiddleware

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope, Send

    from mock_server.journal.journal import Exchange


@pytest.mark.parametrize("expect", [[], [(b"expect", b"100-continue")]], ids=["", "expect"])
@pytest.mark.parametrize("reads", [True, False], ids=["read", "unread"])
@pytest.mark.parametrize("status", [200, 204])
def test_nothing_is_sent_before_a_shared_journal_has_it(
    status: int, reads: bool, expect: list[tuple[bytes, bytes]]
) -> None:
    """A 204 has no body, so its start is all that a client waits for."""
    done: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if reads:
            await receive()
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body"})

    async def note(exchange: Exchange) -> None:
        await asyncio.sleep(0)
        done.append(f"noted {exchange.status}")

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        done.append(message["type"])

    scope = {"type": "http", "method": "DELETE", "path": "/", "query_string": b"", "headers": expect}

    async def call() -> None:
        await RecordingMiddleware(app, note, waits=True)(scope, receive, send)

    asyncio.run(call())
    assert done == [f"noted {status}", "http.response.start", "http.response.body"]
