"""The parts of a mock that shares its state."""

from __future__ import annotations

import copy
import random
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import orjson

from mock_server.clock import FixedClock
from mock_server.control import Control, ResetPart
from mock_server.errors import UnavailableError
from mock_server.faults.effects import PeekableRequest
from mock_server.faults.rule import rule
from mock_server.faults.rules import ActiveRule, Faults, RuleChecker
from mock_server.journal.journal import Exchange
from mock_server.scenario import Start
from mock_server.settings import Settings
from mock_server.shared.address import address_in
from mock_server.shared.connection import Connection
from mock_server.shared.events import SharedEvents
from mock_server.shared.journal import SharedJournal
from mock_server.shared.models import RedisStore
from mock_server.shared.session import Session, origin_of
from mock_server.shared.tail import Tail
from mock_server.store import Scopes, View
from mock_server.upsert import ReferenceFields

T = TypeVar("T")
_TRIES = 20


class SharedClock:
    """A fixed clock, with the steps that were counted last. The store gives each request its time."""

    def __init__(self, clock: FixedClock) -> None:
        self._clock = clock
        self.steps = 0

    @property
    def written(self) -> str | None:
        """The clock as `clock_of` reads it, with the present time as its start."""
        return self._clock.written_at(self.now())

    def now(self) -> datetime:
        """Return the time, in UTC."""
        return self._clock.after(self.steps)

    def advance(self) -> None:
        """Do nothing: the store counts the steps."""

    def reset(self) -> None:
        """Do nothing: the store does."""


class SharedFaults(Faults):
    """The rules that were read last. Redis counts how often each acts."""

    session: Session

    def show(self, stored: Sequence[Mapping[str, Any]]) -> None:
        """Take over stored rules. One that was there before keeps its random choices."""
        before = {each.key: each for each in self.active if each.key}
        named = {each["rule"]["id"] for each in stored if "id" in each["rule"]}
        unused = (name for name in (f"f{number}" for number in range(1, len(stored) + 1 + len(named))))
        rules = []
        for each in stored:
            written = each["rule"]
            name = written.get("id") or next(name for name in unused if name not in named)
            known = before.get(each["key"]) or ActiveRule(name, rule(written), self.seed)
            known.key = each["key"]
            rules.append(known)
        self.active = tuple(rules)

    async def try_to_fire(self, rule: ActiveRule) -> bool:
        """Decide whether to apply the rule to a matching request, and count it if so. Raises UnavailableError."""
        probability, count = rule.rule.probability, rule.rule.count
        if probability < 1 and await self._choice(rule) >= probability:
            return False
        fired = await self.session.connection.call("fire", rule.key, "" if count is None else count, counts=True)
        if not fired and count is not None:
            rule.fired = count
        return bool(fired)

    async def _choice(self, rule: ActiveRule) -> float:
        """Return a random number: with a seed, that of the n-th request at all mocks that the rule matches."""
        if self.seed is None:
            return rule.random.random()
        connection = self.session.connection
        number = await connection.ask("HINCRBY", connection.key("fired"), f"drawn:{rule.key}", 1, reads=False)
        return random.Random(f"{self.seed} {rule.id} {number}").random()  # noqa: S311 - no secret


class Shared:
    """Changes of the state that the mocks share (`Sharing`)."""

    def __init__(self, start: Start, settings: Settings) -> None:
        self.connection = Connection(address_in(settings))
        references = ReferenceFields(start.contract.upsert)
        origin = origin_of(start)
        self._references = references.to_models
        self._anyone = None if start.contract.upsert.scope else start.fixtures.anyone.organization
        self.session = Session(self.connection, references, origin)
        self.store = RedisStore(self.session, settings.max_state_bytes)
        self._tail = Tail(self.connection)
        size = settings.journal if settings.admin else 0
        self.journal = SharedJournal(size, settings.journal_bytes, self.session, self._tail)
        self.events = SharedEvents(self.session, self._tail)
        self.faults = SharedFaults(start.faults, start.seed, RuleChecker(start.contract, start.fixtures))
        self.faults.session = self.session
        self.session.on_rules = self.faults.show
        self.clock = SharedClock(origin.clock) if origin.clock else None

    async def begin(self) -> None:
        """Check the connection, and write what the mocks start from, unless another mock has.

        Raises MissingPackageError, StoreAddressError, DifferentStartError or UnavailableError.
        """
        async with self.connection.opened():
            await self.session.begin()

    def attach(self, control: Control) -> None:
        """Let the events show their subjects as `control` does."""
        self.events.show = {"request": control.entry, "model": control.model_event}

    async def changed(self, since: object) -> tuple[object, Scopes | None]:
        """Return a mark of the present models, and the models unless `since` is their mark. Close all connections.

        Raises UnavailableError.
        """
        control = self.connection.key("control")
        try:
            mark = tuple(await self.connection.ask("HMGET", control, "run", "changes", "ticks"))
            return mark, None if mark == since else await self.store.snapshot()
        finally:
            await self.connection.close()

    async def foresee(self, request: PeekableRequest) -> View:
        """Return the models that a request is probably about, and bring the fault rules up to date."""
        organization, names = await request.names(self._references)
        return await self.store.look(self._anyone or organization or "", names)

    async def note(self, exchange: Exchange) -> None:
        """Add an exchange to the journal. If Redis is away, the connection logs it, and the response is sent anyway."""
        try:
            await self.journal.note(exchange)
        except UnavailableError:
            return

    async def reset(
        self, parts: Iterable[ResetPart], organization: str | None = None, model: str | None = None
    ) -> dict[str, int]:
        """Reset parts to what they were at the start, all at once. Raises UnavailableError."""
        chosen = set(parts)
        await self.session.present()
        rules = len(self.faults.active)
        fresh = Faults(self.session.origin.rules, self.faults.seed)
        event = orjson.dumps([each.as_json for each in fresh.active])
        letters = "".join(sorted(part.value[0] for part in chosen))
        models, requests = await self.session.reset(letters, organization, model, event)
        await self.session.load()
        return {"models": models, "requests": requests, "faults": rules if ResetPart.FAULTS in chosen else 0}

    async def change_faults(self, edit: Callable[[Faults], T]) -> T:
        """Return the result of `edit` on the present rules, and store what it leaves. Raises UnavailableError."""
        for _ in range(_TRIES):
            await self.refresh()
            version, before = self.session.version, self.faults.active
            draft = copy.copy(self.faults)
            result = edit(draft)
            for each in draft.active:
                each.key = each.key or secrets.token_hex(8)
            rules = [{"key": each.key, "rule": {"id": each.id, **each.rule.written}} for each in draft.active]
            event = orjson.dumps([each.as_json for each in draft.active])
            gone = [each.key for each in before if each not in draft.active]
            if await self.connection.call("faults", version, orjson.dumps(rules), event, *gone):
                await self.session.load()
                return result
        raise UnavailableError("Other requests changed the fault rules all the time.")

    async def refresh(self) -> None:
        """Read the fault rules, how often each has acted, and the clock. Raises UnavailableError."""
        await self.session.present()
        counts = await self.connection.ask("HGETALL", self.connection.key("fired"))
        for each in self.faults.active:
            each.fired = int(counts.get(each.key.encode(), 0))
        if self.clock:
            self.clock.steps = int(await self.connection.ask("HGET", self.connection.key("control"), "ticks") or 0)
