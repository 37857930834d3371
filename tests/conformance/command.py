"""Runs `respan-conformance` as its users do, as a process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests import prefork

SECONDS = 120
KEYS = {
    "RESPAN_API_KEY": "demo-acme",
    "RESPAN_OTHER_ORG_KEY": "demo-globex",
    "RESPAN_READ_ONLY_KEY": "demo-acme-readonly",
}
KNOWN = ("--builtin-model", "gpt-4o", "--builtin-model", "openai/gpt-4o-mini", "--provider", "my-vllm")


@dataclass(frozen=True, slots=True)
class Ran:
    """What a run of the command came to."""

    code: int
    stdout: str
    stderr: str
    report: dict[str, Any] | None

    def verdict_on(self, id: str) -> str:
        """The verdict on one requirement."""
        return str(self.requirement(id)["verdict"])

    def requirement(self, id: str) -> dict[str, Any]:
        """What the report says of one requirement."""
        assert self.report is not None, self.stderr
        found: dict[str, Any] = next(r for r in self.report["requirements"] if r["id"] == id)
        return found

    def with_verdict(self, *verdicts: str) -> set[str]:
        """IDs of the requirements with one of the verdicts."""
        assert self.report is not None, self.stderr
        return {r["id"] for r in self.report["requirements"] if r["verdict"] in verdicts}


def _concerns_us(variable: str) -> bool:
    """Return whether a variable of the user's environment would change what the command does."""
    return variable.startswith(("RESPAN_", "PYTEST_")) or variable.lower().endswith("_proxy")


def conformance(*arguments: str, report: Path | None = None, environment: dict[str, str] | None = None) -> Ran:
    """Run the command to its end, without the keys of the user who runs the tests."""
    outside = {name: value for name, value in os.environ.items() if not _concerns_us(name)}
    reporting = ("--json", str(report)) if report else ()
    variables = outside | (environment or {})
    if prefork.can_be_copied(variables):
        ran = prefork.run("conformance", *arguments, *reporting, cwd=os.getcwd(), env=variables, timeout=SECONDS)  # noqa: PTH109
    else:
        ran = subprocess.run(
            [sys.executable, "-m", "conformance", *arguments, *reporting],
            capture_output=True, text=True, timeout=SECONDS, env=variables, check=False,
        )  # fmt: skip
    written = json.loads(report.read_text()) if report and report.exists() else None
    return Ran(ran.returncode, ran.stdout, ran.stderr, written)
