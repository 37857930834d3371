"""`python -m benchmarks.suite [--rounds N] [--against DIR]`: what a default run of the suite costs, as a table.

The target is the mock. The suite of this checkout, and that of another one, run by turns, and only their own processor
time counts: how long a run waits depends on the target and on the machine.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.throughput.process import ROOT, DidNotRespondError, free_port, running
from conformance.command.run import ACCESS
from conformance.options import BY_NAME
from conformance.results.verdict import Exit


class UnexpectedVerdictError(Exception):
    """The suite did not come to the expected verdict, so its cost says nothing."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run took."""

    start: float
    """Processor time before the first request, in seconds."""
    whole: float
    """Processor time of a run, in seconds."""
    requests: int
    memory: float
    """Peak of resident memory, in MB."""

    @property
    def per_request(self) -> float:
        """Processor time after the start for each request, in seconds."""
        return (self.whole - self.start) / self.requests


def measure(folders: Sequence[Path], rounds: int) -> list[list[Cost]]:
    """Return the costs of the suite in each folder, by round."""
    done: list[list[Cost]] = [[] for _ in folders]
    with ExitStack() as stack:
        port = free_port()
        command = [sys.executable, "-m", "mock_server", "--quiet", "--port", str(port)]
        url = stack.enter_context(running(command, port)).url
        for number in range(1, rounds + 1):
            for folder, costs in zip(folders, done, strict=True):
                costs.append(_cost(folder, url))
                print(f"round {number}: {folder}: {costs[-1].whole:.2f} s", file=sys.stderr, flush=True)
    return done


def _cost(folder: Path, url: str) -> Cost:
    start, _ = _run(folder, f"http://127.0.0.1:{free_port()}", Exit.UNREACHABLE)
    with tempfile.TemporaryDirectory() as written:
        report = Path(written) / "report.json"
        whole, memory = _run(folder, url, Exit.CONFORMANT, "--json", str(report))
        return Cost(start, whole, json.loads(report.read_bytes())["run"]["requests"], memory)


def _run(folder: Path, url: str, expected: Exit, *options: str) -> tuple[float, float]:
    """Run the suite of a checkout; return its processor time in seconds, and its peak memory in MB."""
    words = [word for name in ("builtin-model", "provider") for value in ACCESS[name] for word in (f"--{name}", value)]
    command = [sys.executable, "-m", "conformance", url, *words, "--ledger", os.devnull, "--seed", "1", *options]
    keys = {BY_NAME[name].environment: ACCESS[name] for name in ("api-key", "other-org-key", "read-only-key")}
    with tempfile.TemporaryFile("w+") as written:
        process = subprocess.Popen(command, cwd=folder, env={**os.environ, **keys}, stdout=written, stderr=written)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != expected:
            written.seek(0)
            raise UnexpectedVerdictError(
                f"the suite in {folder} exited with {process.returncode}, not {expected}:\n{written.read()}"
            )
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6


def table(folders: Sequence[Path], costs: Sequence[Sequence[Cost]]) -> str:
    """Return the medians of each checkout."""
    heads = [
        "suite of",
        "before the first request, s",
        "whole run, s",
        "requests",
        "per request, ms",
        "peak memory, MB",
    ]
    rows = [heads, ["---"] * len(heads)]
    for folder, its in zip(folders, costs, strict=True):
        rows.append(
            [
                "this checkout" if folder == ROOT else f"`{folder}`",
                f"{median(one.start for one in its):.2f}",
                f"{median(one.whole for one in its):.2f}",
                f"{median(one.requests for one in its):,.0f}",
                f"{median(one.per_request for one in its) * 1000:.2f}",
                f"{median(one.memory for one in its):.0f}",
            ]
        )
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.suite", description="Measure what a run costs.")
    parser.add_argument("--rounds", type=int, default=5, help="number of rounds (default: 5)")
    parser.add_argument("--against", metavar="DIR", type=Path, help="measure the suite of another checkout too")
    options = parser.parse_args()
    folders = [*([options.against.resolve()] if options.against else []), ROOT]
    try:
        costs = measure(folders, options.rounds)
    except (DidNotRespondError, UnexpectedVerdictError) as error:
        sys.exit(f"benchmarks.suite: {error}")
    print(f"{table(folders, costs)}\n\nPython {sys.version.split()[0]}; {os.cpu_count()} cores.")


if __name__ == "__main__":
    main()
