"""Runs the checks with the settings of the command, and writes the reports."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from conformance.command.validation import report_files
from conformance.options import DIRECT
from conformance.output import CannotWrite, counted, goes_to_stdout, write
from conformance.results.verdict import EXIT_OF, Exit
from conformance.settings import Settings, UsageError

if TYPE_CHECKING:
    from conformance.reports.junit import JUnit
    from conformance.results.result import Result


def run(settings: Settings) -> int:
    """Check the target, or the bundled mock if there is none, and return the exit code."""
    with ExitStack() as stack:
        if not (settings["url"] or settings["app"]):
            settings = _with_bundled_mock(settings, stack)
        return _judge(settings)


def _with_bundled_mock(settings: Settings, stack: ExitStack) -> Settings:
    if not (PACKAGES / "mock_server").exists():
        from respan_contract_plugins import missing

        raise UsageError(f"no target is given, and there is no mock to check: {missing('mock_server')}")
    print("no target is given: checking the bundled mock", file=sys.stderr)
    try:
        url = stack.enter_context(mock(settings["contract"]))
    except MockFailed as error:
        raise UsageError(str(error)) from None
    return settings.with_values("the bundled mock", {"url": url, **ACCESS})


def _judge(settings: Settings) -> int:
    from conformance.api import run_checks
    from conformance.reports import github
    from conformance.reports.junit import JUnit
    from conformance.terminal import Detail, PatientConsole, TerminalReport

    files = report_files(settings)
    console = PatientConsole(stderr=goes_to_stdout(files.values()))
    report = TerminalReport(console, Detail.of(settings["quiet"], settings["verbose"]))
    junit = JUnit() if "junit" in files else None
    in_actions = github.is_actions(os.environ)
    with github.commands_stopped(console.file) if in_actions else nullcontext():
        code = run_checks(settings, [report, *([junit] if junit else [])], junit.arguments if junit else [])
        report.conclude()
    if report.result is None:
        return _without_result(code)
    if in_actions:
        print(*github.annotation_commands(report.result), sep="\n", file=console.file, flush=True)
    written = [
        console.problem is None or _complain(f"the output is incomplete: {console.problem}"),
        write_reports(files, report.result, junit),
        record_failures(settings, report.result),
    ]
    verdict = EXIT_OF[report.result.verdict()]
    return verdict if all(written) else verdict or Exit.USAGE


def _without_result(code: int) -> int:
    if code == pytest.ExitCode.INTERRUPTED:
        return Exit.INTERRUPTED
    print("respan-conformance: the checks could not be run; see the messages above", file=sys.stderr)
    return Exit.USAGE if code == pytest.ExitCode.USAGE_ERROR else Exit.INCONCLUSIVE


def write_reports(files: Mapping[str, str], result: Result, junit: JUnit | None) -> bool:
    """Write each report to its file; return whether all could be written."""
    from conformance.reports import WRITERS

    written = [_write(file, WRITERS[name](result)) for name, file in files.items() if name in WRITERS]
    if junit is not None:
        written.append(_write(files["junit"], junit.text()))
    return all(written)


def record_failures(settings: Settings, result: Result) -> bool:
    """Write the waivers that the user asked for; return whether this succeeded."""
    from conformance.results.waiver_file import Words, write_waivers

    file = settings["write-waivers"]
    if file is None:
        return True
    if not result.complete:
        return _complain(f"--write-waivers {file}: the run did not complete, so nothing was written")
    words = Words(settings["waiver-reason"] or f"failed on {result.terms.today}, when this waiver was written")
    if settings["waiver-owner"]:
        words = replace(words, owner=settings["waiver-owner"])
    try:
        waived = write_waivers(file, result, words)
    except CannotWrite as problem:
        return _complain(str(problem))
    hint = f"check the reasons and owners, then run with --waivers {file}" if waived else "nothing fails that needs one"
    print(f"respan-conformance: {file} has {counted(len(waived), 'waiver')}; {hint}", file=sys.stderr)
    return True


def _complain(problem: str) -> bool:
    print(f"respan-conformance: {problem}", file=sys.stderr)
    return False


def _write(file: str, text: str) -> bool:
    """Write one report; if that fails, print why."""
    try:
        write(file, text)
    except CannotWrite as problem:
        return _complain(str(problem))
    return True


PACKAGES = Path(__file__).resolve().parents[2]
"""The folder of our packages."""
COMMAND = (sys.executable, "-P", "-m", "mock_server", "--port", "0", "--quiet")
"""With -P, a package in the current folder that is called mock_server too is not found."""
ACCESS: Mapping[str, Any] = {
    "api-key": "demo-acme",
    "other-org-key": "demo-globex",
    "read-only-key": "demo-acme-readonly",
    "builtin-model": ["gpt-4o", "openai/gpt-4o-mini"],
    "provider": ["my-vllm"],
    "ledger": os.devnull,
    "proxy": DIRECT,
}
"""The demo keys and fixtures of the mock. Its models disappear when it ends, so there is no ledger.

A mock on this machine needs no proxy."""


class MockFailed(Exception):
    """The mock did not start. The text says why."""


@contextmanager
def mock(contract: str | None) -> Iterator[str]:
    """Yield the base URL of a mock that runs until the end of the block."""
    arguments = ["--contract", contract] if contract else []
    path = os.pathsep.join(filter(None, [str(PACKAGES), os.environ.get("PYTHONPATH")]))
    process = subprocess.Popen(  # noqa: S603 - a command of ours
        [*COMMAND, *arguments],
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,  # only the suite gets a Ctrl-C: it deletes its models before it stops the mock
    )
    try:
        url = process.stdout.readline().strip() if process.stdout else ""
        if not url.startswith("http"):
            _, errors = process.communicate(timeout=10)
            raise MockFailed(f"the bundled mock did not start: {errors.strip() or url or 'there was no output'}")
        yield url
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
