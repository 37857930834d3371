"""Runs the operations: reads and validates the request, calls the handler, writes the answer.

Connexion's own validation and decorators rebuild validators, parsers and signatures with each request, which costs
three quarters of the throughput. Here each operation is compiled once, on an extension point that Connexion has for it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple, TypeAlias

from connexion.middleware.abstract import RoutedAPI, RoutedMiddleware
from connexion.operations.abstract import AbstractOperation
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from contract import Contract
from mock_server.answers import Answer, write
from mock_server.callers.callers import Caller
from mock_server.callers.security import CALLER
from mock_server.http.media_types import essence, is_json
from mock_server.http.request_body import Headers, check_media_type, receive_body
from mock_server.http.strict_json import UnreadableError, read_json
from mock_server.refusing.refusals import RefusedError, refused
from mock_server.refusing.validation import Validator
from mock_server.refusing.violations import Part, Violation

REHEARSED = "mock_server.rehearsed"
"""Where the scope of a request says that it is to change nothing."""


class Call(NamedTuple):
    """What a handler is called with."""

    caller: Caller
    path: Mapping[str, str]
    """The path parameters."""
    body: Any
    """The body, or None where the operation has none."""
    violations: Sequence[Violation] = ()
    """The ways in which the body is not valid by its schema, for which the handler is to refuse it."""
    invalid: int = 400
    """The status for that."""
    method: str = ""
    rehearsed: bool = False
    """Whether the handler is to answer as if it did what is asked, and to change nothing."""


Handler: TypeAlias = Callable[[Call], Awaitable[Answer]]


class BodyReader:
    """Turns the bytes of a request into a JSON body, or into the refusal that comes first.

    The limits of the upsert hold for all operations. A body of another media type is read, and not looked at.
    """

    def __init__(self, contract: Contract, operation: AbstractOperation) -> None:
        rules, content = contract.upsert, operation.request_body["content"]
        ruled = operation.operation_id == rules.operation.operation_id
        self._limits = rules.limits
        self._required = ruled or bool(operation.request_body.get("required"))
        self.invalid = rules.invalid if ruled else _invalid(operation, rules.invalid)
        self._accepted = [essence(each) for each in content]
        self._only_json = all(map(is_json, content))
        at = ("paths", operation.path, operation.method, "requestBody")
        upsert_at = ("paths", rules.operation.path, rules.operation.method.lower(), "requestBody")
        self._content_at = contract.locate((*at, "content"))
        self._limit_at = contract.locate((*upsert_at, "x-limits", "bytes"))
        media_type = next(filter(is_json, content), None)
        self._validator = None
        if media_type is not None:
            at_schema = (*at, "content", media_type, "schema")
            schema = content[media_type].get("schema", {})
            self._validator = Validator(schema, lambda path: contract.locate((*at_schema, *path)))
        integers = [name for name, field in rules.request.items() if field.schema.get("type") == "integer"]
        self._integers = integers if ruled else []

    async def read(self, headers: Headers, receive: Receive) -> tuple[Any, Sequence[Violation]]:
        """The body, and the ways in which it is not valid by its schema. Raises the 413, the 415 or the 400."""
        raw = await receive_body(headers, receive, self._limits.bytes, self._limit_at)
        if not raw and not self._required:
            return None, ()
        if "*/*" not in self._accepted:
            check_media_type(headers, self._accepted, self._content_at)
        if self._validator is None or not (self._only_json or _is_sent_as_json(headers)):
            return None, ()
        try:
            body = read_json(raw, self._limits.nesting)
        except UnreadableError as error:
            raise self._unreadable(str(error)) from None
        if not self._validator.is_valid(body):
            return body, self._validator.violations(body)
        for name in self._integers:
            if isinstance(value := body.get(name), float):
                body[name] = int(value)
        return body, ()

    def _unreadable(self, message: str) -> RefusedError:
        expected, got = "one JSON text in UTF-8 (RFC 8259)", "something else"
        violation = Violation(Part.BODY, None, "content", expected, got, message, "", self._content_at)
        return refused(self.invalid, violation)


def _invalid(operation: AbstractOperation, usual: int) -> int:
    """Return the status for a body that is not valid: the one that the operation declares, else that of the upsert."""
    declared = {str(code) for code in operation.responses}
    return next((status for status in (400, 422) if str(status) in declared), usual)


def _is_sent_as_json(headers: Headers) -> bool:
    return any(name == b"content-type" and is_json(value.decode("latin-1")) for name, value in headers)


class Endpoint:
    """One operation, compiled."""

    def __init__(self, contract: Contract, anyone: Caller, operation: AbstractOperation) -> None:
        self._anyone = anyone
        self._shared = contract.upsert.scope is None
        self._handler: Handler = operation.function
        self._body = BodyReader(contract, operation) if operation.request_body else None
        self._invalid = self._body.invalid if self._body else contract.upsert.invalid

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. Raises RefusedError for whatever is not to be done."""
        try:
            body, violations = await self._body.read(scope["headers"], receive) if self._body else (None, ())
        except ClientDisconnect:
            return
        caller = scope.get(CALLER, self._anyone)
        if self._shared:  # all callers have the models of one organization
            caller = replace(self._anyone, may_write=caller.may_write)
        call = Call(
            caller, scope["path_params"], body, violations, self._invalid, scope["method"], scope.get(REHEARSED, False)
        )
        await write(await self._handler(call), send)


class EndpointAPI(RoutedAPI[Endpoint]):
    """The endpoints of the contract, by operationId."""

    def __init__(self, *args: Any, contract: Contract, anyone: Caller, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._contract = contract
        self._anyone = anyone
        self.add_paths()

    def make_operation(self, operation: AbstractOperation) -> Endpoint:
        """Compile one operation."""
        return Endpoint(self._contract, self._anyone, operation)


class EndpointMiddleware(RoutedMiddleware[EndpointAPI]):
    """Answers every request that has an operation, and passes on the others.

    `anyone` is the caller where the contract asks for no credentials.
    """

    def __init__(self, app: ASGIApp, contract: Contract, anyone: Caller) -> None:
        super().__init__(app)
        self.api_cls = partial(EndpointAPI, contract=contract, anyone=anyone)  # type: ignore[assignment]
