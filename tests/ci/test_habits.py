"""The workflows and the hooks of the repository name what exists, with the versions that tox uses."""

from __future__ import annotations

import configparser
import tomllib
from typing import Any

import yaml

from tests.ci.workflows import ACTION, ROOT

WORKFLOWS = {
    file.stem: yaml.safe_load(file.read_text(encoding="utf-8")) for file in (ROOT / ".github/workflows").glob("*.yml")
}


def _environments(workflow: str) -> list[str]:
    matrix = WORKFLOWS[workflow]["jobs"]["tox"]["strategy"]["matrix"]
    return [*matrix["env"], *(each["env"] for each in matrix.get("include", []))]


def test_the_workflows_run_every_environment_of_tox() -> None:
    tox = configparser.ConfigParser()
    tox.read(ROOT / "tox.ini")
    names = {section.partition(":")[2] for section in tox.sections() if section.startswith("testenv:")}
    names = names - {"{tests,py311,py312,py313}"} | {"py311", "py312", "py313"}
    run = [*_environments("tests"), *_environments("nightly")]
    assert sorted(run) == sorted(names)
    everyday = set(tox["tox"]["env_list"].split(", ")) - {"tests"}
    assert everyday <= set(_environments("tests"))


def test_the_action_is_called_with_its_inputs() -> None:
    [step] = [step for step in WORKFLOWS["tests"]["jobs"]["action"]["steps"] if step.get("uses") == "./"]
    assert step["with"].keys() <= ACTION["inputs"].keys()


def test_hooks_have_the_versions_of_tox() -> None:
    hooks: list[dict[str, Any]] = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    pinned = {version for hook in hooks for version in hook["additional_dependencies"]}
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"]
    assert pinned == set(groups["lint"])
