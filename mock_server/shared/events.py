"""The events of all mocks, for the clients that watch them at this one."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import orjson

from mock_server.events import REMEMBERED, Event, Events, Hello, Watcher
from mock_server.shared.journal import decoded
from mock_server.shared.session import Codec, Session
from mock_server.shared.tail import Tail

Show = Callable[[Any], Any]


def _itself(subject: Any) -> Any:
    return subject


class SharedEvents(Events):
    """The latest events at all mocks. The scripts publish them; this only reads."""

    def __init__(self, session: Session, tail: Tail) -> None:
        super().__init__()
        self._session = session
        self._connection = session.connection
        self._tail = tail
        self.show: dict[str, Show] = {}
        """How to show the subjects of a kind as JSON."""

    def publish(self, kind: str, subject: Any, show: Show = _itself, size: int = 0) -> None:
        """Do nothing: the script that makes a change publishes it."""

    def release(self) -> None:
        """Free memory."""
        self._written = None

    @contextlib.asynccontextmanager
    async def reading(self, after: int | None, pace: int | None = None) -> AsyncIterator[tuple[Hello, Watcher]]:
        """Yield what to tell a client at first, and a watcher. Raises UnavailableError."""
        await self._session.present()
        control, stream = self._connection.key("control"), self._connection.key("events")
        await self._connection.ask("HSET", control, "watched", 1, reads=False)
        early: list[Event] = []
        watcher: Watcher | None = None
        latest = 0

        def heard(kind: str, number: int, size: int, fields: dict[bytes, bytes]) -> None:
            if kind != "events":
                return
            event = self._event(number, size, fields)
            if watcher is None:
                early.append(event)
            elif number > latest:
                watcher.push(event)

        def lost() -> None:
            if watcher is not None:
                watcher.drop()

        async with self._tail.following(heard, lost):
            first = "+" if after is None else f"({after}-18446744073709551615"
            entries = await self._connection.ask("XRANGE", stream, first, "+", "COUNT", REMEMBERED)
            run, total, length = await self._counts(control, stream)
            missed = [] if after is None else [self._entry(entry, fields) for entry, fields in entries]
            latest = missed[-1].id if missed else total
            complete = after is not None and total - length <= after <= total
            watcher = Watcher([*missed, *(each for each in early if each.id > latest)], pace)
            self._watchers.append(watcher)
            try:
                yield Hello(complete, total, run), watcher
            finally:
                self._watchers.remove(watcher)

    async def _counts(self, control: str, stream: str) -> tuple[str, int, int]:
        """Return the ID of the run, the number of the latest event, and how many events are stored."""
        run, total = await self._connection.ask("HMGET", control, "run", "events")
        length = await self._connection.ask("XLEN", stream)
        return run.decode(), int(total), length

    def _entry(self, entry: bytes, fields: dict[bytes, bytes]) -> Event:
        number, _, size = entry.partition(b"-")
        return self._event(int(number), int(size), fields)

    def _event(self, number: int, size: int, fields: dict[bytes, bytes]) -> Event:
        kind = fields[b"kind"].decode()
        return Event(number, kind, _subject(kind, fields), self.show.get(kind, _itself), size)


def _subject(kind: str, fields: dict[bytes, bytes]) -> Any:
    match kind:
        case "model":
            stored = Codec.decode(b"0 " + fields[b"value"])[1] if fields[b"value"] else None
            return fields[b"scope"].decode(), fields[b"name"].decode(), stored
        case "request":
            return decoded(int(fields[b"number"]), fields[b"data"])
    return orjson.loads(fields[b"data"])
