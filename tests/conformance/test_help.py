"""The help of the command: as it was when somebody last looked at it, and short enough to be read."""

from __future__ import annotations

import re

import pytest
from syrupy.assertion import SnapshotAssertion

from conformance.options import OPTIONS
from conformance.results.verdict import Exit
from contract.version import installed_version
from tests.conformance.command import conformance

SCREEN = 24
"""Lines of a terminal as it opens."""


@pytest.fixture(scope="module")
def printed() -> str:
    ran = conformance("--help", environment={"COLUMNS": "80"})
    assert (ran.code, ran.stderr) == (0, "")
    return ran.stdout


def test_the_help_reads_as_it_did(printed: str, snapshot: SnapshotAssertion) -> None:
    assert printed == snapshot


def test_the_version_is_that_of_the_installed_package() -> None:
    ran = conformance("--version")
    assert (ran.code, ran.stdout) == (0, f"respan-conformance {installed_version()}\n")


def test_each_section_fits_a_screen(printed: str) -> None:
    sections = re.split(r"\n(?= *[A-Za-z ]+:\n)", printed)
    assert len(sections) > 6
    assert {
        section.splitlines()[0]: len(section.splitlines()) for section in sections if section.count("\n") > SCREEN
    } == {}
    assert [line for line in printed.splitlines() if len(line) > 80] == []


def test_every_option_is_explained(printed: str) -> None:
    shown = set(re.findall(r"^  --([a-z-]+)", printed, re.MULTILINE))
    beside = {"dry-run", "list", "config", "show-config", "version"}
    assert shown == {o.name for o in OPTIONS if not o.secret and o.name != "url"} | beside
    for secret in (option for option in OPTIONS if option.secret and option.name != "proxy-auth"):
        assert secret.environment in printed


def test_every_exit_code_is_explained(printed: str) -> None:
    told = re.findall(r"^    (\d+) ", printed.partition("exit codes:")[2], re.MULTILINE)
    assert [int(code) for code in told] == sorted(Exit)
