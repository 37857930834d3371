"""The ledger: a file with the names of all models that a run may have created.

Each name is written before the request that may create the model, so a crash loses none. The file is JSON Lines. A
line with a `target` begins a run: the names below it are models on that target. It contains no secrets. Several runs
may share a file; each removes what it deleted, and an empty file is removed. With `--names` a run writes to the
models that earlier runs left.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from conformance.output import CannotWrite, write
from conformance.target.names import RUN_PREFIX
from conformance.wire.exchange import Credential, Exchange, Request
from contract import Upsert


class BadLedger(ValueError):
    """The file cannot be used as a ledger. The text tells the user why."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A model that may be on the target."""

    name: str
    key_variable: str
    """The environment variable with the key that created it, such as `RESPAN_API_KEY`; empty if there was no key."""


@dataclass(frozen=True, slots=True)
class LedgerRun:
    """One run in a ledger."""

    target: str
    prefix: str
    entries: tuple[Entry, ...]

    def lines(self) -> list[str]:
        """Return the lines of the run in the file."""
        head = {"target": self.target, "prefix": self.prefix}
        return [_line(head), *(_line({"name": entry.name, "caller": entry.key_variable}) for entry in self.entries)]

    def without(self, entries: Container[Entry]) -> LedgerRun:
        """Return the run without some of its models."""
        return replace(self, entries=tuple(entry for entry in self.entries if entry not in entries))


class Ledger:
    """The ledger of the current run. Thread-safe."""

    def __init__(self, path: Path, target: str, prefix: str) -> None:
        """Raise BadLedger if the file cannot be written to, or is not a ledger."""
        self.path = path
        earlier = [run for run in read_ledger_if_present(path) if run.target == target]
        self._prefixes = [run.prefix for run in earlier]
        """The prefixes of earlier runs on the target, whose models this run may write to."""
        self._run = LedgerRun(target, prefix, ())
        self._known = {entry for run in earlier for entry in run.entries}
        self._noted: set[Entry] = set()
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.is_file() and (cut := _cut_short(path)):
                os.truncate(path, path.stat().st_size - len(cut))
            self._file = path.open("a", encoding="utf-8")
        except OSError as error:
            raise BadLedger(f"{path}: {error.strerror or error}") from None
        [self._head] = self._run.lines()
        self._append([self._head])

    def record(self, entry: Entry) -> None:
        """Write a name to the file, so that it is known even if the process dies before the response."""
        with self._lock:
            if entry not in self._noted | self._known:
                self._noted.add(entry)
                head, *names = replace(self._run, prefix=self._prefix_of(entry), entries=(entry,)).lines()
                self._append(names if head == self._head else [head, *names])
                self._head = head

    def close(self, remaining: Iterable[Entry], deleted: Iterable[Entry] = ()) -> None:
        """Keep the models of this run that remain, and remove `deleted` ones of any run; remove an empty file."""
        self._file.close()
        if not self.path.is_file():
            return
        remaining = set(remaining)
        out = (self._noted | set(deleted)) - remaining
        runs = [run if run.target != self._run.target else run.without(out) for run in read_ledger(self.path)]
        listed = {entry for run in runs if run.target == self._run.target for entry in run.entries}
        unlisted = tuple(entry for entry in remaining if entry not in listed)
        write_ledger(self.path, [*runs, replace(self._run, entries=unlisted)])

    def _prefix_of(self, entry: Entry) -> str:
        """Return the prefix of the earlier run that created the name, or else of this run."""
        return next((prefix for prefix in self._prefixes if entry.name.startswith(prefix)), self._run.prefix)

    def _append(self, lines: Iterable[str]) -> None:
        self._file.writelines(f"{line}\n" for line in lines)
        self._file.flush()


def read_ledger(path: Path) -> list[LedgerRun]:
    """Return the runs in a ledger. Raises BadLedger.

    An incomplete last line is ignored: the process died before it sent the request.
    """
    try:
        *lines, _cut_short = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise BadLedger(f"{path}: {getattr(error, 'strerror', None) or 'it is not a text file'}") from None
    runs: dict[tuple[str, str], list[Entry]] = {}
    entries: list[Entry] | None = None
    for number, line in enumerate(lines, 1):
        said = _read(line)
        if said is not None and {"target", "prefix"} <= said.keys() and RUN_PREFIX.fullmatch(str(said["prefix"])):
            entries = runs.setdefault((str(said["target"]), str(said["prefix"])), [])
        elif said is not None and {"name", "caller"} <= said.keys() and entries is not None:
            entries.append(Entry(str(said["name"]), str(said["caller"])))
        else:
            raise BadLedger(f"{path}:{number}: not a line of a ledger; give a file that respan-conformance wrote")
    if not runs:
        raise BadLedger(f"{path}: the ledger contains no run")
    return [LedgerRun(target, prefix, tuple(entries)) for (target, prefix), entries in runs.items()]


def read_ledger_if_present(path: Path) -> list[LedgerRun]:
    """Return the runs in a ledger; none if the file is missing or empty. Raises BadLedger."""
    return read_ledger(path) if path.is_file() and path.stat().st_size else []


def _cut_short(path: Path) -> bytes:
    """Return the incomplete last line of a file; empty if the last line is complete."""
    return path.read_bytes().rpartition(b"\n")[2]


def write_ledger(path: Path, runs: Sequence[LedgerRun]) -> None:
    """Overwrite the ledger with these runs; remove it if no models remain."""
    left = [line for run in runs if run.entries for line in run.lines()]
    try:
        if left:
            write(str(path), "".join(f"{line}\n" for line in left))
        else:
            path.unlink(missing_ok=True)
    except (OSError, CannotWrite) as error:
        raise BadLedger(f"{path}: {error}") from None


def _line(said: dict[str, str]) -> str:
    return json.dumps(said)


def _read(line: str) -> dict[str, Any] | None:
    try:
        said = json.loads(line)
    except ValueError:
        return None
    return said if isinstance(said, dict) else None


UNDONE = {301, 307, 308, 501}
"""Statuses, besides 4xx, after which the target has certainly not processed the request."""


class Creations:
    """The models that the run created or may have created, and has not deleted. Thread-safe."""

    def __init__(
        self, upsert: Upsert, prefix: str, ledger: Ledger | None = None, organizations: Iterable[Credential] = ()
    ) -> None:
        """Use the keys in `organizations`, one for each organization, to delete models."""
        self.prefix = prefix
        self.ledger = ledger
        self._upsert = upsert
        self._organizations = frozenset(organizations)
        self._own: dict[Entry, Credential | None] = {}
        self._confirmed: set[Entry] = set()
        self._earlier: set[Entry] = set()
        self._rejected_entries: dict[Entry, Credential | None] = {}
        self.deleted_entries: set[Entry] = set()
        """Models that were deleted."""
        self._stay: set[Entry] = set()
        self._lock = threading.Lock()
        self.peak = 0
        """The maximum number of models at one time."""

    def adopt(self, entries: Iterable[Entry]) -> None:
        """Treat models that earlier runs left like those of this run."""
        by_variable = {_variable(credential): credential for credential in self._organizations}
        with self._lock:
            self._earlier |= set(entries)
            self._own |= {entry: by_variable.get(entry.key_variable) for entry in self._earlier}
            self.peak = max(self.peak, len(self._own))

    def record_request(self, request: Request) -> bool:
        """Record the model that an upsert may create, before it is sent; return whether that is a new one."""
        if request.key is None or not self._is_own(request.key):
            return False
        entry = _entry(request.key, request.credential)
        if self.ledger is not None:
            self.ledger.record(entry)
        with self._lock:
            new = entry not in self._own
            self._own.setdefault(entry, self._deleter(request.credential))
            self.peak = max(self.peak, len(self._own))
        return new

    def _deleter(self, credential: Credential | None) -> Credential | None:
        """Return the key to delete with: the same key, or None (the primary key) for wrong and read-only keys."""
        return credential if credential in self._organizations else None

    def withdraw(self, request: Request) -> None:
        """Forget the model of a request that was never sent, for no connection could be opened."""
        if request.key is not None:
            self._record_rejection(_entry(request.key, request.credential))

    def record_response(self, exchange: Exchange) -> None:
        """Record the model that an upsert created.

        Models with the prefix of the run, and adopted ones, belong to the run unless the request was rejected. Any
        other, such as a built-in model or a number that was accepted as a name, belongs to it only if the response
        says that the model is new.
        """
        key, credential = exchange.request.key, exchange.request.credential
        if exchange.response.successful:
            name = key if key is not None else exchange.response.members.get(self._upsert.key)
            if isinstance(name, str) and (self._is_own(name) or self._is_new(exchange)):
                self._confirm(_entry(name, credential), credential)
        elif (400 <= exchange.response.status <= 499 or exchange.response.status in UNDONE) and key is not None:
            self._record_rejection(_entry(key, credential))

    def record_deletion(self, name: str, credential: Credential | None) -> None:
        """Record that a model was deleted with a key."""
        self.forget(_entry(name, credential))

    def forget(self, entry: Entry) -> None:
        """Record that a model was deleted."""
        with self._lock:
            self._own.pop(entry, None)
            self._confirmed.discard(entry)
            self._earlier.discard(entry)
            self.deleted_entries.add(entry)

    @property
    def any_confirmed(self) -> bool:
        """Whether any response said that it created a model of the run."""
        with self._lock:
            return bool(self._confirmed)

    def distrust_rejections(self) -> None:
        """Count models of rejected requests too: some responses may have belonged to other requests."""
        with self._lock:
            self._own = self._rejected_entries | self._own

    def written_names(self) -> set[str]:
        """Return the names of the models that were written to."""
        with self._lock:
            return {entry.name for entry in self._confirmed}

    def deletable(self) -> dict[Entry, Credential | None]:
        """Return the models that no delete has failed for."""
        with self._lock:
            return {entry: credential for entry, credential in self._own.items() if entry not in self._stay}

    def defer_deletion(self, entry: Entry) -> None:
        """Leave a model that could not be deleted for the end of the run."""
        with self._lock:
            self._stay.add(entry)

    def __len__(self) -> int:
        """Return the number of models that the run created or may have created."""
        with self._lock:
            return len(self._own)

    def models(self) -> dict[Entry, Credential | None]:
        """Return the models that the run created or may have created, with the key of each."""
        with self._lock:
            return dict(self._own)

    def _confirm(self, entry: Entry, credential: Credential | None) -> None:
        with self._lock:
            self._own[entry] = self._deleter(credential)
            self._confirmed.add(entry)
        if self.ledger is not None:
            self.ledger.record(entry)

    def _record_rejection(self, entry: Entry) -> None:
        with self._lock:
            if entry not in self._confirmed | self._earlier and entry in self._own:
                self._rejected_entries[entry] = self._own.pop(entry)

    def _is_own(self, name: str) -> bool:
        return name.startswith(self.prefix) or any(entry.name == name for entry in self._earlier)

    def _is_new(self, exchange: Exchange) -> bool:
        created, updated = self._upsert.created, self._upsert.updated
        return created != updated and exchange.response.status == created


def _entry(name: str, credential: Credential | None) -> Entry:
    return Entry(name, _variable(credential) if credential else "")


def _variable(credential: Credential) -> str:
    """Return the environment variable that holds the key of a credential."""
    return credential.shell.rpartition("$")[2]
