"""Does what the client prefers (RFC 7240): forces an answer, or makes it wait.

A forced answer skips whatever comes after the routing: credentials and body are not looked at, and no state is read or
changed, so that a page can be shown every answer whatever it sends.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping

from connexion.middleware.abstract import ROUTING_CONTEXT
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mock_server.answers import write
from mock_server.http.failures import APPLIED
from mock_server.preferring.forced import ForcedAnswers, readable
from mock_server.preferring.preferences import Preference, listed, read_preferences, unmet
from mock_server.refusing.violations import expectation
from mock_server.refusing.wording import plain

LONGEST = 60
"""The longest that an answer can be made to wait, in seconds."""
_SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")


class PreferMiddleware:
    """Answers what is forced, and passes on everything else."""

    def __init__(self, app: ASGIApp, answers: Mapping[str, ForcedAnswers]) -> None:
        """`answers` are those of each operation, by operationId."""
        self.app = app
        self._operations = answers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass the request on."""
        fields = [value for name, value in scope["headers"] if name == b"prefer"] if scope["type"] == "http" else []
        if fields and (routed := scope["extensions"][ROUTING_CONTEXT]):
            preferences = read_preferences(field.decode("latin-1") for field in fields)
            await self._serve(routed["operation_id"], preferences, scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _serve(
        self, operation_id: str, preferences: Mapping[str, Preference], scope: Scope, receive: Receive, send: Send
    ) -> None:
        wait = preferences.get("wait")
        seconds = _seconds(wait) if wait else 0
        answer, applied = self._operations[operation_id].choose(preferences, readable(scope["path_params"]))
        if wait:
            applied = [*applied, wait]
        if applied:
            scope[APPLIED] = listed(applied)
        await asyncio.sleep(seconds)
        if answer:
            await write(answer, _telling(send, scope))
        else:
            await self.app(scope, receive, _telling(send, scope))


def _telling(send: Send, scope: Scope) -> Send:
    """Sends what has been applied with the head of the answer."""

    async def telling(message: Message) -> None:
        if message["type"] == "http.response.start" and APPLIED in scope:
            applied = (b"preference-applied", scope[APPLIED].encode("latin-1"))
            message = {**message, "headers": [*message["headers"], applied]}
        await send(message)

    return telling


def _seconds(wait: Preference) -> float:
    if _SECONDS.fullmatch(wait.value) and float(wait.value) <= LONGEST:
        return float(wait.value)
    expected, got = f"Prefer with a wait from 0 to {LONGEST} seconds", plain(str(wait))
    raise unmet(expected, got, expectation(expected, got))
