"""Runs the checks with the settings of the command, and writes the reports."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack, nullcontext

import pytest

from conformance.command.errors import UsageError
from conformance.command.reporting import accept_failures, write_reports
from conformance.command.validating import report_places
from conformance.configuration.settings import Settings
from conformance.places import goes_to_stdout
from conformance.results.verdict import EXIT_OF, Exit


def run(settings: Settings) -> int:
    """Check the target of the settings, the bundled mock where there is none, and return the exit code."""
    with ExitStack() as stack:
        if not (settings["url"] or settings["app"]):
            settings = _with_bundled_mock(settings, stack)
        return _judge(settings)


def _with_bundled_mock(settings: Settings, stack: ExitStack) -> Settings:
    from conformance.running.bundled import ACCESS, MockFailed, mock

    print("no target is given: checking the bundled mock", file=sys.stderr)
    try:
        url = stack.enter_context(mock(settings["contract"]))
    except MockFailed as error:
        raise UsageError(str(error)) from None
    return settings.with_values("the bundled mock", {"url": url, **ACCESS})


def _judge(settings: Settings) -> int:
    from conformance.reports import github
    from conformance.reports.document import document
    from conformance.reports.junit import JUnit
    from conformance.running.session import run_checks
    from conformance.terminal import Detail, PatientConsole, TerminalReport

    places = report_places(settings)
    console = PatientConsole(stderr=goes_to_stdout(places.values()))
    report = TerminalReport(console, Detail.asked_for(settings["quiet"], settings["verbose"]))
    junit = JUnit() if "junit" in places else None
    in_actions = github.is_actions(os.environ)
    with github.commands_stopped(console.file) if in_actions else nullcontext():
        code = run_checks(settings, [report, *([junit] if junit else [])], junit.arguments if junit else [])
        report.conclude()
    if report.result is None:
        return _without_result(code)
    if in_actions:
        print(*github.annotating(document(report.result)), sep="\n", file=console.file, flush=True)
    written = [write_reports(places, report.result, junit), accept_failures(settings, report.result)]
    verdict = EXIT_OF[report.result.verdict()]
    return verdict if all(written) else verdict or Exit.USAGE


def _without_result(code: int) -> int:
    if code == pytest.ExitCode.INTERRUPTED:
        return Exit.INTERRUPTED
    print("respan-conformance: the checks could not be run; see the messages above", file=sys.stderr)
    return Exit.USAGE if code == pytest.ExitCode.USAGE_ERROR else Exit.INCONCLUSIVE
