"""The tools that are compared. Each runs as its users run it: as a process, on a server at a URL."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from benchmarks.detection.measurements import Run, Runs
from contract import default_file
from tests.servers.fixtures import BUILT_IN_MODELS, OTHER_ORGANIZATION_KEY, PROVIDERS, READ_ONLY_KEY, READ_WRITE_KEY

KEYS = {
    "RESPAN_API_KEY": READ_WRITE_KEY,
    "RESPAN_OTHER_ORG_KEY": OTHER_ORGANIZATION_KEY,
    "RESPAN_READ_ONLY_KEY": READ_ONLY_KEY,
}
SECONDS = 300
"""After which a run is stopped."""
REPORT = "report.json"


class GaveUpError(Exception):
    """A run that says nothing about the server."""


@dataclass(frozen=True, slots=True)
class Contender:
    """A tool."""

    package: str
    command: Callable[[str], Sequence[str]]
    readings: Mapping[str, Callable[[str, Path], Iterable[str]]]
    """What a run reports as faults, from its output and its folder. One run may be read in several ways."""
    codes: frozenset[int]
    """Exit codes with which it says something about the server."""

    @property
    def version(self) -> str:
        """The package and its version."""
        return f"{self.package} {version(self.package)}"

    def run(self, url: str, folder: Path, requests: Callable[[], int]) -> Runs:
        """Run the tool once on the server at `url`; return one run by reading. Raises GaveUpError."""
        name = next(iter(self.readings))
        started = time.monotonic()
        try:
            ran = subprocess.run(
                self.command(url), cwd=folder, env={**os.environ, **KEYS}, capture_output=True, text=True,
                timeout=SECONDS, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise GaveUpError(f"{name} was stopped after {SECONDS} seconds") from None
        seconds = round(time.monotonic() - started, 1)
        if ran.returncode not in self.codes:
            output = f"{ran.stdout[-2000:]}{ran.stderr[-2000:]}"
            raise GaveUpError(f"{name} exited with {ran.returncode}:\n{output}")
        return {
            name: Run(frozenset(faults(ran.stdout, folder)), requests(), seconds, self.version)
            for name, faults in self.readings.items()
        }


def _suite(url: str) -> Sequence[str]:
    options = {"--provider": PROVIDERS, "--builtin-model": BUILT_IN_MODELS}
    known = [word for option, names in options.items() for name in names for word in (option, name)]
    return [sys.executable, "-m", "conformance", url, *known, "--seed", "1", "--json", REPORT]


def _failed(verdict: str) -> Callable[[str, Path], Iterable[str]]:
    """Return a reader of the unmet requirements, by one of the two verdicts."""

    def read(output: str, folder: Path) -> Iterable[str]:
        if not (folder / REPORT).exists():  # Python exits with 1 too, if it cannot start the suite
            raise GaveUpError(f"the suite wrote no report:\n{output[-2000:]}")
        report = json.loads((folder / REPORT).read_text(encoding="utf-8"))
        return (each["id"] for each in report["requirements"] if each[verdict] == "fail")

    return read


def _schemathesis(url: str) -> Sequence[str]:
    headers = ("--header", f"Authorization: Bearer {READ_WRITE_KEY}")
    command = (sys.executable, "-m", "schemathesis.cli", "run", str(default_file()), "--url", url)
    return [*command, *headers, "--seed", "1", "--workers", "1"]


CONTENDERS = (
    Contender(
        "respan-contract",
        _suite,
        {"respan-conformance": _failed("verdict"), "respan-conformance --strict": _failed("strict_verdict")},
        frozenset({0, 1, 4}),
    ),
    Contender(
        "schemathesis",
        _schemathesis,
        {"schemathesis run": lambda output, _: re.findall(r"^- (ST\d+) ", output, re.MULTILINE)},
        frozenset({0, 1}),
    ),
)

READINGS = tuple(name for contender in CONTENDERS for name in contender.readings)
