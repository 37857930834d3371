"""Executes requests: loads a model from the log, decides on events, appends them."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from tests.servers.aiohttp_server.log import ConflictError, Event, EventLog, Stream
from tests.servers.aiohttp_server.model import BASE, REGISTERED, RETIRED, Clock, Model, decide
from tests.servers.aiohttp_server.reading import Problem
from tests.servers.aiohttp_server.views import Catalogue, Projection

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.servers.aiohttp_server.reading import Upsert

SNAPSHOT_EVERY = 4
"""How many events a stream has between two snapshots, at least."""
ABSENT = "There is no such model."


class Models:
    """The models of all organizations."""

    def __init__(self) -> None:
        """Start with an empty log and a thread that writes it."""
        self.clock = Clock()
        self.log = EventLog()
        self.projection = Projection()
        self.catalogue = Catalogue(self.projection)
        self.log.subscribe(self.projection.project)
        self._writer = ThreadPoolExecutor(1, "event-log")

    async def upsert(self, stream: Stream, wanted: Upsert) -> tuple[Model, bool]:
        """Create or update a model; return it, and whether it was created."""
        inherited = self.check(stream, wanted)
        while True:
            model = await self.load(stream)
            events = list(decide(model, wanted.values, inherited, self.clock.tick()))
            try:
                await self.append(stream, model, events)
            except ConflictError:
                continue
            return model.fold(events), any(event.kind == REGISTERED for event in events)

    async def delete(self, stream: Stream) -> None:
        """Delete a model."""
        if stream.name in self.catalogue.built_in:
            raise Problem(403, "Built-in models cannot be removed.")
        while True:
            model = await self.load(stream)
            if not model.exists:
                raise Problem(404, ABSENT)
            try:
                return await self.append(stream, model, [Event(RETIRED, self.clock.tick(), {})])
            except ConflictError:
                continue

    def check(self, stream: Stream, wanted: Upsert) -> dict[str, Any] | None:
        """Return what a model inherits from the named base model; reject references that the request must not make."""
        base = wanted.values.get(BASE)
        inherited = None
        if base is not None:
            inherited = self.catalogue.inheritable(Stream(stream.organization, base))
            if inherited is None:
                raise Problem(404, "The base model does not exist.", {BASE: "names no model"})
            self.reject_cycle(stream, base)
        for provider in wanted.aliases:
            if self.catalogue.provider(stream.organization, provider) is None:
                raise Problem(404, "The provider does not exist.", {"provider_id": "names no provider"})
        if len(set(wanted.aliases)) > 1:
            raise Problem(400, "The request names two providers.", {"provider_id": "differs from custom_provider_id"})
        if stream.name in self.catalogue.built_in:
            raise Problem(403, "The name belongs to a built-in model.", {"model_name": "is reserved"})
        return inherited

    def reject_cycle(self, stream: Stream, base: str | None) -> None:
        """Reject a base model that inherits from the model itself."""
        seen: set[str] = set()
        while base is not None and base not in seen:
            if base == stream.name:
                raise Problem(400, "The base model inherits from this model.", {BASE: "makes a cycle"})
            seen.add(base)
            base = self.catalogue.base_of(Stream(stream.organization, base))

    async def load(self, stream: Stream) -> Model:
        """Return the state of a stream: its snapshot, and the events since."""
        model: Model = await self.run(self.load_now, stream)
        return model

    def load_now(self, stream: Stream) -> Model:
        """Fold a stream, in the thread of the log."""
        model = Model.restored(self.log.snapshot(stream))
        return model.fold(self.log.read(stream, model.version))

    async def append(self, stream: Stream, model: Model, events: Sequence[Event]) -> None:
        """Store events that follow a state."""
        if events:
            await self.run(self.append_now, stream, model, events)

    def append_now(self, stream: Stream, model: Model, events: Sequence[Event]) -> None:
        """Store events and now and then a snapshot, in the thread of the log."""
        self.log.append(stream, model.version, events)
        now = model.fold(events)
        if now.version // SNAPSHOT_EVERY > model.version // SNAPSHOT_EVERY:
            self.log.keep_snapshot(stream, now.version, now.state())

    async def run(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """Run work in the thread of the log."""
        return await asyncio.get_running_loop().run_in_executor(self._writer, work, *arguments)
