"""Shows a run on the terminal: what it will do, how far it is, and what came of it, failures last and in full."""

from __future__ import annotations

import os
import sys

import pytest
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from conformance.requirement import OPEN, SECTIONS
from conformance.result import Judged, Result
from conformance.settings import asked_for
from conformance.verdict import RunVerdict, Verdict

MARKS: dict[Verdict, tuple[str, str]] = {
    Verdict.PASS: ("✓", "green"),
    Verdict.NOT_TESTABLE: ("-", "yellow"),
    Verdict.DEVIATES: ("~", "yellow"),
    Verdict.UNSTABLE: ("?", "magenta"),
    Verdict.FAIL: ("✗", "bold red"),
    Verdict.ERROR: ("!", "bold magenta"),
}
STORY = (Verdict.DEVIATES, Verdict.UNSTABLE, Verdict.FAIL, Verdict.ERROR)
SAID = {
    RunVerdict.CONFORMANT: ("CONFORMANT", "bold green", "every MUST that could be tested holds."),
    RunVerdict.NON_CONFORMANT: ("NOT CONFORMANT", "bold red", "the target breaks what the contract says; see above."),
    RunVerdict.INCONCLUSIVE: ("INCONCLUSIVE", "bold magenta", "neither the one nor the other can be said; see above."),
    RunVerdict.ERROR: ("ERROR", "bold magenta", "the suite itself failed; please report it with the text above."),
    RunVerdict.WRONG_USE: ("WRONG USE", "bold magenta", "see above."),
    RunVerdict.UNREACHABLE: ("UNREACHABLE", "bold magenta", "nothing can be said of the target."),
    RunVerdict.INTERRUPTED: ("INTERRUPTED", "bold magenta", "what was judged until then is above."),
}


class PatientConsole(Console):
    """A console whose reader may go away: `| head` must not change the verdict."""

    def on_broken_pipe(self) -> None:
        """Go on in silence."""
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class TerminalReport:
    """A pytest plugin that only listens."""

    def __init__(self, console: Console) -> None:
        self.result: Result | None = None
        self._console = console
        self._progress = Progress(
            TextColumn("checking"),
            BarColumn(),
            TextColumn("{task.completed}/{task.total} tests, {task.fields[requests]} requests"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task: TaskID | None = None

    @pytest.hookimpl
    def pytest_respan_begin(self, result: Result, tests: int) -> None:
        contract = result.contract
        selected = sum(judged.selected for judged in result.judged.values())
        self._console.print(f"Contract  {contract.title} {contract.version} ({contract.digest[:12]})", highlight=False)
        self._console.print(f"Target    {result.target}", highlight=False)
        self._console.print(f"Checks    {selected} requirements, {tests} tests, seed {result.seed}\n", highlight=False)
        self._task = self._progress.add_task("", total=tests, requests=0)
        self._progress.start()

    @pytest.hookimpl
    def pytest_respan_progress(self, result: Result) -> None:
        if self._task is not None:
            self._progress.update(self._task, advance=1, requests=result.requests)

    @pytest.hookimpl
    def pytest_respan_result(self, result: Result) -> None:
        self._progress.stop()
        self.result = result

    def conclude(self) -> None:
        """Print the report of the run."""
        if self.result is None:
            return
        show(self.result, self._console)


def show(result: Result, console: Console) -> None:
    """Print a result: a line for each requirement, then what failed, then the summary."""
    verdicts = result.verdicts()
    for section, title in SECTIONS.items():
        lines = [
            (judged, verdicts[id]) for id, judged in result.judged.items() if judged.requirement.section == section
        ]
        shown = [(judged, verdict) for judged, verdict in lines if verdict is not Verdict.NOT_SELECTED]
        if not shown:
            continue
        console.print(f"[bold]{section}  {title}[/bold]")
        for judged, verdict in shown:
            _line(judged, verdict, console)
        console.print()
    for grave in STORY:
        for id, judged in result.judged.items():
            if verdicts[id] is grave:
                _story(judged, grave, console)
    _summary(result, console)


def _line(judged: Judged, verdict: Verdict, console: Console) -> None:
    mark, style = MARKS[verdict]
    requirement = judged.requirement
    why = f" [yellow](not testable: {escape('; '.join(judged.reasons))})[/]" if verdict is Verdict.NOT_TESTABLE else ""
    text = f"{judged.level:<6} {escape(requirement.text)}"
    console.print(f"  [{style}]{mark}[/] {requirement.id} {text}{why}", highlight=False)
    if judged.level is OPEN:
        for observed in dict.fromkeys(judged.observed):
            console.print(f"           unspecified: observed {escape(observed)}", style="dim", highlight=False)


def _story(judged: Judged, verdict: Verdict, console: Console) -> None:
    mark, style = MARKS[verdict]
    requirement = judged.requirement
    console.print(f"[{style}]{mark} {requirement.id} {verdict.upper()}[/]  {escape(requirement.text)}", highlight=False)
    console.print(f"  clause    {judged.level}, {judged.known}: {judged.pointer}", highlight=False)
    if verdict is Verdict.ERROR:
        console.print("\n".join(judged.reasons), markup=False, highlight=False)
    for finding in judged.findings[:1]:
        where = f"  (case {finding['case']})" if finding["case"] else ""
        console.print(f"  expected  {finding['expected']}{where}", markup=False, highlight=False, soft_wrap=True)
        console.print(f"  observed  {finding['observed']}", markup=False, highlight=False, soft_wrap=True)
        console.print("  reproduce", highlight=False)
        for command in finding["reproduce"]:
            console.print(f"    {command}", markup=False, highlight=False, soft_wrap=True)
        if len(judged.findings) > 1:
            others = list(dict.fromkeys(f["case"] for f in judged.findings[1:] if f["case"] != finding["case"]))
            if others:
                console.print(f"  also in   {', '.join(others[:8])}{' ...' if len(others) > 8 else ''}", markup=False)
    console.print()


def _summary(result: Result, console: Console) -> None:
    verdicts = list(result.verdicts().values())
    counts = [(verdict, verdicts.count(verdict)) for verdict in MARKS if verdicts.count(verdict)]
    said = ", ".join(f"{count} {verdict}" for verdict, count in counts) or "nothing was judged"
    console.print(f"{said} in {result.requests} requests, {result.seconds:.1f} s (seed {result.seed})", highlight=False)
    if result.notes:
        console.print(f"observed: {', '.join(result.notes)}", style="dim", highlight=False)
    missing = sorted(
        {
            asked_for(option)
            for judged in result.judged.values()
            if judged.reasons
            for option in judged.requirement.needs
        }
    )
    if missing and Verdict.NOT_TESTABLE in verdicts:
        console.print(f"more can be tested with {', '.join(missing)}", style="yellow", highlight=False)
    if Verdict.UNSTABLE in verdicts:
        console.print("what is unstable failed once and not again: run it again", style="magenta", highlight=False)
    if result.verdict() is RunVerdict.INCONCLUSIVE and (unexplained := result.unexplained(result.verdicts())):
        said = f"not judged, for a reason that no requirement reports: {', '.join(unexplained)}"
        console.print(said, style="magenta", highlight=False)
    if result.curtailed:
        console.print(f"not all was judged: {result.curtailed}", style="magenta", markup=False, highlight=False)
    word, style, meaning = SAID[result.verdict()]
    console.print(f"[{style}]{word}[/]: {result.stopped_because or meaning}", highlight=False)
