"""A store has one atomic verb."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Protocol, TypeAlias

import pytest

from mock_server.errors import Rejection
from mock_server.store import FullError, MemoryStore, Scopes, Store, View
from mock_server.upsert import Removed, StoredModel, Written
from tests.mock_server.shared import redis_store

BORN = datetime(2026, 2, 1, tzinfo=UTC)


Steps: TypeAlias = Callable[[Store], Awaitable[None]]


class Kind(Protocol):
    def __call__(self, steps: Steps, /, room: int | None = None, models: Scopes | None = None) -> None:
        """Do steps with a store. Those of one test are the same store, as several workers see it."""


@pytest.fixture(params=["memory", "redis"])
def do(request: pytest.FixtureRequest) -> Kind:
    stores: list[MemoryStore] = []

    def in_memory(steps: Steps, /, room: int | None = None, models: Scopes | None = None) -> None:
        stores.append(stores[0] if stores else MemoryStore(models, room))
        asyncio.run(steps(stores[0]))  # type: ignore[arg-type]

    def in_redis(steps: Steps, /, room: int | None = None, models: Scopes | None = None) -> None:
        async def with_store() -> None:
            async with redis_store(address, room, models) as store:
                await steps(store)

        asyncio.run(with_store())

    if request.param == "memory":
        return in_memory
    address = request.getfixturevalue("redis_address")
    return in_redis


def number(value: int) -> StoredModel:
    return StoredModel({"number": value}, BORN, BORN)


def one_more(view: View, key: str = "m") -> Written:
    stored = view.models.get(key)
    return Written(200, number(stored.values["number"] + 1 if stored else 1))


async def found(store: Store, scope: str, key: str) -> StoredModel | None:
    return (await store.look(scope, [key])).models.get(key)


async def add_one(store: Store, scope: str, key: str) -> Written:
    return (await store.update(scope, key, lambda view: one_more(view, key)))[0]


def test_what_is_written_is_there_until_it_is_removed(do: Kind) -> None:
    async def steps(store: Store) -> None:
        assert await found(store, "acme", "m") is None
        assert await add_one(store, "acme", "m") == Written(200, number(1))
        assert await found(store, "acme", "m") == number(1)
        assert await add_one(store, "acme", "m") == Written(200, number(2))
        await store.update("acme", "m", lambda _: Removed())
        assert await found(store, "acme", "m") is None

    do(steps)


def test_a_rejection_changes_nothing(do: Kind) -> None:
    async def steps(store: Store) -> None:
        await add_one(store, "acme", "m")
        rejection = Rejection(403, "No.")
        assert (await store.update("acme", "m", lambda _: rejection))[0] is rejection
        assert (await store.update("acme", "absent", lambda _: rejection))[0] is rejection
        assert await found(store, "acme", "m") == number(1)
        assert await found(store, "acme", "absent") is None

    do(steps)


def test_scopes_and_keys_are_apart_byte_for_byte(do: Kind) -> None:
    async def steps(store: Store) -> None:
        places = [("acme", "m"), ("globex", "m"), ("acme", "M"), ("acme", "m "), ("acme", "é"), ("acme", "e\u0301")]
        for value, (scope, key) in enumerate(places):
            await store.update(scope, key, lambda _, value=value: Written(201, number(value)))  # type: ignore[misc]
        assert [await found(store, scope, key) for scope, key in places] == [number(n) for n in range(len(places))]

    do(steps)


def test_no_update_is_lost_between_threads(do: Kind) -> None:
    async def nothing(store: Store) -> None:
        assert await store.snapshot() == {}

    async def count(store: Store) -> None:
        for _ in range(100):
            await add_one(store, "acme", "m")

    async def all_are_counted(store: Store) -> None:
        assert await found(store, "acme", "m") == number(400)

    do(nothing)
    with ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(do, count) for _ in range(4)]:
            done.result()
    do(all_are_counted)


def test_concurrent_tasks_lose_no_update(do: Kind) -> None:
    async def steps(store: Store) -> None:
        await asyncio.gather(*[add_one(store, "acme", "m") for _ in range(50)])
        assert await found(store, "acme", "m") == number(50)

    do(steps)


def test_a_snapshot_is_of_one_moment_and_can_be_brought_back(do: Kind) -> None:
    async def steps(store: Store) -> None:
        await add_one(store, "acme", "m")
        before = await store.snapshot()
        await add_one(store, "acme", "m")
        await add_one(store, "globex", "n")
        assert before == {"acme": {"m": number(1)}}
        await store.replace(before)
        assert await store.snapshot() == before
        await add_one(store, "acme", "m")
        assert before == {"acme": {"m": number(1)}}

    do(steps)


def test_restarting_removes_what_is_named_and_counts_it(do: Kind) -> None:
    async def steps(store: Store) -> None:
        for scope, key in [("acme", "m"), ("acme", "n"), ("globex", "m")]:
            await add_one(store, scope, key)
        assert await store.reset("acme", "absent") == 0
        assert await store.reset("acme", "m") == 1
        assert await store.reset("acme") == 1
        assert await found(store, "globex", "m") == number(1)
        assert await store.reset() == 1

    do(steps)


def test_a_reset_brings_back_the_models_of_the_start(do: Kind) -> None:
    initial = {"acme": {"m": number(7), "n": number(8)}, "globex": {"m": number(9)}}

    async def steps(store: Store) -> None:
        assert await store.snapshot() == initial
        await add_one(store, "acme", "m")
        await add_one(store, "acme", "new")
        await store.update("globex", "m", lambda _: Removed())
        assert await store.reset("acme", "m") == 1
        assert await store.reset("acme") == 1
        assert await store.reset("globex", "m") == 0
        assert await store.snapshot() == initial
        await add_one(store, "acme", "m")
        assert await store.reset() == 1
        assert await store.snapshot() == initial

    do(steps, models=initial)


def test_a_store_has_a_limit_of_bytes(do: Kind) -> None:
    def writing(length: int) -> Callable[[View], Written]:
        return lambda _: Written(200, StoredModel({"a": "x" * length}, BORN, BORN))

    async def steps(store: Store) -> None:
        for _ in range(5):
            await store.update("s", "k", writing(900))
        with pytest.raises(FullError):
            await store.update("s", "other", writing(200))
        await store.update("s", "k", writing(10))
        await store.update("s", "other", writing(900))
        with pytest.raises(FullError):
            await store.replace({"s": {"k": StoredModel({"a": "x" * 2000}, BORN, BORN)}})
        assert await found(store, "s", "other")
        await store.reset("s")
        await store.update("s", "third", writing(900))
        await store.replace({"t": {"k": number(1)}})
        await store.update("s", "fourth", writing(900))

    do(steps, room=1000)


def test_values_and_times_are_stored_exactly(do: Kind) -> None:
    values = {
        "numbers": [0, -1, 2**64 - 1, -(2**63), 0.1, 1e308, 5e-324, -0.0, 1.0, 2**53 + 1],
        "texts": ["", "\u0000", "é e\u0301", "\U0001f600", "1:a", '"\\\n'],
        "rest": {"a:b": None, "": [True, False, {}, []]},
    }
    earliest, latest = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    model = StoredModel(values, earliest, latest)

    async def steps(store: Store) -> None:
        await store.update("ö", "a\0:b\n", lambda _: Written(201, model))
        stored = await found(store, "ö", "a\0:b\n")
        assert stored == model
        assert repr(stored) == repr(model)

    do(steps)


def test_a_view_has_the_bases_of_its_models(do: Kind) -> None:
    def based(*names: str) -> Callable[[View], Written]:
        return lambda _: Written(201, StoredModel({"base_model_name": names[0]} if names else {}, BORN, BORN))

    async def steps(store: Store) -> None:
        for name, base in [("a", "b"), ("b", "é:\n"), ("é:\n", "a"), ("other", "a"), ("d", "absent")]:
            await store.update("acme", name, based(base))
        view = await store.look("acme", ["other", "d", "absent"])
        assert {"other", "a", "b", "é:\n", "d"} <= view.models.keys()
        assert "absent" not in view.models
        assert (await store.look("acme", ["a", "\udcff"])).models.get("\udcff") is None

    do(steps)


def test_a_decision_holds_for_all_models_that_it_depends_on(do: Kind) -> None:
    async def steps(store: Store) -> None:
        seen: list[bool] = []

        def decide(view: View) -> Written:
            seen.append("base" in view.models)
            return Written(201, number(1))

        await add_one(store, "acme", "base")
        await store.update("acme", "m", decide, ["base"])
        await store.update("acme", "base", lambda _: Removed())
        await store.update("acme", "m", decide, ["base"])
        assert seen == [True, False]

    do(steps)
