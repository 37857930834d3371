"""A store has one atomic verb."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from mock_server.errors import Rejection
from mock_server.store import MemoryStore, Store, View
from mock_server.upsert import Removed, StoredModel, Written

BORN = datetime(2026, 2, 1, tzinfo=UTC)


@pytest.fixture
def store() -> Store:
    return MemoryStore()


def number(value: int) -> StoredModel:
    return StoredModel({"number": value}, BORN, BORN)


def one_more(view: View, key: str = "m") -> Written:
    stored = view.models.get(key)
    return Written(200, number(stored.values["number"] + 1 if stored else 1))


async def found(store: Store, scope: str, key: str) -> StoredModel | None:
    return (await store.look(scope, [key])).models.get(key)


async def add_one(store: Store, scope: str, key: str) -> Written:
    return (await store.update(scope, key, lambda view: one_more(view, key)))[0]


def test_what_is_written_is_there_until_it_is_removed(store: Store) -> None:
    async def steps() -> None:
        assert await found(store, "acme", "m") is None
        assert await add_one(store, "acme", "m") == Written(200, number(1))
        assert await found(store, "acme", "m") == number(1)
        assert await add_one(store, "acme", "m") == Written(200, number(2))
        await store.update("acme", "m", lambda _: Removed())
        assert await found(store, "acme", "m") is None

    asyncio.run(steps())


def test_a_rejection_changes_nothing(store: Store) -> None:
    async def steps() -> None:
        await add_one(store, "acme", "m")
        rejection = Rejection(403, "No.")
        assert (await store.update("acme", "m", lambda _: rejection))[0] is rejection
        assert (await store.update("acme", "absent", lambda _: rejection))[0] is rejection
        assert await found(store, "acme", "m") == number(1)
        assert await found(store, "acme", "absent") is None

    asyncio.run(steps())


def test_scopes_and_keys_are_apart_byte_for_byte(store: Store) -> None:
    async def steps() -> None:
        places = [("acme", "m"), ("globex", "m"), ("acme", "M"), ("acme", "m "), ("acme", "é"), ("acme", "e\u0301")]
        for value, (scope, key) in enumerate(places):
            await store.update(scope, key, lambda _, value=value: Written(201, number(value)))  # type: ignore[misc]
        assert [await found(store, scope, key) for scope, key in places] == [number(n) for n in range(len(places))]

    asyncio.run(steps())


def test_no_update_is_lost_between_threads(store: Store) -> None:
    def count() -> None:
        for _ in range(500):
            asyncio.run(add_one(store, "acme", "m"))

    with ThreadPoolExecutor(8) as threads:
        for done in [threads.submit(count) for _ in range(8)]:
            done.result()
    assert asyncio.run(found(store, "acme", "m")) == number(4000)


def test_a_snapshot_is_of_one_moment_and_can_be_brought_back(store: Store) -> None:
    async def steps() -> None:
        await add_one(store, "acme", "m")
        before = await store.snapshot()
        await add_one(store, "acme", "m")
        await add_one(store, "globex", "n")
        assert before == {"acme": {"m": number(1)}}
        await store.replace(before)
        assert await store.snapshot() == before
        await add_one(store, "acme", "m")
        assert before == {"acme": {"m": number(1)}}

    asyncio.run(steps())


def test_restarting_removes_what_is_named_and_counts_it(store: Store) -> None:
    async def steps() -> None:
        for scope, key in [("acme", "m"), ("acme", "n"), ("globex", "m")]:
            await add_one(store, scope, key)
        assert await store.reset("acme", "absent") == 0
        assert await store.reset("acme", "m") == 1
        assert await store.reset("acme") == 1
        assert await found(store, "globex", "m") == number(1)
        assert await store.reset() == 1

    asyncio.run(steps())
