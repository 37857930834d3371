"""Runs steps of a GitHub composite action as its runner does: expressions first, then bash."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import hatchling
import yaml

ROOT = Path(__file__).parents[2]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
BASH = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c")
OFFLINE = {
    "PIP_NO_DEPS": "1",
    "PIP_NO_BUILD_ISOLATION": "0",  # as pip reads it: no isolation
    "PYTHONPATH": str(Path(hatchling.__file__).parents[1]),
}
"""What the package needs is that of the tests: nothing is downloaded."""


@dataclass
class Runner:
    """A machine that runs one job."""

    workspace: Path
    temp: Path
    """Shared by jobs: what is installed there is installed once."""
    environment: Mapping[str, str] = field(default_factory=dict)
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)
    """Of the steps, by their IDs."""
    printed: str = ""
    """By the last step that ran."""

    def use(self, inputs: Mapping[str, str]) -> int:
        """Run the action, and return the exit code of the first step that fails."""
        declared = ACTION["inputs"]
        assert inputs.keys() <= declared.keys()
        given = {name: inputs.get(name, str(one.get("default", ""))) for name, one in declared.items()}
        install, *steps = ACTION["runs"]["steps"]
        for step in steps if self.has_the_suite else [install, *steps]:
            if code := self._run(step, given):
                return code
        return 0

    def install(self) -> None:
        """Run the first step of the action, once for all jobs."""
        if not self.has_the_suite:
            assert self._run(ACTION["runs"]["steps"][0], {"python": sys.executable}) == 0

    @property
    def has_the_suite(self) -> bool:
        return (self.temp / "respan-conformance" / "bin" / "respan-conformance").exists()

    def output(self, name: str) -> str:
        """An output of the action."""
        return self._filled(ACTION["outputs"][name]["value"], {})

    @property
    def summary(self) -> str:
        """The page of the job."""
        return (self.temp / "summary").read_text(encoding="utf-8")

    def shell(self, script: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """Run a script with nothing of this process's environment that is about the suite or pytest."""
        outside = {name: value for name, value in os.environ.items() if not name.startswith(("RESPAN_", "PYTEST_"))}
        return subprocess.run(
            [*BASH, script],
            cwd=self.workspace,
            env={**outside, **OFFLINE, **self.environment, **environment},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def _run(self, step: Mapping[str, Any], inputs: Mapping[str, str]) -> int:
        assert step["shell"] == "bash"
        files = {name: self.temp / name for name in ("output", "summary")}
        for file in files.values():
            file.write_text("")
        own = {name: self._filled(value, inputs) for name, value in step.get("env", {}).items()}
        github = {
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTION_PATH": str(ROOT),
            "RUNNER_TEMP": str(self.temp),
            "GITHUB_OUTPUT": str(files["output"]),
            "GITHUB_STEP_SUMMARY": str(files["summary"]),
        }
        ran = self.shell(step["run"], github | own)
        self.printed = ran.stdout
        self.outputs[step.get("id", "")] = dict(
            line.split("=", 1) for line in files["output"].read_text(encoding="utf-8").splitlines()
        )
        assert ran.stderr == "" or ran.returncode, ran.stderr
        return ran.returncode

    def _filled(self, text: str, inputs: Mapping[str, str]) -> str:
        """`text` with its expressions replaced by what they stand for."""

        def value(found: re.Match[str]) -> str:
            match found[1].split("."):
                case ["toJSON(inputs)"]:
                    return json.dumps(dict(inputs))
                case ["inputs", name]:
                    return inputs[name]
                case ["steps", id, "outputs", name]:
                    return self.outputs[id].get(name, "")
            raise AssertionError(f"an expression that no runner here knows: {found[0]}")

        return re.sub(r"\$\{\{ *([\w.()-]+) *\}\}", value, text)
