"""The installed package does not affect test runs of other projects."""

from __future__ import annotations

from tests.conformance.plugin.project import Project

STRICT = """
    [pytest]
    addopts = --strict-markers --strict-config
    filterwarnings = error
    xfail_strict = true
"""
OWN = """
    import sys

    import pytest

    HEAVY = {
        "conformance.checks", "conformance.requirements.requirement", "conformance.runner.run", "conformance.target",
        "conformance.terminal", "conformance.wire", "connexion", "contract", "mock_server.app", "openapi_core",
    }

    @pytest.fixture
    def subject():
        return "my own"

    def test_of_something_else(subject):
        assert subject == "my own"

    def test_nothing_heavy_is_loaded():
        assert not HEAVY & sys.modules.keys()
"""


def test_tests_of_other_things_are_left_alone(project: Project) -> None:
    project.configure(STRICT)
    project.write(test_own=OWN)
    ran = project.pytest("-q", schemathesis=True)
    assert (ran.code, ran.counts) == (0, {"passed": 2}), ran.output
    assert "respan" not in ran.output.lower()


def test_fixtures_of_the_checks_are_nobody_elses(project: Project) -> None:
    project.write(test_own="def test_one(contract): ...\n")
    ran = project.pytest("-q")
    assert ran.code == 1
    assert "fixture 'contract' not found" in ran.output


def test_an_unknown_mark_stays_unknown_and_ours_are_explained(project: Project) -> None:
    project.configure(STRICT)
    project.write(test_own="import pytest\n\n@pytest.mark.mustt\ndef test_one(): ...\n")
    assert "'mustt' not found in `markers` configuration option" in project.pytest("-q").output
    marks = project.pytest("--markers").output
    assert "@pytest.mark.must: a requirement of level MUST" in marks
    assert "@pytest.mark.idm: Idempotency and state" in marks
