"""The ledger: a file with every name that a run may have created, written before the request that may create it.

It is JSON Lines. A line with a `target` begins a run: all names below it are names on that target. No secret is in it.
Several runs may share a file; each takes out what it deleted, and the file goes when nothing is left. With `--names` a
run writes to the models that are left of earlier ones.
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
    """The file cannot be used as a ledger. The user has to act; the text says why."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A model that may be on the target."""

    name: str
    key_variable: str
    """The variable that holds the key that created it, such as `RESPAN_API_KEY`; empty for none."""


@dataclass(frozen=True, slots=True)
class LedgerRun:
    """What a ledger says of one run."""

    target: str
    prefix: str
    entries: tuple[Entry, ...]

    def lines(self) -> list[str]:
        """The run as it stands in the file."""
        head = {"target": self.target, "prefix": self.prefix}
        return [_line(head), *(_line({"name": entry.name, "caller": entry.key_variable}) for entry in self.entries)]

    def without(self, entries: Container[Entry]) -> LedgerRun:
        """What it says, but for some models."""
        return replace(self, entries=tuple(entry for entry in self.entries if entry not in entries))


class Ledger:
    """The ledger of a run that goes on. Safe to use from several threads."""

    def __init__(self, path: Path, target: str, prefix: str) -> None:
        """Raises BadLedger where the file cannot be written to, or holds something else."""
        self.path = path
        earlier = [run for run in read_ledger_if_present(path) if run.target == target]
        self._prefixes = [run.prefix for run in earlier]
        """Those of the earlier runs on the target whose models may be written to again."""
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
        """Write a name down, so that it is known even where the process dies before its answer comes."""
        with self._lock:
            if entry not in self._noted | self._known:
                self._noted.add(entry)
                head, *names = replace(self._run, prefix=self._prefix_of(entry), entries=(entry,)).lines()
                self._append(names if head == self._head else [head, *names])
                self._head = head

    def close(self, remaining: Iterable[Entry], deleted: Iterable[Entry] = ()) -> None:
        """Keep of this run what is left on the target; without anything left of any run the file goes.

        `gone` are the models that it deleted: those of earlier runs are taken out too.
        """
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
        """The prefix of the run that made up the name; this run's, where none did."""
        return next((prefix for prefix in self._prefixes if entry.name.startswith(prefix)), self._run.prefix)

    def _append(self, lines: Iterable[str]) -> None:
        self._file.writelines(f"{line}\n" for line in lines)
        self._file.flush()


def read_ledger(path: Path) -> list[LedgerRun]:
    """What a ledger says. Raises BadLedger. A last line that was cut short says nothing: nothing was sent after it."""
    try:
        *lines, _cut_short = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise BadLedger(f"{path}: {getattr(error, 'strerror', None) or 'it is no text'}") from None
    runs: dict[tuple[str, str], list[Entry]] = {}
    entries: list[Entry] | None = None
    for number, line in enumerate(lines, 1):
        said = _read(line)
        if said is not None and {"target", "prefix"} <= said.keys() and RUN_PREFIX.fullmatch(str(said["prefix"])):
            entries = runs.setdefault((str(said["target"]), str(said["prefix"])), [])
        elif said is not None and {"name", "caller"} <= said.keys() and entries is not None:
            entries.append(Entry(str(said["name"]), str(said["caller"])))
        else:
            raise BadLedger(f"{path}:{number}: it is no ledger of respan-conformance")
    if not runs:
        raise BadLedger(f"{path}: there is no run in it")
    return [LedgerRun(target, prefix, tuple(entries)) for (target, prefix), entries in runs.items()]


def read_ledger_if_present(path: Path) -> list[LedgerRun]:
    """What a ledger says; nothing where there is no file yet, or an empty one. Raises BadLedger."""
    return read_ledger(path) if path.is_file() and path.stat().st_size else []


def _cut_short(path: Path) -> bytes:
    """The last line of a file, where the process that wrote it died before it was whole."""
    return path.read_bytes().rpartition(b"\n")[2]


def write_ledger(path: Path, runs: Sequence[LedgerRun]) -> None:
    """Put these runs in place of what the ledger says; remove it where nothing is left of any."""
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
"""Statuses, beside those of client errors, that say that nothing was done: ask elsewhere, or not at all."""


class Creations:
    """Remembers what may be left on the target. Safe to use from several threads."""

    def __init__(
        self, upsert: Upsert, prefix: str, ledger: Ledger | None = None, organizations: Iterable[Credential] = ()
    ) -> None:
        """`organizations` are the keys that models are deleted with, one of each organization."""
        self.prefix = prefix
        self.ledger = ledger
        self._upsert = upsert
        self._organizations = frozenset(organizations)
        self._own: dict[Entry, Credential | None] = {}
        self._confirmed: set[Entry] = set()
        self._earlier: set[Entry] = set()
        self._refused_ones: dict[Entry, Credential | None] = {}
        self.deleted_entries: set[Entry] = set()
        """The models that were deleted."""
        self._stay: set[Entry] = set()
        self._lock = threading.Lock()
        self.peak = 0
        """The most models that there were at one time."""

    def adopt(self, entries: Iterable[Entry]) -> None:
        """Take models that earlier runs left for own ones."""
        by_variable = {_variable(credential): credential for credential in self._organizations}
        with self._lock:
            self._earlier |= set(entries)
            self._own |= {entry: by_variable.get(entry.key_variable) for entry in self._earlier}
            self.peak = max(self.peak, len(self._own))

    def record_request(self, request: Request) -> bool:
        """Note what an upsert may create, whatever becomes of its answer. Whether that was not noted before."""
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
        """Return the key that deletes what a key created: None, the primary key, for wrong and read-only keys."""
        return credential if credential in self._organizations else None

    def withdraw(self, request: Request) -> None:
        """Take back what was noted of a request that no connection was made for: it has created nothing."""
        if request.key is not None:
            self._refused(_entry(request.key, request.credential))

    def record_response(self, exchange: Exchange) -> None:
        """Note what an upsert did create.

        What has the prefix of the run is its own, unless it was refused, and so is what it took up. Anything else, the
        name of a built-in model or a number that was taken for a name, is its own only where the answer says that it
        was not there before.
        """
        key, credential = exchange.request.key, exchange.request.credential
        if exchange.response.successful:
            name = key if key is not None else exchange.response.members.get(self._upsert.key)
            if isinstance(name, str) and (self._is_own(name) or self._is_new(exchange)):
                self._confirm(_entry(name, credential), credential)
        elif (400 <= exchange.response.status <= 499 or exchange.response.status in UNDONE) and key is not None:
            self._refused(_entry(key, credential))

    def record_deletion(self, name: str, credential: Credential | None) -> None:
        """Forget a model that is gone."""
        self.forget(_entry(name, credential))

    def forget(self, entry: Entry) -> None:
        """Forget what is gone, whoever created it."""
        with self._lock:
            self._own.pop(entry, None)
            self._confirmed.discard(entry)
            self._earlier.discard(entry)
            self.deleted_entries.add(entry)

    @property
    def any_confirmed(self) -> bool:
        """Whether a response ever said that a model of the run was created."""
        with self._lock:
            return bool(self._confirmed)

    def distrust_rejections(self) -> None:
        """Take what was refused for own as well: some responses were not those to the requests that they followed."""
        with self._lock:
            self._own = self._refused_ones | self._own

    def written_names(self) -> set[str]:
        """The names of the models that were written to."""
        with self._lock:
            return {entry.name for entry in self._confirmed}

    def deletable(self) -> dict[Entry, Credential | None]:
        """The models that were not tried to be deleted yet."""
        with self._lock:
            return {entry: credential for entry, credential in self._own.items() if entry not in self._stay}

    def defer_deletion(self, entry: Entry) -> None:
        """Try no more to delete a model before the end of the run."""
        with self._lock:
            self._stay.add(entry)

    def __len__(self) -> int:
        """How many models the run created, or may have created."""
        with self._lock:
            return len(self._own)

    def models(self) -> dict[Entry, Credential | None]:
        """The models that the run created, or may have created, with the key of each."""
        with self._lock:
            return dict(self._own)

    def _confirm(self, entry: Entry, credential: Credential | None) -> None:
        with self._lock:
            self._own[entry] = self._deleter(credential)
            self._confirmed.add(entry)
        if self.ledger is not None:
            self.ledger.record(entry)

    def _refused(self, entry: Entry) -> None:
        with self._lock:
            if entry not in self._confirmed | self._earlier and entry in self._own:
                self._refused_ones[entry] = self._own.pop(entry)

    def _is_own(self, name: str) -> bool:
        return name.startswith(self.prefix) or any(entry.name == name for entry in self._earlier)

    def _is_new(self, exchange: Exchange) -> bool:
        created, updated = self._upsert.created, self._upsert.updated
        return created != updated and exchange.response.status == created


def _entry(name: str, credential: Credential | None) -> Entry:
    return Entry(name, _variable(credential) if credential else "")


def _variable(credential: Credential) -> str:
    """The shell variable that stands for a credential's key."""
    return credential.shell.rpartition("$")[2]
