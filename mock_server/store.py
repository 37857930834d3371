"""Where custom models are stored.

A request reads a store by `look`, and changes it by `update`. Both take all names that the request is about, and give a
`View`: those models and all that they refer to, as they were at one moment. `update` hands the view to a pure function,
and carries out what the function decides: write, remove, or change nothing. Nobody else changes a model of the view in
between. So no handler can read a model, wait, and write back a stale copy, and the rules of an upsert do not depend on
the kind of store: one that several processes share calls the function again after a conflict.

Stores do not know about built-in models, nor about inheritance. `ModelReader` does: it finds a model with all models
that it refers to, and renders the response.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any, Protocol, TypeAlias, TypeVar

from contract import Upsert
from mock_server.display import BuiltInModel, Display, Model, Related
from mock_server.errors import Rejection
from mock_server.fixtures import Fixtures
from mock_server.upsert import ReferenceFields, Removed, StoredModel, Written

Scopes: TypeAlias = Mapping[str, Mapping[str, StoredModel]]
"""Models by scope and key."""
Decision = TypeVar("Decision", bound=Written | Removed | Rejection)


@dataclass(slots=True)
class View:
    """Models of one scope as they were at one moment: those that were asked for, and all that they refer to."""

    models: Mapping[str, StoredModel]
    """By name. It may have others too."""
    at: datetime | None = None
    """The time of the store, in UTC; None if it has no clock of its own."""
    basis: Any = None
    """What a store that is shared compares before it carries out a decision."""


class Store(Protocol):
    """Custom models by scope (the organization) and key (the name). Names are compared code point by code point."""

    async def look(self, scope: str, keys: Collection[str], view: View | None = None) -> View:
        """Return the models of these names, and all that they refer to. `view` may be one that has been returned."""

    async def update(
        self,
        scope: str,
        key: str,
        decide: Callable[[View], Decision],
        others: Collection[str] = (),
        view: View | None = None,
    ) -> tuple[Decision, View]:
        """Call `decide` with a view of `key` and `others`, and carry out its decision about `key` atomically.

        Return the decision and the view. `decide` must be pure: a store may call it more than once. `view` may be one
        that `look` has returned. Raises FullError.
        """

    async def snapshot(self) -> Scopes:
        """Return all models as they are at one moment."""

    async def replace(self, models: Scopes) -> None:
        """Replace all models. Raises FullError."""

    async def reset(self, scope: str | None = None, key: str | None = None) -> int:
        """Reset all models, those of one scope, or one model to what they were at the start.

        Return how many were removed or changed back.
        """


class FullError(Exception):
    """The store has no room for a change. The message says what to do."""

    def __init__(self, room: int) -> None:
        hint = "Delete models, reset the mock, or start it with a larger --max-state-bytes."
        super().__init__(f"All models together would be more than {room} bytes of JSON. {hint}")


class MemoryStore:
    """A store in this process, safe to use from concurrent tasks and threads.

    It starts with `models`. All models may be `room` bytes of JSON together; None is no limit. Raises FullError.
    """

    def __init__(self, models: Scopes | None = None, room: int | None = None) -> None:
        self._room = room
        self._scopes: dict[str, dict[str, StoredModel]] = defaultdict(dict)
        self._lock = Lock()
        self._initial = models or {}
        self._put(self._initial)

    async def look(self, scope: str, keys: Collection[str], view: View | None = None) -> View:  # noqa: ARG002
        """Return a view of all models of the scope."""
        return View(self._scopes[scope])

    async def update(
        self,
        scope: str,
        key: str,
        decide: Callable[[View], Decision],
        others: Collection[str] = (),  # noqa: ARG002 - the view has all of them
        view: View | None = None,  # noqa: ARG002 - a new one costs nothing
    ) -> tuple[Decision, View]:
        """Decide and carry out under one lock."""
        with self._lock:
            models = self._scopes[scope]
            seen = View(models)
            decision = decide(seen)
            if isinstance(decision, Written):
                self._account(models.get(key), decision.stored)
                models[key] = decision.stored
            elif isinstance(decision, Removed):
                self._account(models.get(key), None)
                del models[key]
            return decision, seen

    async def snapshot(self) -> Scopes:
        """Return a copy of all models."""
        with self._lock:
            return {scope: dict(models) for scope, models in self._scopes.items()}

    async def replace(self, models: Scopes) -> None:
        """Replace all models. Raises FullError."""
        with self._lock:
            self._check(models)
            self._put(models)

    async def reset(self, scope: str | None = None, key: str | None = None) -> int:
        """Reset all models, those of one scope, or one model. Return how many were removed or changed back."""
        with self._lock:
            scopes = [*{**self._scopes, **self._initial}] if scope is None else [scope]
            count = sum(self._reset(each, key) for each in scopes)
            self._recount()
            return count

    def _reset(self, scope: str, key: str | None) -> int:
        """Reset the models of one scope, or the one of that key."""
        before, initial = self._scopes[scope], self._initial.get(scope, {})
        others = {} if key is None else {name: model for name, model in before.items() if name != key}
        restored = initial if key is None else {name: model for name, model in initial.items() if name == key}
        removed = [name for name, model in before.items() if name not in others and model != restored.get(name)]
        self._scopes[scope] = {**others, **restored}
        return len(removed)

    def _account(self, before: StoredModel | None, after: StoredModel | None) -> None:
        """Count the bytes that a change adds. Raises FullError."""
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
"""The maximum number of models that a response can depend on: the model, its base, the base of that, and so on."""
LARGEST_CHAIN = 2 * 1024 * 1024
"""The maximum bytes of JSON of all those bases together."""


class ModelReader:
    """Finds and renders the models that an organization can see: its own, in a view, and the built-in ones."""

    def __init__(self, rules: Upsert, fixtures: Fixtures) -> None:
        self._to_models = ReferenceFields(rules).to_models
        self._display = Display(rules)
        self._fixtures = fixtures

    def find(self, view: View, name: str) -> Model | None:
        """Return the model of that name, a custom model rather than a built-in one, or None."""
        return view.models.get(name) or self._fixtures.models.get(name)

    def render(self, view: View, organization: str, name: str, model: Model) -> dict[str, Any]:
        """Return the body of a response about `model`."""
        return self._display.render(name, self._related(view, organization, name, model))

    def field_origins(self, view: View, organization: str, name: str, model: Model) -> Mapping[str, str]:
        """Return the name of the model that each response field takes its value from, if it is from a model."""
        return self._display.field_origins(name, self._related(view, organization, name, model))

    def can_be_base(self, view: View, name: str, model: StoredModel) -> bool:
        """Return whether a response about a model that is derived from `model` can take all its bases into account."""
        models, complete = self._follow_references(view, name, model)
        return complete and len(models) < LONGEST_CHAIN

    def _related(self, view: View, organization: str, name: str, model: Model) -> Related:
        models, _ = self._follow_references(view, name, model)
        return Related(models, self._fixtures.organizations[organization])

    def _follow_references(self, view: View, name: str, model: Model) -> tuple[dict[str, Model], bool]:
        """Return the model and all that it refers to, directly or not, and whether all of them were within the limits.

        Without limits, a client could make each read visit every model.
        """
        models = {name: model}
        waiting, room = [model], LARGEST_CHAIN
        for each in waiting:  # grows
            if isinstance(each, BuiltInModel):
                continue
            for field in self._to_models:
                other: Any = each.values.get(field)
                if other in models or not (found := self.find(view, other)):
                    continue
                room -= found.bytes if isinstance(found, StoredModel) else 0
                if room < 0 or len(models) >= LONGEST_CHAIN:
                    return models, False
                models[other] = found
                waiting.append(found)
        return models, True
