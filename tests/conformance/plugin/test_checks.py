"""The checks in a run of pytest of somebody's own: `pytest --pyargs conformance`."""

from __future__ import annotations

import socket

import pytest

from tests.conformance.command import KEYS
from tests.conformance.plugin.project import Project
from tests.conformance.plugin.test_inert import STRICT

CHECKS = ("--pyargs", "conformance")
SERVER = """
    from tests.servers.plain import PlainServer

    app = PlainServer()


    class Rounding(PlainServer):
        '''Costs are rounded to two decimals.'''

        def serialize(self, organization, stored):
            model = super().serialize(organization, stored)
            return {name: round(value, 2) if isinstance(value, float) else value for name, value in model.items()}


    rounding = Rounding()
"""
FIXTURE = """
    import pytest
    from server import {app}

    @pytest.fixture(scope="session")
    def respan_target():
        return {app}
"""


@pytest.fixture
def serving(project: Project) -> Project:
    """A project that has a good server and a broken one."""
    project.write(server=SERVER)
    return project


def test_one_item_a_requirement_and_parameter_with_marks(serving: Project) -> None:
    serving.configure(STRICT)
    ran = serving.pytest("-q", *CHECKS, "--respan-app", "server:app", "-m", "must and idm", "--collect-only")
    assert ran.code == 0, ran.output
    assert "test_idm_state.py::test_create_returns_the_value[IDM-01-display_name]" in ran.output
    assert "[STA-01" not in ran.output
    assert "[IDM-06" not in ran.output, "a SHOULD"


@pytest.mark.parametrize("how", [("-p", "conformance.plugin", "--pyargs", "conformance.checks"), CHECKS])
def test_a_good_application_passes_in_a_strict_project(serving: Project, how: tuple[str, ...]) -> None:
    serving.configure(STRICT)
    options = ["--respan-app", "server:app", "--respan-only", "STA-01,AUT-01"]
    ran = serving.pytest("-q", *how, *options, environment=KEYS, schemathesis=True)
    assert (ran.code, ran.counts) == (0, {"passed": 2}), ran.output
    assert "Respan custom models: conformant" in ran.output
    assert "CONFORMANT: All 2 MUST requirements are met." in ran.output


def test_a_bug_is_a_finding_and_other_tests_continue(serving: Project) -> None:
    serving.write(conftest=FIXTURE.format(app="rounding"), test_own="def test_mine(): ...\n")
    ran = serving.pytest("-q", "test_own.py", *CHECKS, "-k", "IDM-01 or test_mine", environment=KEYS)
    assert ran.code == 1
    assert ran.counts["failed"] == 4, "the four costs"
    assert ran.counts["passed"] > 4, "the other fields, and test_mine"
    assert "✗ IDM-01 FAIL  The response to a create returns exactly the values that the request" in ran.output
    assert "clause     MUST, stated: #/paths/~1api~1models~1/post/x-clauses/returned" in ran.output
    assert "observed   input_cost: 0.0" in ran.output
    assert '-H "Authorization: Bearer $RESPAN_API_KEY"' in ran.output
    assert "Traceback" not in ran.output
    assert "conftest.py:" not in ran.output
    assert "Respan custom models: non-conformant" in ran.output


def test_a_fault_that_comes_up_in_the_test_of_something_else_fails_the_run(serving: Project) -> None:
    serving.write(
        server="""
        from tests.servers.plain import PlainServer


        class Telling(PlainServer):
            def serialize(self, organization, stored):
                model = super().serialize(organization, stored)
                told = {"created_at": "yesterday"} if model.get("input_cost") == 0.97 else {}
                return {**model, **told}


        app = Telling()
        """
    )
    ran = serving.pytest("-q", *CHECKS, "--respan-app", "server:app", "-k", "IDM-01 or SCH-09", environment=KEYS)
    assert ran.code == 1
    assert not ran.counts.keys() & {"failed", "error", "errors"}
    assert "✗ SCH-09 FAIL" in ran.output
    assert "reproduce" in ran.output
    assert "Respan custom models: non-conformant" in ran.output


def _nowhere() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return "http://{}:{}".format(*listener.getsockname())


@pytest.mark.parametrize(
    ("arguments", "says", "verdict"),
    [
        ((), "there is no target; give --respan-url URL or --respan-app MODULE:APP, or define a", "wrong-use"),
        (("--respan-url", _nowhere()), "refused the connection", "unreachable"),
        (("--respan-app", "server:app"), "requires an API key", "wrong-use"),
    ],
)
def test_a_run_that_can_judge_nothing_has_one_test_with_the_reason_and_fails(
    serving: Project, arguments: tuple[str, ...], says: str, verdict: str
) -> None:
    serving.write(test_own="def test_mine(): ...\n")
    ran = serving.pytest("-q", *CHECKS, *arguments, "--respan-only", "STA-01,STA-02,AUT-01", "test_own.py")
    assert ran.code == 1
    assert ran.counts == {"skipped": 2, "error": 1, "passed": 1}, ran.output
    assert says in ran.output
    assert f"Respan custom models: {verdict}" in ran.output


@pytest.mark.parametrize(
    ("option", "says"),
    [
        (("--respan-only", "IDN"), "did you mean IDM?"),
        (("--respan-seed", "x"), "a whole number"),
        (("-o", "respan_strict=maybe"), "respan_strict: the value is not true or false"),
    ],
)
def test_wrong_options_are_a_usage_error(serving: Project, option: tuple[str, ...], says: str) -> None:
    ran = serving.pytest("-q", *CHECKS, "--respan-app", "server:app", *option)
    assert ran.code == 4
    assert says in ran.output


def test_reports_have_the_detail_that_was_requested(serving: Project) -> None:
    serving.write(conftest=FIXTURE.format(app="rounding"))
    one = (*CHECKS, "-k", "IDM-01 and output_cost")
    quiet = serving.pytest("-q", *one, "--respan-quiet", environment=KEYS).output
    assert "Respan custom models: non-conformant" in quiet
    assert "requests" not in quiet.partition("Respan custom models")[2]
    verbose = serving.pytest("-q", *one, "--respan-verbose", environment=KEYS).output
    assert "Captured exchanges call" in verbose
    assert 'POST /api/models/ {"model_name":"$RUN-' in verbose
