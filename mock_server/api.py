"""The operations: read the request, decide, store, respond. Start reading here.

Each operation of the contract becomes one `Endpoint` when the app is built. For each request, an endpoint

1. reads the body and validates it by its schema (`BodyReader`),
2. calls its handler with a `ParsedRequest`,
3. writes the `Response` that the handler returns.

There are two kinds of handlers. `Models` handles the operations that `x-upsert` names: upsert, read and delete. It asks
the pure functions of `upsert` for a decision, and the store carries the decision out atomically. `ExampleHandler`
handles every other operation. It checks credentials and the body, returns an example of the contract or generated data,
and stores nothing.

Endpoints are compiled because Connexion's own validation and decorators build validators, parsers and signatures for
each request, which costs three quarters of the throughput.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeAlias

from connexion.middleware.abstract import RoutedAPI
from connexion.operations.abstract import AbstractOperation
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from contract import Contract, Upsert
from mock_server.callers import Caller
from mock_server.clock import Clock
from mock_server.context import context_of
from mock_server.display import Model
from mock_server.errors import RejectedError, Rejection, RequestPart, ValidationError, rejected
from mock_server.fixtures import Fixtures
from mock_server.http.bodies import Headers, check_media_type, essence, is_json, receive_body
from mock_server.operations import OperationMiddleware
from mock_server.prefer import ExampleResponses, NothingToSendError, readable
from mock_server.responses import Response, write
from mock_server.store import Decision, FullError, ModelReader, Store, View
from mock_server.strict_json import UnreadableError, read_json
from mock_server.upsert import (
    Context,
    ReferenceFields,
    Removed,
    RequestReference,
    StoredModel,
    Written,
    delete,
    find_rejection,
    reject_large_base,
    reject_unknown_model,
    upsert,
)
from mock_server.validation import Validator


@dataclass(slots=True)
class ParsedRequest:
    """What an endpoint passes to its handler."""

    caller: Caller
    path: Mapping[str, str]
    """The path parameters."""
    body: Any
    """The body as JSON; None if there is none, or none that is JSON."""
    errors: Sequence[ValidationError] = ()
    """What the schema has against the body. The handler rejects the request if there is anything."""
    invalid: int = 400
    """The status of that rejection."""
    method: str = ""
    dry_run: bool = False
    """Whether the handler only computes the response and stores nothing."""
    view: View | None = None
    """The models that the request is about, if the store has been asked for them already."""


Handler: TypeAlias = Callable[[ParsedRequest], Awaitable[Response]]


class BodyReader:
    """Reads the bodies of one operation, and validates them.

    The limits of the upsert apply to all operations. A body that is not sent as JSON is not parsed.
    """

    def __init__(self, contract: Contract, operation: AbstractOperation) -> None:
        rules, content = contract.upsert, operation.request_body["content"]
        is_upsert = operation.operation_id == rules.operation.operation_id
        if is_upsert:  # of a body in another media type, no field can be stored
            content = {media_type: described for media_type, described in content.items() if is_json(media_type)}
        self._limits = rules.limits
        self._required = is_upsert or bool(operation.request_body.get("required"))
        self.invalid = rules.invalid if is_upsert else _status_of_invalid(operation, rules.invalid)
        self._accepted = tuple(essence(each) for each in content)
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
            self._validator = Validator(schema, lambda path: contract.locate((*at_schema, *path)), of_request=True)
        integers = [name for name, field in rules.request.items() if field.schema.get("type") == "integer"]
        self._integers = integers if is_upsert else []

    async def read(self, headers: Headers, receive: Receive) -> tuple[Any, Sequence[ValidationError]]:
        """Return the body and what its schema has against it.

        Raises the 413 for a body that is too large, the 415 for another media type, or the 400 if it is not JSON.
        """
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
            return body, self._validator.errors(body)
        for name in self._integers:
            if isinstance(value := body.get(name), float):  # 1.0 is an integer in JSON Schema
                body[name] = int(value)
        return body, ()

    def _unreadable(self, message: str) -> RejectedError:
        expected, got = "one JSON text in UTF-8 (RFC 8259)", "something else"
        error = ValidationError(RequestPart.BODY, None, "content", expected, got, message, "", self._content_at)
        return rejected(self.invalid, error)


def _status_of_invalid(operation: AbstractOperation, default: int) -> int:
    """Return the status for an invalid body: 400 or 422 if the operation declares it, else that of the upsert."""
    declared = {str(code) for code in operation.responses}
    return next((status for status in (400, 422) if str(status) in declared), default)


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
        """Respond to one request. Raises RejectedError."""
        try:
            body, errors = await self._body.read(scope["headers"], receive) if self._body else (None, ())
        except ClientDisconnect:
            return
        context = context_of(scope)
        caller = context.caller or self._anyone
        if self._shared:  # without a scope, all models belong to one organization
            caller = replace(self._anyone, may_write=caller.may_write)
        request = ParsedRequest(
            caller, scope["path_params"], body, errors, self._invalid, scope["method"], context.dry_run, context.view
        )
        await write(await self._handler(request), send)


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


class EndpointMiddleware(OperationMiddleware[EndpointAPI]):
    """Passes each request of an operation to its endpoint, and all others on to the next layer.

    `anyone` is the caller if the contract requires no credentials.
    """

    def __init__(self, app: ASGIApp, contract: Contract, anyone: Caller) -> None:
        super().__init__(app)
        self.api_cls = partial(EndpointAPI, contract=contract, anyone=anyone)  # type: ignore[assignment]


Changed: TypeAlias = Callable[[str, str, StoredModel | None], Awaitable[None] | None]
"""Called after a change with organization and name of the model, and the model itself, or None if it was deleted.

If it returns an awaitable, the response waits for it."""


class Models:
    """The handlers of the upsert and of the operations that read and delete models.

    `changed` is called after each change. `largest` is the limit of bytes of a stored model.
    """

    def __init__(
        self,
        rules: Upsert,
        fixtures: Fixtures,
        store: Store,
        clock: Clock,
        changed: Changed | None = None,
        *,
        largest: int | None = None,
    ) -> None:
        self._rules = rules
        self._references = ReferenceFields(rules)
        self._fixtures = fixtures
        self._store = store
        self._reader = ModelReader(rules, fixtures)
        self._clock = clock
        self._changed = changed
        self._largest = largest

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """The handlers by operationId."""
        found: dict[str, Handler] = {self._rules.operation.operation_id: self.upsert}
        if self._rules.read:
            found[self._rules.read.operation_id] = partial(self.read, status=min(self._rules.read.statuses))
        if self._rules.delete:
            found[self._rules.delete.operation_id] = partial(self.delete, status=min(self._rules.delete.statuses))
        return found

    async def upsert(self, request: ParsedRequest) -> Response:
        """Create or update the model that the body names."""
        if request.errors:
            await self._reject_invalid(request)
        organization, name = request.caller.organization, request.body[self._rules.key]

        def decide(view: View) -> Written | Rejection:
            context = self._context(request, view, self._missing(request, view, request.body))
            return upsert(self._rules, view.models.get(name), request.body, context)

        decision, view = await self._carry_out(request, name, decide, self._references.models_in(request.body))
        if isinstance(decision, Rejection):
            raise RejectedError(decision)
        return self._respond(decision.status, view, organization, name, decision.stored)

    async def read(self, request: ParsedRequest, status: int) -> Response:
        """Return the model that the path names."""
        organization, name = request.caller.organization, request.path[self._rules.key]
        view = await self._store.look(organization, [name], request.view)
        model = self._reader.find(view, name)
        if model is None:
            raise RejectedError(reject_unknown_model(self._rules, self._rules.read, name))
        return self._respond(status, view, organization, name, model)

    async def delete(self, request: ParsedRequest, status: int) -> Response:
        """Delete the model that the path names."""
        name = request.path[self._rules.key]

        def decide(view: View) -> Removed | Rejection:
            return delete(self._rules, view.models.get(name), name, self._context(request, view))

        decision, _ = await self._carry_out(request, name, decide)
        if isinstance(decision, Rejection):
            raise RejectedError(decision)
        return Response(status)

    async def _carry_out(
        self, request: ParsedRequest, name: str, decide: Callable[[View], Decision], others: Sequence[str] = ()
    ) -> tuple[Decision, View]:
        """Return what `decide` says about a view, after the store has done it. A dry run stores nothing."""
        organization = request.caller.organization
        if request.dry_run:
            view = await self._store.look(organization, [name, *others], request.view)
            return decide(view), view
        try:
            decision, view = await self._store.update(organization, name, decide, others, request.view)
        except FullError as error:
            raise rejected(self._rules.invalid, str(error)) from None
        if not isinstance(decision, Rejection):
            self._clock.advance()
            if self._changed:
                saved = self._changed(organization, name, decision.stored if isinstance(decision, Written) else None)
                if saved is not None:
                    await saved
        return decision, view

    async def _reject_invalid(self, request: ParsedRequest) -> None:
        """Reject an invalid body, with whatever is wrong with its valid fields too."""
        invalid = {error.field for error in request.errors}
        fields = request.body if isinstance(request.body, dict) else {}
        valid = {name: value for name, value in fields.items() if name not in invalid}
        view = await self._store.look(request.caller.organization, self._references.models_in(valid), request.view)
        context = self._context(request, view, self._missing(request, view, valid))
        if rejection := find_rejection(self._rules, valid, context, request.errors):
            raise RejectedError(rejection)

    def _context(self, request: ParsedRequest, view: View, missing: tuple[RequestReference, ...] = ()) -> Context:
        now = view.at or self._clock.now()
        return Context(now, request.caller.may_write, self._fixtures.models, missing, self._largest)

    def _missing(self, request: ParsedRequest, view: View, fields: Mapping[str, Any]) -> tuple[RequestReference, ...]:
        """Return the references to things that do not exist.

        Raises the 400 for a base whose own bases are too many or too large.
        """

        def exists(field: str, collection: str, identifier: str) -> bool:
            if collection == "providers":
                return identifier in self._fixtures.organizations[request.caller.organization]
            model = self._reader.find(view, identifier)
            if isinstance(model, StoredModel) and not self._reader.can_be_base(view, identifier, model):
                raise RejectedError(reject_large_base(self._rules, field, identifier))
            return model is not None

        return self._references.missing_in(fields, exists)

    def _respond(self, status: int, view: View, organization: str, name: str, model: Model) -> Response:
        return Response(status, self._reader.render(view, organization, name, model))


_SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")
"""Methods that change nothing (RFC 9110, section 9.2.1)."""


class ExampleHandler:
    """The handler of an operation that the rules do not cover: returns what the contract has as an example.

    `forbidden` is the status for a write with read-only credentials; None lets every caller write.
    """

    def __init__(self, responses: ExampleResponses, forbidden: int | None) -> None:
        declared = forbidden is not None and responses.declared.find(str(forbidden)) is not None
        self._responses = responses
        self._forbidden = forbidden if declared else None

    async def __call__(self, request: ParsedRequest) -> Response:
        """Return the default response. Raises RejectedError for an invalid body, or a write that is not allowed."""
        if request.errors:
            raise RejectedError(Rejection(request.invalid, tuple(request.errors), by_field=True))
        if self._forbidden and not request.caller.may_write and request.method not in _SAFE:
            raise rejected(self._forbidden, "These credentials may only read.")
        try:
            return self._responses.default(readable(request.path))
        except NothingToSendError as error:
            place = self._responses.declared.pointer
            raise rejected(501, f"{error} Add an example to the contract at {place}.") from None
