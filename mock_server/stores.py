"""Where custom models are kept. A store has one verb that changes it, and that one is atomic."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from threading import Lock
from typing import Protocol, TypeVar

from mock_server.refusals import Refusal
from mock_server.semantics import Removed, Stored, Written

Decision = TypeVar("Decision", bound=Written | Removed | Refusal)


class Store(Protocol):
    """Custom models by scope (the organization) and key (the name), compared code point by code point."""

    async def get(self, scope: str, key: str) -> Stored | None:
        """The model, or None."""

    async def update(self, scope: str, key: str, decide: Callable[[Stored | None], Decision]) -> Decision:
        """Ask `decide` about the stored model, or None, and do what it says: write, remove, or change nothing.

        Between the two nobody else changes that model. `decide` is pure, for a store may have to ask it again.
        """


class MemoryStore:
    """A store in this process, safe under concurrent tasks and threads. It lives as long as the process."""

    def __init__(self) -> None:
        self._scopes: dict[str, dict[str, Stored]] = defaultdict(dict)
        self._lock = Lock()

    async def get(self, scope: str, key: str) -> Stored | None:
        """See Store."""
        return self._scopes[scope].get(key)

    async def update(self, scope: str, key: str, decide: Callable[[Stored | None], Decision]) -> Decision:
        """See Store."""
        with self._lock:
            models = self._scopes[scope]
            decision = decide(models.get(key))
            if isinstance(decision, Written):
                models[key] = decision.stored
            elif isinstance(decision, Removed):
                del models[key]
            return decision
