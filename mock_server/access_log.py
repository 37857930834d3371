"""One line a request: method, path, status, time, what was preferred, which faults acted, and why it was refused."""

from __future__ import annotations

import logging
from collections.abc import Container
from functools import lru_cache
from time import perf_counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contract.errors import visible
from mock_server.faults.fired import FAULTS
from mock_server.hiding.redaction import Redaction
from mock_server.http.failures import APPLIED, REFUSAL
from mock_server.refusing.wording import plain

logger = logging.getLogger("mock_server.access")

_LONGEST_BODY = 16 * 1024
"""Bytes of a body that are searched for secrets, before the reason of a refusal is written."""


class AccessLogMiddleware:
    """Writes the line when the answer is complete: of every request, or of those with one of the `statuses`."""

    def __init__(self, app: ASGIApp, redaction: Redaction, statuses: Container[int] | None = None) -> None:
        self.app = app
        self._redaction = redaction
        self._statuses = statuses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and note its status."""
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

        async def noting(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        await self.app(scope, reading, noting)
        taken = (perf_counter() - start) * 1000
        if self._statuses is not None and status not in self._statuses:
            return
        said = body if REFUSAL in scope else b""
        hide = self._redaction.of_request(scope["headers"], scope["query_string"], said).hide
        before, after = _around(scope)  # the time between is another one in every line
        outcome = str(status) if status else "the client has gone"
        line = f"{hide(before)} {outcome} {taken:.1f} ms{after and hide(after)}"
        logger.info(visible(line), extra={"status": status, "refusal": scope.get(REFUSAL), "hidden": True})


_plain = lru_cache(maxsize=64)(plain)  # clients ask for few paths, again and again


def _around(scope: Scope) -> tuple[str, str]:
    """Return what stands before and after the outcome of a request."""
    target = _plain(scope["raw_path"].decode("latin-1"))
    reason = f"  {scope[REFUSAL].line}" if REFUSAL in scope else ""
    preferred = f"  Prefer: {plain(scope[APPLIED])}" if APPLIED in scope else ""
    failed = "".join(f"  fault {fault.id}: {fault.effect}" for fault in scope.get(FAULTS, ()))
    return f"{scope['method']} {target}", f"{preferred}{failed}{reason}"
