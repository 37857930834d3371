"""What can be asked of a running mock about itself, by the admin API or by a test in the same process."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from contract import Contract, Problem, Upsert
from contract.pointer import to_pointer
from mock_server.callers.fixtures import Fixtures
from mock_server.core.clock import Clock
from mock_server.core.stores import Scopes, Store
from mock_server.core.upsert import MOST_ENTRIES, Stored, with_too_many_entries
from mock_server.events import Events
from mock_server.faults.book import Faults
from mock_server.hiding.redaction import Redaction
from mock_server.journal.entry import Entry, entry_of
from mock_server.journal.exchange import Exchange
from mock_server.journal.journal import Journal
from mock_server.journal.known_secrets import redaction_for
from mock_server.scenario.saving import scenario_of
from mock_server.state.document import MOST_PROBLEMS, StateError, StateReader, model_of, state_of


class Part(StrEnum):
    """A part of a mock that can be reset."""

    MODELS = "models"
    """Those of the start."""
    JOURNAL = "journal"
    """It is empty; numbers go on."""
    FAULTS = "faults"
    """The rules of the start, with counts and choices that begin anew."""
    CLOCK = "clock"
    """A clock that is set shows its first time."""


@dataclass(slots=True)
class Control:
    """The parts of a running mock. To be used in the thread of its event loop."""

    contract: Contract
    fixtures: Fixtures
    store: Store
    journal: Journal
    faults: Faults
    clock: Clock
    settings: Mapping[str, Any] = field(default_factory=dict)
    """How it was started, without secrets."""
    events: Events = field(default_factory=Events)
    max_model_bytes: int | None = None
    """Bytes of JSON that a model may take in a state that replaces another; None is any number."""
    on_change: Callable[[], Awaitable[None] | None] | None = None
    """Called after each change of the models. Gives what to wait for before a response is sent, if anything."""
    admin_token: str | None = None
    url: str = "http://localhost"
    """The address of the mock, to which copied commands go."""
    redaction: Redaction = field(init=False)
    """Hides secrets in what is shown."""

    def __post_init__(self) -> None:
        self.redaction = redaction_for(self.contract, self.fixtures, self.admin_token)

    def entry(self, exchange: Exchange) -> Entry:
        """Return what is shown of an exchange."""
        return entry_of(exchange, self.redaction, self.url)

    def note(self, exchange: Exchange) -> None:
        """Take an exchange into the journal."""
        size = self.journal.add(exchange)
        self.events.publish("request", exchange, self.entry, size)

    def model_changed(self, organization: str, name: str, stored: Stored | None) -> Awaitable[None] | None:
        """Tell that a request has written a model, or removed it where `stored` is None.

        Gives what to wait for before the response is sent, if anything.
        """
        size = stored.bytes if stored else 0
        self.events.publish("model", (organization, name, stored), self._model_shown, size)
        return self.on_change() if self.on_change else None

    def clear_journal(self) -> int:
        """Forget all exchanges. How many there were."""
        count = self.journal.clear()
        self.events.release()
        self.events.publish("cleared", {"journal": count})
        return count

    async def state(self) -> dict[str, Any]:
        """The custom models, as a document."""
        return state_of(await self.store.snapshot())

    async def scenario(self) -> dict[str, Any]:
        """What the mock holds, as a scenario to start from."""
        return scenario_of(self.contract, self.fixtures, await self.store.snapshot(), self.faults, self.clock)

    async def replace_state(self, state: Any) -> None:
        """Have these models in place of all. Raises StateError, and then nothing was changed."""
        models = await asyncio.to_thread(self._read, state)
        await self.store.replace(models)
        await self._models_replaced(None, None)

    def _read(self, state: Any) -> Scopes:
        """Read and measure models, which takes long where there are many."""
        models = StateReader(self.contract, self.fixtures).read(state)
        if problems := [*_too_large(models, self.max_model_bytes, self.contract.upsert)]:
            raise StateError(problems[:MOST_PROBLEMS])
        return models

    async def reset(
        self, parts: Iterable[Part] = tuple(Part), organization: str | None = None, model: str | None = None
    ) -> dict[str, int]:
        """Bring parts back to what they were at the start; of the models all, those of one organization, or one.

        How many models that has removed or changed back, and how many requests and rules it has removed.
        """
        parts, removed = set(parts), {"models": 0, "requests": 0, "faults": 0}
        if Part.MODELS in parts:
            removed["models"] = await self.store.restart(organization, model)
        if Part.JOURNAL in parts:
            removed["requests"] = self.clear_journal()
        if Part.FAULTS in parts:
            removed["faults"] = len(self.faults.active)
            self.faults.restart()
            self.faults_changed()
        if Part.CLOCK in parts:
            self.clock.restart()
        if Part.MODELS in parts:
            await self._models_replaced(organization, model)  # at last: it may fail where they cannot be saved
        return removed

    def faults_changed(self) -> None:
        """Tell those who watch."""
        rules = [each.shown for each in self.faults.active]
        self.events.publish("faults", rules, size=self.faults.bytes)

    async def _models_replaced(self, organization: str | None, model: str | None) -> None:
        self.events.release()
        self.events.publish("state", {"organization": organization, "model": model})
        saved = self.on_change() if self.on_change else None
        if saved is not None:
            await saved

    def _model_shown(self, changed: tuple[str, str, Stored | None]) -> dict[str, Any]:
        organization, name, stored = changed
        model = self.redaction.value(model_of(stored)) if stored else None
        return {"organization": organization, "name": self.redaction.hide(name), "model": model}


def _too_large(models: Scopes, largest: int | None, rules: Upsert) -> Iterator[Problem]:
    for scope, named in models.items():
        for name, stored in named.items():
            if slot := with_too_many_entries(rules, stored.values):
                what = f"it has more than {MOST_ENTRIES} entries"
                yield Problem(to_pointer(["models", scope, name, "values", slot]), what, "give fewer")
            if largest is not None and stored.bytes > largest:
                what = f"it takes {stored.bytes} bytes of JSON, more than {largest}"
                yield Problem(to_pointer(["models", scope, name]), what, "leave it out, or raise --max-model-bytes")
