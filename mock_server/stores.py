"""Where custom models are kept. A store has one verb that changes it, and that one is atomic."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from threading import Lock
from typing import Protocol, TypeAlias

from mock_server.refusals import Refusal
from mock_server.semantics import Outcome, Stored

Decide: TypeAlias = Callable[[Stored | None], Outcome | Refusal]
"""Decides on the model that is stored, or on None. Pure, for a store may have to ask it again."""


class Store(Protocol):
    """Custom models by scope (the organization) and key (the name), compared code point by code point."""

    async def get(self, scope: str, key: str) -> Stored | None:
        """The model, or None."""

    async def update(self, scope: str, key: str, decide: Decide) -> Outcome | Refusal:
        """Ask `decide` about the stored model, and store the model of its outcome (None removes it).

        Between the two nobody else changes that model. A refusal changes nothing.
        """


class MemoryStore:
    """A store in this process, safe under concurrent tasks and threads. It lives as long as the process."""

    def __init__(self) -> None:
        self._scopes: dict[str, dict[str, Stored]] = defaultdict(dict)
        self._lock = Lock()

    async def get(self, scope: str, key: str) -> Stored | None:
        """See Store."""
        return self._scopes[scope].get(key)

    async def update(self, scope: str, key: str, decide: Decide) -> Outcome | Refusal:
        """See Store."""
        with self._lock:
            models = self._scopes[scope]
            decision = decide(models.get(key))
            if isinstance(decision, Outcome):
                if decision.stored is None:
                    models.pop(key, None)
                else:
                    models[key] = decision.stored
            return decision
