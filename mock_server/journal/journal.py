"""The latest exchanges, and the search for those that match criteria.

An exchange is one request and its response as the server saw them: raw bytes, so that recording costs little.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple, TypeAlias

from mock_server.callers import Caller
from mock_server.context import Fired
from mock_server.errors import Rejection, quoted
from mock_server.http.bodies import WORD
from mock_server.http.routing import matches_path

Headers = list[tuple[bytes, bytes]]
CUT = b"... (the first %d of %d bytes)"
"""Replaces the end of a long header name or value."""
_IS_CUT = re.compile(rb"\.\.\. \(the first [0-9]+ of [0-9]+ bytes\)\Z")
SMALLEST_EXCHANGE = 2048
"""Bytes of memory that an exchange takes, apart from its texts."""


def is_cut(text: bytes) -> bool:
    """Return whether the end of a header name or value was cut off."""
    return _IS_CUT.search(text) is not None


_BETWEEN = b"\0"
"""A separator that no header contains (RFC 9110, section 5.5)."""


def packed(headers: Headers) -> bytes:
    """Return headers as one text, which takes less time to store and to drop than a list of pairs.

    >>> unpacked(packed([(b"accept", b"*/*"), (b"x", b"")]))
    [(b'accept', b'*/*'), (b'x', b'')]
    """
    return _BETWEEN.join(chain.from_iterable(headers))


def unpacked(text: bytes) -> Headers:
    """Return the headers in a text of `packed`."""
    parts = text.split(_BETWEEN) if text else []
    return list(zip(parts[::2], parts[1::2], strict=False))


class Exchange(NamedTuple):
    """A request and its response. Its secrets are not redacted: never show it as it is.

    The journal stores a thousand of them by default. Each is one tuple of few objects, built when the response is
    complete: what was stored a thousand requests ago is no longer in the caches of the processor when it is dropped.
    """

    id: int
    """The number of the request in the journal, from 1."""
    ended: float
    """When the response was complete, as a POSIX timestamp."""
    seconds: float
    """The time from request to response."""
    method: str
    path: bytes
    query: bytes
    head: bytes
    """The packed headers of the request."""
    request: bytes
    """The first bytes of the body."""
    request_length: int
    """The length of the body, as far as it was read."""
    complete: bool
    """Whether the whole body of the request was read."""
    status: int
    """0 if there was no response."""
    response_head: bytes
    """The packed headers of the response."""
    response: bytes
    """The first bytes of the body."""
    response_length: int
    caller: Caller | None
    """Whose credentials it had, as far as they were looked at."""
    rejection: Rejection | None
    preference: str | None
    """What was applied of it (RFC 7240)."""
    faults: tuple[Fired, ...]
    """The faults that were applied to the request."""
    bytes: int = SMALLEST_EXCHANGE
    """The approximate size in memory."""

    @property
    def headers(self) -> Headers:
        """The headers of the request."""
        return unpacked(self.head)

    @property
    def response_headers(self) -> Headers:
        """The headers of the response."""
        return unpacked(self.response_head)

    @property
    def organization(self) -> str | None:
        """Whose credentials it had."""
        return self.caller.organization if self.caller else None


STATUS_PATTERN = "[1-5](?:[0-9]{2}|[xX]{2})"
"""Matches a status such as 404, or a class such as 4xx."""


@dataclass(frozen=True, slots=True)
class Criteria:
    """Filters for exchanges. Those that are None match every exchange.

    >>> Criteria(status="teapot")
    Traceback (most recent call last):
    ValueError: 'teapot' is neither a status such as 404 nor a class such as 4xx
    """

    method: str | None = None
    """The method, in upper or lower case."""
    path: str | None = None
    """The path, as sent or percent-decoded. `*` matches any characters, including slashes."""
    status: str | None = None
    """A status such as `404`, or a class such as `4xx`."""
    organization: str | None = None
    rejected: bool | None = None
    after: int = 0
    """Only exchanges with a higher number."""

    def __post_init__(self) -> None:
        if self.status is not None and not re.fullmatch(STATUS_PATTERN, self.status):
            raise ValueError(f"{self.status!r} is neither a status such as 404 nor a class such as 4xx")
        if self.path is not None and not self.path.startswith(("/", "*")):
            raise ValueError(f"no request has the path {quoted(self.path)}: begin it with a slash, or with *")
        if self.method is not None and not re.fullmatch(WORD, self.method):
            raise ValueError(f"no request has the method {quoted(self.method)}: give one such as POST")

    def matches(self, exchange: Exchange) -> bool:
        """Return whether `exchange` passes all filters."""
        return (
            exchange.id > self.after
            and (self.method is None or self.method.upper() == exchange.method)
            and self.organization in (None, exchange.organization)
            and self.rejected in (None, exchange.rejection is not None)
            and (self.status is None or _has_status(exchange.status, self.status))
            and (self.path is None or matches_path(exchange.path, self.path))
        )


def _has_status(status: int, wanted: str) -> bool:
    return str(status) == wanted or (wanted[1:].lower() == "xx" and str(status // 100) == wanted[0])


Listener: TypeAlias = Callable[[Exchange], None]


MOST_BYTES = 64 * 1024 * 1024
"""Approximate maximum bytes of memory of all exchanges."""
MOST_WAITING = 64
"""Maximum number of clients that wait for requests: each request is compared with the criteria of all of them."""
_TURN = 64 * 1024
"""Bytes of paths to compare before other tasks get a turn."""


class Journal:
    """The latest exchanges, at most `size` of them and at most `room` bytes. A size of 0 turns the journal off.

    Use it only in the thread of one event loop.
    """

    def __init__(self, size: int, room: int = MOST_BYTES) -> None:
        self.size = size
        self._room = room
        self._bytes = 0
        self._exchanges: deque[Exchange] = deque()
        self._listeners: list[Listener] = []
        self.total = 0
        """The number of the latest exchange, and so the number of all exchanges."""
        self._cleared = 0
        """The value of `total` when the journal was last cleared."""

    def __len__(self) -> int:
        return len(self._exchanges)

    def add(self, exchange: Exchange) -> int:
        """Store an exchange, and return its approximate size in memory."""
        self.total = exchange.id
        size = exchange.bytes
        self._exchanges.append(exchange)
        self._bytes += size
        while len(self._exchanges) > self.size or (self._bytes > self._room and len(self._exchanges) > 1):
            self._bytes -= self._exchanges.popleft().bytes
        for listener in self._listeners:
            listener(exchange)
        return size

    async def get(self, number: int) -> Exchange | None:
        """Return the exchange with that number, or None if the journal does not have it."""
        return next((each for each in self._exchanges if each.id == number), None)

    async def matching(self, criteria: Criteria) -> list[Exchange]:
        """Return the exchanges that match now, oldest first."""
        found: list[Exchange] = []
        compared = 0
        for each in tuple(self._exchanges):
            compared += len(each.path)
            if compared > _TURN:
                compared = 0
                await asyncio.sleep(0)
            if criteria.matches(each):
                found.append(each)
        return found

    @property
    def crowded(self) -> bool:
        """Whether the maximum number of clients is waiting."""
        return len(self._listeners) >= MOST_WAITING

    async def dropped(self, after: int = 0) -> int:
        """Return how many exchanges after number `after` were dropped to make room since the journal was cleared.

        >>> asyncio.run(Journal(2).dropped())
        0
        """
        earliest = self._exchanges[0].id if self._exchanges else self.total + 1
        return max(earliest - 1 - max(self._cleared, after), 0)

    def clear(self) -> int:
        """Remove all exchanges, and return how many there were. Numbers continue, so that each is used once."""
        self._cleared = self.total
        count = len(self._exchanges)
        self._exchanges.clear()
        self._bytes = 0
        return count

    @contextlib.contextmanager
    def listening(self, listener: Listener) -> Iterator[None]:
        """Call `listener` with each new exchange while the context is open."""
        self._listeners.append(listener)
        try:
            yield
        finally:
            self._listeners.remove(listener)

    async def wait_for(self, criteria: Criteria, count: int, seconds: float) -> Sequence[Exchange]:
        """Return the first `count` exchanges that match, including those that are already stored.

        Return fewer if `seconds` pass first.
        """
        new: asyncio.Queue[Exchange] = asyncio.Queue()
        with self.listening(new.put_nowait), contextlib.suppress(TimeoutError):
            found = await self.matching(criteria)
            async with asyncio.timeout(seconds):
                while len(found) < count:
                    if criteria.matches(exchange := await new.get()):
                        found.append(exchange)
        return found[:count]
