"""Tells those who watch what has happened, in the order in which it happened."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

REMEMBERED = 256
"""Events that are kept for those who were away."""
REMEMBERED_BYTES = 8 * 1024 * 1024
"""What those may take."""
PATIENCE = 256
"""Events that a watcher may be behind before it is dropped."""
PATIENCE_BYTES = 8 * 1024 * 1024
"""What those may take; one may always wait."""
MOST_WATCHERS = 64
"""How many can watch at a time."""
_RELEASED_TO = 256 * 1024
"""What they may still take after a reset."""
_SMALLEST = 256
"""What an event takes at least."""


class Event(NamedTuple):
    """Something that has happened."""

    id: int
    """Counted from 1 since the start."""
    kind: str
    subject: Any
    """What it is about."""
    show: Callable[[Any], Any]
    """Gives what is to be told of the subject, as JSON. Called when somebody wants to know."""
    bytes: int = _SMALLEST
    """What it takes while it waits, about."""

    @property
    def data(self) -> Any:
        """What is to be told of it, as JSON."""
        return self.show(self.subject)


def _itself(subject: Any) -> Any:
    return subject


class _Pace:
    """Lets so many events of one kind pass in a second. One `skipped` stands for all others."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._second = -1
        self._counts: Counter[str] = Counter()

    def slowed(self, event: Event) -> Event | None:
        """What to tell instead of `event`, if anything."""
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
    """One who is told."""

    def __init__(self, missed: list[Event], pace: int | None = None) -> None:
        self._queue: asyncio.Queue[Event] = asyncio.Queue(PATIENCE + len(missed))
        self._waiting = 0
        self._room = PATIENCE_BYTES + sum(event.bytes for event in missed)
        self._pace = _Pace(pace) if pace else None
        self.behind = asyncio.Event()
        """Set when it reads too slowly, and from then on misses events."""
        for event in missed:
            self._put(event)

    def tell(self, event: Event) -> None:
        """Have it read `event` when it comes to it."""
        told = self._pace.slowed(event) if self._pace else event
        if told is None or self.behind.is_set():
            return
        if self._queue.full() or (self._waiting and self._waiting + told.bytes > self._room):
            self._drop()
        else:
            self._put(told)

    async def next(self) -> Event:
        """The next event."""
        event = await self._queue.get()
        self._waiting -= event.bytes
        return event

    def _put(self, event: Event) -> None:
        self._waiting += event.bytes
        self._queue.put_nowait(event)

    def _drop(self) -> None:
        """Tell nothing more, and hold on to nothing."""
        self.behind.set()
        while not self._queue.empty():
            self._queue.get_nowait()


class Events:
    """What has happened lately, and who watches. To be used in the thread of one event loop."""

    def __init__(self) -> None:
        self._latest: deque[Event] = deque()
        self._bytes = 0
        self._written: tuple[Event, bytes] | None = None
        self._watchers: list[Watcher] = []
        self._ever_watched = False
        self.run = secrets.token_hex(8)
        """Another one after each start, so that whoever comes back knows whether the ids are still the same ones."""
        self.total = 0
        """How many there have been, which is the id of the latest."""

    def publish(self, kind: str, subject: Any, show: Callable[[Any], Any] = _itself, size: int = 0) -> None:
        """Tell everybody. `size` is what the subject takes, in bytes, where it may be large."""
        self.total += 1
        if not self._ever_watched:
            return  # nobody can come back for it
        event = Event(self.total, kind, subject, show, _SMALLEST + size)
        self._remember(event)
        for watcher in self._watchers:
            watcher.tell(event)

    def release(self) -> None:
        """Let go of what is large: who was away for long has to ask for everything anew."""
        self._written = None
        self._shrink(_RELEASED_TO)

    def text(self, event: Event, write: Callable[[Event], bytes]) -> bytes:
        """Return what `write` makes of `event`. Those who watch mostly read the same one, which is written once."""
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
        """Whether as many watch as can."""
        return len(self._watchers) >= MOST_WATCHERS

    @contextlib.contextmanager
    def watching(self, after: int | None, pace: int | None = None) -> Iterator[Watcher]:
        """Somebody who is told everything from now on, and before that what came later than the event `after`.

        With a `pace`, of one kind so many in a second, and then that the others were skipped.
        """
        self._ever_watched = True
        missed = [] if after is None else [event for event in self._latest if event.id > after]
        watcher = Watcher(missed, pace)
        self._watchers.append(watcher)
        try:
            yield watcher
        finally:
            self._watchers.remove(watcher)

    def knows(self, after: int) -> bool:
        """Whether everything later than the event `after` is still there to be told."""
        return self.total - len(self._latest) <= after <= self.total
