"""The command in poor surroundings: few characters, no home, nobody who reads. The verdict is the same."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.command import KEYS
from tests.conformance.watched import RoundsNumbers
from tests.servers.serving import served

COMMAND = (sys.executable, "-m", "conformance")
ROOT = Path(__file__).parents[2]
UNKNOWN = """
import pwd, sys

def getpwuid(number):
    raise KeyError(number)

pwd.getpwuid = getpwuid
from conformance.cli import main
sys.exit(main())
"""
"""Runs the command as it is for a user that the system does not know."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with served(RoundsNumbers()) as url:
        yield url


def _environment(folder: Path, **more: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "VIRTUAL_ENV") if name in os.environ}
    return {**kept, **KEYS, "HOME": str(folder), "TMPDIR": str(folder), "PYTHONPATH": str(ROOT), **more}


def _run(url: str, environment: dict[str, str], *arguments: str) -> tuple[int, bytes, bytes]:
    command = [*COMMAND, url, "--only", "IDM-01,STA-01", *arguments]
    ran = subprocess.run(command, env=environment, capture_output=True, timeout=120, check=False)
    return ran.returncode, ran.stdout, ran.stderr


ENVIRONMENTS: dict[str, dict[str, str]] = {
    "cp1252": {"PYTHONIOENCODING": "cp1252"},
    "ASCII": {"PYTHONIOENCODING": "ascii"},
    "latin-1, strictly": {"PYTHONIOENCODING": "latin-1:strict"},
    "LC_ALL=C": {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    "a dumb terminal": {"TERM": "dumb", "FORCE_COLOR": "1"},
    "UTF-16": {"PYTHONIOENCODING": "utf-16"},
}


@pytest.mark.parametrize("more", ENVIRONMENTS.values(), ids=ENVIRONMENTS)
def test_an_encoding_that_lacks_characters(more: dict[str, str], url: str, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    code, out, err = _run(url, _environment(tmp_path, **more), "--json", str(report))
    assert (code, err) == (1, b"")
    said = out.decode(more.get("PYTHONIOENCODING", "utf-8").partition(":")[0], "replace")
    assert "IDM-01 FAIL" in said
    assert "NOT CONFORMANT: The target does not do what the contract says." in said
    assert '"verdict": "non-conformant"' in report.read_text(encoding="utf-8")


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-", "2>/dev/full", ">/dev/full"])
def test_streams_that_are_closed(closed: str, url: str, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    command = f'exec "$0" -m conformance "$1" --only IDM-01,STA-01 --json "$2" {closed}'
    script = ["sh", "-c", command, sys.executable, url, str(report)]
    ran = subprocess.run(script, env=_environment(tmp_path), capture_output=True, timeout=120, check=False)
    assert ran.returncode == 1, ran.stderr
    assert '"verdict": "non-conformant"' in report.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "arguments",
    [["{url}", "--only", "IDM-01,STA-01", "--verbose"], ["--list"], ["--list", "json"], ["--help"], ["--version"]],
)
def test_a_pipe_that_breaks(arguments: list[str], url: str, tmp_path: Path) -> None:
    command = [*COMMAND, *(argument.format(url=url) for argument in arguments)]
    with subprocess.Popen(
        command, env=_environment(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
        code = process.wait(120)
    assert (code, said) == (1 if "{url}" in arguments else 0, b"")


def _left(out: bytes) -> Path | None:
    found = re.search(r"the ledger is (\S+): the usual place is unavailable", out.decode())
    return Path(found[1]) if found else None


@pytest.mark.parametrize("name", ["HOME", "XDG_STATE_HOME"])
def test_a_home_that_cannot_be_written_to(name: str, url: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    code, out, err = _run(url, _environment(tmp_path, **{name: str(file)}))
    assert (code, err) == (1, b"")
    place = _left(out)
    assert place is not None
    assert place.parent == tmp_path
    assert not place.exists()


def test_a_folder_for_state_that_is_relative_does_not_count(url: str, tmp_path: Path) -> None:
    code, out, _ = _run(url, _environment(tmp_path, XDG_STATE_HOME="state"), "--dry-run")
    assert code == 0
    assert f"Ledger    {tmp_path}/.local/state/respan-conformance/rc-....jsonl" in out.decode()


def test_no_home_and_a_user_that_nobody_knows(url: str, tmp_path: Path) -> None:
    environment = _environment(tmp_path)
    del environment["HOME"]
    command = [sys.executable, "-c", UNKNOWN, url, "--only", "IDM-01,STA-01"]
    ran = subprocess.run(command, env=environment, capture_output=True, timeout=120, check=False, cwd=tmp_path)
    assert (ran.returncode, ran.stderr) == (1, b"")
    assert b"NOT CONFORMANT" in ran.stdout
    assert b"suite itself failed" not in ran.stdout
    assert list(tmp_path.iterdir()) == []
