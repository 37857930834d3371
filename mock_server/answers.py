"""What the mock answers to an operation, and how that is written."""

from __future__ import annotations

from typing import Any, NamedTuple

import orjson
from starlette.types import Send

JSON = "application/json"

VARY = (b"vary", b"Prefer")
"""Tells caches that the answer to an operation depends on what the client prefers (RFC 7240, section 2)."""

_WITHOUT_CONTENT = (204, 304)


class Answer(NamedTuple):
    """An answer to an operation."""

    status: int
    content: Any = None
    """Written as JSON; None is an answer without a body."""
    media_type: str = JSON
    headers: tuple[tuple[bytes, bytes], ...] = ()
    """Beside those that every answer has."""


async def write(answer: Answer, send: Send) -> None:
    """Send an answer."""
    content = b""
    headers = [VARY, *answer.headers]
    if answer.content is not None and answer.status not in _WITHOUT_CONTENT:
        content = orjson.dumps(answer.content)
        headers.append((b"content-type", answer.media_type.encode()))
    if answer.status not in _WITHOUT_CONTENT:
        headers.append((b"content-length", b"%d" % len(content)))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
