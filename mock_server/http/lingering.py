"""Lets a client read a refusal that comes before it has sent its whole body.

A server that closes a connection while data is still arriving resets it, and the reset makes the client's system throw
away the answer (RFC 9112, section 9.6). Where the connection is to be closed, the answer is therefore given at once but
completed only when the rest of the body is in.
"""

from __future__ import annotations

import asyncio
import contextlib

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_MOST_BYTES = 16 * 1024 * 1024
_MOST_SECONDS = 2
"""How much is read, and for how long, of a body that nobody wants."""


class LingeringCloseMiddleware:
    """Reads the rest of the body before the connection is closed. Where it stays open, the server does so itself."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and linger over the end of its answer."""
        if scope["type"] != "http" or not _closes(scope):
            await self.app(scope, receive, send)
            return
        complete = False

        async def receiving() -> Message:
            nonlocal complete
            message = await receive()
            complete = not message.get("more_body", False)
            return message

        async def sending(message: Message) -> None:
            last = message["type"] == "http.response.body" and not message.get("more_body", False)
            if complete or not last:
                await send(message)
                return
            await send({**message, "more_body": True})
            await drain(receiving, _MOST_BYTES, _MOST_SECONDS)
            await send({"type": "http.response.body", "body": b""})

        await self.app(scope, receiving, sending)


def _closes(scope: Scope) -> bool:
    """Whether the connection is closed after the answer."""
    asked = any(name == b"connection" and b"close" in value.lower() for name, value in scope["headers"])
    return asked or scope["http_version"] == "1.0"


async def drain(receive: Receive, most: int, seconds: float) -> None:
    """Read a body that nobody has asked for, to its end, for so long, or until `most` bytes of it were read."""
    left = most
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while left > 0:
                message = await receive()
                if not message.get("more_body", False):
                    return
                left -= len(message.get("body", b""))
