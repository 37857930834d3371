"""The report on a terminal, in as much detail as is asked for: live while the run goes on, then its end.

The end counts the requirements by level and section, and says what to do next and the verdict.
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

from conformance.judge.outcome import Obstacle
from conformance.output import visible
from conformance.requirements.level import OPEN, SECTIONS, Level
from conformance.results.judged import Judged, Record
from conformance.results.result import Result
from conformance.results.verdict import TOLD_IN_FULL, WORDS, Verdict
from conformance.settings import asked_for
from conformance.terminal.story import (
    STYLES,
    PatientConsole,
    Story,
    StringConsole,
    hanging,
    mark,
    one_line,
    print_story,
    said,
)

TOLD = [verdict for verdict in reversed(TOLD_IN_FULL) if verdict is not Verdict.WAIVED]
"""Verdicts that have a story, the gravest last: it stands nearest to the end, which is read first."""


class Detail(Enum):
    """How much is shown."""

    QUIET = "quiet"
    """A line for each failure, and the verdict."""
    NORMAL = "normal"
    VERBOSE = "verbose"
    """Each test as it ends, with its exchanges."""

    @classmethod
    def asked_for(cls, quiet: bool | None, verbose: bool | None) -> Detail:
        """What the options ask for."""
        if quiet:
            return cls.QUIET
        return cls.VERBOSE if verbose else cls.NORMAL


def show(result: Result, console: Console, detail: Detail = Detail.NORMAL) -> None:
    """Print a result: a line for each requirement, then what failed, then the summary."""
    if detail is Detail.QUIET:
        for story in stories(result):
            console.print(one_line(story), soft_wrap=True)
        print_causes(result, console)
        print_verdict(result, console)
        return
    print_sections(result, console)
    told = list(stories(result))
    if told:
        console.print(Text("Not met", "bold"))
        console.print()
    for story in told:
        print_story(story, console)
        console.print()
    print_causes(result, console)
    print_summary(result, console)


def print_causes(result: Result, console: Console) -> None:
    """Print what one change would fix, a line for each."""
    for group in result.causes():
        settles = f" settles {', '.join(group.settles)}" if group.settles else ""
        helps = f"{' and' if settles else ''} is a part of {', '.join(group.helps)}" if group.helps else ""
        console.print(Text(visible(f"One change, to {group.change},{settles}{helps}")), soft_wrap=True)
    if result.causes():
        console.print()


def stories(result: Result) -> Iterator[Story]:
    """The stories of what is not met, the gravest last."""
    verdicts = result.verdicts()
    for grave in TOLD:
        yield from (Story.of(result, id) for id in result.judged if verdicts[id] is grave)


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


def print_sections(result: Result, console: Console) -> None:
    """Print each section that anything of was judged."""
    verdicts = result.verdicts()
    for section, title in SECTIONS.items():
        judged = [one for one in result.judged.values() if one.requirement.section == section]
        shown = [one for one in judged if verdicts[one.requirement.id] is not Verdict.NOT_SELECTED]
        if shown:
            console.print(Text(f"{section}  {title}", "bold"))
            for one in shown:
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
        for observed in dict.fromkeys(judged.observed):
            text.append(f"\nunspecified: observed {visible(observed)}", "dim")
    return text


Counts = dict[tuple[str, Level], Counter[Verdict]]
ALL = "all"


def print_summary(result: Result, console: Console) -> None:
    """Print the table of counts, the notes on the run, and the verdict."""
    counts = _counts(result)
    if counts:
        console.print(_table(counts))
        console.print()
    console.print(_totals(result))
    for note in _notes(result):
        console.print(note)
    print_verdict(result, console)


def print_verdict(result: Result, console: Console) -> None:
    """Print the verdict on the run, in a line, below what it rests on."""
    ruling = result.ruling()
    grounds = [ground for ground in ruling.grounds if ground != result.stopped_because]
    for ground in dict.fromkeys([*result.waiver_notes(), *grounds]):
        console.print(Text(visible(ground), "magenta"))
    console.print(Text.assemble(said(ruling.verdict), f": {visible(result.conclusion())}"))


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
    """Counts with marks, such as `18 ✓  2 ✗`."""
    return Text("  ").join(Text(f"{counts[v]} {WORDS[v].mark}", style) for v, style in STYLES.items() if counts[v])


def _totals(result: Result) -> Text:
    counts = Counter(result.verdicts().values())
    parts = [Text.assemble(f"{counts[v]} {WORDS[v].text} ", mark(v)) for v in STYLES if counts[v]]
    counted = Text(", ").join(parts) if parts else Text("nothing was judged")
    return counted.append(f" in {result.requests} requests, {result.seconds:.1f} s (seed {result.seed})")


def _notes(result: Result) -> Iterator[Text]:
    if result.notes:
        yield Text(f"observed: {', '.join(result.notes)}", "dim")
    for warning in result.warnings:
        yield Text(visible(warning), "yellow")
    if missing := _missing(result):
        yield Text(f"more can be tested with {', '.join(missing)}", "yellow")


def _missing(result: Result) -> list[str]:
    """The options that would make more testable: those that a requirement was found to want."""
    wanting = [one for one in result.judged.values() if one.kept_by(Obstacle.NOT_PROVIDED)]
    needs = [(asked_for(option), it.reasons) for it in wanting for option in it.requirement.needs]
    return sorted({option for option, reasons in needs if any(option in reason for reason in reasons)})


def summary_lines(result: Result, *, quiet: bool) -> list[str]:
    """What is not met, in full where no test of its own has failed for it, the counts, and the verdict."""
    console = StringConsole()
    if quiet:
        show(result, console, Detail.QUIET)
        return console.lines
    for story in stories(result):
        if _has_failed_itself(story):
            console.print(one_line(story))
        else:
            print_story(story, console)
    console.print()
    print_summary(result, console)
    return console.lines


def _has_failed_itself(story: Story) -> bool:
    """Whether pytest has shown the story: a fault on an exchange comes up in whatever test makes that exchange."""
    finding = story.finding
    return finding is None or finding["found_in"] == story.requirement.id
