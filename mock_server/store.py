"""Where custom models are kept. A store has one verb that changes it, and that one is atomic.

`ModelReader` shows a model of an organization: it asks the store for it and for whatever it leads to.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any, Protocol, TypeAlias, TypeVar

from contract import Upsert
from mock_server.display import Display, Model, World
from mock_server.errors import Rejection
from mock_server.fixtures import Fixtures
from mock_server.upsert import ReferenceFields, Removed, StoredModel, Written

Scopes: TypeAlias = Mapping[str, Mapping[str, StoredModel]]
"""Models by scope and key."""
Decision = TypeVar("Decision", bound=Written | Removed | Rejection)


class Store(Protocol):
    """Custom models by scope (the organization) and key (the name), compared code point by code point."""

    async def get(self, scope: str, key: str) -> StoredModel | None:
        """The model, or None."""

    async def update(self, scope: str, key: str, decide: Callable[[StoredModel | None], Decision]) -> Decision:
        """Ask `decide` about the stored model, or None, and do what it says: write, remove, or change nothing.

        Between the two nobody else changes that model. `decide` is pure, for a store may have to ask it again.
        """

    async def snapshot(self) -> Scopes:
        """All models, as they are at one moment."""

    async def replace(self, models: Scopes) -> None:
        """Have these models in place of all. Raises FullError."""

    async def restart(self, scope: str | None = None, key: str | None = None) -> int:
        """Bring one model, those of one scope, or all back to what they were at first.

        How many were removed or changed back.
        """


class FullError(Exception):
    """The store has no room for what a client asks for. The message says what to do."""

    def __init__(self, room: int) -> None:
        hint = "Delete models, reset the mock, or start it with a larger --max-state-bytes."
        super().__init__(f"All models together would take more than {room} bytes of JSON. {hint}")


class MemoryStore:
    """A store in this process, safe under concurrent tasks and threads. It lives as long as the process.

    `models` are in it at first. All models may take `room` bytes of JSON together; what grows beyond is not written.
    Raises FullError.
    """

    def __init__(self, models: Scopes | None = None, room: int | None = None) -> None:
        self._room = room
        self._scopes: dict[str, dict[str, StoredModel]] = defaultdict(dict)
        self._lock = Lock()
        self._initial = models or {}
        self._put(self._initial)

    async def get(self, scope: str, key: str) -> StoredModel | None:
        """See Store."""
        return self._scopes[scope].get(key)

    async def update(self, scope: str, key: str, decide: Callable[[StoredModel | None], Decision]) -> Decision:
        """See Store."""
        with self._lock:
            models = self._scopes[scope]
            before = models.get(key)
            decision = decide(before)
            if isinstance(decision, Written):
                self._account(before, decision.stored)
                models[key] = decision.stored
            elif isinstance(decision, Removed):
                self._account(before, None)
                del models[key]
            return decision

    async def snapshot(self) -> Scopes:
        """See Store."""
        with self._lock:
            return {scope: dict(models) for scope, models in self._scopes.items()}

    async def replace(self, models: Scopes) -> None:
        """See Store."""
        with self._lock:
            self._check(models)
            self._put(models)

    async def restart(self, scope: str | None = None, key: str | None = None) -> int:
        """See Store."""
        with self._lock:
            scopes = [*{**self._scopes, **self._initial}] if scope is None else [scope]
            count = sum(self._restart(each, key) for each in scopes)
            self._recount()
            return count

    def _restart(self, scope: str, key: str | None) -> int:
        """Bring the models of one scope back, or the one of that key."""
        before, initial = self._scopes[scope], self._initial.get(scope, {})
        others = {} if key is None else {name: model for name, model in before.items() if name != key}
        kept = initial if key is None else {name: model for name, model in initial.items() if name == key}
        removed = [name for name, model in before.items() if name not in others and model != kept.get(name)]
        self._scopes[scope] = {**others, **kept}
        return len(removed)

    def _account(self, before: StoredModel | None, after: StoredModel | None) -> None:
        """Count what a change adds. Raises FullError where there is no room."""
        grown = (after.bytes if after else 0) - (before.bytes if before else 0)
        if self._room is not None and grown > 0 and self._bytes + grown > self._room:
            raise FullError(self._room)
        self._bytes += grown

    def _check(self, models: Scopes) -> None:
        if self._room is not None and _bytes_of(models) > self._room:
            raise FullError(self._room)

    def _recount(self) -> None:
        self._bytes = _bytes_of(self._scopes)

    def _put(self, models: Scopes) -> None:
        self._scopes.clear()
        self._scopes.update((scope, dict(named)) for scope, named in models.items())
        self._recount()


def _bytes_of(models: Scopes) -> int:
    return sum(stored.bytes for named in models.values() for stored in named.values())


LONGEST_CHAIN = 100
"""Models that the showing of one takes into account: it and its bases."""
LARGEST_CHAIN = 2 * 1024 * 1024
"""Bytes of JSON that those models may take together, beside the model that is shown."""


class ModelReader:
    """What there is to see: the built-in models, and those of the store."""

    def __init__(self, rules: Upsert, fixtures: Fixtures, store: Store) -> None:
        self._references = ReferenceFields(rules)
        self._display = Display(rules)
        self._fixtures = fixtures
        self._store = store

    async def find(self, organization: str, name: str) -> Model | None:
        """The model of that name that the organization sees, its own before a built-in one, or None."""
        return await self._store.get(organization, name) or self._fixtures.models.get(name)

    async def show(self, organization: str, name: str, model: Model) -> dict[str, Any]:
        """The response about `model`."""
        return self._display.show(name, await self._world(organization, name, model))

    async def givers(self, organization: str, name: str, model: Model) -> Mapping[str, str]:
        """Which model each response field has its value from, as far as it is from one."""
        return self._display.givers(name, await self._world(organization, name, model))

    async def can_be_base(self, organization: str, name: str, model: StoredModel) -> bool:
        """Return whether all that `model` leads to can be taken into account where another is based on it."""
        models, complete = await self._led_to(organization, name, model)
        return complete and len(models) < LONGEST_CHAIN

    async def _world(self, organization: str, name: str, model: Model) -> World:
        models, _ = await self._led_to(organization, name, model)
        return World(models, self._fixtures.organizations[organization])

    async def _led_to(self, organization: str, name: str, model: Model) -> tuple[dict[str, Model], bool]:
        """Return whatever the showing of `model` can lead to, within bounds, and whether that is all.

        What is farther away is left out, as in a cycle: a client could otherwise have each read look at all models.
        """
        models = {name: model}
        if not self._leads_to(model):
            return models, True
        wanted, left = deque([model]), LARGEST_CHAIN
        while wanted:
            for named in self._leads_to(wanted.popleft()):
                if named not in models and (found := await self.find(organization, named)):
                    left -= found.bytes if isinstance(found, StoredModel) else 0
                    if left < 0 or len(models) >= LONGEST_CHAIN:
                        return models, False
                    models[named] = found
                    wanted.append(found)
        return models, True

    def _leads_to(self, model: Model) -> list[str]:
        """The names of the models that `model` refers to."""
        if not isinstance(model, StoredModel):
            return []
        return [model.values[slot] for slot in self._references.to_models if slot in model.values]
