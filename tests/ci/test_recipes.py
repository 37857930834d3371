"""The recipes of docs/ci.md, and the action, run."""

from __future__ import annotations

import json
import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance.options import OPTIONS
from tests.ci.workflows import ACTION, ROOT, Runner
from tests.conformance.command import KEYS
from tests.mutants.statuses import AlwaysCreated
from tests.servers.plain import PlainServer
from tests.servers.serving import served

PAGE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
FEW = "STA-01,STA-02"


@pytest.fixture(scope="module")
def temp(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runner")


@pytest.fixture
def runner(tmp_path: Path, temp: Path) -> Runner:
    return Runner(tmp_path, temp, KEYS)


def _recipe(language: str, first_word: str) -> dict[str, Any]:
    blocks = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    recipe: dict[str, Any] = yaml.safe_load(next(block for block in blocks if block.startswith(first_word)))
    return recipe


def test_a_target_that_conforms_lets_the_job_go_on(runner: Runner) -> None:
    with served(PlainServer()) as url:
        assert runner.use({"url": url, "only": FEW, "python": sys.executable}) == 0
    assert runner.output("verdict") == "conformant"
    report = json.loads((runner.workspace / runner.output("json")).read_text())
    assert report["target"] == url
    suite = ET.parse(runner.workspace / runner.output("junit")).getroot()
    assert len(list(suite.iter("testcase"))) == 2
    for name in ("html", "markdown"):
        assert (runner.workspace / runner.output(name)).stat().st_size
    assert runner.summary == (runner.workspace / runner.output("markdown")).read_text(encoding="utf-8")


def test_a_nonconforming_target_fails_the_job_with_the_reason(runner: Runner) -> None:
    with served(AlwaysCreated()) as url:
        inputs = {"url": url, "only": FEW, "reports": "out of/the way", "strict": "true", "python": sys.executable}
        assert runner.use(inputs) == 1
    assert runner.output("verdict") == "non-conformant"
    assert runner.output("junit") == "out of/the way/junit.xml"
    assert "STA-02" in runner.summary
    assert re.search(r"^::error .*STA-02", runner.printed, re.MULTILINE)
    assert not [key for key in KEYS.values() if key in runner.summary]


def test_wrong_use_fails_it_without_a_verdict(runner: Runner) -> None:
    hostile = "IDM\"; echo 'owned' > owned; $(touch owned)"
    assert runner.use({"url": "http://127.0.0.1:9", "only": hostile, "python": sys.executable}) == 2
    assert runner.output("verdict") == runner.output("json") == ""
    assert not (runner.workspace / "owned").exists()


def test_what_is_not_an_input_still_applies(tmp_path: Path, runner: Runner) -> None:
    (runner.workspace / "gate.toml").write_text('strict = true\nprofile = "quick"\n')
    runner.environment = {**KEYS, "RESPAN_ONLY": FEW}
    with served(PlainServer()) as url:
        assert runner.use({"url": url, "config": "gate.toml", "name-pattern": "rc-.*", "python": sys.executable}) == 0
    report = json.loads((runner.workspace / runner.output("json")).read_text())
    assert (report["strict"], report["run"]["profile"]) == (True, "quick")
    assert report["run"]["options"] == {"only": FEW.split(","), "name-pattern": "rc-.*"}


def test_every_option_is_an_input_that_sets_nothing_by_itself() -> None:
    written = {"json", "junit", "html", "markdown"}  # outputs of the action
    options = {option.name for option in OPTIONS if not option.secret} - written
    assert ACTION["inputs"].keys() - {"config", "reports", "python"} == options
    assert {name for name, one in ACTION["inputs"].items() if "default" in one} == {"reports", "python"}
    assert {name for name, one in ACTION["inputs"].items() if set(one) - {"description", "default"}} == set()
    assert not [step for step in ACTION["runs"]["steps"] if "${{" in step["run"]], "inputs are no part of a script"


def test_the_workflow_calls_the_action_as_it_is() -> None:
    steps = _recipe("yaml", "name: conformance")["jobs"]["conformance"]["steps"]
    [call] = [step for step in steps if "respan-contract" in step.get("uses", "")]
    assert call["with"].keys() <= ACTION["inputs"].keys()
    assert {name for name, one in ACTION["inputs"].items() if one.get("required")} <= call["with"].keys()
    assert set(call["env"]) <= {option.environment for option in OPTIONS if option.secret}
    outputs = re.findall(rf"steps\.{call['id']}\.outputs\.(\w+)", PAGE)
    assert outputs
    assert set(outputs) <= ACTION["outputs"].keys()
    [upload] = [step for step in steps if "upload-artifact" in step.get("uses", "")]
    assert upload["with"]["path"] == ACTION["inputs"]["reports"]["default"]


@pytest.mark.parametrize(("server", "code"), [(PlainServer, 0), (AlwaysCreated, 1)])
def test_gitlab(server: type[PlainServer], code: int, runner: Runner) -> None:
    job = _recipe("yaml", "respan-conformance:")["respan-conformance"]
    runner.install()
    (runner.workspace / ".venv").symlink_to(runner.temp / "respan-conformance")
    *set_up, check = job["script"]
    assert [line.split()[1] for line in set_up] == ["-m", "install"]
    with served(server()) as url:
        ran = runner.shell(check, {**job["variables"], "RESPAN_URL": url, "RESPAN_ONLY": FEW})
    assert ran.returncode == code, ran.stderr
    for artifact in [*job["artifacts"]["paths"], job["artifacts"]["reports"]["junit"]]:
        assert (runner.workspace / artifact).stat().st_size
