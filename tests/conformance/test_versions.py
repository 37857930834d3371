"""Environments with packages of other versions than the suite works with: said by name and range, with exit code 2."""

from __future__ import annotations

from importlib.metadata import requires
from pathlib import Path

import pytest

from conformance import check
from conformance.results.about import DECISIVE, WrongVersion, check_versions
from tests.conformance.command import KEYS, conformance
from tests.conformance.plugin.project import Project

OTHER = {"schemathesis": "3.39.16", "pytest": "7.4.4", "hypothesis": "5.49.0", "httpx2": "99.0"}


def _claim(folder: Path, name: str, version: str) -> Path:
    """A folder that says, as the first on the path, that the package is there in that version."""
    info = folder / f"{name}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    return folder


def _range(name: str) -> str:
    """The range in the metadata, as it stands there."""
    [line] = [
        line for line in requires("respan-contract") or [] if line.startswith((f"{name}<", f"{name}=", f"{name}>"))
    ]
    return line


@pytest.mark.parametrize(("name", "version"), OTHER.items())
def test_the_command_names_the_version_found_and_the_range(name: str, version: str, tmp_path: Path) -> None:
    environment = {**KEYS, "PYTHONPATH": str(_claim(tmp_path, name, version))}
    for arguments in (["http://127.0.0.1:9"], ["http://127.0.0.1:9", "--dry-run"]):
        ran = conformance(*arguments, environment=environment)
        assert (ran.code, ran.stdout) == (2, "")
        assert f"this environment has {name} {version}, but respan-contract " in ran.stderr
        assert f"needs '{_range(name)}'; install it in an environment of its own, or run: pip install" in ran.stderr


def test_what_sends_nothing_goes_on(tmp_path: Path) -> None:
    environment = {"PYTHONPATH": str(_claim(tmp_path, "schemathesis", "3.39.16"))}
    for argument in ("--list", "--help", "--show-config"):
        assert conformance(argument, environment=environment).code == 0


def test_the_hints_for_python_and_pytest_are_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(_claim(tmp_path / "claims", "schemathesis", "3.39.16"))
    with pytest.raises(WrongVersion, match=r"this environment has schemathesis 3.39.16, but"):
        check("http://127.0.0.1:9")
    project = Project(tmp_path / "project")
    project.folder.mkdir()
    _claim(project.folder / "site", "schemathesis", "3.39.16")
    ran = project.pytest("--pyargs", "conformance", "--respan-url", "http://127.0.0.1:9")
    assert ran.code == 4
    assert "this environment has schemathesis 3.39.16, but respan-contract" in ran.output
    assert "Traceback" not in ran.output


def test_an_unrelated_run_of_pytest_prints_nothing_of_ours(tmp_path: Path) -> None:
    project = Project(tmp_path)
    _claim(project.folder / "site", "schemathesis", "3.39.16")
    project.write(test_own="def test_one(): ...\n")
    ran = project.pytest("-q", "test_own.py")
    assert (ran.code, "schemathesis" in ran.output) == (0, False)


def test_this_environment_will_do() -> None:
    check_versions()
    assert all(_range(name) for name in DECISIVE)
