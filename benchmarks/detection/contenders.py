"""What is compared: each is run as its users run it, as a process, on a server at a URL."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from contract import default_file

KEYS = {
    "RESPAN_API_KEY": "demo-acme",
    "RESPAN_OTHER_ORG_KEY": "demo-globex",
    "RESPAN_READ_ONLY_KEY": "demo-acme-readonly",
}
SECONDS = 300
"""After which a run is given up, and counts as one that found nothing."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one run on one server came to."""

    accused: bool
    """Whether it said that the server is wrong."""
    seconds: float


@dataclass(frozen=True, slots=True)
class Contender:
    """A tool."""

    name: str
    command: Callable[[str], Sequence[str]]
    accusing_codes: frozenset[int]

    def run(self, url: str, folder: Path) -> Run:
        """Run it on the server at `url`. Raises RuntimeError where it says neither right nor wrong."""
        started = time.monotonic()
        ran = subprocess.run(
            self.command(url),
            cwd=folder,
            env=os.environ | KEYS,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        if ran.returncode not in self.accusing_codes | {0, 4}:
            raise RuntimeError(f"{self.name} ended with {ran.returncode}:\n{ran.stdout[-2000:]}{ran.stderr[-2000:]}")
        return Run(ran.returncode in self.accusing_codes, time.monotonic() - started)


def _suite(*more: str) -> Callable[[str], Sequence[str]]:
    known = ("--provider", "my-vllm", "--builtin-model", "gpt-4o,openai/gpt-4o-mini", "--seed", "1")
    return lambda url: [sys.executable, "-m", "conformance", url, *known, *more]


def _schemathesis(url: str) -> Sequence[str]:
    headers = ("--header", f"Authorization: Bearer {KEYS['RESPAN_API_KEY']}")
    command = (sys.executable, "-m", "schemathesis.cli", "run", str(default_file()), "--url", url)
    return [*command, *headers, "--seed", "1", "--workers", "1"]


CONTENDERS = (
    Contender("respan-conformance", _suite(), frozenset({1})),
    Contender("respan-conformance --strict", _suite("--strict"), frozenset({1})),
    Contender("schemathesis run", _schemathesis, frozenset({1})),
)
