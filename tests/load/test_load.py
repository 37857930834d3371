"""Every acknowledged write is stored, whatever is killed, and memory does not grow. `tox -e load` runs it for a minute.

`LOAD=600 tox -e load` runs it for ten minutes. The figures are printed at the end.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.load.client import Client, Tally
from tests.mock_server.process import SECONDS, MockProcess, started
from tests.mock_server.redis_server import RedisServer, running

DURATION = float(os.environ.get("LOAD", "3"))
CLIENTS, WORKERS = 16, 3
ROUND = min(6.0, DURATION)
"""Seconds in which each disturbance happens once."""
LONG_ENOUGH = 30
"""Seconds after which memory may be compared."""
FAULTS = [
    {"id": "busy", "status": 503, "count": 50},
    {"id": "slow", "latency": {"min": 1, "max": 30}, "probability": 0.05},
    {"id": "torn", "reset": True, "when": "after", "probability": 0.01},
    {"id": "lost", "reset": True, "count": 20},
]


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    with running("--appendonly", "yes", "--appendfsync", "always") as server:
        yield server


@pytest.fixture
def mock(redis: RedisServer) -> Iterator[MockProcess]:
    options = ["--workers", str(WORKERS), "--journal", "500", "--store", f"{redis.url}?socket_timeout=2"]
    with started("--log-level", "error", *options) as process:
        yield process


def workers(mock: MockProcess) -> list[int]:
    pid = mock.process.pid
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]


def memory(mock: MockProcess) -> float:
    """Return the resident memory of the largest worker in MB."""
    statuses = [Path(f"/proc/{each}/status").read_text(encoding="ascii") for each in workers(mock)]
    return max(int(status.split("VmRSS:")[1].split()[0]) for status in statuses) / 1024


async def disturb(mock: MockProcess, redis: RedisServer, counts: dict[str, int]) -> None:
    """Let everything fail once: faults, a worker that is killed, a Redis that restarts."""
    admin = httpx2.AsyncClient(base_url=mock.url, timeout=SECONDS)
    async with admin:
        await admin.put("/_mock/faults", json={"faults": FAULTS})
        await asyncio.sleep(ROUND / 4)
        os.kill(random.choice(workers(mock)), signal.SIGKILL)
        counts["workers killed"] += 1
        await asyncio.sleep(ROUND / 4)
        with redis.away():
            await asyncio.sleep(ROUND / 20)
        counts["restarts of Redis"] += 1
        await asyncio.sleep(ROUND / 4)
        for _ in range(100):
            if (await admin.put("/_mock/faults", json={"faults": []})).status_code == 200:
                break
            await asyncio.sleep(0.05)
        await asyncio.sleep(ROUND / 5)


async def run(mock: MockProcess, redis: RedisServer) -> dict[str, float]:
    tally, stopping, counts = Tally(), asyncio.Event(), {"workers killed": 0, "restarts of Redis": 0}
    clients = [Client(number, mock.address[1], tally) for number in range(CLIENTS)]
    begun = time.monotonic()
    tasks = [asyncio.create_task(each.write_until(stopping)) for each in clients]
    memories = []
    while time.monotonic() < begun + DURATION:
        await disturb(mock, redis, counts)
        memories.append(memory(mock))
    stopping.set()
    await asyncio.gather(*tasks)
    took = time.monotonic() - begun
    stored = sum(await asyncio.gather(*[each.check_all() for each in clients]))
    assert "Traceback" not in mock.stderr, mock.stderr[:5000]
    assert set(tally.statuses) <= {0, 200, 201, 204, 404, 503}, tally.statuses
    return {
        "seconds": round(took),
        **counts,
        "requests": tally.statuses.total(),
        "acknowledged writes": tally.acknowledged,
        "responses 503": tally.statuses[503],
        "requests without a response": tally.statuses[0],
        "writes that may be stored or not": tally.unknown,
        "models read at the end": stored,
        "memory of a worker after a round, MB": round(memories[0]),
        "memory of a worker at the end, MB": round(memories[-1]),
    }


def test_every_acknowledged_write_is_stored(
    mock: MockProcess, redis: RedisServer, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = asyncio.run(run(mock, redis))
    with capsys.disabled():
        print("\n" + "\n".join(f"| {name} | {value:,} |" for name, value in figures.items()))  # noqa: T201
    assert figures["acknowledged writes"] > CLIENTS
    assert figures["models read at the end"] > 0
    if DURATION >= LONG_ENOUGH:
        first, last = (figures[f"memory of a worker {when}, MB"] for when in ("after a round", "at the end"))
        assert last < first * 1.2 + 5
    stored = httpx2.get(f"{mock.url}/_mock/state", timeout=SECONDS).json()["models"]["acme"]
    assert len(stored) == figures["models read at the end"]
    assert mock.stop() == (0, "")
