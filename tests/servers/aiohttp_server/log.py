"""Stores events in SQLite: an append-only log of streams, with snapshots beside it."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SCHEMA = """
CREATE TABLE events (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    organization TEXT NOT NULL,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    kind TEXT NOT NULL,
    at INTEGER NOT NULL,
    data TEXT NOT NULL,
    UNIQUE (organization, name, version)
);
CREATE TABLE snapshots (
    organization TEXT NOT NULL,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (organization, name)
);
"""


class Stream(NamedTuple):
    """Names the events of one model of one organization."""

    organization: str
    name: str


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a model."""

    kind: str
    at: int
    data: dict[str, Any]


class ConflictError(Exception):
    """Another writer appended to the stream first."""


class EventLog:
    """An append-only log. One thread at a time uses it."""

    def __init__(self) -> None:
        """Open an empty log."""
        self._database = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        self._database.executescript(SCHEMA)
        self._subscribers: list[Callable[[Stream, Sequence[Event]], None]] = []

    def subscribe(self, subscriber: Callable[[Stream, Sequence[Event]], None]) -> None:
        """Call a subscriber with each batch of events, after it was stored."""
        self._subscribers.append(subscriber)

    def append(self, stream: Stream, expected: int, events: Sequence[Event]) -> None:
        """Store events after the expected version, all of them or none."""
        rows = [
            (*stream, version, event.kind, event.at, json.dumps(event.data))
            for version, event in enumerate(events, expected + 1)
        ]
        statement = "INSERT INTO events (organization, name, version, kind, at, data) VALUES (?, ?, ?, ?, ?, ?)"
        self._database.execute("BEGIN IMMEDIATE")
        try:
            self._database.executemany(statement, rows)
        except sqlite3.IntegrityError as error:
            self._database.execute("ROLLBACK")
            raise ConflictError(stream) from error
        self._database.execute("COMMIT")
        for subscriber in self._subscribers:
            subscriber(stream, events)

    def read(self, stream: Stream, after: int) -> list[Event]:
        """Return the events of a stream that follow a version."""
        statement = (
            "SELECT kind, at, data FROM events WHERE organization = ? AND name = ? AND version > ? ORDER BY version"
        )
        rows = self._database.execute(statement, (*stream, after))
        return [Event(kind, at, json.loads(data)) for kind, at, data in rows]

    def snapshot(self, stream: Stream) -> dict[str, Any] | None:
        """Return the latest snapshot of a stream, or None."""
        statement = "SELECT state FROM snapshots WHERE organization = ? AND name = ?"
        row = self._database.execute(statement, stream).fetchone()
        return json.loads(row[0]) if row else None

    def keep_snapshot(self, stream: Stream, version: int, state: dict[str, Any]) -> None:
        """Store a snapshot in place of the earlier one, unless that is newer."""
        statement = (
            "INSERT INTO snapshots VALUES (?, ?, ?, ?) ON CONFLICT (organization, name) DO UPDATE"
            " SET version = excluded.version, state = excluded.state WHERE excluded.version > snapshots.version"
        )
        self._database.execute(statement, (*stream, version, json.dumps(state)))
