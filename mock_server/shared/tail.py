"""Follows the streams of Redis for all clients of this mock that wait for requests or read events.

One task reads both streams on one connection, as long as there is anyone to tell.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import TypeAlias

from mock_server.errors import UnavailableError
from mock_server.shared.connection import Connection, Part

Follower: TypeAlias = Callable[[str, int, int, dict[bytes, bytes]], None]
"""Called with each new entry: the name of its stream, its number, its size in bytes, and its fields."""

_STREAMS = {"journal": "requests", "events": "events"}
"""The streams, and the counters of their entries."""
_MILLISECONDS = 200
"""How long one read waits for an entry. It must be shorter than the time that Redis has to respond."""
_ENTRIES = 100
_PAUSE = 0.2
"""Seconds until the next attempt, if Redis does not respond."""


class Tail:
    """Tells followers about each entry that is appended while they follow."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._followers: list[Follower] = []
        self._lost: list[Callable[[], None]] = []
        self._task: asyncio.Task[None] | None = None
        self._places: dict[str, int] = {}
        self._run = b""

    @contextlib.asynccontextmanager
    async def following(self, follower: Follower, lost: Callable[[], None] | None = None) -> AsyncIterator[None]:
        """Tell `follower` about all entries from now on. `lost` is called if Redis has lost its entries.

        A follower that is there twice is told once. Raises UnavailableError.
        """
        if not self._is_running:
            end = await self._end()
            if not self._is_running:  # another follower may have started it in the meantime
                self._run, self._places = end
                self._task = asyncio.get_running_loop().create_task(self._follow())
        self._followers.append(follower)
        if lost:
            self._lost.append(lost)
        try:
            yield
        finally:
            self._followers.remove(follower)
            if lost:
                self._lost.remove(lost)

    @property
    def _is_running(self) -> bool:
        return self._task is not None and not self._task.done()

    async def _end(self) -> tuple[bytes, dict[str, int]]:
        """Return the ID of the run, and the number of the latest entry of each stream."""
        control = self._connection.key("control")
        run, *totals = await self._connection.ask("HMGET", control, "run", *_STREAMS.values())
        return run or b"", dict(zip(_STREAMS, (int(each or 0) for each in totals), strict=True))

    async def _follow(self) -> None:
        while self._followers:
            try:
                if not await self._read():
                    await self._check()
            except UnavailableError:
                await asyncio.sleep(_PAUSE)

    async def _read(self) -> bool:
        """Wait for new entries, and tell the followers. Return whether there were any."""
        keys = [self._connection.key(name) for name in self._places]
        after = [f"{number}-18446744073709551615" for number in self._places.values()]
        words: tuple[Part, ...] = ("COUNT", _ENTRIES, "BLOCK", _MILLISECONDS, "STREAMS", *keys, *after)
        streams = await self._connection.ask("XREAD", *words)
        names = {key.encode(): name for key, name in zip(keys, self._places, strict=True)}
        for key, entries in streams or ():
            for entry, fields in entries:
                number, _, size = entry.partition(b"-")
                self._places[names[key]] = int(number)
                for follower in dict.fromkeys(self._followers):
                    follower(names[key], int(number), int(size), fields)
        return bool(streams)

    async def _check(self) -> None:
        """Start again if Redis has come back without its entries: the numbers have started again too."""
        run = await self._connection.ask("HGET", self._connection.key("control"), "run")
        if run is not None and run != self._run:
            self._run, self._places = await self._end()
            for lost in tuple(self._lost):
                lost()
