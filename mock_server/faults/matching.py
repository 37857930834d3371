"""Finds out of a request what rules ask for, and only what they ask for."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import orjson
from starlette.types import Message, Receive, Scope

from mock_server.faults.rule import Rule
from mock_server.http.routing import Resource, decoded, matches_path, raw_path

OrganizationOf: TypeAlias = Callable[[list[tuple[bytes, bytes]]], str | None]
"""The organization of whoever sends such headers, or None."""


class Asked:
    """A request. Its body can be looked at and is still there for the app, which is to call `receive` of this."""

    def __init__(self, scope: Scope, receive: Receive, key: str, organization_of: OrganizationOf, limit: int) -> None:
        self._scope = scope
        self._receive = receive
        self._key = key
        self._organization_of = organization_of
        self._limit = limit
        self._unread: deque[Message] = deque()
        self._parameters: dict[str, str] = {}
        self._organization: tuple[str | None] | None = None
        self._model: tuple[Any] | None = None

    def is_of(self, resources: Sequence[Resource]) -> bool:
        """Whether it asks for one of the resources of the contract."""
        path = decoded(raw_path(self._scope))
        for resource in resources:
            if (parameters := resource.parameters(path)) is not None:
                self._parameters = parameters
                return True
        return False

    async def meets(self, rule: Rule) -> bool:
        """Whether it meets all conditions of `rule` that do not depend on chance."""
        return (
            rule.method in (None, self._scope["method"])
            and (rule.path is None or matches_path(raw_path(self._scope), rule.path))
            and (rule.organization is None or rule.organization == self._organization_once())
            and (rule.model is None or rule.model == await self._model_once())
        )

    async def receive(self) -> Message:
        """The next part of the request, as an ASGI app asks for it."""
        return self._unread.popleft() if self._unread else await self._receive()

    def _organization_once(self) -> str | None:
        """The organization, looked up once for all rules."""
        if self._organization is None:
            self._organization = (self._organization_of(self._scope["headers"]),)
        return self._organization[0]

    async def _model_once(self) -> Any:
        """The name that the path has, or else the body, which is read once for all rules."""
        if self._key in self._parameters:
            return self._parameters[self._key]
        if self._model is None:
            self._model = (await self._named_in_the_body(),)
        return self._model[0]

    async def _named_in_the_body(self) -> Any:
        try:
            body = orjson.loads(await self._body())
        except orjson.JSONDecodeError:
            return None
        return body.get(self._key) if isinstance(body, dict) else None

    async def _body(self) -> bytes:
        if not self._unread:
            await self._read()
        return b"".join(message.get("body", b"") for message in self._unread)

    async def _read(self) -> None:
        length = 0
        while length <= self._limit:
            message = await self._receive()
            self._unread.append(message)
            length += len(message.get("body", b""))
            if not message.get("more_body", False):
                return
