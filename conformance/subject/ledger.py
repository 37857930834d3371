"""The ledger: a file with every name that a run may have created, written before the request that may create it.

It is JSON Lines. A line with a `target` begins a run: all names below it are names on that target. No secret is in it.
Several runs may share a file; each takes out what it deleted, and the file goes when nothing is left.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.places import CannotWrite, write
from conformance.subject.shapes import RUN_PREFIX


class BadLedger(ValueError):
    """The file cannot be used as a ledger. The user has to act; the text says why."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A model that may be on the target."""

    name: str
    caller: str
    """The variable that holds the key that created it, such as `RESPAN_API_KEY`; empty for none."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a ledger says of one run."""

    target: str
    prefix: str
    entries: tuple[Entry, ...]

    def lines(self) -> list[str]:
        """The run as it stands in the file."""
        head = {"target": self.target, "prefix": self.prefix}
        return [_line(head), *(_line({"name": entry.name, "caller": entry.caller}) for entry in self.entries)]


class Ledger:
    """The ledger of a run that goes on. Safe to use from several threads."""

    def __init__(self, path: Path, target: str, prefix: str) -> None:
        self.path = path
        self._run = Recorded(target, prefix, ())
        self._noted: set[Entry] = set()
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("a", encoding="utf-8")
        except OSError as error:
            raise BadLedger(f"{path}: {error.strerror or error}") from None
        self._append(self._run.lines())

    def note(self, entry: Entry) -> None:
        """Write a name down, so that it is known even where the process dies before its answer comes."""
        with self._lock:
            if entry not in self._noted:
                self._noted.add(entry)
                self._append([_line({"name": entry.name, "caller": entry.caller})])

    def settle(self, left: Iterable[Entry]) -> None:
        """Keep of this run what is left on the target; without anything left of any run the file goes."""
        self._file.close()
        if self.path.is_file():
            others = [run for run in read_ledger(self.path) if run.prefix != self._run.prefix]
            write_ledger(self.path, [*others, Recorded(self._run.target, self._run.prefix, tuple(left))])

    def _append(self, lines: Iterable[str]) -> None:
        self._file.writelines(f"{line}\n" for line in lines)
        self._file.flush()


def read_ledger(path: Path) -> list[Recorded]:
    """What a ledger says. Raises BadLedger. A last line that was cut short says nothing: nothing was sent after it."""
    try:
        *lines, _cut_short = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise BadLedger(f"{path}: {getattr(error, 'strerror', None) or 'it is no text'}") from None
    runs: list[tuple[dict[str, Any], list[Entry]]] = []
    for number, line in enumerate(lines, 1):
        said = _read(line)
        if said is not None and {"target", "prefix"} <= said.keys() and RUN_PREFIX.fullmatch(str(said["prefix"])):
            runs.append((said, []))
        elif said is not None and {"name", "caller"} <= said.keys() and runs:
            runs[-1][1].append(Entry(str(said["name"]), str(said["caller"])))
        else:
            raise BadLedger(f"{path}:{number}: it is no ledger of respan-conformance")
    if not runs:
        raise BadLedger(f"{path}: there is no run in it")
    return [Recorded(str(head["target"]), str(head["prefix"]), tuple(entries)) for head, entries in runs]


def write_ledger(path: Path, runs: Sequence[Recorded]) -> None:
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
