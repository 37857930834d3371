"""The examples in docs/python.md are true."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

from conformance.options import OPTIONS
from conformance.requirements.level import SECTIONS, Level
from tests.conformance.command import KEYS
from tests.conformance.plugin.project import Project
from tests.mutants.statuses import AlwaysCreated
from tests.servers.plain import PlainServer

PAGE = Path(__file__).parent.parent / "docs" / "python.md"
TEXT = PAGE.read_text(encoding="utf-8")

pytestmark = pytest.mark.usefixtures("no_settings")


def test_examples() -> None:
    examples = doctest.testfile(
        str(PAGE),
        module_relative=False,
        globs={"app": PlainServer(), "broken": AlwaysCreated()},
        optionflags=doctest.ELLIPSIS,
    )
    assert examples.attempted > 8
    assert examples.failed == 0


def test_the_fixture(tmp_path: Path) -> None:
    [fixture] = [block for block in re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL) if "respan_target" in block]
    project = Project(tmp_path)
    project.write(
        conftest=fixture,
        my_project="from tests.servers.plain import PlainServer\n\ndef create_app(database): return PlainServer()\n",
    )
    ran = project.pytest("-q", "--pyargs", "conformance", "-k", "STA-01", environment=KEYS)
    assert (ran.code, ran.counts) == (0, {"passed": 1}), ran.output


def test_options_and_marks_exist() -> None:
    known = {f"--respan-{option.name}" for option in OPTIONS} | {"--pyargs", "--strict"}
    assert set(re.findall(r"--[a-z][a-z-]+", TEXT)) <= known
    marks = {word for expression in re.findall(r'-m "([^"]+)"', TEXT) for word in expression.split()} - {"and"}
    assert marks <= {name.lower() for name in (*SECTIONS, *Level)}
