"""The journal that mocks share: a stream in Redis, capped by requests and by bytes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any

import orjson

from mock_server.callers import Caller
from mock_server.context import Fired
from mock_server.errors import Rejection, RequestPart, ValidationError
from mock_server.journal.journal import Criteria, Exchange, Journal
from mock_server.shared.session import Session
from mock_server.shared.tail import Tail

_PAGE = 200
"""The number of exchanges that are read at once."""


class SharedJournal(Journal):
    """The latest exchanges at all mocks."""

    def __init__(self, size: int, room: int, session: Session, tail: Tail) -> None:
        super().__init__(size, room)
        self._session = session
        self._connection = session.connection
        self._tail = tail

    async def note(self, exchange: Exchange) -> None:
        """Store an exchange under the next number, and publish it. Raises UnavailableError."""
        words = self.size, self._room, exchange.bytes, _encoded(exchange)
        if not await self._connection.call("note", *words):
            await self._session.begin_again()
            await self._connection.call("note", *words)

    async def get(self, number: int) -> Exchange | None:
        """Return the exchange with that number, or None if the journal does not have it."""
        found = await self._read(str(number), str(number), 1)
        return found[0] if found else None

    async def matching(self, criteria: Criteria) -> list[Exchange]:
        """Return the exchanges that match now, oldest first."""
        found, _ = await self._scan(criteria)
        return found

    async def dropped(self, after: int = 0) -> int:
        """Return how many exchanges after number `after` were dropped to make room since the journal was cleared."""
        total, cleared = await self._connection.ask("HMGET", self._connection.key("control"), "requests", "cleared")
        first = await self._read("-", "+", 1)
        earliest = first[0].id if first else int(total or 0) + 1
        return max(earliest - 1 - max(int(cleared or 0), after), 0)

    async def wait_for(self, criteria: Criteria, count: int, seconds: float) -> Sequence[Exchange]:
        """Return the first `count` exchanges that match, including those that are already stored.

        Return fewer if `seconds` pass first.
        """
        new: asyncio.Queue[Exchange] = asyncio.Queue()
        with self.listening(new.put_nowait):
            async with self._tail.following(self._heard):
                found, scanned = await self._scan(criteria)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(seconds):
                        while len(found) < count:
                            exchange = await new.get()
                            if exchange.id > scanned and criteria.matches(exchange):
                                found.append(exchange)
        return found[:count]

    def _heard(self, kind: str, number: int, size: int, data: dict[bytes, bytes]) -> None:  # noqa: ARG002
        """Tell those who wait about a new exchange."""
        if kind == "journal":
            exchange = decoded(number, data[b"data"])
            for listener in tuple(self._listeners):
                listener(exchange)

    async def _scan(self, criteria: Criteria) -> tuple[list[Exchange], int]:
        """Return the exchanges that match, and the number of the last one that was compared."""
        found: list[Exchange] = []
        last = criteria.after
        while page := await self._read(f"({last}-18446744073709551615", "+", _PAGE):
            found += filter(criteria.matches, page)
            last = page[-1].id
            if len(page) < _PAGE:
                break
        return found, last

    async def _read(self, first: str, last: str, count: int) -> list[Exchange]:
        key = self._connection.key("journal")
        entries = await self._connection.ask("XRANGE", key, first, last, "COUNT", count)
        return [decoded(int(number.partition(b"-")[0]), fields[b"data"]) for number, fields in entries]


def _encoded(exchange: Exchange) -> bytes:
    """Return an exchange without its number. Bytes become characters of Latin-1, and back."""
    return orjson.dumps(
        [
            exchange.ended,
            exchange.seconds,
            exchange.method,
            exchange.path.decode("latin-1"),
            exchange.query.decode("latin-1"),
            exchange.head.decode("latin-1"),
            exchange.request.decode("latin-1"),
            exchange.request_length,
            exchange.complete,
            exchange.status,
            exchange.response_head.decode("latin-1"),
            exchange.response.decode("latin-1"),
            exchange.response_length,
            exchange.caller,
            exchange.rejection,
            exchange.preference,
            exchange.faults,
            exchange.bytes,
        ]
    )


def decoded(number: int, data: bytes) -> Exchange:
    """Return an exchange as it was noted."""
    ended, seconds, method, path, query, head, request, length, complete, status, *rest = orjson.loads(data)
    response_head, response, response_length, caller, rejection, preference, faults, size = rest
    return Exchange(
        number,
        ended,
        seconds,
        method,
        path.encode("latin-1"),
        query.encode("latin-1"),
        head.encode("latin-1"),
        request.encode("latin-1"),
        length,
        complete,
        status,
        response_head.encode("latin-1"),
        response.encode("latin-1"),
        response_length,
        Caller(**caller) if caller else None,
        _rejection(rejection) if rejection else None,
        preference,
        tuple(Fired(**each) for each in faults),
        size,
    )


def _rejection(written: dict[str, Any]) -> Rejection:
    reasons = written["reasons"]
    if not isinstance(reasons, str):
        reasons = tuple(ValidationError(**{**each, "part": RequestPart(each["part"])}) for each in reasons)
    return Rejection(**{**written, "reasons": reasons})
