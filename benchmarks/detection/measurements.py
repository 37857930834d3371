"""The measurements, in a committed file: measuring every server takes hours, measuring one takes half a minute.

The file has one line for each server, so that a diff shows which servers were measured. The key is the name of the
server: a mutant that moves to another section keeps its measurement.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Lock
from typing import Any, TypeAlias
from zlib import crc32

from benchmarks.detection.servers import CORRECT, Server

FILE = Path(__file__).with_name("measurements.json")


@dataclass(frozen=True, slots=True)
class Run:
    """What one run of one tool on one server came to."""

    faults: frozenset[str]
    """The names of what the tool found wrong."""
    requests: int
    seconds: float
    version: str
    """The tool and its version."""


Runs: TypeAlias = Mapping[str, Run]
"""The runs on one server, by reading. A tool that gave up is missing."""


class Measurements:
    """The runs on each server, by its name."""

    def __init__(self, file: Path = FILE) -> None:
        self._file = file
        self._lock = Lock()
        stored = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        self.runs: dict[str, Runs] = {
            name: {reading: _run_from_json(run) for reading, run in runs.items()} for name, runs in stored.items()
        }

    def missing(self, servers: Iterable[Server]) -> list[Server]:
        """Return the servers without a measurement: the correct one first, since the others are compared with it.

        The others come in an order that mixes the sections, so that what an interrupted run has measured is a sample.
        """
        missing = [server for server in servers if server.name not in self.runs]
        return sorted(missing, key=lambda server: (server.name != CORRECT.name, crc32(server.name.encode())))

    def measure(self, server: Server, measure: Callable[[Server], Runs]) -> None:
        """Measure a server, and save the result at once: an interrupted benchmark continues where it stopped."""
        runs = measure(server)
        with self._lock:
            self.runs[server.name] = runs
            self._save()

    def drop_removed(self, servers: Sequence[Server]) -> None:
        """Forget servers that no longer exist."""
        names = {server.name for server in servers}
        self.runs = {name: runs for name, runs in self.runs.items() if name in names}
        self._save()

    def _save(self) -> None:
        lines = [f"{json.dumps(name)}: {json.dumps(_json_from_runs(self.runs[name]))}" for name in sorted(self.runs)]
        partial = self._file.with_suffix(".partial")
        partial.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
        partial.replace(self._file)


def _run_from_json(run: Mapping[str, Any]) -> Run:
    return Run(frozenset(run["faults"]), run["requests"], run["seconds"], run["version"])


def _json_from_runs(runs: Runs) -> dict[str, Any]:
    return {reading: {**asdict(run), "faults": sorted(run.faults)} for reading, run in runs.items()}
