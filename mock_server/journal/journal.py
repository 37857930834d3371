"""Keeps the latest exchanges, and finds those that somebody asks for.

An exchange is one request and its response, as the server saw them: raw, so that writing it down costs next to nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from mock_server.callers import Caller
from mock_server.context import Fired
from mock_server.errors import Rejection, quoted
from mock_server.http.bodies import WORD
from mock_server.http.routing import matches_path

Headers = list[tuple[bytes, bytes]]
CUT = b"... (the first %d of %d bytes)"
"""What stands at the end of a long name or value of a header, of which the start is kept."""
_IS_CUT = re.compile(rb"\.\.\. \(the first [0-9]+ of [0-9]+ bytes\)\Z")
SMALLEST_EXCHANGE = 2048
"""What an exchange takes beside the texts in it."""


def is_cut(octets: bytes) -> bool:
    """Return whether only the start of a name or value is kept."""
    return _IS_CUT.search(octets) is not None


class Exchange(NamedTuple):
    """A request and its answer. Nothing in it is redacted yet: it is not to be shown as it is.

    A thousand of them are kept, by default. Each is one tuple, made when all is known, of what was there anyway.
    """

    id: int
    """Its number in the journal, from 1."""
    ended: float
    """When it was answered, in seconds of POSIX."""
    seconds: float
    """What it took."""
    method: str
    path: bytes
    query: bytes
    headers: Headers
    request: bytes
    """The first octets of the body."""
    request_length: int
    """Of the body, as far as it was read."""
    complete: bool
    """Whether the whole body of the request was read."""
    status: int
    """0 where there was no answer."""
    response_headers: Headers
    response: bytes
    """The first octets of the body."""
    response_length: int
    caller: Caller | None
    """Whose credentials it had, as far as they were looked at."""
    rejection: Rejection | None
    preference: str | None
    """What was applied of it (RFC 7240)."""
    faults: tuple[Fired, ...]
    """Those that acted on it."""
    bytes: int = SMALLEST_EXCHANGE
    """What it takes in memory, about."""

    @property
    def organization(self) -> str | None:
        """Whose credentials it had."""
        return self.caller.organization if self.caller else None


STATUS_PATTERN = "[1-5](?:[0-9]{2}|[xX]{2})"
"""A status, or a class of statuses."""


@dataclass(frozen=True, slots=True)
class Criteria:
    """What an exchange has to be like. What is None does not matter.

    >>> Criteria(status="teapot")
    Traceback (most recent call last):
    ValueError: 'teapot' is neither a status such as 404 nor a class such as 4xx
    """

    method: str | None = None
    """In capitals or not."""
    path: str | None = None
    """The path as it was sent, or decoded; `*` stands for any characters, slashes too, and nothing else does."""
    status: str | None = None
    """`404`, or `4xx` for any of its class."""
    organization: str | None = None
    refused: bool | None = None
    after: int = 0
    """Only those of a higher number."""

    def __post_init__(self) -> None:
        if self.status is not None and not re.fullmatch(STATUS_PATTERN, self.status):
            raise ValueError(f"{self.status!r} is neither a status such as 404 nor a class such as 4xx")
        if self.path is not None and not self.path.startswith(("/", "*")):
            raise ValueError(f"no request has the path {quoted(self.path)}: begin it with a slash, or with *")
        if self.method is not None and not re.fullmatch(WORD, self.method):
            raise ValueError(f"no request has the method {quoted(self.method)}: give one such as POST")

    def meets(self, exchange: Exchange) -> bool:
        """Whether `exchange` is like that."""
        return (
            exchange.id > self.after
            and (self.method is None or self.method.upper() == exchange.method)
            and self.organization in (None, exchange.organization)
            and self.refused in (None, exchange.rejection is not None)
            and (self.status is None or _has_status(exchange.status, self.status))
            and (self.path is None or matches_path(exchange.path, self.path))
        )


def _has_status(status: int, wanted: str) -> bool:
    return str(status) == wanted or (wanted[1:].lower() == "xx" and str(status // 100) == wanted[0])


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
