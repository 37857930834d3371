"""Makes the answers of the API slow, for those who have to see what they do about it."""

from __future__ import annotations

import asyncio

from connexion.middleware.abstract import ROUTING_CONTEXT
from starlette.types import ASGIApp, Receive, Scope, Send


class DelayMiddleware:
    """Makes whoever asks for an operation wait."""

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self.app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wait where there is an operation, and pass the request on."""
        if scope["type"] == "http" and scope["extensions"][ROUTING_CONTEXT]:
            await asyncio.sleep(self._seconds)
        await self.app(scope, receive, send)
