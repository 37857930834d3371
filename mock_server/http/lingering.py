"""Reads a body that nobody has asked for, so that a client which is still sending it can read the response."""

from __future__ import annotations

import asyncio
import contextlib

from starlette.types import Receive


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
