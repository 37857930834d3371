"""What is seen while a run goes on: its head, a bar that grows, and each test where every one is asked for."""

from __future__ import annotations

import pytest
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from conformance.results.judged import Record
from conformance.results.result import Result
from conformance.results.verdict import Verdict
from conformance.terminal.consoles import PatientConsole
from conformance.terminal.report import Detail, show
from conformance.terminal.styles import mark
from conformance.visible import visible


class TerminalReport:
    """A pytest plugin that only listens."""

    def __init__(self, console: PatientConsole, detail: Detail = Detail.NORMAL) -> None:
        self.result: Result | None = None
        self._console = console
        self._detail = detail
        self._progress = Progress(
            TextColumn("{task.fields[section]}"),
            BarColumn(),
            TextColumn("{task.completed}/{task.total} tests, {task.fields[requests]} requests"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_watched,
        )
        self._task: TaskID | None = None

    @pytest.hookimpl
    def pytest_respan_begin(self, result: Result, tests: int | None) -> None:
        if self._detail is not Detail.QUIET:
            self._print_head(result, tests)
        self._task = self._progress.add_task("", total=tests, requests=0, section="...")
        self._progress.start()

    def _print_head(self, result: Result, tests: int | None) -> None:
        contract = result.contract
        selected = sum(judged.selected for judged in result.judged.values())
        count = "" if tests is None else f" {tests} tests,"
        self._console.print(f"Contract  {contract.title} {contract.version} ({contract.digest[:12]})", soft_wrap=True)
        self._console.print(f"Target    {visible(result.target)}", soft_wrap=True)
        if result.proxy:
            self._console.print(f"Proxy     {visible(result.proxy)}", soft_wrap=True)
        self._console.print(f"Checks    {selected} requirements,{count} seed {result.seed}", soft_wrap=True)
        about = f", in about {result.estimate:,} requests" if result.estimate else ""
        self._console.print(f"Writes    models named {visible(result.names)}{about}\n", soft_wrap=True)

    @pytest.hookimpl
    def pytest_respan_notice(self, text: str) -> None:
        if self._detail is not Detail.QUIET:
            self._console.print(Text(visible(text), "yellow"), soft_wrap=True)

    @pytest.hookimpl
    def pytest_respan_progress(self, result: Result, record: Record) -> None:
        if self._task is None:
            return
        section = record["requirement"].partition("-")[0]
        self._progress.update(self._task, advance=1, requests=result.requests, section=section)
        if self._detail is Detail.VERBOSE:
            for line in told(record):
                self._console.print(line, soft_wrap=True)

    @pytest.hookimpl
    def pytest_respan_result(self, result: Result) -> None:
        self._progress.stop()
        self.result = result

    def conclude(self) -> None:
        """Print the report of the run."""
        if self.result is None:
            return
        if self._detail is Detail.VERBOSE:
            self._console.print()
        show(self.result, self._console, self._detail)


def told(record: Record) -> list[Text]:
    """One test, and its exchanges in short, a line each."""
    case = f" {visible(record['case'])}" if record["case"] else ""
    head = Text.assemble(
        mark(Verdict(record["verdict"])),
        f" {record['requirement']}{case}",
        (f"  {_time(record.get('seconds', 0.0))}", "dim"),
    )
    if record["reason"] and record["verdict"] == Verdict.NOT_TESTABLE:
        head.append(f"  not testable: {visible(record['reason'])}", "yellow")
    return [head, *(Text(f"    {visible(exchange)}", "dim") for exchange in record.get("journal", ()))]


def _time(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"
