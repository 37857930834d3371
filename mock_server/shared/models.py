"""The models that mocks share: a store in Redis."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from mock_server.errors import Rejection, UnavailableError
from mock_server.shared.session import Session, field_of, moment, place_of
from mock_server.store import Decision, FullError, Scopes, View
from mock_server.upsert import StoredModel, Written

_TRIES = 100
"""How often a change is decided before the mock gives up: each time, another mock has changed one of the models."""
_PATIENT_TRIES = 3
_LONGEST_PAUSE = 0.05
_MILLION = 1_000_000


class _Basis(NamedTuple):
    """What a commit compares."""

    scope: str
    roots: frozenset[Any]
    """The names that were asked for."""
    control: bytes
    ticks: bytes
    versions: Sequence[bytes]
    """Name and version of each model of the view, in turn. The version of a model that does not exist is 0."""


def _can_exist(key: Any) -> bool:
    """Return whether a model can have this name: not what is no text, or has bytes of a path that are not UTF-8."""
    return isinstance(key, str) and (key.isascii() or not any("\ud800" <= each <= "\udfff" for each in key))


class _Turn:
    """Lets the requests of this mock about one model go one after the other: together they would only conflict."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.requests = 0


class RedisStore:
    """A store in Redis. All models may be `room` bytes of JSON together; None is no limit."""

    def __init__(self, session: Session, room: int | None = None) -> None:
        self._session = session
        self._connection = session.connection
        self._room = room
        self._turns: dict[tuple[str, str], _Turn] = {}

    async def look(self, scope: str, keys: Collection[str], view: View | None = None) -> View:
        """Return the models of these names, and all that they refer to. Raises UnavailableError."""
        if view is not None and view.basis.scope == scope and view.basis.roots.issuperset(keys):
            return view
        names = list(filter(_can_exist, keys))
        while True:
            reply = await self._connection.call("look", field_of(scope), *names, reads=True)
            if seen := await self._viewed(scope, names, reply):
                return seen

    async def update(
        self,
        scope: str,
        key: str,
        decide: Callable[[View], Decision],
        others: Collection[str] = (),
        view: View | None = None,
    ) -> tuple[Decision, View]:
        """Decide about a view, and carry out the decision if nothing in the view has changed; else decide again.

        Raises FullError or UnavailableError.
        """
        turn = self._turns.get((scope, key))
        if turn is None:
            turn = self._turns[scope, key] = _Turn()
        else:
            view = None  # another request goes first, and changes the model
        turn.requests += 1
        try:
            async with turn.lock:
                return await self._carry_out(scope, key, decide, [key, *others], view)
        finally:
            turn.requests -= 1
            if not turn.requests:
                del self._turns[scope, key]

    async def _carry_out(
        self, scope: str, key: str, decide: Callable[[View], Decision], keys: Sequence[str], view: View | None
    ) -> tuple[Decision, View]:
        seen = await self.look(scope, keys, view)
        for attempt in range(_TRIES):
            decision = decide(seen)
            if isinstance(decision, Rejection):
                return decision, seen
            written = self._session.codec.encode(decision.stored) if isinstance(decision, Written) else b""
            outcome = await self._commit(scope, key, seen.basis, written)
            if outcome == b"done":
                return decision, seen
            if outcome == b"full":
                raise FullError(self._room or 0)
            if attempt >= _PATIENT_TRIES:
                await asyncio.sleep(random.random() * _LONGEST_PAUSE)  # noqa: S311 - no secret
            seen = await self._viewed(scope, seen.basis.roots, outcome) or await self.look(scope, keys)
        raise UnavailableError(f"Other requests changed the model {_TRIES} times while this one was decided.")

    async def snapshot(self) -> Scopes:
        """Return all models as they are at one moment. Raises UnavailableError."""
        await self._session.present()
        found: dict[str, dict[str, StoredModel]] = {}
        values = await self._connection.ask("HGETALL", self._connection.key("models"))
        for field, value in values.items():
            scope, key = place_of(field)
            found.setdefault(scope, {})[key] = self._session.codec.decode(value)[1]
        return found

    async def replace(self, models: Scopes) -> None:
        """Replace all models. Raises FullError or UnavailableError."""
        size = sum(each.bytes for named in models.values() for each in named.values())
        if self._room is not None and size > self._room:
            raise FullError(self._room)
        await self._session.present()
        key = await self._session.stage(models)
        await self._connection.call("replace", size, b'{"organization":null,"model":null}', key=key)

    async def reset(self, scope: str | None = None, key: str | None = None) -> int:
        """Reset all models, those of one scope, or one model. Return how many were removed or changed back."""
        removed, _ = await self._session.reset("m", scope, key)
        return removed

    async def _viewed(self, scope: str, roots: Collection[str], reply: bytes | None) -> View | None:
        """Return a view, after the fault rules have been read if they have changed; None if Redis was empty."""
        if reply is None:
            await self._session.begin_again()
            return None
        at = reply.index(b"\n") + 1
        control, ticks, seconds, microseconds = reply[: at - 1].split(b" ")
        if control != self._session.version:
            await self._session.load()
        models: dict[str, StoredModel] = {}
        versions: list[bytes] = []
        while at < len(reply):
            end = reply.index(b"\n", at)
            length, _, size = reply[at:end].partition(b" ")
            at = end + 1 + int(length)
            name, version = reply[end + 1 : at], b"0"
            if size != b"-":
                value = reply[at : at + int(size)]
                at += int(size)
                version, models[name.decode()] = self._session.codec.decode(value)
            versions += [name, version]
        now = self._time(int(ticks), int(seconds) * _MILLION + int(microseconds))
        return View(models, now, _Basis(scope, frozenset(roots), control, ticks, versions))

    def _time(self, ticks: int, now: int) -> datetime:
        clock = self._session.origin.clock
        return clock.after(ticks) if clock else moment(now)

    async def _commit(self, scope: str, key: str, basis: _Basis, written: bytes) -> Any:
        return await self._connection.call(
            "commit",
            basis.control,
            basis.ticks if self._session.origin.clock else "",
            "" if self._room is None else self._room,
            field_of(scope),
            scope,
            key,
            written,
            len(basis.roots),
            *basis.roots,
            *basis.versions,
        )
