"""Clients that write as fast as they get responses, and know what must be stored then."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import TypeAlias

from tests.mock_server.wire import KEY, MODELS

Cost: TypeAlias = int | None
"""The `input_cost` of a model; None if there is no such model."""
NAMES = 40
"""The number of models that a client writes, so that what is stored stays bounded."""
PAUSE = 0.02


@dataclass
class Tally:
    """What all clients have seen."""

    statuses: Counter[int] = field(default_factory=Counter)
    """0 is a request without a response."""
    acknowledged: int = 0
    """Writes with a response that says that they are stored."""
    unknown: int = 0
    """Writes that may be stored or not."""


class Client:
    """One connection, and models that no other client writes."""

    def __init__(self, number: int, port: int, tally: Tally) -> None:
        self._number = number
        self._port = port
        self._tally = tally
        self._random = random.Random(number)
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self.possible: dict[str, set[Cost]] = {}
        """What each model may be: one thing, or several after writes without a response."""

    async def write_until(self, stopping: asyncio.Event) -> None:
        """Create, update, read and delete models."""
        cost = 0
        while not stopping.is_set():
            cost += 1
            name = f"c{self._number}-{self._random.randrange(NAMES)}"
            await (self._delete(name) if self._random.random() < 0.1 else self._upsert(name, cost))
            if self._random.random() < 0.2:
                await self.check(name)
        await self._close()

    async def check(self, name: str) -> int:
        """Read a model, and compare it with what it may be. Return the status.

        A read does not settle what a write without a response has done: Redis may still get to it. A later write does.
        """
        status, body = await self._ask("GET", f"{MODELS}{name}/")
        if status in (200, 404):
            found = json.loads(body)["input_cost"] if status == 200 else None
            assert found in self.possible.get(name, {None}), (name, found, self.possible.get(name))
        return status

    async def check_all(self) -> int:
        """Read all models until each has a response. Return how many there are."""
        found = 0
        for name in self.possible:
            while (status := await self.check(name)) not in (200, 404):
                await asyncio.sleep(PAUSE)
            found += status == 200
        await self._close()
        return found

    async def _upsert(self, name: str, cost: int) -> None:
        before = self.possible.get(name, {None})
        body = json.dumps({"model_name": name, "input_cost": cost, "display_name": "x" * 150})
        status, response = await self._ask("POST", MODELS, body.encode())
        if status in (200, 201):
            assert (status == 201) in {each is None for each in before}, (name, status, before)
        self._note(name, cost, before, status, response)

    async def _delete(self, name: str) -> None:
        before = self.possible.get(name, {None})
        status, response = await self._ask("DELETE", f"{MODELS}{name}/")
        if status == 404:
            assert None in before, (name, before)
        self._note(name, None, before, status, response)

    def _note(self, name: str, cost: Cost, before: set[Cost], status: int, response: bytes) -> None:
        """Note what a model may be after a write."""
        if status in (200, 201, 204, 404):
            self._tally.acknowledged += 1
            self.possible[name] = {cost}
        elif status == 0 or b"unknown" in response:
            self._tally.unknown += 1
            self.possible[name] = before | {cost}

    async def _ask(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        """Return status and body of a response, or 0 if there is none."""
        status, content = 0, b""
        try:
            async with asyncio.timeout(30):
                status, content = await self._exchange(method, path, body)
        except (OSError, EOFError, asyncio.IncompleteReadError):
            await self._close()
            await asyncio.sleep(PAUSE)
        self._tally.statuses[status] += 1
        if status == 503:
            await asyncio.sleep(PAUSE)
        return status, content

    async def _exchange(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {KEY}\r\n"
        if body:
            head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        writer.write(head.encode() + b"\r\n" + body)
        received = await reader.readuntil(b"\r\n\r\n")
        lengths = [line for line in received.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        content = await reader.readexactly(int(lengths[0].partition(b":")[2])) if lengths else b""
        if b"connection: close" in received.lower():
            await self._close()
        return int(received[9:12]), content

    async def _close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            with contextlib.suppress(OSError):
                await self._streams[1].wait_closed()
            self._streams = None
