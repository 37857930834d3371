"""Events: what has happened in the mock, in order, for the clients that watch it."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, NamedTuple

REMEMBERED = 256
"""The number of events that are stored for clients that reconnect."""
REMEMBERED_BYTES = 8 * 1024 * 1024
"""The maximum size of those events."""
PATIENCE = 256
"""The number of events that a watcher may be behind before it is dropped."""
PATIENCE_BYTES = 8 * 1024 * 1024
"""The maximum size of those events. One event may always wait."""
MOST_WATCHERS = 64
"""The maximum number of watchers."""
_RELEASED_TO = 256 * 1024
"""The maximum size of stored events after a reset."""
SMALLEST_EVENT = 256
"""The minimum size of an event."""


class Event(NamedTuple):
    """Something that has happened."""

    id: int
    """The number of the event, from 1 at the start of the mock."""
    kind: str
    subject: Any
    """What the event is about."""
    show: Callable[[Any], Any]
    """Returns the subject as JSON. It is called only when a watcher reads the event."""
    bytes: int = SMALLEST_EVENT
    """The approximate size of the event while it waits."""

    @property
    def data(self) -> Any:
        """The subject as JSON."""
        return self.show(self.subject)


def _itself(subject: Any) -> Any:
    return subject


class _Pace:
    """Limits the events of each kind per second. One `skipped` event stands for all events above the limit."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._second = -1
        self._counts: Counter[str] = Counter()

    def limit(self, event: Event) -> Event | None:
        """Return the event, a `skipped` event in its place, or None."""
        second = int(time.monotonic())
        if second != self._second:
            self._second = second
            self._counts.clear()
        self._counts[event.kind] += 1
        over = self._counts[event.kind] - self._most
        if over <= 0:
            return event
        return Event(event.id, "skipped", {"event": event.kind}, _itself) if over == 1 else None


class Watcher:
    """A client that reads events."""

    def __init__(self, missed: list[Event], pace: int | None = None) -> None:
        self._queue: asyncio.Queue[Event | None] = asyncio.Queue(PATIENCE + len(missed))
        self._waiting = 0
        self._room = PATIENCE_BYTES + sum(event.bytes for event in missed)
        self._pace = _Pace(pace) if pace else None
        self._behind = False
        for event in missed:
            self._put(event)

    def push(self, event: Event) -> None:
        """Queue an event, or drop the watcher if its queue is full."""
        passed = self._pace.limit(event) if self._pace else event
        if passed is None or self._behind:
            return
        if self._queue.full() or (self._waiting and self._waiting + passed.bytes > self._room):
            self.drop()
        else:
            self._put(passed)

    async def next(self) -> Event | None:
        """Wait for the next event, and return it; None if the client has read too slowly, and gets no more."""
        event = await self._queue.get()
        if event is not None:
            self._waiting -= event.bytes
        return event

    def _put(self, event: Event) -> None:
        self._waiting += event.bytes
        self._queue.put_nowait(event)

    def drop(self) -> None:
        """Forget what is queued, and queue only that there is no more."""
        self._behind = True
        while not self._queue.empty():
            self._queue.get_nowait()
        self._queue.put_nowait(None)


class Hello(NamedTuple):
    """What a client is told at first."""

    complete: bool
    """Whether it gets all events after the one that it asked for."""
    latest: int
    """The number of the latest event."""
    run: str


class Events:
    """The latest events, and their watchers. Use it in the thread of one event loop."""

    def __init__(self) -> None:
        self._latest: deque[Event] = deque()
        self._bytes = 0
        self._written: tuple[Event, bytes] | None = None
        self._watchers: list[Watcher] = []
        self._ever_watched = False
        self.run = secrets.token_hex(8)
        """A random ID of this run. After a restart it differs, so a client knows that event IDs have started again."""
        self.total = 0
        """The number of events so far, which is the ID of the latest."""

    def publish(self, kind: str, subject: Any, show: Callable[[Any], Any] = _itself, size: int = 0) -> None:
        """Publish an event. `size` is the size of the subject in bytes, if it may be large."""
        self.total += 1
        if not self._ever_watched:
            return  # no client can ask for it later
        event = Event(self.total, kind, subject, show, SMALLEST_EVENT + size)
        self._remember(event)
        for watcher in self._watchers:
            watcher.push(event)

    def release(self) -> None:
        """Free memory. Clients that reconnect after this may have to read the whole state again."""
        self._written = None
        self._shrink(_RELEASED_TO)

    def text(self, event: Event, write: Callable[[Event], bytes]) -> bytes:
        """Return an event as `write` writes it. Watchers mostly read the same event, which is written once."""
        if self._written is None or self._written[0] is not event:
            self._written = event, write(event)
        return self._written[1]

    def _remember(self, event: Event) -> None:
        self._latest.append(event)
        self._bytes += event.bytes
        self._shrink(REMEMBERED_BYTES)

    def _shrink(self, room: int) -> None:
        while len(self._latest) > REMEMBERED or (self._bytes > room and self._latest):
            self._bytes -= self._latest.popleft().bytes

    @property
    def crowded(self) -> bool:
        """Whether there are as many watchers as possible."""
        return len(self._watchers) >= MOST_WATCHERS

    @contextlib.contextmanager
    def watching(self, after: int | None, pace: int | None = None) -> Iterator[Watcher]:
        """Yield a watcher of all events from now on, and of the stored ones after the event `after`.

        With a `pace`, the watcher gets at most that many events of each kind per second.
        """
        self._ever_watched = True
        missed = [] if after is None else [event for event in self._latest if event.id > after]
        watcher = Watcher(missed, pace)
        self._watchers.append(watcher)
        try:
            yield watcher
        finally:
            self._watchers.remove(watcher)

    @contextlib.asynccontextmanager
    async def reading(self, after: int | None, pace: int | None = None) -> AsyncIterator[tuple[Hello, Watcher]]:
        """Yield what to tell a client at first, and a watcher as `watching` does."""
        complete = after is not None and self.knows(after)
        hello = Hello(complete, self.total, self.run)
        with self.watching(after, pace) as watcher:
            yield hello, watcher

    def knows(self, after: int) -> bool:
        """Return whether all events after the event `after` are still stored."""
        return self.total - len(self._latest) <= after <= self.total
