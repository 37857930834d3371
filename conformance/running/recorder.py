"""Takes in what the checks come to, in the process that reports: under pytest-xdist no test runs there."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from conformance.results.verdict import RunVerdict
from conformance.running.deadline import expired

if TYPE_CHECKING:
    from conformance.results.result import Result
    from conformance.running.run import Run

PACKAGE = Path(__file__).parents[1]
NAME = "respan-recorder"
WORD = "respan"
"""The attribute of test reports, and the entry in the output of workers, that hold what is meant for the recorder."""
OUT_OF_TIME = "slow: the time budget was used up while a response was judged; --time-budget gives more"
NOT_GREEN = (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)


class Recorder:
    """A plugin that stays idle until the first check is collected, or the first report of one comes in."""

    def __init__(self, config: pytest.Config, run: Callable[[], Run]) -> None:
        self._config = config
        self._run = run
        self._started = time.monotonic()
        self._errors: list[str] = []
        """What goes wrong on our side, beside single checks."""
        self.result: Result | None = None

    def begin(self, tests: Sequence[str] | None) -> Result:
        """Begin the result of the run; `tests` has the requirement of each test, None where nobody knows them yet."""
        from conformance.requirements.requirement import REGISTRY
        from conformance.results.result import Result

        run = self._run()
        self.result = Result.begin(run.contract, REGISTRY.values(), run.selected, run.target, run.seed, run.terms)
        self.result.about, self.result.errors, self.result.tests = run.about, self._errors, len(tests or ())
        self.result.prefix, self.result.names = run.prefix, run.names
        self.result.estimate, self.result.proxy = run.estimate, run.proxy
        self.result.note_tests(tests or ())
        self._config.hook.pytest_respan_begin(result=self.result, tests=None if tests is None else len(tests))
        return self.result

    def close(self, closing: Mapping[str, Any]) -> None:
        """Take in what a process that ran checks says at its end."""
        if self.result is not None:
            self.result.target = closing["target"]
            self.result.notes = closing["notes"] or self.result.notes
            self.result.warnings = list(dict.fromkeys([*self.result.warnings, *closing["warnings"]]))
            self.result.requests += closing["requests"]
            self.result.void(closing["void"])
            self.result.note_disruptions(closing["disruptions"])
            self.result.note_tests(closing["tests"])
            self.result.tests = max(self.result.tests, len(closing["tests"]))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        file = self._config.rootpath / report.nodeid.partition("::")[0]
        if report.failed and file.resolve().is_relative_to(PACKAGE):
            self._errors.append(f"{report.nodeid} could not be collected: {report.longreprtext.strip()}")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        told = getattr(report, WORD, None)
        if told is None:
            return
        result = self.result or self.begin(None)
        if "stopped" in told:
            result.stopped = result.stopped or RunVerdict(told["stopped"])
            result.stopped_because = result.stopped_because or told["because"]
            return
        result.add(told)
        self._config.hook.pytest_respan_progress(result=result, record=told)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """Take in what a worker of pytest-xdist says at its end; one that died says nothing."""
        if error:
            self._errors.append(f"a process that ran tests died: {error}")
        closing = getattr(node, "workeroutput", {}).get(WORD)
        if closing is not None:
            self.close(closing)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        if self.result is None or self._config.option.collectonly:
            return
        if exitstatus == pytest.ExitCode.INTERNAL_ERROR:
            self._errors.append("the suite itself failed in the midst of the run")
        if exitstatus == pytest.ExitCode.INTERRUPTED and not (self.result.stopped or self._errors):
            self.result.stopped = RunVerdict.INCONCLUSIVE if expired() else RunVerdict.INTERRUPTED
            self.result.stopped_because = OUT_OF_TIME if expired() else ""
        self.result.seconds = time.monotonic() - self._started
        self._config.hook.pytest_respan_result(result=self.result)
        if self.result.verdict() is not RunVerdict.CONFORMANT and exitstatus in NOT_GREEN:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.result is None or self._config.option.collectonly:
            return
        from conformance.terminal.pytest_summary import summary_lines

        terminalreporter.section(f"Respan custom models: {self.result.verdict()}")
        for line in summary_lines(self.result, quiet=bool(self._run().settings["quiet"])):
            terminalreporter.write_line(line)
