"""The end of the report: the requirements counted by level and section, what to do next, and the verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from conformance.configuration.settings import asked_for
from conformance.judge.outcome import Obstacle
from conformance.requirements.level import SECTIONS, Level
from conformance.results.result import Result
from conformance.results.verdict import Verdict
from conformance.results.words import WORDS
from conformance.terminal.styles import STYLES, mark, said
from conformance.visible import visible

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
