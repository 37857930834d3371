"""Makes requests fail: finds the rules that a request matches, and wraps the app in their effects.

The middleware runs outside of error handling, so that faults apply to error responses too.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contract import Contract
from mock_server.auth import CHALLENGE
from mock_server.context import Fired, context_of
from mock_server.errors import Rejection, UnavailableError
from mock_server.faults.index import RuleIndex
from mock_server.faults.rule import Drip, Effect, Latency, Malformation, Reset, Status, Truncation, When
from mock_server.faults.rules import ActiveRule, Faults
from mock_server.http import connection
from mock_server.http.routing import Resource, decoded, find_resource, matches_path, raw_path, resources_of

if TYPE_CHECKING:
    from mock_server.store import View


class FaultsMiddleware:
    """Applies the effects of the rules that a request matches, up to the first that ends the response."""

    def __init__(
        self,
        app: ASGIApp,
        faults: Faults,
        contract: Contract,
        organization_of: OrganizationOf,
        foresee: Foresee | None = None,
    ) -> None:
        self.app = app
        self._foresee = foresee
        self._faults = faults
        self._index = RuleIndex(faults.active)
        self._rules = contract.upsert
        self._organization_of = organization_of
        self._resources = resources_of(contract.document["paths"], contract.base_path)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Pass the request on, with the faults that apply to it."""
        may_fail = (self._foresee or self._faults.active) and scope["type"] == "http"
        return (self._with_faults if may_fail else self.app)(scope, receive, send)

    async def _with_faults(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = PeekableRequest(scope, receive, self._rules.key, self._organization_of, self._rules.limits.bytes)
        fired: list[ActiveRule] = []
        if request.is_for(self._resources):
            try:
                view = await self._foresee(request) if self._foresee else None  # it also brings the latest rules
                fired = await self._fired(request)
            except UnavailableError as error:
                await _reject(scope, send, error.rejection)
                return
            if not fired:  # a fault may delay the request, so that the view would be old
                context_of(scope).view = view
        if fired:
            context_of(scope).faults = tuple(Fired(each.id, each.rule.summary) for each in fired)
        await with_effects(self.app, fired)(scope, request.receive, send)

    async def _fired(self, request: PeekableRequest) -> list[ActiveRule]:
        fired: list[ActiveRule] = []
        if self._index.rules is not self._faults.active:
            self._index = RuleIndex(self._faults.active)
        async for each in self._index.matching(request):
            if not each.is_exhausted and await self._faults.try_to_fire(each):
                fired.append(each)
                if is_final(each.rule.effect):
                    break
        return fired


_SHORT = 64 * 1024
"""Bodies of fewer bytes are read before a shared store is asked about their models."""
OrganizationOf: TypeAlias = Callable[[list[tuple[bytes, bytes]]], str | None]
"""Returns the organization that the credentials in headers belong to, or None."""


Foresee: TypeAlias = "Callable[[PeekableRequest], Awaitable[View]]"
"""Asks a shared store for the models that the request is probably about, before the app does. Raises UnavailableError.

It also brings the fault rules up to date."""


class PeekableRequest:
    """A request whose body can be read before the app reads it. The app must call `receive` of this object."""

    def __init__(self, scope: Scope, receive: Receive, key: str, organization_of: OrganizationOf, limit: int) -> None:
        self._scope = scope
        self._receive = receive
        self._key = key
        self._organization_of = organization_of
        self._limit = limit
        self._unread: deque[Message] = deque()
        self._parameters: dict[str, str] = {}
        self._organization: tuple[str | None] | None = None
        self._fields: Mapping[str, Any] | None = None

    def is_for(self, resources: Sequence[Resource]) -> bool:
        """Return whether the path is that of a resource of the contract."""
        found = find_resource(resources, raw_path(self._scope))
        if found:
            _, self._parameters = found
        return found is not None

    @property
    def method(self) -> str:
        """The method."""
        return str(self._scope["method"])

    @property
    def paths(self) -> set[str]:
        """The path as it was sent, and decoded."""
        raw = raw_path(self._scope)
        return {raw.decode("latin-1"), decoded(raw)}

    def has_path(self, pattern: str) -> bool:
        """Return whether the path matches a pattern, as sent or decoded."""
        return matches_path(raw_path(self._scope), pattern)

    async def receive(self) -> Message:
        """Return the next ASGI message of the request."""
        return self._unread.popleft() if self._unread else await self._receive()

    @property
    def organization(self) -> str | None:
        """The organization of the credentials, looked up once for all rules."""
        if self._organization is None:
            self._organization = (self._organization_of(self._scope["headers"]),)
        return self._organization[0]

    async def model(self) -> Any:
        """Return the model name in the path, or else in the body."""
        if self._key in self._parameters:
            return self._parameters[self._key]
        return (await self._fields_once()).get(self._key)

    async def names(self, references: Sequence[str]) -> tuple[str | None, list[Any]]:
        """Return the organization, and the names of the model and of those in the fields `references`.

        There are none if the organization is unknown, or if the body is long or is not yet sent.
        """
        organization = self.organization
        if organization is None:
            return None, []
        if self._key in self._parameters:
            return organization, [self._parameters[self._key]]
        if not self._is_short:
            return organization, []
        fields = await self._fields_once()
        return organization, [fields[name] for name in (self._key, *references) if name in fields]

    @property
    def _is_short(self) -> bool:
        """Whether the body is short, and the client does not wait until it may send it."""
        length = 0
        for name, value in self._scope["headers"]:
            if name in (b"expect", b"transfer-encoding"):
                return False
            if name == b"content-length":
                length = int(value) if value.isdigit() and len(value) < 10 else _SHORT
        return length < _SHORT

    async def _fields_once(self) -> Mapping[str, Any]:
        """Return the members of the body, which is read once for all rules."""
        if self._fields is None:
            try:
                body = orjson.loads(await self._body())
            except orjson.JSONDecodeError:
                body = None
            self._fields = body if isinstance(body, dict) else {}
        return self._fields

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


Headers = list[tuple[bytes, bytes]]


def with_effects(app: ASGIApp, fired: Sequence[ActiveRule]) -> ASGIApp:
    """Return `app` with the effects of rules.

    Latencies add up. Several drips become one with the smallest chunks and the sum of the pauses, since one nested app
    for each of many rules would be too deep.
    """
    waits, drips = dict.fromkeys(When, 0.0), []
    for each in fired:
        match each.rule.effect:
            case Latency() as latency:
                waits[each.rule.when] += each.random.uniform(latency.shortest, latency.longest)
            case Drip() as drip:
                drips.append(drip)
            case effect:
                app = _with_final_effect(app, effect, each.rule.when, each.id)
    if drips:
        app = _dripping(app, Drip(min(each.bytes for each in drips), sum(each.pause for each in drips)))
    for when, seconds in waits.items():
        app = _delayed(app, seconds, when) if seconds else app
    return app


def _with_final_effect(app: ASGIApp, effect: Effect, when: When, name: str) -> ASGIApp:
    """Return `app` with the effect of the rule `name`, after which no rule is evaluated."""
    match effect:
        case Status():
            return _rejecting(app, effect, _rejection(effect, name), when)
        case Reset():
            return _resetting(app, when)
        case Truncation():
            return _truncating(app, effect, when)
        case Malformation():
            return _malforming(app, when)
    raise AssertionError(effect)


def is_final(effect: Effect) -> bool:
    """Return whether no later rule is evaluated after this effect."""
    return not isinstance(effect, (Latency, Drip))


def _rejection(effect: Status, name: str) -> Rejection:
    detail = effect.detail if effect.detail is not None else f"This error was injected by the fault {name}."
    return Rejection(effect.status, detail, effect.headers)


def _delayed(app: ASGIApp, seconds: float, when: When) -> ASGIApp:
    async def delayed(scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                await asyncio.sleep(seconds)
            await send(message)

        if when is When.AFTER:
            await app(scope, receive, sending)
        else:
            await asyncio.sleep(seconds)
            await app(scope, receive, send)

    return delayed


def _dripping(app: ASGIApp, effect: Drip) -> ASGIApp:
    async def dripping(scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            body = message.get("body", b"")
            for start in range(0, len(body) - effect.bytes, effect.bytes):
                chunk = body[start : start + effect.bytes]
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
                await asyncio.sleep(effect.pause)
            rest = (len(body) - 1) // effect.bytes * effect.bytes if body else 0
            await send({**message, "body": body[rest:]} if body else message)

        await app(scope, receive, sending)

    return dripping


def _rejecting(app: ASGIApp, effect: Status, rejection: Rejection, when: When) -> ASGIApp:
    async def rejecting(scope: Scope, receive: Receive, send: Send) -> None:
        if when is When.AFTER:
            await _response_of(app, scope, receive)
        await _reject(scope, send, rejection, effect.body)

    return rejecting


async def _reject(scope: Scope, send: Send, rejection: Rejection, page: str | None = None) -> None:
    """Send an error response, with a page in place of the JSON if there is one."""
    context_of(scope).rejection = rejection
    body = orjson.dumps(rejection.body) if page is None else page.encode(errors="replace")
    media_type = b"application/json" if page is None else b"text/html; charset=utf-8"
    chosen = {name.lower().encode(): value.encode("latin-1") for name, value in rejection.headers.items()}
    challenge = {b"www-authenticate": CHALLENGE.encode()} if rejection.status == 401 else {}  # as HTTP requires
    headers = {b"content-type": media_type, **challenge, **chosen, b"content-length": b"%d" % len(body)}
    await send({"type": "http.response.start", "status": rejection.status, "headers": [*headers.items()]})
    await send({"type": "http.response.body", "body": body})


def _resetting(app: ASGIApp, when: When) -> ASGIApp:
    async def resetting(scope: Scope, receive: Receive, _: Send) -> None:
        if when is When.AFTER:
            await _response_of(app, scope, receive)
        if not await connection.reset(scope):
            raise ConnectionResetError("a fault resets the connection here")

    return resetting


def _truncating(app: ASGIApp, effect: Truncation, when: When) -> ASGIApp:
    async def truncating(scope: Scope, receive: Receive, send: Send) -> None:
        start, body = await _response_of(app, _as_dry_run(scope, when), receive)
        await send(start)
        part = body[: min(effect.bytes, max(len(body) - 1, 0))]
        await send({"type": "http.response.body", "body": part, "more_body": True})
        if not await connection.close(scope, receive):
            await send({"type": "http.response.body", "body": b""})

    return truncating


def _malforming(app: ASGIApp, when: When) -> ASGIApp:
    async def malforming(scope: Scope, receive: Receive, send: Send) -> None:
        start, body = await _response_of(app, _as_dry_run(scope, when), receive)
        body = body[: len(body) // 2]  # half of an object is invalid JSON
        others: Headers = [(name, value) for name, value in start["headers"] if name != b"content-length"]
        await send({**start, "headers": [*others, (b"content-length", b"%d" % len(body))] if body else others})
        await send({"type": "http.response.body", "body": body})

    return malforming


def _as_dry_run(scope: Scope, when: When) -> Scope:
    """Mark `scope` as a dry run if the fault takes effect before the request does."""
    context_of(scope).dry_run = when is When.BEFORE
    return scope


async def _response_of(app: ASGIApp, scope: Scope, receive: Receive) -> tuple[Message, bytes]:
    """Return the whole response, without sending it."""
    sent: list[Message] = []

    async def keep(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, keep)
    return sent[0], b"".join(message.get("body", b"") for message in sent[1:])
