"""Reproductions of applications without a socket: pasted as they are, they serve the application themselves."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from conformance.command.serve import serve
from conformance.settings import UsageError
from conformance.target.application import path_of
from tests.conformance.command import KEYS
from tests.conformance.plugin.project import ROOT, Project
from tests.conformance.reproduction.judging import Response, misses

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
BROKEN = """
    from tests.mutants.statuses import AlwaysCreated

    app = AlwaysCreated()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project with a broken application in it, and the commands of this project on the path."""
    (tmp_path / "my_project.py").write_text(dedent(BROKEN), encoding="utf-8")
    commands = tmp_path / "bin"
    commands.mkdir()
    for name, module in (("respan-conformance", "conformance"), ("pytest", "pytest")):
        (commands / name).write_text(f'#!/bin/sh\nexec {sys.executable} -m {module} "$@"\n', encoding="utf-8")
        (commands / name).chmod(0o755)
    return tmp_path


def _bash(script: str, folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    outside = {name: value for name, value in os.environ.items() if not name.startswith(("RESPAN_", "PYTEST_"))}
    path = f"{folder / 'bin'}:{outside['PATH']}"
    environment = {**outside, **KEYS, "PATH": path, "PYTHONPATH": str(ROOT), **more}
    return subprocess.run(
        ["bash"], input=script, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def test_an_application_at_a_path_is_served_by_what_is_printed(folder: Path) -> None:
    ran = _bash("respan-conformance --app my_project:app --only STA-02 --json report.json", folder)
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    [found] = [finding for one in report["requirements"] if one["id"] == "STA-02" for finding in one["findings"]]
    assert found["reproduce"][0] == 'eval "$(respan-conformance serve my_project:app)"'
    assert found["rerun"] in ran.stdout
    printed = re.search(r"  reproduce\n((?:    .*\n)+)", ran.stdout)
    assert printed is not None, ran.stdout + ran.stderr
    pasted = _bash(dedent(printed[1]), folder)
    response = Response.last_of(pasted.stdout.encode())
    assert response is not None, pasted.stderr
    assert misses(found, response) is None
    again = _bash(found["rerun"], folder)
    assert (again.returncode, "✗ STA-02 FAIL" in again.stdout) == (1, True), again.stderr


def test_the_responses_do_not_run_together(folder: Path) -> None:
    script = 'eval "$(respan-conformance serve my_project:app)"\n'
    script += "curl -sS -i -w '\\n' $RESPAN_URL/api/models/none/\ncurl -sS -i -w '\\n' $RESPAN_URL/api/models/none/\n"
    ran = _bash(script + 'kill "$RESPAN_SERVER"', folder)
    assert sum(line.startswith("HTTP/1.1 ") for line in ran.stdout.splitlines()) == 2


def test_an_application_that_does_not_start_is_reported(folder: Path) -> None:
    ran = _bash("respan-conformance serve my_project:none", folder)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "my_project:none" in ran.stderr


def test_what_pytest_prints_runs_the_same_test_again(folder: Path) -> None:
    fixture = """
        import pytest

        from tests.mutants.statuses import AlwaysCreated


        @pytest.fixture(scope="session")
        def respan_target():
            return AlwaysCreated()
    """
    project = Project(folder)
    project.write(conftest=fixture)
    ran = project.pytest(
        "-p", "no:schemathesis", "--pyargs", "conformance", "--respan-only", "STA-02", environment=KEYS
    )
    [again] = set(re.findall(r"(?m)^ *(?:E +)?seed +\d+: (pytest .*(?:\n {10,}.*)*)", ran.output))
    assert "RESPAN_URL:?serve the application" in ran.output
    pasted = _bash(" ".join(again.split()), folder, PYTHONPATH=f"{folder / 'site'}:{ROOT}")
    assert "1 failed" in pasted.stdout, pasted.stdout + pasted.stderr
    assert "STA-02: expected" in pasted.stdout


def test_a_module_level_application_is_found_by_its_path() -> None:
    import tests.conformance.reproduction.pasting as module

    thing = lambda *_: None  # noqa: E731
    assert path_of(thing) is None
    module.thing = thing  # type: ignore[attr-defined]
    try:
        assert path_of(thing) == "tests.conformance.reproduction.pasting:thing"
    finally:
        del module.thing  # type: ignore[attr-defined]


def test_an_application_that_is_never_imported_is_given_up(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "endless.py").write_text("import time\n\ntime.sleep(600)\n", encoding="utf-8")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PYTHONPATH", f"{folder}{os.pathsep}{ROOT}")
    monkeypatch.setattr("conformance.command.serve.SECONDS", 1.0)
    with pytest.raises(UsageError, match="serve endless:app: the application did not start"):
        serve("endless:app")
