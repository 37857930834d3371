"""A project of somebody who has this package installed, and runs pytest there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).parents[3]
SECONDS = 300


@dataclass(frozen=True, slots=True)
class Ran:
    """What a run of pytest came to."""

    code: int
    output: str

    @property
    def counts(self) -> dict[str, int]:
        """The last line of pytest, such as `{"passed": 2, "skipped": 1}`."""
        last = next(line for line in reversed(self.output.splitlines()) if re.search(r"\d+ \w+.* in [\d.]+s", line))
        return {word: int(count) for count, word in re.findall(r"(\d+) (passed|failed|skipped|errors?|xfailed)", last)}


@dataclass(frozen=True, slots=True)
class Project:
    """A folder with tests in it."""

    folder: Path

    def write(self, **files: str) -> None:
        """Write Python files by their names, without `.py`."""
        for name, text in files.items():
            (self.folder / f"{name}.py").write_text(dedent(text), encoding="utf-8")

    def configure(self, text: str) -> None:
        """Write `pytest.ini`."""
        (self.folder / "pytest.ini").write_text(dedent(text), encoding="utf-8")

    def pytest(self, *arguments: str, environment: Mapping[str, str] | None = None, schemathesis: bool = False) -> Ran:
        """Run pytest, with no settings but the project's.

        Schemathesis has a plugin too. No project here uses it, and its imports are most of a start: only `schemathesis`
        loads it.
        """
        outside = {name: value for name, value in os.environ.items() if not name.startswith(("RESPAN_", "PYTEST_"))}
        path = os.pathsep.join([str(_installed(self.folder / "site")), str(ROOT)])
        without = ["no:cacheprovider"] if schemathesis else ["no:cacheprovider", "no:schemathesis"]
        ran = subprocess.run(
            [sys.executable, "-m", "pytest", *(f"-p{name}" for name in without), *arguments],
            cwd=self.folder,
            env=outside | {"PYTHONPATH": path, **(environment or {})},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        return Ran(ran.returncode, ran.stdout + ran.stderr)


def _installed(site: Path) -> Path:
    """A folder of packages in which this one is installed, as far as pytest looks: its entry points."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    info = site / f"respan_contract-{project['version']}.dist-info"
    info.mkdir(parents=True, exist_ok=True)
    points = [f"{name} = {module}" for name, module in project["entry-points"]["pytest11"].items()]
    (info / "entry_points.txt").write_text("\n".join(["[pytest11]", *points, ""]))
    needed = [f"Requires-Dist: {requirement}" for requirement in project["dependencies"]]
    lines = [f"Name: {project['name']}", f"Version: {project['version']}", *needed, ""]
    (info / "METADATA").write_text("\n".join(lines))
    (info / "RECORD").write_text(
        "respan_contract_plugins.py,,\nconformance/__init__.py,,\nconformance/plugin.py,,\ncontract/__init__.py,,\n"
    )
    return site
