"""The handlers of the operations: they ask the store, and let the pure core decide."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TypeAlias

from contract import Upsert
from mock_server.answers import Answer
from mock_server.callers.fixtures import Fixtures
from mock_server.core.clock import Clock
from mock_server.core.display import Model
from mock_server.core.judgement import Context, Named, References, absent, refusal_of, too_far
from mock_server.core.stores import Decision, FullError, Store
from mock_server.core.upsert import Stored, Written, delete, upsert
from mock_server.endpoints import Call, Handler
from mock_server.refusing.refusals import Refusal, RefusedError, refused
from mock_server.showing import Showing

Changed: TypeAlias = Callable[[str, str, Stored | None], Awaitable[None] | None]
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
        self._references = References(rules)
        self._fixtures = fixtures
        self._store = store
        self._showing = Showing(rules, fixtures, store)
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

    async def upsert(self, call: Call) -> Answer:
        """Create or update the model that the body names."""
        if call.violations:
            await self._refuse(call)
        organization, name = call.caller.organization, call.body[self._rules.key]
        context = self._context(call, await self._missing(organization, call.body))
        decision = await self._decided(call, name, lambda stored: upsert(self._rules, stored, call.body, context))
        if isinstance(decision, Refusal):
            raise RefusedError(decision)
        return await self._shown(decision.status, organization, name, decision.stored)

    async def read(self, call: Call, status: int) -> Answer:
        """Show the model that the path names."""
        organization, name = call.caller.organization, call.path[self._rules.key]
        model = await self._showing.find(organization, name)
        if model is None:
            raise RefusedError(absent(self._rules, self._rules.read, name))
        return await self._shown(status, organization, name, model)

    async def delete(self, call: Call, status: int) -> Answer:
        """Remove the model that the path names."""
        name = call.path[self._rules.key]
        context = self._context(call)
        decision = await self._decided(call, name, lambda stored: delete(self._rules, stored, name, context))
        if isinstance(decision, Refusal):
            raise RefusedError(decision)
        return Answer(status)

    async def _decided(self, call: Call, name: str, decide: Callable[[Stored | None], Decision]) -> Decision:
        """Have the store do what is decided about a model, or only decide it."""
        organization = call.caller.organization
        if call.rehearsed:
            return decide(await self._store.get(organization, name))
        try:
            decision = await self._store.update(organization, name, decide)
        except FullError as error:
            raise refused(self._rules.invalid, str(error)) from None
        if not isinstance(decision, Refusal):
            self._clock.advance()
            if self._changed:
                saved = self._changed(organization, name, decision.stored if isinstance(decision, Written) else None)
                if saved is not None:
                    await saved
        return decision

    async def _refuse(self, call: Call) -> None:
        """Raise the refusal of a body that is not valid, with whatever else is wrong with it."""
        wrong = {violation.field for violation in call.violations}
        fields = call.body if isinstance(call.body, dict) else {}
        sound = {name: value for name, value in fields.items() if name not in wrong}
        context = self._context(call, await self._missing(call.caller.organization, sound))
        if refusal := refusal_of(self._rules, sound, context, call.violations):
            raise RefusedError(refusal)

    def _context(self, call: Call, missing: tuple[Named, ...] = ()) -> Context:
        return Context(self._clock.now(), call.caller.may_write, self._fixtures.models, missing, self._largest)

    async def _missing(self, organization: str, body: Mapping[str, object]) -> tuple[Named, ...]:
        named = self._references.named_in(body)
        return tuple([each for each in named if not await self._exists(organization, each)])

    async def _exists(self, organization: str, named: Named) -> bool:
        """Raises the 400 for a model that cannot be shown with all that it is based on."""
        if named.collection == "providers":
            return named.identifier in self._fixtures.organizations[organization]
        model = await self._showing.find(organization, named.identifier)
        if isinstance(model, Stored) and not await self._showing.can_be_base(organization, named.identifier, model):
            raise RefusedError(too_far(self._rules, named))
        return model is not None

    async def _shown(self, status: int, organization: str, name: str, model: Model) -> Answer:
        return Answer(status, await self._showing.show(organization, name, model))
