"""A copy of a process that has imported a command does what the command does."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests import prefork

ROOT = str(prefork.ROOT)


@pytest.mark.parametrize(
    ("module", "arguments"),
    [
        ("conformance", ["--version"]),
        ("conformance", ["--only", "none"]),
        ("conformance", ["--list", "markdown"]),
        ("mock_server", ["--port", "x"]),
        ("mock_server", ["--state", "/"]),
    ],
)
def test_it_ends_as_the_command_does(module: str, arguments: Sequence[str], monkeypatch: pytest.MonkeyPatch) -> None:
    environment = {**os.environ, "COLUMNS": "100", "RESPAN_URL": "http://127.0.0.1:9"}
    command = [sys.executable, "-m", module, *arguments]
    real = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    monkeypatch.chdir("/")
    copy = prefork.run(module, *arguments, cwd=ROOT, env=environment, timeout=60)
    assert (copy.returncode, copy.stdout, copy.stderr) == (real.returncode, real.stdout, real.stderr)


def test_its_code_is_that_of_this_checkout(tmp_path: Path) -> None:
    (tmp_path / "where.py").write_text("import mock_server, sys; print(mock_server.__file__); sys.exit(3)")
    ended = prefork.run("where", cwd=str(tmp_path), env=os.environ, timeout=60)
    assert (ended.returncode, ended.stdout) == (3, f"{ROOT}/mock_server/__init__.py\n")


def test_another_python_is_no_copy() -> None:
    assert prefork.can_be_copied(os.environ)
    assert not prefork.can_be_copied({**os.environ, "PYTHONIOENCODING": "ascii"})
