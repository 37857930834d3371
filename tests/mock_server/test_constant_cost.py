"""A request costs the same however much is stored, and leaves nothing behind. `benchmarks.scaling` measures it."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Sequence
from functools import partialmethod
from itertools import product
from random import Random
from typing import Any

import pytest
from starlette.types import Message

from contract import load
from mock_server.app import Behaviour, build_app
from mock_server.faults.effects import PeekableRequest
from mock_server.faults.index import RuleIndex
from mock_server.faults.rule import rule
from mock_server.faults.rules import ActiveRule
from mock_server.fixtures import Fixtures, load_fixtures
from mock_server.http.routing import matches_path
from mock_server.journal.journal import Exchange, Journal
from mock_server.store import MemoryStore
from tests.mock_server.in_process import ask
from tests.mock_server.wire import MODELS


class Unvisited(dict[str, Any]):
    """A mapping in which names are looked up, and which nobody may visit as a whole while requests are served."""

    serving = False

    def _visited(self, how: Callable[[dict[str, Any]], Any]) -> Any:
        if self.serving:
            pytest.fail("a request visits everything that is stored")
        return how(self)

    __iter__ = partialmethod(_visited, dict.__iter__)
    keys = partialmethod(_visited, dict.keys)
    values = partialmethod(_visited, dict.values)
    items = partialmethod(_visited, dict.items)
    copy = partialmethod(_visited, dict.copy)


REQUESTS = [
    ("POST", MODELS, b'{"model_name": "m", "base_model_name": "gpt-4o", "custom_provider_id": "my-vllm"}'),
    ("POST", MODELS, b'{"model_name": "n", "base_model_name": "m"}'),
    ("POST", MODELS, b'{"model_name": 1, "base_model_name": "absent"}'),
    ("GET", f"{MODELS}n/", b""),
    ("GET", f"{MODELS}absent/", b""),
    ("DELETE", f"{MODELS}n/", b""),
]


def test_a_request_visits_neither_all_models_nor_all_organizations_and_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    contract, store = load(), MemoryStore()
    read = load_fixtures(contract)
    fixtures = Fixtures(
        Unvisited(read.organizations), Unvisited(read.keys), read.dashboard, Unvisited(read.models), read.left_out
    )
    store._scopes = Unvisited(acme=Unvisited())
    app = build_app(contract, fixtures, store, Behaviour())
    ask(app, "GET", MODELS)  # the layers are built with the first request
    monkeypatch.setattr(Unvisited, "serving", True)
    assert [ask(app, *each).status for each in REQUESTS] == [201, 201, 400, 200, 404, 204]
    with pytest.raises(pytest.fail.Exception):
        asyncio.run(store.snapshot())


def test_requests_leave_nothing_behind_but_what_the_journal_has() -> None:
    contract = load()
    journal = Journal(10)

    def note(exchange: Exchange) -> None:
        journal.add(exchange)

    app = build_app(contract, load_fixtures(contract), MemoryStore(), Behaviour(note=note))

    def objects_after(rounds: int) -> int:
        for _ in range(rounds):
            for each in REQUESTS:
                ask(app, *each)
        gc.collect()
        return len(gc.get_objects())

    objects_after(20)
    assert objects_after(50) - objects_after(50) == pytest.approx(0, abs=20)


CONDITIONS = [
    {name: value for name, value in zip(("method", "path", "organization", "model"), values, strict=True) if value}
    for values in product(
        (None, "POST", "GET"),
        (None, "/api/models/*", "/api/models/a b/", "/api/models/a%20b/", "/x/"),
        (None, "acme", "globex"),
        (None, "m", "n"),
    )
]


def _request(method: str, path: bytes) -> PeekableRequest:
    async def receive() -> Message:
        return {"type": "http.request", "body": b'{"model_name": "m"}'}

    scope = {"method": method, "path": path.decode(), "raw_path": path, "headers": []}
    return PeekableRequest(scope, receive, "model_name", lambda _: "acme", limit=1000)


def _matching(rules: Sequence[ActiveRule], request: PeekableRequest) -> list[str]:
    async def found() -> list[str]:
        return [each.id async for each in RuleIndex(rules).matching(request)]

    return asyncio.run(found())


@pytest.mark.parametrize("path", [b"/api/models/", b"/api/models/a%20b/", b"/x/"])
def test_each_rule_that_a_request_matches_is_found_in_its_turn(path: bytes) -> None:
    shuffled = Random(7).sample(CONDITIONS, len(CONDITIONS))
    rules = [ActiveRule(str(number), rule({"status": 503, **each}), None) for number, each in enumerate(shuffled)]
    expected = [
        each.id
        for each in rules
        if each.rule.method in (None, "POST")
        and (each.rule.path is None or matches_path(path, each.rule.path))
        and each.rule.organization in (None, "acme")
        and each.rule.model in (None, "m")
    ]
    assert len(expected) >= 8
    assert _matching(rules, _request("POST", path)) == expected


def test_rules_for_other_requests_are_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[str] = []

    def compare(path: bytes, pattern: str) -> bool:
        compared.append(pattern)
        return matches_path(path, pattern)

    monkeypatch.setattr("mock_server.faults.effects.matches_path", compare)
    others = [{"path": f"/api/models/{number}/"} for number in range(300)]
    others += [{"path": "/api/models/*", "model": str(number)} for number in range(300)]
    others += [{"path": "/api/models/*", "organization": str(number)} for number in range(300)]
    rules = [ActiveRule(str(number), rule({"status": 503, **each}), None) for number, each in enumerate(others)]
    rules.append(ActiveRule("it", rule({"status": 503, "model": "m"}), None))
    assert _matching(rules, _request("POST", b"/api/models/")) == ["it"]
    assert compared == ["/api/models/*"]
