"""Keeps the latest exchanges."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from mock_server.journal.criteria import Criteria
from mock_server.journal.exchange import Exchange

Listener: TypeAlias = Callable[[Exchange], None]


MOST_BYTES = 64 * 1024 * 1024
"""What all exchanges may take, about."""
MOST_WAITING = 64
"""Clients that can wait for requests at a time: each request is compared with what all of them wait for."""
_TURN = 64 * 1024
"""Bytes of paths that are compared before others get their turn."""


class Journal:
    """The latest exchanges, at most `size` of them; 0 is off. To be used in the thread of one event loop.

    There are fewer of them where they take more than `room` bytes.
    """

    def __init__(self, size: int, room: int = MOST_BYTES) -> None:
        self.size = size
        self._room = room
        self._bytes = 0
        self._exchanges: deque[Exchange] = deque()
        self._listeners: list[Listener] = []
        self.total = 0
        """The number of the latest, which is how many there have been."""
        self._cleared = 0
        """The number of the latest when the journal was cleared."""

    def __len__(self) -> int:
        return len(self._exchanges)

    def add(self, exchange: Exchange) -> int:
        """Keep it, and give what it takes, in bytes."""
        self.total = exchange.id
        size = exchange.bytes
        self._exchanges.append(exchange)
        self._bytes += size
        while len(self._exchanges) > self.size or (self._bytes > self._room and len(self._exchanges) > 1):
            self._bytes -= self._exchanges.popleft().bytes
        for listener in self._listeners:
            listener(exchange)
        return size

    def get(self, number: int) -> Exchange | None:
        """The exchange of that number, or None where it is not there, or no longer."""
        return next((each for each in self._exchanges if each.id == number), None)

    async def matching(self, criteria: Criteria) -> list[Exchange]:
        """Those of this moment that meet the criteria, from the earliest to the latest."""
        found: list[Exchange] = []
        compared = 0
        for each in tuple(self._exchanges):
            compared += len(each.path)
            if compared > _TURN:
                compared = 0
                await asyncio.sleep(0)
            if criteria.meets(each):
                found.append(each)
        return found

    @property
    def crowded(self) -> bool:
        """Whether as many wait as can."""
        return len(self._listeners) >= MOST_WAITING

    def dropped(self, after: int = 0) -> int:
        """How many the journal had to drop to make room, since it was cleared, of those with a number above `after`.

        >>> Journal(2).dropped()
        0
        """
        earliest = self._exchanges[0].id if self._exchanges else self.total + 1
        return max(earliest - 1 - max(self._cleared, after), 0)

    def clear(self) -> int:
        """Forget them all. How many there were. The numbers go on, so that none is given twice."""
        self._cleared = self.total
        count = len(self._exchanges)
        self._exchanges.clear()
        self._bytes = 0
        return count

    @contextlib.contextmanager
    def listening(self, listener: Listener) -> Iterator[None]:
        """Call `listener` with each new exchange, in the context."""
        self._listeners.append(listener)
        try:
            yield
        finally:
            self._listeners.remove(listener)

    async def wait_for(self, criteria: Criteria, count: int, seconds: float) -> Sequence[Exchange]:
        """The first `count` that meet the criteria, those included that are there already.

        After `seconds` without so many, those that there are.
        """
        news: asyncio.Queue[Exchange] = asyncio.Queue()
        with self.listening(news.put_nowait), contextlib.suppress(TimeoutError):
            found = await self.matching(criteria)
            async with asyncio.timeout(seconds):
                while len(found) < count:
                    if criteria.meets(exchange := await news.get()):
                        found.append(exchange)
        return found[:count]
