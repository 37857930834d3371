"""Checks each response of an operation against the contract before it is sent. A wrong response becomes a 500.

Connexion's own check accepts undeclared statuses and stops at the first error. openapi-core accepts a body where none
is declared, and its messages quote whole values, which may be secrets.
"""

from __future__ import annotations

import logging
from collections.abc import Container, Iterator, Mapping
from functools import cached_property
from typing import Any

import orjson
from connexion.middleware.abstract import ROUTING_CONTEXT
from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mock_server.context import context_of
from mock_server.errors import Rejection, alternatives, quoted
from mock_server.prefer import is_about_preferences
from mock_server.responses import DeclaredResponse, DeclaredResponses, declared_responses
from mock_server.validation import Validator

logger = logging.getLogger("mock_server")


class ResponseCheckMiddleware:
    """Holds back each response of an operation until it is complete, and checks it.

    Some error responses are not checked: those of the mock itself (a preference that it cannot apply, or a failure),
    and rejections by operations that are not `ruled`, because many contracts declare only the successes of those.
    """

    def __init__(self, app: ASGIApp, document: Mapping[str, Any], ruled: Container[str]) -> None:
        self.app = app
        self._ruled = ruled
        self._checks = {name: ResponseCheck(responses) for name, responses in declared_responses(document).items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and its response if the contract declares it."""
        held: list[Message] = []

        async def holding(message: Message) -> None:
            held.append(message)
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                await self._release(held, scope, receive, send)

        await self.app(scope, receive, holding if scope["type"] == "http" else send)

    async def _release(self, held: list[Message], scope: Scope, receive: Receive, send: Send) -> None:
        if problems := self._problems(held, scope):
            reason = f"The response of the mock does not conform to the contract: {' '.join(problems)}"
            logger.error("%s %s: %s", scope["method"], scope["path"], reason)
            context_of(scope).rejection = rejection = Rejection(500, reason)
            await JSONResponse(rejection.body, 500)(scope, receive, send)
            return
        for message in held:
            await send(message)

    def _problems(self, held: list[Message], scope: Scope) -> list[str]:
        routed = scope.get("extensions", {}).get(ROUTING_CONTEXT)
        rejection = context_of(scope).rejection
        if not routed or (rejection and (rejection.status >= 500 or is_about_preferences(rejection))):
            return []
        if rejection and routed["operation_id"] not in self._ruled:
            return []
        start, body = held[0], b"".join(message.get("body", b"") for message in held[1:])
        check = self._checks[routed["operation_id"]]
        return list(check.problems(start["status"], Headers(raw=start["headers"]), body))


class ResponseCheck:
    """Checks the responses of one operation."""

    def __init__(self, responses: DeclaredResponses) -> None:
        self._responses = responses
        self._bodies = {response.code: _Body(response) for response in responses}

    def problems(self, status: int, headers: Mapping[str, str], body: bytes) -> Iterator[str]:
        """Yield a sentence for each way in which a response differs from the contract."""
        response = self._responses.find(str(status))
        if response is None:
            yield f"The status {status} is not declared; {alternatives(self._responses.codes)} are."
            return
        for name in response.required_headers:
            if name.lower() not in headers:
                yield f"The header {name} is missing."
        yield from self._bodies[response.code].problems(headers.get("content-type"), body)


class _Body:
    """Checks the bodies of one declared response. Its schema is compiled when it is first needed."""

    def __init__(self, response: DeclaredResponse) -> None:
        self._response = response

    @cached_property
    def _validator(self) -> Validator:
        return Validator(self._response.schema or {})

    def problems(self, media_type: str | None, body: bytes) -> Iterator[str]:
        if self._response.schema is None:
            if body:
                yield "No JSON body is declared."
            return
        if media_type != self._response.media_type:
            yield f"The media type is {quoted(media_type or '')}, and {quoted(self._response.media_type)} is declared."
        try:
            value = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            yield f"The body is not JSON: {error}."
        else:
            yield from (error.sentence for error in self._validator.errors(value))
