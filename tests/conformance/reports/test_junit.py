"""The JUnit report, read back by a JUnit parser: it fails where the run does, and for the reason that the run gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from junitparser import Error, Failure, JUnitXml, Properties, Skipped, TestCase, TestSuite

from conformance.api import run_checks
from conformance.reports.junit import JUnit
from conformance.results.result import Result
from conformance.results.verdict import RunVerdict
from conformance.settings import gather
from conformance.target.subject import Subject
from conformance.wire.exchange import Unreachable
from tests.mutants.races import RacingCreatesReturnNo201
from tests.mutants.responses import NaiveTimes
from tests.mutants.updates import OmittedFieldsReset
from tests.servers.plain import PlainServer

KEY = "demo-acme"


class Listener:
    """Keeps the result of a run."""

    result: Result

    def pytest_respan_result(self, result: Result) -> None:
        self.result = result


class Read:
    """A JUnit file and the result of the same run."""

    def __init__(self, server: Any, **options: Any) -> None:
        listener, junit = Listener(), JUnit()
        settings = gather({"api_key": KEY, "seed": 1, **options})
        run_checks(settings, [listener, junit], junit.arguments, server)
        self.result = listener.result
        self.text = junit.text()
        [self.suite] = JUnitXml.fromstring(self.text.encode())
        assert isinstance(self.suite, TestSuite)

    @property
    def cases(self) -> list[TestCase]:
        return [case for case in self.suite if isinstance(case, TestCase)]

    def of(self, id: str) -> list[TestCase]:
        """The test cases of one requirement."""
        return [case for case in self.cases if property_of(case, "requirement") == id]

    def with_a(self, kind: type) -> list[TestCase]:
        """The test cases that hold an element."""
        return [case for case in self.cases if any(isinstance(result, kind) for result in case.result)]


def properties_of(element: Any) -> dict[str, str]:
    return {found.name: found.value for found in element.child(Properties) or ()}


def property_of(element: Any, name: str) -> str | None:
    return properties_of(element).get(name)


class RoundsCosts(PlainServer):
    """Costs come back with two decimals."""

    def serialize(self, organization: Any, stored: Any) -> Any:
        model = super().serialize(organization, stored)
        return {name: round(value, 2) if isinstance(value, float) else value for name, value in model.items()}


def test_a_failure_names_its_requirement_and_how_to_see_it() -> None:
    read = Read(RoundsCosts(), only=["IDM-01"])
    failed = read.with_a(Failure)
    assert {property_of(case, "requirement") for case in failed} == {"IDM-01"}
    [case] = [case for case in failed if property_of(case, "case") == "input_cost"]
    assert case.classname == "Idempotency and state"
    assert case.name.startswith("IDM-01 The response to a create returns ")
    assert case.name.endswith("[input_cost]")
    [failure] = case.result
    assert failure.message.startswith("IDM-01: expected input_cost: 1e-06")
    assert "\n    curl -sS -i -w '\\n' -X POST" in failure.text
    assert properties_of(case) == {
        "requirement": "IDM-01",
        "section": "IDM",
        "level": "MUST",
        "clause": "#/paths/~1api~1models~1/post/x-clauses/returned",
        "provenance": "stated",
        "case": "input_cost",
        "verdict": "fail",
    }


def test_the_file_names_the_run() -> None:
    read = Read(PlainServer(), only=["STA-01"], implementation="Acme <&>", implementation_version="2")
    assert read.suite.name == "respan-conformance"
    assert property_of(read.suite, "implementation") == "Acme <&>"
    assert property_of(read.suite, "contract-sha256") == read.result.contract.digest
    assert property_of(read.suite, "seed") == "1"
    assert property_of(read.suite, "verdict") == "conformant"
    assert (read.suite.tests, read.suite.failures, read.suite.errors) == (len(read.cases), 0, 0)


def test_what_cannot_be_tested_is_skipped_with_a_reason() -> None:
    read = Read(PlainServer(), only=["TEN-01"])
    [case] = read.with_a(Skipped)
    [skipped] = case.result
    assert skipped.message == "needs RESPAN_OTHER_ORG_KEY"
    assert skipped.text.startswith("checks/test_ten.py:")
    assert property_of(case, "verdict") == "not-testable"


@pytest.mark.parametrize(("strict", "kind", "verdict"), [(False, Skipped, "deviates"), (True, Failure, "fail")])
def test_a_should_fails_in_a_strict_run_only(strict: bool, kind: type, verdict: str) -> None:
    read = Read(OmittedFieldsReset(), only=["IDM-06"], strict=strict)
    assert {property_of(case, "verdict") for case in read.with_a(kind)} >= {verdict}
    assert bool(read.suite.failures) is strict


def test_what_came_up_in_the_tests_of_others_only_is_a_failure_of_its_own() -> None:
    class SlipsAtOddValues(PlainServer):
        """Writes its times without an offset where a name is long."""

        def serialize(self, organization: Any, stored: Any) -> Any:
            model = super().serialize(organization, stored)
            long = len(str(model.get("display_name", ""))) > 60
            return {**model, "created_at": "yesterday"} if long else model

    read = Read(SlipsAtOddValues(), only=["IDM-01", "SCH-09"])
    assert read.result.verdict() is RunVerdict.NON_CONFORMANT
    own, elsewhere = read.of("SCH-09")
    assert not own.result
    assert isinstance(elsewhere.result[0], Failure)
    assert elsewhere.name.endswith("(in the tests of IDM-01)")
    assert property_of(elsewhere, "verdict") == "fail"


@pytest.mark.parametrize("server", [PlainServer, NaiveTimes, RacingCreatesReturnNo201, OmittedFieldsReset])
def test_the_file_fails_where_the_run_does(server: Callable[[], PlainServer]) -> None:
    read = Read(server(), skip=["MOD"])
    conformant = read.result.verdict() is RunVerdict.CONFORMANT
    assert conformant is not bool(read.suite.failures + read.suite.errors)
    failed = {property_of(case, "requirement") for case in read.with_a(Failure)}
    assert failed == {id for id, verdict in read.result.verdicts().items() if verdict in ("fail", "unstable")}


@pytest.mark.parametrize("place", ["conformance.runner.run.probe", "conformance.checks.test_sch.constants"])
def test_an_error_of_ours_is_an_error(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("of ours")

    monkeypatch.setattr(place, broken)
    read = Read(PlainServer(), only=["SCH-10"])
    assert read.result.verdict() is RunVerdict.ERROR
    [error] = read.of("SCH-10")[0].result
    assert isinstance(error, Error)
    assert "KeyError: 'of ours'" in error.text
    assert read.suite.failures == 0


def test_a_stopped_run_is_reported_as_stopped() -> None:
    class Dies(PlainServer):
        answers = 60

        def __call__(self, environ: Any, start_response: Any) -> Any:
            self.answers -= 1
            if self.answers < 0:
                raise ConnectionError
            return super().__call__(environ, start_response)

    read = Read(Dies(), only=["STA-01", "STA-02", "IDM"])
    assert read.result.verdict() is not RunVerdict.CONFORMANT
    assert read.suite.failures + read.suite.errors > 0


def test_a_target_that_is_gone_is_an_error_and_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_: Subject) -> None:
        raise Unreachable("nobody is there")

    monkeypatch.setattr("conformance.runner.run.preflight", gone)
    read = Read(PlainServer(), only=["STA-01"])
    assert read.result.verdict() is RunVerdict.UNREACHABLE
    assert read.suite.failures == 0
    [case] = [case for case in read.with_a(Error) if case.classname == "Run"]
    assert "unreachable: nobody is there" in case.result[0].message


def test_an_interruption_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> dict[str, Any]:
        raise KeyboardInterrupt

    monkeypatch.setattr(Subject, "full_body", interrupted)
    read = Read(PlainServer(), only=["SCH-10", "STA-01"])
    assert read.result.verdict() is RunVerdict.INTERRUPTED
    assert read.suite.failures == 0
    assert [case.classname for case in read.with_a(Error)] == ["Run"]
