"""The operations: read the request, decide, store, respond.

Each operation is compiled once, on an extension point that Connexion has for it: an `Endpoint` reads and validates the
request, calls a handler and writes its response. Connexion's own validation and decorators rebuild validators, parsers
and signatures with each request, which costs three quarters of the throughput.

`Models` has the handlers of the operations that the contract has rules for: they ask the store, and let the pure core
decide. All other operations have an `ExampleHandler`, which does what can be said of any: ask for credentials, validate
the body by its schema, and return the success of the lowest status that the contract declares, from an example or from
generated data. It stores nothing.
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

from contract import Contract, Upsert
from mock_server.callers import Caller
from mock_server.clock import Clock
from mock_server.context import context_of
from mock_server.display import Model
from mock_server.errors import RejectedError, Rejection, RequestPart, ValidationError, rejected
from mock_server.fixtures import Fixtures
from mock_server.http.bodies import Headers, check_media_type, essence, is_json, receive_body
from mock_server.prefer import ExampleResponses, NothingToSendError, readable
from mock_server.responses import Response, write
from mock_server.store import Decision, FullError, ModelReader, Store
from mock_server.strict_json import UnreadableError, read_json
from mock_server.upsert import (
    Context,
    ReferenceFields,
    RequestReference,
    StoredModel,
    Written,
    absent,
    delete,
    find_rejection,
    too_far,
    upsert,
)
from mock_server.validation import Validator


class ParsedRequest(NamedTuple):
    """What a handler is called with."""

    caller: Caller
    path: Mapping[str, str]
    """The path parameters."""
    body: Any
    """The body, or None where the operation has none."""
    errors: Sequence[ValidationError] = ()
    """The ways in which the body is not valid by its schema, for which the handler is to refuse it."""
    invalid: int = 400
    """The status for that."""
    method: str = ""
    dry_run: bool = False
    """Whether the handler is to answer as if it did what is asked, and to change nothing."""


Handler: TypeAlias = Callable[[ParsedRequest], Awaitable[Response]]


class BodyReader:
    """Turns the bytes of a request into a JSON body, or into the rejection that comes first.

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

    async def read(self, headers: Headers, receive: Receive) -> tuple[Any, Sequence[ValidationError]]:
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
            return body, self._validator.errors(body)
        for name in self._integers:
            if isinstance(value := body.get(name), float):
                body[name] = int(value)
        return body, ()

    def _unreadable(self, message: str) -> RejectedError:
        expected, got = "one JSON text in UTF-8 (RFC 8259)", "something else"
        error = ValidationError(RequestPart.BODY, None, "content", expected, got, message, "", self._content_at)
        return rejected(self.invalid, error)


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
        """Answer one request. Raises RejectedError for whatever is not to be done."""
        try:
            body, errors = await self._body.read(scope["headers"], receive) if self._body else (None, ())
        except ClientDisconnect:
            return
        context = context_of(scope)
        caller = context.caller or self._anyone
        if self._shared:  # all callers have the models of one organization
            caller = replace(self._anyone, may_write=caller.may_write)
        call = ParsedRequest(
            caller, scope["path_params"], body, errors, self._invalid, scope["method"], context.dry_run
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


Changed: TypeAlias = Callable[[str, str, StoredModel | None], Awaitable[None] | None]
"""Called with the organization and the name of a model that was changed, and the model, or None where it is gone.

Gives what to wait for before the response is sent, if anything."""


class Models:
    """The models of all organizations. `changed` is told of each that a request has written or removed."""

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
        self._showing = ModelReader(rules, fixtures, store)
        self._clock = clock
        self._changed = changed
        self._largest = largest

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """The handler of each operation that the rules know, by operationId."""
        found: dict[str, Handler] = {self._rules.operation.operation_id: self.upsert}
        if self._rules.read:
            found[self._rules.read.operation_id] = partial(self.read, status=min(self._rules.read.statuses))
        if self._rules.delete:
            found[self._rules.delete.operation_id] = partial(self.delete, status=min(self._rules.delete.statuses))
        return found

    async def upsert(self, call: ParsedRequest) -> Response:
        """Create or update the model that the body names."""
        if call.errors:
            await self._reject(call)
        organization, name = call.caller.organization, call.body[self._rules.key]
        context = self._context(call, await self._missing(organization, call.body))
        decision = await self._decided(call, name, lambda stored: upsert(self._rules, stored, call.body, context))
        if isinstance(decision, Rejection):
            raise RejectedError(decision)
        return await self._shown(decision.status, organization, name, decision.stored)

    async def read(self, call: ParsedRequest, status: int) -> Response:
        """Show the model that the path names."""
        organization, name = call.caller.organization, call.path[self._rules.key]
        model = await self._showing.find(organization, name)
        if model is None:
            raise RejectedError(absent(self._rules, self._rules.read, name))
        return await self._shown(status, organization, name, model)

    async def delete(self, call: ParsedRequest, status: int) -> Response:
        """Remove the model that the path names."""
        name = call.path[self._rules.key]
        context = self._context(call)
        decision = await self._decided(call, name, lambda stored: delete(self._rules, stored, name, context))
        if isinstance(decision, Rejection):
            raise RejectedError(decision)
        return Response(status)

    async def _decided(
        self, call: ParsedRequest, name: str, decide: Callable[[StoredModel | None], Decision]
    ) -> Decision:
        """Have the store do what is decided about a model, or only decide it."""
        organization = call.caller.organization
        if call.dry_run:
            return decide(await self._store.get(organization, name))
        try:
            decision = await self._store.update(organization, name, decide)
        except FullError as error:
            raise rejected(self._rules.invalid, str(error)) from None
        if not isinstance(decision, Rejection):
            self._clock.advance()
            if self._changed:
                saved = self._changed(organization, name, decision.stored if isinstance(decision, Written) else None)
                if saved is not None:
                    await saved
        return decision

    async def _reject(self, call: ParsedRequest) -> None:
        """Raise the rejection of a body that is not valid, with whatever else is wrong with it."""
        wrong = {error.field for error in call.errors}
        fields = call.body if isinstance(call.body, dict) else {}
        sound = {name: value for name, value in fields.items() if name not in wrong}
        context = self._context(call, await self._missing(call.caller.organization, sound))
        if rejection := find_rejection(self._rules, sound, context, call.errors):
            raise RejectedError(rejection)

    def _context(self, call: ParsedRequest, missing: tuple[RequestReference, ...] = ()) -> Context:
        return Context(self._clock.now(), call.caller.may_write, self._fixtures.models, missing, self._largest)

    async def _missing(self, organization: str, body: Mapping[str, object]) -> tuple[RequestReference, ...]:
        named = self._references.named_in(body)
        return tuple([each for each in named if not await self._exists(organization, each)])

    async def _exists(self, organization: str, named: RequestReference) -> bool:
        """Raises the 400 for a model that cannot be shown with all that it is based on."""
        if named.collection == "providers":
            return named.identifier in self._fixtures.organizations[organization]
        model = await self._showing.find(organization, named.identifier)
        if isinstance(model, StoredModel) and not await self._showing.can_be_base(
            organization, named.identifier, model
        ):
            raise RejectedError(too_far(self._rules, named))
        return model is not None

    async def _shown(self, status: int, organization: str, name: str, model: Model) -> Response:
        return Response(status, await self._showing.show(organization, name, model))


_SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")
"""Methods that change nothing (RFC 9110, section 9.2.1)."""


class ExampleHandler:
    """The handler of one operation."""

    def __init__(self, answers: ExampleResponses, forbidden: int | None) -> None:
        """`forbidden` is the status for a caller who writes and may only read, None where every caller may write."""
        declared = forbidden is not None and answers.responses.find(str(forbidden)) is not None
        self._answers = answers
        self._forbidden = forbidden if declared else None

    async def __call__(self, call: ParsedRequest) -> Response:
        """Return the answer. Raises RejectedError for a body that is not valid, or a caller who may not write."""
        if call.errors:
            raise RejectedError(Rejection(call.invalid, tuple(call.errors), by_field=True))
        if self._forbidden and not call.caller.may_write and call.method not in _SAFE:
            raise rejected(self._forbidden, "These credentials may only read.")
        try:
            return self._answers.usual(readable(call.path))
        except NothingToSendError as error:
            place = self._answers.responses.pointer
            raise rejected(501, f"{error} Add an example to the contract at {place}.") from None
