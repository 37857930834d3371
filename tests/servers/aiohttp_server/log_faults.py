"""Faults of the log: folding, snapshots, replays, and writers that race."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import replace
from typing import Any

from tests.servers.aiohttp_server import commands, model
from tests.servers.aiohttp_server.commands import Models
from tests.servers.aiohttp_server.fault_kit import around, fault, put
from tests.servers.aiohttp_server.log import ConflictError, Event, EventLog, Stream
from tests.servers.aiohttp_server.model import BASE, OVERRIDE, REGISTERED, RETIRED, Model
from tests.servers.aiohttp_server.reading import Problem
from tests.servers.aiohttp_server.views import Projection


def evolving(change: Any) -> None:
    """Let `change(model, event, evolve)` fold an event."""
    around(Model, "evolve", lambda evolve: lambda self, event: change(self, event, evolve))


@fault("MUST", "returned, own-wins", "Folding an event skips values of 0.")
def fold_skips_zeros() -> None:
    evolving(
        lambda self, event, evolve: evolve(
            self, Event(event.kind, event.at, {name: value for name, value in event.data.items() if value != 0})
        )
    )


@fault("MUST", "returned", "An update of one flag to 0 is folded with `or`, so that a flag of 1 stays.")
def fold_keeps_flags() -> None:
    def change(self: Model, event: Event, evolve: Any) -> Any:
        if event.kind == "Equipped":
            event = replace(event, data={name: self.own.get(name) or value for name, value in event.data.items()})
        return evolve(self, event)

    evolving(change)


@fault("MUST", "deleted", "A model created after a delete has the values of the deleted one.")
def retired_keeps_values() -> None:
    def change(self: Model, event: Event, evolve: Any) -> Any:
        after = evolve(self, event)
        return replace(after, own=self.own, inherited=self.inherited) if event.kind in {RETIRED, REGISTERED} else after

    evolving(change)


@fault("SHOULD", "deleted, times", "A model created after a delete has the `created_at` of the deleted one.")
def retired_keeps_creation() -> None:
    def change(self: Model, event: Event, evolve: Any) -> Any:
        after = evolve(self, event)
        kept = event.kind in {RETIRED, REGISTERED} and self.created_at
        return replace(after, created_at=self.created_at) if kept else after

    evolving(change)


@fault("MUST", "inherited", "An update that names another base model keeps what was inherited from the first one.")
def first_base_stays() -> None:
    def change(self: Model, event: Event, evolve: Any) -> Any:
        after = evolve(self, event)
        return replace(after, inherited=self.inherited) if self.inherited and event.kind != RETIRED else after

    evolving(change)


@fault("SHOULD", "times", "`updated_at` does not move when only the override or the base model changes.")
def tuning_keeps_update_time() -> None:
    def change(self: Model, event: Event, evolve: Any) -> Any:
        after = evolve(self, event)
        return replace(after, updated_at=self.updated_at) if event.kind in {"Tuned", "Based"} else after

    evolving(change)


@fault("SHOULD", "omitted keeps", "A snapshot has no override, so that a later update without one loses it.")
def snapshot_drops_override() -> None:
    def state(self: Model) -> dict[str, Any]:
        own = {name: value for name, value in self.own.items() if name != OVERRIDE}
        return original(replace(self, own=own))

    original = Model.state
    put(Model, "state", state)


@fault("MUST", "deleted", "A snapshot is taken before the last event and marked as taken after it, a delete included.")
def snapshot_before_event() -> None:
    def append_now(self: Models, stream: Stream, before: Model, events: list[Event]) -> None:
        self.log.append(stream, before.version, events)
        now = before.fold(events)
        if now.version // 4 > before.version // 4:
            state = before.fold(events[:-1]).state()
            self.log.keep_snapshot(stream, now.version, state | {"version": now.version})

    put(Models, "append_now", append_now)


@fault("SHOULD", "omitted keeps", "A restored snapshot has the two cache costs exchanged.")
def snapshot_swaps_costs() -> None:
    swapped = {"cache_hit_input_cost": "cache_creation_input_cost", "cache_creation_input_cost": "cache_hit_input_cost"}

    def restored(state: dict[str, Any] | None) -> Model:
        found = original(state)
        return replace(found, own={swapped.get(name, name): value for name, value in found.own.items()})

    original = Model.restored
    put(Model, "restored", staticmethod(restored))


@fault("MUST", "deleted", "A snapshot taken at a delete is restored as an existing model.")
def snapshot_revives() -> None:
    original = Model.restored
    put(
        Model,
        "restored",
        staticmethod(lambda state: replace(original(state), exists=True) if state else original(state)),
    )


@fault("MUST", "returned", "A command equal to an earlier one of its model is taken for a replay (A, B, A).")
def replayed_command() -> None:
    seen: set[tuple[Any, ...]] = set()

    async def upsert(self: Models, stream: Stream, wanted: Any) -> Any:
        now = await self.load(stream)
        key = (stream, now.created_at, json.dumps(wanted.values))
        if now.exists and key in seen:
            return now, False
        after, created = await original(self, stream, wanted)
        seen.add((stream, after.created_at, json.dumps(wanted.values)))
        return after, created

    original = Models.upsert
    put(Models, "upsert", upsert)


def appending(change: Any) -> None:
    """Let `change(log, stream, expected, events, append)` append to the log."""
    around(
        EventLog,
        "append",
        lambda append: lambda self, stream, expected, events: change(self, stream, expected, events, append),
    )


@fault("SHOULD", "read-back", "An event of the same content as one of any other model is stored without its values.")
def events_once_by_content() -> None:
    seen: dict[str, Stream] = {}

    def change(self: EventLog, stream: Stream, expected: int, events: list[Event], append: Any) -> None:
        fresh = [
            event if seen.setdefault(event.kind + json.dumps(event.data), stream) == stream else replace(event, data={})
            for event in events
        ]
        append(self, stream, expected, fresh)

    appending(change)


@fault("SHOULD", "read-back", "An event equal to an earlier one of its stream is stored without its values (A, B, A).")
def events_once_by_stream() -> None:
    seen: set[str] = set()

    def change(self: EventLog, stream: Stream, expected: int, events: list[Event], append: Any) -> None:
        keys = [json.dumps([stream, event.kind, event.data]) for event in events]
        append(
            self,
            stream,
            expected,
            [replace(event, data={}) if key in seen else event for key, event in zip(keys, events, strict=True)],
        )
        seen.update(keys)

    appending(change)


@fault("SHOULD", "read-back", "Every twentieth append is confirmed but not stored.")
def twentieth_append_lost() -> None:
    count = 0

    def change(self: EventLog, stream: Stream, expected: int, events: list[Event], append: Any) -> None:
        nonlocal count
        count += 1
        if count % 20:
            append(self, stream, expected, events)

    appending(change)


def renumbering(kinds_kept: set[str], pause: float) -> None:
    """Append after whatever version a stream has, except events of some kinds; pause before appending."""

    def change(self: EventLog, stream: Stream, expected: int, events: list[Event], append: Any) -> None:
        present = self.read(stream, 0)
        append(self, stream, expected if events[0].kind in kinds_kept else len(present), events)

    async def append(self: Models, stream: Stream, before: Model, events: list[Event]) -> None:
        await asyncio.sleep(pause)
        await original(self, stream, before, events)

    appending(change)
    original = Models.append
    put(Models, "append", append)


@fault("SHOULD", "racing-fields", "An update writes the whole state it loaded, so that a racing one is lost.")
def lost_update() -> None:
    def decide(before: Model, sent: dict[str, Any], inherited: Any, at: int) -> Any:
        if not before.exists:
            return original(before, sent, inherited, at)
        return original(replace(before, own={}), {**before.own, **sent}, inherited, at)

    original = model.decide
    put(commands, "decide", decide)
    renumbering({REGISTERED}, 0.02)


@fault("MUST", "racing-creates", "Creates of one name that race are all created, as no version is expected.")
def unchecked_creates() -> None:
    renumbering(set(), 0.01)


@fault("MUST", "racing-updates", "Each event of an update is appended by itself, so that racing updates mix.")
def half_applied() -> None:
    async def append(self: Models, stream: Stream, before: Model, events: list[Event]) -> None:
        for event in events:
            await original(self, stream, before, [event])
            await asyncio.sleep(0.005)

    appending(
        lambda self, stream, expected, events, append: append(
            self, stream, expected if events[0].kind == REGISTERED else len(self.read(stream, 0)), events
        )
    )
    original = Models.append
    put(Models, "append", append)


@fault("MUST", "no-server-error", "An append that conflicts is not retried but fails with 500.")
def conflict_fails() -> None:
    def change(self: EventLog, stream: Stream, expected: int, events: list[Event], append: Any) -> None:
        try:
            append(self, stream, expected, events)
        except ConflictError as error:
            raise RuntimeError("version conflict") from error

    appending(change)


@fault("MUST", "declared-statuses", "An append that conflicts returns 409.")
def conflict_reported() -> None:
    def change(self: EventLog, stream: Stream, expected: int, events: list[Event], append: Any) -> None:
        try:
            append(self, stream, expected, events)
        except ConflictError as error:
            raise Problem(409, "The model was changed by another request.") from error

    appending(change)


@fault("MUST", "returned", "A value that Python calls equal to the stored one is no change: true after 1.")
def equal_is_same() -> None:
    put(model, "same", lambda left, right: left == right)


@fault("MUST", "unique", "The log keys streams by a slug, in which dot, slash, underscore and hyphen are one.")
def streams_by_slug() -> None:
    def slug(stream: Stream) -> Stream:
        return Stream(stream.organization, re.sub("[._/]", "-", stream.name))

    for owner, name in ((EventLog, "append"), (EventLog, "read"), (EventLog, "snapshot"), (Projection, "key")):
        around(owner, name, lambda inner: lambda self, stream, *rest: inner(self, slug(stream), *rest))


@fault("MUST", "unique", "A delete matches names with LIKE, in which an underscore stands for any character.")
def delete_by_pattern() -> None:
    deleting(lambda name, other: re.fullmatch(re.escape(name).replace("_", "."), other))


@fault("MUST", "unique", "A delete removes also the names that continue with a slash, as if it removed a folder.")
def delete_of_folder() -> None:
    deleting(lambda name, other: other.startswith(name + "/"))


def deleting(matches: Any) -> None:
    """Let a delete remove each model whose name matches."""

    async def delete(self: Models, stream: Stream) -> None:
        await original(self, stream)
        for other in list(self.projection._models):
            ours = other.organization == stream.organization and self.projection.find(other)
            if ours and matches(stream.name, other.name):
                await original(self, other)

    original = Models.delete
    put(Models, "delete", delete)


@fault("SHOULD", "base-chain", "A delete of a base model removes the models that name it.")
def delete_cascades() -> None:
    async def delete(self: Models, stream: Stream) -> None:
        await original(self, stream)
        for other, found in list(self.projection._models.items()):
            if other.organization == stream.organization and found.exists and found.own.get(BASE) == stream.name:
                await original(self, other)

    original = Models.delete
    put(Models, "delete", delete)


@fault("SHOULD", "rejected", "A request that names an unknown provider returns 404 after its model was stored.")
def unknown_provider_stored() -> None:
    async def upsert(self: Models, stream: Stream, wanted: Any) -> Any:
        try:
            return await original(self, stream, wanted)
        except Problem as problem:
            if problem.status == 404 and wanted.aliases:
                values = {name: value for name, value in wanted.values.items() if name != model.PROVIDER}
                await original(self, stream, replace(wanted, values=values, aliases=()))
            raise

    original = Models.upsert
    put(Models, "upsert", upsert)
