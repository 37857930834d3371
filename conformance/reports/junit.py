"""The JUnit report: pytest's own, with the tests named as every report names them.

pytest writes a test case for each test. Beside them stand, as failures, what came up in the tests of other requirements
only, and as an error, why a run came to no verdict: a run that is not conformant has no file without either.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal
from xml.etree import ElementTree

import pytest

from conformance.reports.document import Document, document
from conformance.requirements.level import OPEN, SECTIONS
from conformance.requirements.requirement import REGISTRY, Requirement
from conformance.results.judged import CASE, REQUIREMENT, UNMET, VERDICT, Judged, Properties, of_requirement
from conformance.results.result import VOID, Result
from conformance.results.verdict import RunVerdict, Verdict

RUN = "Run"
CHARGES = (Verdict.DEVIATES, *UNMET)
"""Verdicts that blame the target."""


class JUnit:
    """A pytest plugin for one run. pytest writes the file at the end of the session."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory()
        self._file = Path(self._folder.name) / "junit.xml"

    @property
    def arguments(self) -> list[str]:
        """Arguments of pytest."""
        return [f"--junitxml={self._file}"]

    def text(self) -> str:
        """What pytest wrote."""
        with self._folder:
            return self._file.read_text(encoding="utf-8")

    def pytest_configure(self, config: pytest.Config) -> None:
        self._config = config

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Tell of a test by its requirement instead of by its place in a file of ours."""
        told = dict(report.user_properties)
        if REQUIREMENT not in told:
            return
        report.nodeid = node(REGISTRY[str(told[REQUIREMENT])], str(told.get(CASE, "")))
        if report.failed and told.get(VERDICT) not in CHARGES:
            report.when = "setup"  # what fails before the test itself is an error to pytest, and no failure
        if report.failed:
            report.longrepr = str(report.longrepr).removeprefix("Failed: ")
        if report.skipped and isinstance(report.longrepr, tuple):
            file, line, _ = report.location
            report.longrepr = (file, (line or 0) + 1, report.longrepr[2])

    def pytest_respan_result(self, result: Result) -> None:
        """Add what no test tells by itself, and have pytest write the file with it."""
        log: Any = next(p for p in self._config.pluginmanager.get_plugins() if hasattr(p, "add_global_property"))
        for name, value in _about(document(result)).items():
            if value is not None:
                log.add_global_property(name, value)
        _take_back(log, result)
        for report in (*found_elsewhere(result), *_without_verdict(result)):
            log.pytest_runtest_logreport(report)
            log.pytest_runtest_logreport(_end_of(report))
        log.pytest_sessionfinish()


def _cause(cause: Document) -> str:
    """What one change would fix, in a line."""
    return f"{cause['change']}: {', '.join([*cause['settles'], *cause['helps']])}"


def _take_back(log: Any, result: Result) -> None:
    """Mark tests as skipped that passed, and are void because of what came to light later."""
    for reporter in log.node_reporters_ordered:
        element = reporter.to_xml()
        told = {one.get("name"): one.get("value") for one in element.iter("property")}
        judged = result.judged.get(told.get(REQUIREMENT, ""))
        case = told.get(CASE) or ""
        void = judged is not None and judged.cases.get(case) is Verdict.NOT_TESTABLE
        if void and element.find("skipped") is None and element.find("error") is None:
            ElementTree.SubElement(element, "skipped", message=VOID)
            log.stats["skipped"] += 1
            log.stats["passed"] -= 1


def node(requirement: Requirement, case: str, found_in: str = "") -> str:
    """A node ID, of which pytest makes the class name (the section) and the name of a test case."""
    text = (
        f"{requirement.id} {requirement.text.rstrip('.')}{found_in}".replace("[", "(")
        .replace("]", ")")
        .replace("::", ":")
    )
    return f"{SECTIONS[requirement.section]}::{text}{f'[{case}]' if case else ''}"


def _about(told: Document) -> dict[str, object]:
    """Properties of the whole file."""
    run, contract, implementation = told["run"], told["contract"], told["implementation"]
    return {
        "verdict": told["verdict"],
        "strict": told["strict"],
        "implementation": implementation["name"],
        "implementation-version": implementation["version"],
        "target": told["target"],
        "contract": f"{contract['title']} {contract['version']}",
        "contract-sha256": contract["sha256"],
        "suite-version": told["suite"]["version"],
        "started-at": run["started_at"],
        "profile": run["profile"],
        "seed": run["seed"],
        "requests": run["requests"],
        "conclusion": told["conclusion"],
        "disruptions": "; ".join(one["text"] for one in told["disruptions"]) or None,
        "unjudged": ", ".join(told["unjudged"]) or None,
        **{f"cause-{number}": _cause(one) for number, one in enumerate(told["causes"], 1)},
    }


def found_elsewhere(result: Result) -> Iterator[pytest.TestReport]:
    """Failures of requirements that came up in tests of others, and in none of their own."""
    for id, verdict in result.verdicts().items():
        judged = result.judged[id]
        if verdict in CHARGES and judged.level is not OPEN and not _failed_itself(judged):
            yield _stray(judged, verdict, result)


def _failed_itself(judged: Judged) -> bool:
    return any(verdict in UNMET for verdict in judged.cases.values())


def _stray(judged: Judged, verdict: Verdict, result: Result) -> pytest.TestReport:
    findings = judged.told_findings()
    found, places = findings[0], ", ".join(dict.fromkeys(finding["found_in"] for finding in findings))
    text = f"{judged.requirement.id}: expected {found['expected']}; observed {found['observed']}"
    hint = [found["hint"]] if found["hint"] else []
    told = [*of_requirement(judged.requirement, result.contract), (VERDICT, verdict.value)]
    shows = found["reproduce"] or [f"{found['instead']}; this runs the check again:", found["rerun"]]
    report = _report(
        node(judged.requirement, "", f" (in the tests of {places})"),
        "\n".join([text, *hint, *shows]),
        "call",
        told,
    )
    if verdict is Verdict.DEVIATES:
        report.outcome, report.wasxfail = "skipped", f"reason: {text}"
    return report


def _without_verdict(result: Result) -> Iterator[pytest.TestReport]:
    """Why the run came to no verdict on the target."""
    verdict = result.verdict()
    if verdict not in (RunVerdict.CONFORMANT, RunVerdict.NON_CONFORMANT):
        grounds = "; ".join(result.ruling().grounds) or "see the others"
        yield _report(f"{RUN}::comes to a verdict", f"{verdict}: {grounds}", "setup", [])


def _report(node: str, text: str, when: Literal["setup", "call"], told: Properties) -> pytest.TestReport:
    return pytest.TestReport(node, ("", None, node), {}, "failed", text, when, user_properties=told)


def _end_of(report: pytest.TestReport) -> pytest.TestReport:
    """The report on what comes after a test, at which pytest closes its test case."""
    return pytest.TestReport(
        report.nodeid, report.location, {}, "passed", None, "teardown", user_properties=report.user_properties
    )
