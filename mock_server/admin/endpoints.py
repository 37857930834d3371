"""Runs the operations of the admin API: reads what its document declares, calls the handler, writes the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import orjson
from connexion.middleware.abstract import RoutedAPI, RoutedMiddleware
from connexion.operations.abstract import AbstractOperation
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from contract.pointer import to_pointer
from mock_server.admin.parameters import Parameters
from mock_server.answers import Answer
from mock_server.http.request_body import check_media_type, receive_body
from mock_server.http.strict_json import UnreadableError, read_json, read_json_exactly
from mock_server.refusing.refusals import Refusal, RefusedError, refused
from mock_server.refusing.validation import Validator

LARGEST_BODY = 1024 * 1024
"""Bytes of a body, where the document gives the operation no `x-limits`."""
_LARGE = 64 * 1024
"""Bytes of a body from which on it is read in a thread, so that no other client has to wait for that."""
DEEPEST_BODY = 80
"""The state holds models, and they may nest as deep as the contract lets them."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a handler is called with."""

    parameters: Mapping[str, Any]
    """Those of the path, the query and the headers, by name; those that have a default are always there."""
    body: Any = None


Handler: TypeAlias = Callable[[Question], Awaitable[Answer | ASGIApp]]


class AdminEndpoint:
    """One operation."""

    def __init__(self, operation: AbstractOperation) -> None:
        self._handler: Handler = operation.function
        self._parameters = Parameters(operation.parameters)
        self._body = _JsonBody(operation) if operation.request_body else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. Raises RefusedError for whatever is not to be done."""
        parameters = self._parameters.read(scope)
        try:
            body = await self._body.read(scope, receive) if self._body else None
        except ClientDisconnect:
            return
        answer = await self._handler(Question(parameters, body))
        if isinstance(answer, Answer):
            await _write(answer, send)
        else:
            await answer(scope, receive, send)


class _JsonBody:
    def __init__(self, operation: AbstractOperation) -> None:
        self._accepted = list(operation.consumes)
        self._place = to_pointer(("paths", operation.path, operation.method, "requestBody"))
        self._required: bool = operation.request_body.get("required", False)
        self._limit: int = operation.request_body.get("x-limits", {}).get("bytes", LARGEST_BODY)
        self._validator = Validator(operation.body_schema(self._accepted[0]))

    async def read(self, scope: Scope, receive: Receive) -> Any:
        """The body, or None where there is none. Raises the 413, 415 or 400."""
        raw = await receive_body(scope["headers"], receive, self._limit, self._place)
        if not raw and not self._required:
            return None
        check_media_type(scope["headers"], self._accepted, self._place)
        if len(raw) < _LARGE:
            return self._judged(raw, read_json)
        # The exact reader is slower, but lets other threads run from object to object.
        return await asyncio.to_thread(self._judged, raw, read_json_exactly)

    def _judged(self, raw: bytes, read: Callable[[bytes, int], Any]) -> Any:
        """Return the value of a body. Raises the 400."""
        try:
            body = read(raw, DEEPEST_BODY)
        except UnreadableError as error:
            raise refused(400, str(error)) from None
        if violations := self._validator.violations(body):
            raise RefusedError(Refusal(400, tuple(violations), by_field=True))
        return body


async def _write(answer: Answer, send: Send) -> None:
    content = b"" if answer.content is None else orjson.dumps(answer.content)
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(content))] if content else []
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": content})


class AdminAPI(RoutedAPI[AdminEndpoint]):
    """The endpoints of the document, by operationId."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.add_paths()

    def make_operation(self, operation: AbstractOperation) -> AdminEndpoint:
        """Compile one operation."""
        return AdminEndpoint(operation)


class AdminEndpointMiddleware(RoutedMiddleware[AdminAPI]):
    """Answers every request that has an operation, and passes on the others."""

    api_cls = AdminAPI
