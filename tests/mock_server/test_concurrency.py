"""Requests that race: one creates, none is lost, none is torn."""

from __future__ import annotations

import contextlib
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest

from tests.mock_server.conftest import Names
from tests.mock_server.process import MockProcess
from tests.mock_server.wire import KEY, MODELS

RACERS = 12
ROUNDS = 15


class Race:
    """Clients with open connections that all send at once."""

    def __init__(self, url: str) -> None:
        self._clients = [httpx2.Client(base_url=url, headers={"Authorization": f"Bearer {KEY}"}) for _ in range(RACERS)]
        self._start = threading.Barrier(RACERS)
        self._pool = ThreadPoolExecutor(RACERS)

    def run(self, body_of: Callable[[int], dict[str, Any]]) -> list[httpx2.Response]:
        """The responses to one body for each racer."""

        def send(racer: int) -> httpx2.Response:
            content = json.dumps(body_of(racer)).encode()
            self._start.wait(timeout=30)
            return self._clients[racer].post(MODELS, content=content, headers={"Content-Type": "application/json"})

        return list(self._pool.map(send, range(RACERS)))

    def close(self) -> None:
        """Close the connections."""
        self._pool.shutdown()
        for client in self._clients:
            client.close()


@pytest.fixture
def race(mock: MockProcess) -> Iterator[Race]:
    with contextlib.closing(Race(mock.url)) as race:
        yield race


def test_exactly_one_of_concurrent_creates_gets_201(race: Race, new_name: Names) -> None:
    for _ in range(ROUNDS):
        name = new_name()
        responses = race.run(lambda racer, name=name: {"model_name": name, "input_cost": racer})  # type: ignore[misc]
        assert Counter(response.status_code for response in responses) == {201: 1, 200: RACERS - 1}
        assert {response.json()["created_at"] for response in responses} == {responses[0].json()["created_at"]}


def test_no_racing_update_is_torn_and_one_wins(race: Race, client: httpx2.Client, new_name: Names) -> None:
    name = new_name()
    for _ in range(ROUNDS):
        responses = race.run(lambda racer: {"model_name": name, "input_cost": racer, "output_cost": racer})
        shown = [response.json() for response in responses]
        assert all(model["input_cost"] == model["output_cost"] == racer for racer, model in enumerate(shown))
        final = client.get(f"{MODELS}{name}/").json()
        assert final in shown


def test_no_update_of_another_field_is_lost(race: Race, client: httpx2.Client, new_name: Names) -> None:
    for _ in range(ROUNDS):
        name = new_name()
        race.run(lambda racer, name=name: {"model_name": name, "supported_params_override": {str(racer): {}}})  # type: ignore[misc]
        shown = client.get(f"{MODELS}{name}/").json()["supported_params"]
        assert shown.keys() == {str(racer) for racer in range(RACERS)}
