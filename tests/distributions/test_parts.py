"""The parts agree with the whole, and a part says how to install what it does not have."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hatchling
import pytest

from respan_contract_plugins import missing

ROOT = Path(__file__).parents[2]
PARTS = ["mock", "suite"]
URL = "http://127.0.0.1:9"


def _project(folder: Path) -> dict[str, Any]:
    project: dict[str, Any] = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project


WHOLE = _project(ROOT)
PROJECTS = {part: _project(ROOT / "distributions" / part) for part in PARTS}


def test_the_parts_need_what_the_whole_needs() -> None:
    needed = {line for project in PROJECTS.values() for line in project["dependencies"]}
    assert needed == set(WHOLE["dependencies"]), "list each dependency in distributions/mock or distributions/suite too"
    scripts = {name: place for project in PROJECTS.values() for name, place in project["scripts"].items()}
    assert scripts == WHOLE["scripts"]
    assert PROJECTS["mock"]["optional-dependencies"] == WHOLE["optional-dependencies"]


@pytest.mark.parametrize("part", PARTS)
def test_a_part_says_of_itself_what_the_whole_says(part: str) -> None:
    for key in ("requires-python", "license", "entry-points"):
        assert PROJECTS[part][key] == WHOLE[key]


def test_the_changelog_has_a_dated_section_of_the_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## \[{re.escape(WHOLE['version'])}\] - \d{{4}}-\d\d-\d\d$", changelog, re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Installed:
    """A part in a folder of its own, without what it needs, which is that of the tests."""

    folder: Path

    def run(self, *arguments: str) -> tuple[int, str]:
        """Run Python there, and return its exit code and what it printed."""
        outside = {name: value for name, value in os.environ.items() if not name.startswith(("RESPAN_", "PYTEST_"))}
        ran = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder.parent,
            env={**outside, "PYTHONPATH": str(self.folder)},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        return ran.returncode, ran.stdout + ran.stderr


@pytest.fixture(scope="module", params=PARTS)
def part(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def installed(part: str, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp(part) / "site"
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--disable-pip-version-check"]
    subprocess.run(
        [sys.executable, "-m", "pip", "install", *options, "--target", str(folder), f"{ROOT}/distributions/{part}"],
        env={**os.environ, "PYTHONPATH": str(Path(hatchling.__file__).parents[1])},
        check=True,
    )
    return Installed(folder)


def test_it_has_its_packages_and_no_others(part: str, installed: Installed) -> None:
    ours, other = ("mock_server", "conformance") if part == "mock" else ("conformance", "mock_server")
    assert not (installed.folder / other).exists()
    for package in ("contract", ours):
        files = {file.relative_to(ROOT) for file in (ROOT / package).rglob("*") if "__pycache__" not in file.parts}
        assert not [file for file in files if not (installed.folder / file).exists()]
    assert (installed.folder / "contract" / "openapi.yaml").read_bytes() == (ROOT / "openapi.yaml").read_bytes()
    [info] = installed.folder.glob("*.dist-info")
    assert info.name == f"respan_contract_{part}-{WHOLE['version']}.dist-info"
    assert (info / "licenses" / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


def test_it_says_how_to_install_what_it_does_not_have(part: str, installed: Installed) -> None:
    no_mock = "respan-conformance: no target is given, and there is no mock to check"
    asked, package, prefix = {
        "mock": (["pytest", "--respan-url", URL], "conformance", "--respan-url"),
        "suite": (["conformance"], "mock_server", no_mock),
    }[part]
    code, output = installed.run("-m", *asked)
    name = f"respan-contract-{part}"
    command = f"pip uninstall -y {name} && pip install {ROOT}"
    expected = (
        f"{prefix}: the package {package} is not installed: {name} is only a part of respan-contract; "
        f"to install all of it, run: {command}"
    )
    assert expected in output
    assert code == {"mock": pytest.ExitCode.USAGE_ERROR, "suite": 2}[part]
    assert "Traceback" not in output


def test_its_other_half_of_the_plugin_is_inert(part: str, installed: Installed) -> None:
    (installed.folder.parent / "test_own.py").write_text("def test_one(): ...\n\ndef test_two(respan_mock): ...\n")
    code, output = installed.run("-m", "pytest", "-p", "no:cacheprovider", "-q", "test_own.py")
    if part == "mock":
        assert (code, "2 passed" in output) == (0, True), output
    else:
        assert "1 passed, 1 error" in output
        assert "respan_mock: the package mock_server is not installed" in output


GIT: dict[str, Any] = {"url": "https://git.example/c.git", "vcs_info": {"vcs": "git", "commit_id": "0a1b"}}


@pytest.mark.parametrize(
    ("origin", "source"),
    [
        ({"url": "file:///a%20b/c/distributions/mock", "dir_info": {}}, "'/a b/c'"),
        (GIT, "git+https://git.example/c.git@0a1b"),
        (GIT | {"vcs_info": {**GIT["vcs_info"], "requested_revision": "v1"}}, "git+https://git.example/c.git@v1"),
        ({"url": "https://example.com/a.whl", "archive_info": {}}, "respan-contract"),
        (None, "respan-contract"),
    ],
    ids=["folder", "commit", "revision", "archive", "index"],
)
def test_the_command_follows_the_origin(
    origin: dict[str, Any] | None, source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = tmp_path / "respan_contract_mock-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: respan-contract-mock\nVersion: 1\n")
    if origin is not None:
        (info / "direct_url.json").write_text(json.dumps(origin))
    monkeypatch.syspath_prepend(tmp_path)
    assert missing("conformance").endswith(f"run: pip uninstall -y respan-contract-mock && pip install {source}")
