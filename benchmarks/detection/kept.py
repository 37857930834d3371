"""What was measured, kept in a file line by line: all of it takes more than an hour, and one more server a minute."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

from benchmarks.detection.contenders import Run
from benchmarks.detection.table import Server, Tried


class Kept:
    """Measurements of a file: one server a line."""

    def __init__(self, file: Path | None, servers: Sequence[Server]) -> None:
        """Read what `file` has of the `servers`, if there is one."""
        self._file = file
        self._lock = Lock()
        lines = file.read_text(encoding="utf-8").splitlines() if file and file.exists() else []
        known = {server.name: server for server in servers}
        rows: list[dict[str, Any]] = [json.loads(line) for line in lines]
        self._tried = {
            row["server"]: _tried(known[row["server"]], row["runs"]) for row in rows if row["server"] in known
        }

    def of(self, server: Server) -> Tried | None:
        """What was measured of a server."""
        return self._tried.get(server.name)

    def keep(self, tried: Tried) -> None:
        """Add a line."""
        if self._file is None:
            return
        runs = {
            reading: {"faults": sorted(run.faults), "requests": run.requests, "seconds": run.seconds}
            for reading, run in tried.runs.items()
        }
        with self._lock, self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"server": tried.server.name, "runs": runs}) + "\n")


def _tried(server: Server, runs: Mapping[str, Mapping[str, Any]]) -> Tried:
    return Tried(
        server,
        {reading: Run(frozenset(run["faults"]), run["requests"], run["seconds"]) for reading, run in runs.items()},
    )
