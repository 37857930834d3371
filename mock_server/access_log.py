"""One line a request: method, path, status, time, what was preferred, which faults acted, and why it was refused."""

from __future__ import annotations

import logging
from collections.abc import Container
from time import perf_counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mock_server.faults.fired import FAULTS
from mock_server.http.failures import APPLIED, REFUSAL
from mock_server.refusing.wording import plain

logger = logging.getLogger("mock_server.access")


class AccessLogMiddleware:
    """Writes the line when the answer is complete: of every request, or of those with one of the `statuses`."""

    def __init__(self, app: ASGIApp, statuses: Container[int] | None = None) -> None:
        self.app = app
        self._statuses = statuses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and note its status."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = 0
        start = perf_counter()

        async def noting(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        await self.app(scope, receive, noting)
        taken = (perf_counter() - start) * 1000
        if self._statuses is not None and status not in self._statuses:
            return
        logger.info(_line(scope, status, taken), extra={"status": status, "refusal": scope.get(REFUSAL)})


def _line(scope: Scope, status: int, milliseconds: float) -> str:
    target = plain(scope["raw_path"].decode("latin-1"))
    reason = f"  {scope[REFUSAL].line}" if REFUSAL in scope else ""
    preferred = f"  Prefer: {plain(scope[APPLIED])}" if APPLIED in scope else ""
    failed = "".join(f"  fault {fault.id}: {fault.effect}" for fault in scope.get(FAULTS, ()))
    outcome = str(status) if status else "the client has gone"
    return f"{scope['method']} {target} {outcome} {milliseconds:.1f} ms{preferred}{failed}{reason}"
