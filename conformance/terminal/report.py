"""The report on a terminal, in the detail that the user chose: progress during the run, then the result.

It ends with the counts of requirements by level and section, what to do next, and the verdict.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from enum import Enum

import pytest
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from conformance.output import counted, visible
from conformance.reports.view import View
from conformance.requirements.level import OPEN, SECTIONS, Level
from conformance.results.judged import Judged
from conformance.results.record import Record
from conformance.results.result import Result
from conformance.results.verdict import IN_FULL, WORDS, Verdict
from conformance.terminal.finding import (
    STYLES,
    PatientConsole,
    StringConsole,
    Unmet,
    hanging,
    mark,
    one_line,
    print_in_full,
    word,
)

PRINTED = [verdict for verdict in reversed(IN_FULL) if verdict is not Verdict.WAIVED]
"""Verdicts that are printed in full, the gravest last: readers begin at the end."""


class Detail(Enum):
    """How much is printed."""

    QUIET = "quiet"
    """A line for each failure, and the verdict."""
    NORMAL = "normal"
    VERBOSE = "verbose"
    """Each test as it ends, with its requests and responses."""

    @classmethod
    def of(cls, quiet: bool | None, verbose: bool | None) -> Detail:
        if quiet:
            return cls.QUIET
        return cls.VERBOSE if verbose else cls.NORMAL


def show(result: Result, console: Console, detail: Detail = Detail.NORMAL) -> None:
    """Print a result: a line for each requirement, then what failed, then the summary."""
    if detail is Detail.QUIET:
        for one in unmet(result):
            console.print(one_line(one), soft_wrap=True)
        print_causes(result, console)
        for warning in _warnings(result):
            console.print(warning)
        print_verdict(result, console)
        return
    if was_reached(result):
        print_sections(result, console)
    found = list(unmet(result))
    if found:
        console.print(Text("Not met", "bold"))
        console.print()
    for one in found:
        print_in_full(one, console)
        console.print()
    print_causes(result, console)
    print_summary(result, console)


def was_reached(result: Result) -> bool:
    """Return whether the run began with any requirement. If not, there is nothing to list: only why not."""
    verdicts = set(result.verdicts().values())
    return Verdict.NOT_REACHED not in verdicts or not verdicts <= {Verdict.NOT_REACHED, Verdict.NOT_SELECTED}


def print_causes(result: Result, console: Console) -> None:
    """Print each change that affects several requirements."""
    causes = result.causes()
    for group in causes:
        console.print(Text(visible(f"One change, to {group.change}, {group.effect}")), soft_wrap=True)
    if causes:
        console.print()


def unmet(result: Result) -> Iterator[Unmet]:
    """Yield the requirements that are not met, the gravest last."""
    verdicts = result.verdicts()
    for verdict in PRINTED:
        yield from (Unmet.of(result, id) for id in result.judged if verdicts[id] is verdict)


class TerminalReport:
    """A pytest plugin that only listens."""

    def __init__(self, console: PatientConsole, detail: Detail = Detail.NORMAL) -> None:
        self.result: Result | None = None
        self._console = console
        self._detail = detail
        self._progress = Progress(
            TextColumn("{task.fields[section]}"),
            BarColumn(),
            TextColumn("{task.completed}/{task.total} tests, {task.fields[requests]}"),
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
        self._task = self._progress.add_task("", total=tests, requests=counted(0, "request"), section="...")
        self._progress.start()

    def _print_head(self, result: Result, tests: int | None) -> None:
        contract = result.contract
        selected = sum(judged.selected for judged in result.judged.values())
        count = "" if tests is None else f" {counted(tests, 'test')},"
        self._console.print(f"Contract  {contract.title} {contract.version} ({contract.digest[:12]})", soft_wrap=True)
        self._console.print(f"Target    {visible(result.target)}", soft_wrap=True)
        if result.proxy:
            self._console.print(f"Proxy     {visible(result.proxy)}", soft_wrap=True)
        self._console.print(f"Checks    {counted(selected, 'requirement')},{count} seed {result.seed}", soft_wrap=True)
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
        section = record.requirement.partition("-")[0]
        self._progress.update(self._task, advance=1, requests=counted(result.requests, "request"), section=section)
        if self._detail is Detail.VERBOSE:
            for line in record_lines(record):
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


def record_lines(record: Record) -> list[Text]:
    """Return a line for a test, and one for each of its exchanges."""
    case = f" {visible(record.case)}" if record.case else ""
    head = Text.assemble(mark(record.verdict), f" {record.requirement}{case}", (f"  {_time(record.seconds)}", "dim"))
    if record.reason and record.verdict is Verdict.NOT_TESTABLE:
        head.append(f"  not testable: {visible(record.reason)}", "yellow")
    return [head, *(Text(f"    {visible(exchange)}", "dim") for exchange in record.exchanges)]


def _time(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def print_sections(result: Result, console: Console) -> None:
    """Print the requirements of each section."""
    verdicts = result.verdicts()
    for section, title in SECTIONS.items():
        judged = [one for one in result.judged.values() if one.requirement.section == section]
        selected = [one for one in judged if verdicts[one.requirement.id] is not Verdict.NOT_SELECTED]
        if selected:
            console.print(Text(f"{section}  {title}", "bold"))
            for one in selected:
                console.print(_line(one, verdicts[one.requirement.id], console))
            console.print()


def _line(judged: Judged, verdict: Verdict, console: Console) -> Text:
    label = Text.assemble("  ", mark(verdict), f" {judged.requirement.id} {judged.level:<6} ")
    return hanging(label, _text(judged, verdict), console)


def _text(judged: Judged, verdict: Verdict) -> Text:
    text = Text(judged.requirement.text)
    if verdict is Verdict.NOT_TESTABLE:
        text.append(f" (not testable: {visible('; '.join(judged.reasons))})", "yellow")
    if verdict is Verdict.NOT_REACHED:
        text.append(" (not reached)", "magenta")
    if verdict is Verdict.WAIVED:
        text.append(f" ({visible(str(judged.waiver))})", "yellow")
    if judged.level is OPEN:
        for observed in judged.observed:
            text.append(f"\nobserved: {visible(observed)}", "dim")
    return text


Counts = dict[tuple[str, Level], Counter[Verdict]]
ALL = "all"


def print_summary(result: Result, console: Console) -> None:
    """Print the table of counts, the notes on the run, and the verdict."""
    if was_reached(result):
        if counts := _counts(result):
            console.print(_table(counts))
            console.print()
        console.print(_totals(result))
    for note in _notes(result):
        console.print(note)
    print_verdict(result, console)


def print_verdict(result: Result, console: Console) -> None:
    """Print the verdict on the run in a line, below the reasons for it."""
    ruling = result.ruling()
    reasons = [reason for reason in ruling.reasons if reason != result.stop_reason] if was_reached(result) else []
    for reason in dict.fromkeys([*result.waiver_notes(), *reasons]):
        console.print(Text(visible(reason), "magenta"))
    console.print(Text.assemble(word(ruling.verdict), f": {visible(result.conclusion())}"))


def _counts(result: Result) -> Counts:
    counts: Counts = {}
    for id, verdict in result.verdicts().items():
        judged = result.judged[id]
        if verdict is not Verdict.NOT_SELECTED:
            for row in (judged.requirement.section, ALL):
                counts.setdefault((row, judged.level), Counter())[verdict] += 1
    return counts


def _table(counts: Counts) -> Table:
    levels = [level for level in Level if (ALL, level) in counts]
    table = Table.grid(padding=(0, 3, 0, 0))
    table.add_row("", *(Text(level, "bold") for level in levels))
    for row in (*SECTIONS, ALL):
        cells = [counts.get((row, level), Counter()) for level in levels]
        if any(cells):
            table.add_row(Text(row, "bold" if row == ALL else ""), *map(_cell, cells))
    return table


def _cell(counts: Counter[Verdict]) -> Text:
    """Return counts with marks, such as `18 ✓  2 ✗`."""
    return Text("  ").join(Text(f"{counts[v]} {WORDS[v].mark}", style) for v, style in STYLES.items() if counts[v])


def _totals(result: Result) -> Text:
    counts = Counter(result.verdicts().values())
    parts = [Text.assemble(f"{counts[v]} {WORDS[v].text} ", mark(v)) for v in STYLES if counts[v]]
    judged = Text(", ").join(parts) if parts else Text("nothing was judged")
    sent = counted(result.requests, "request")
    return judged.append(f" in {sent}, {result.seconds:.1f} s (seed {result.seed})")


def _notes(result: Result) -> Iterator[Text]:
    if result.notes:
        yield Text(f"observed: {', '.join(result.notes)}", "dim")
    yield from _warnings(result)
    if missing := View(result).missing():
        yield Text(f"more can be tested with {', '.join(sorted(missing))}", "yellow")


def _warnings(result: Result) -> Iterator[Text]:
    """Yield what the user should do something about, such as models that could not be deleted."""
    return (Text(visible(warning), "yellow") for warning in result.warnings)


def summary_lines(result: Result, *, quiet: bool) -> list[str]:
    """Return the lines for the summary of pytest, without details of what pytest has reported itself."""
    console = StringConsole()
    if quiet:
        show(result, console, Detail.QUIET)
        return console.lines
    for one in unmet(result):
        if _is_reported(one):
            console.print(one_line(one))
        else:
            print_in_full(one, console)
    console.print()
    print_summary(result, console)
    return console.lines


def _is_reported(one: Unmet) -> bool:
    """Return whether a test of the requirement itself has failed; tests of other requirements show its findings too."""
    return one.finding is None or one.finding.found_in == one.requirement.id
