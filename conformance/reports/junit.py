"""The JUnit report: pytest's own, with the tests named after their requirements.

pytest writes a test case for each test. This module adds a failure for each requirement whose findings come only from
tests of other requirements, and an error if the run has no verdict. So the file of a run that is not conformant always
has a failure or an error.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal
from xml.etree import ElementTree

import pytest

from conformance.reports.document import started_at
from conformance.requirements.level import OPEN, SECTIONS
from conformance.requirements.requirement import REGISTRY, Requirement
from conformance.results.judged import CASE, REQUIREMENT, UNMET, VERDICT, Judged, Properties, of_requirement
from conformance.results.result import VOID, Result
from conformance.results.verdict import RunVerdict, Verdict
from contract.version import installed_version

RUN = "Run"
AGAINST_TARGET = (Verdict.DEVIATES, *UNMET)
"""Verdicts that the target is at fault for."""


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
        """Return what pytest wrote."""
        with self._folder:
            return self._file.read_text(encoding="utf-8")

    def pytest_configure(self, config: pytest.Config) -> None:
        self._config = config

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Name a test after its requirement, not after its place in a file of the suite."""
        properties = dict(report.user_properties)
        if REQUIREMENT not in properties:
            return
        report.nodeid = node(REGISTRY[str(properties[REQUIREMENT])], str(properties.get(CASE, "")))
        if report.failed and properties.get(VERDICT) not in AGAINST_TARGET:
            report.when = "setup"  # pytest calls what fails before the test itself an error, not a failure
        if report.failed:
            report.longrepr = str(report.longrepr).removeprefix("Failed: ")
        if report.skipped and isinstance(report.longrepr, tuple):
            file, line, _ = report.location
            report.longrepr = (file, (line or 0) + 1, report.longrepr[2])

    def pytest_respan_result(self, result: Result) -> None:
        """Add what no test says by itself, and have pytest write the file."""
        log: Any = next(p for p in self._config.pluginmanager.get_plugins() if hasattr(p, "add_global_property"))
        for name, value in _about(result).items():
            if value is not None:
                log.add_global_property(name, value)
        _mark_void(log, result)
        for report in (*found_elsewhere(result), *_without_verdict(result)):
            log.pytest_runtest_logreport(report)
            log.pytest_runtest_logreport(_end_of(report))
        log.pytest_sessionfinish()


def _mark_void(log: Any, result: Result) -> None:
    """Mark tests as skipped that passed, and that are void because of what the run found later."""
    for reporter in log.node_reporters_ordered:
        element = reporter.to_xml()
        properties = {one.get("name"): one.get("value") for one in element.iter("property")}
        judged = result.judged.get(properties.get(REQUIREMENT, ""))
        case = properties.get(CASE) or ""
        void = judged is not None and judged.cases.get(case) is Verdict.NOT_TESTABLE
        if void and element.find("skipped") is None and element.find("error") is None:
            ElementTree.SubElement(element, "skipped", message=VOID)
            log.stats["skipped"] += 1
            log.stats["passed"] -= 1


def node(requirement: Requirement, case: str, found_in: str = "") -> str:
    """Return a node ID; pytest derives the class name (the section) and the name of the test case from it."""
    text = (
        f"{requirement.id} {requirement.text.rstrip('.')}{found_in}".replace("[", "(")
        .replace("]", ")")
        .replace("::", ":")
    )
    return f"{SECTIONS[requirement.section]}::{text}{f'[{case}]' if case else ''}"


def _about(result: Result) -> dict[str, object]:
    """Return the properties of the whole file."""
    about, contract = result.about, result.contract
    return {
        "verdict": result.verdict(),
        "strict": result.strict,
        "implementation": about.implementation,
        "implementation-version": about.implementation_version,
        "target": result.target,
        "contract": f"{contract.title} {contract.version}",
        "contract-sha256": contract.digest,
        "suite-version": installed_version(),
        "started-at": started_at(result),
        "profile": about.profile,
        "seed": result.seed,
        "requests": result.requests,
        "conclusion": result.conclusion(),
        "disruptions": "; ".join(one.text for one in result.disruptions) or None,
        "not-judged": ", ".join(result.not_judged()) or None,
        **{f"cause-{number}": f"{one.change}: {', '.join(one.ids)}" for number, one in enumerate(result.causes(), 1)},
    }


def found_elsewhere(result: Result) -> Iterator[pytest.TestReport]:
    """Yield a report for each requirement whose findings come only from tests of other requirements."""
    for id, verdict in result.verdicts().items():
        judged = result.judged[id]
        if verdict in AGAINST_TARGET and judged.level is not OPEN and not _failed_itself(judged):
            yield _found_elsewhere(judged, verdict, result)


def _failed_itself(judged: Judged) -> bool:
    return any(verdict in UNMET for verdict in judged.cases.values())


def _found_elsewhere(judged: Judged, verdict: Verdict, result: Result) -> pytest.TestReport:
    finding, places = judged.findings[0], ", ".join(dict.fromkeys(one.found_in for one in judged.findings))
    text = f"{judged.requirement.id}: expected {finding.expected}; observed {finding.observed}"
    hint = [finding.hint] if finding.hint else []
    commands = finding.reproduce or [f"{finding.not_reproduced}; run the check again:", finding.rerun]
    report = _report(
        node(judged.requirement, "", f" (in the tests of {places})"),
        "\n".join([text, *hint, *commands]),
        "call",
        [*of_requirement(judged.requirement, result.contract), (VERDICT, verdict.value)],
    )
    if verdict is Verdict.DEVIATES:
        report.outcome, report.wasxfail = "skipped", f"reason: {text}"
    return report


def _without_verdict(result: Result) -> Iterator[pytest.TestReport]:
    """Yield an error if the run has no verdict on the target."""
    verdict = result.verdict()
    if verdict not in (RunVerdict.CONFORMANT, RunVerdict.NON_CONFORMANT):
        reasons = "; ".join(result.ruling().reasons) or "see the other errors"
        yield _report(f"{RUN}::reaches a verdict", f"{verdict}: {reasons}", "setup", [])


def _report(node: str, text: str, when: Literal["setup", "call"], properties: Properties) -> pytest.TestReport:
    return pytest.TestReport(node, ("", None, node), {}, "failed", text, when, user_properties=properties)


def _end_of(report: pytest.TestReport) -> pytest.TestReport:
    """Return the report on the teardown of a test, with which pytest closes the test case."""
    return pytest.TestReport(
        report.nodeid, report.location, {}, "passed", None, "teardown", user_properties=report.user_properties
    )
