"""Projects with packages that are called as ours are: their tests find their own, whatever the import mode."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from tests.conformance.plugin.project import ROOT, Project

PACKAGES = ["conformance", "contract", "mock_server"]
USES = """
    import {name}
    from {name} import mine

    def test_it_is_mine():
        assert mine == "my own"
        assert {name}.__file__.startswith({folder!r})
"""
MODES = ["prepend", "append", "importlib"]


def _write(folder: Path, text: str) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text(dedent(text), encoding="utf-8")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_of_the_project(name: str, mode: str, project: Project) -> None:
    project.configure("[pytest]\naddopts = --strict-markers --strict-config\nfilterwarnings = error\n")
    _write(project.folder / name / "__init__.py", 'mine = "my own"\n')
    _write(project.folder / "tests" / "test_own.py", USES.format(name=name, folder=str(project.folder)))
    ran = project.pytest("-q", f"--import-mode={mode}")
    assert (ran.code, ran.counts) == (0, {"passed": 1}), ran.output
    assert "respan" not in ran.output.lower()


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_with_tests_in_it_and_a_conftest(name: str, project: Project) -> None:
    _write(project.folder / name / "__init__.py", 'mine = "my own"\n')
    _write(project.folder / name / "conftest.py", "import pytest\n\n@pytest.fixture\ndef subject():\n    return 1\n")
    _write(project.folder / name / "test_own.py", f"from {name} import mine\n\ndef test_one(subject): assert mine\n")
    _write(project.folder / "conftest.py", f"from {name} import mine\n")
    for arguments in ([], [name], [f"{name}/test_own.py::test_one"]):
        ran = project.pytest("-q", *arguments)
        assert (ran.code, ran.counts) == (0, {"passed": 1}), ran.output


def test_a_package_below_a_source_folder_that_only_a_conftest_knows(project: Project) -> None:
    """It is no package of ours that is imported first."""
    _write(project.folder / "src" / "conformance" / "__init__.py", 'mine = "my own"\n')
    _write(project.folder / "conftest.py", f"import sys\n\nsys.path.insert(0, {str(project.folder / 'src')!r})\n")
    project.write(test_own=USES.format(name="conformance", folder=str(project.folder)))
    ran = project.pytest("-q")
    assert (ran.code, ran.counts) == (0, {"passed": 1}), ran.output


@pytest.mark.parametrize("name", PACKAGES)
def test_a_module_of_the_project(name: str, project: Project) -> None:
    project.write(**{name: 'mine = "my own"\n', "test_own": USES.format(name=name, folder=str(project.folder))})
    ran = project.pytest("-q")
    assert (ran.code, ran.counts) == (0, {"passed": 1}), ran.output


def test_a_folder_that_is_no_package(project: Project) -> None:
    (project.folder / "conformance").mkdir()
    project.write(test_own="def test_one(): ...\n")
    ran = project.pytest("-q")
    assert (ran.code, ran.counts) == (0, {"passed": 1}), ran.output


@pytest.mark.parametrize("arguments", [["--help"], ["--markers"], ["--fixtures"], ["--collect-only", "-q"]])
def test_output_of_pytest_itself(arguments: list[str], project: Project) -> None:
    _write(project.folder / "conformance" / "__init__.py", "")
    _write(
        project.folder / "tests" / "conftest.py",
        "import conformance\n\nassert 'Checks any' not in str(conformance.__doc__)\n",
    )
    project.write(test_own="def test_one(): ...\n")
    ran = project.pytest(*arguments)
    assert ran.code == 0, ran.output
    assert "--respan-url" not in ran.output


@pytest.mark.parametrize("asked", ["--respan-url", "respan_url", "-o"])
def test_an_error_names_what_hides_the_checks(asked: str, project: Project) -> None:
    _write(project.folder / "conformance" / "__init__.py", "")
    project.write(test_own="def test_one(): ...\n")
    if asked == "respan_url":
        project.configure("[pytest]\nrespan_url = http://127.0.0.1:9\n")
    arguments = {"--respan-url": [asked, "http://127.0.0.1:9"], "-o": [asked, "respan_url=x"]}.get(asked, [])
    ran = project.pytest("-q", *arguments)
    assert ran.code == 4
    named = "respan_url" if asked == "-o" else asked
    hides = f"{named}: {project.folder / 'conformance'} hides the package conformance of respan-contract ({ROOT}"
    assert hides in ran.output
    assert "Traceback" not in ran.output


def test_an_error_names_what_hides_the_mock(project: Project) -> None:
    _write(project.folder / "mock_server" / "__init__.py", "")
    project.write(test_own="def test_one(respan_mock): ...\n")
    ran = project.pytest("-q")
    assert ran.code == 1
    assert (
        f"respan_mock: {project.folder / 'mock_server'} hides the package mock_server of respan-contract" in ran.output
    )


def test_without_such_packages_all_is_there(project: Project) -> None:
    project.write(test_own="def test_one(respan_mock):\n    assert respan_mock.url\n")
    assert project.pytest("-q").counts == {"passed": 1}
    assert "--respan-url" in project.pytest("--help").output


def test_the_plugin_can_be_left_out(project: Project) -> None:
    project.write(test_own="def test_one(respan_mock): ...\n")
    ran = project.pytest("-q", "-p", "no:respan_contract_plugins")
    assert "fixture 'respan_mock' not found" in ran.output
