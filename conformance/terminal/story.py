"""A failure in full: what was required and by what, what came instead, and how to see it again."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

from conformance.output import silence, visible
from conformance.requirements.level import Level
from conformance.requirements.requirement import Requirement
from conformance.results.judged import Record
from conformance.results.result import Result
from conformance.results.verdict import RUN_WORDS, WORDS, RunVerdict, Verdict
from contract import Clause

LABELS = 10
"""Columns that the labels on the left take."""
CASES_NAMED = 8
WIDTH_IN_TEXT = 100


@dataclass(frozen=True, slots=True)
class Story:
    """What there is to tell of a requirement that is not met."""

    requirement: Requirement
    level: Level
    clause: Clause
    verdict: Verdict
    finding: Record | None
    """The one that is told; the others are named by their cases."""
    seed: int
    target: str
    also_in: Sequence[str] = ()
    reasons: Sequence[str] = ()

    @classmethod
    def of(cls, result: Result, id: str) -> Story:
        """The story of a requirement of a run."""
        judged = result.judged[id]
        findings = judged.told_findings()
        finding = findings[0] if findings else None
        return cls(
            judged.requirement,
            judged.level,
            judged.clause,
            judged.verdict(result.strict),
            finding,
            result.seed,
            result.target,
            _other_cases(findings),
            judged.reasons if finding is None else (),
        )


def print_story(story: Story, console: Console) -> None:
    """Print a failure, commands as they are to be pasted."""
    console.print(hanging(_head(story), Text(story.requirement.text), console))
    for label, part in _parts(story):
        console.print(hanging(Text(f"  {label:<{LABELS}} "), part, console))
    if story.finding is None:
        return
    commands = story.finding["reproduce"]
    if commands:
        console.print("  reproduce")
    for command in commands or [story.finding["rerun"]]:
        console.print(f"    {visible(command)}", soft_wrap=True)


def story_text(story: Story) -> str:
    """A failure as plain text."""
    console = StringConsole(WIDTH_IN_TEXT)
    print_story(story, console)
    return "\n".join(console.lines)


def one_line(story: Story) -> Text:
    """A failure in a line."""
    text = Text.assemble(_head(story), f"{story.level}  ")
    if story.finding is None:
        return text.append(visible(story.reasons[-1].strip().splitlines()[-1] if story.reasons else ""))
    case, expected = story.finding["case"], story.finding["expected"]
    named = f"{case}: " if case and not expected.startswith(f"{case}: ") else ""
    said = f"{named}expected {expected}; observed {story.finding['observed']}"
    return text.append(visible(" ".join(said.split())))


def _head(story: Story) -> Text:
    named = f" {story.requirement.id} {WORDS[story.verdict].text.upper()}"
    return Text.assemble(mark(story.verdict), (named, STYLES[story.verdict]), "  ")


def _parts(story: Story) -> Iterator[tuple[str, Text]]:
    clause, finding = story.clause, story.finding
    yield "clause", Text(f"{story.level}, {clause.provenance.word}: {clause.pointer}")
    yield "", Text(clause.text, "dim")
    for reason in story.reasons:
        yield "reason", Text(visible(reason.strip()))
    if finding is None:
        return
    if finding["case"]:
        yield "case", Text(visible(", ".join([finding["case"], *story.also_in[:CASES_NAMED]])) + _more(story.also_in))
    yield "expected", Text(visible(finding["expected"]))
    yield "observed", Text(visible(finding["observed"]))
    if finding.get("hint"):
        yield "hint", Text(visible(finding["hint"]), "yellow")
    if finding.get("difference"):
        yield "difference", _difference(finding["difference"])
    if finding["reproduce"]:
        yield "seed", Text(f"{story.seed}: {visible(finding['rerun'])}")
    else:
        yield "reproduce", Text(f"{visible(finding['instead'])}; this runs the check again:")


def _difference(lines: Sequence[str]) -> Text:
    styles = {"-": "green", "+": "red"}
    return Text("\n").join(Text(visible(line), styles.get(line[:1], "")) for line in lines)


def _other_cases(findings: Sequence[Record]) -> list[str]:
    """Cases of the findings after the first, each once, without that of the first."""
    cases = dict.fromkeys(finding["case"] for finding in findings)
    return [case for case in list(cases)[1:] if case]


def _more(cases: Sequence[str]) -> str:
    return f" and {len(cases) - CASES_NAMED} more" if len(cases) > CASES_NAMED else ""


STYLES: Mapping[Verdict, str] = {
    Verdict.PASS: "green",
    Verdict.NOT_REACHED: "magenta",
    Verdict.NOT_TESTABLE: "yellow",
    Verdict.DEVIATES: "yellow",
    Verdict.WAIVED: "yellow",
    Verdict.UNSTABLE: "magenta",
    Verdict.FAIL: "bold red",
    Verdict.ERROR: "bold magenta",
}
"""Of the verdicts that are shown, in the order of their gravity."""
RUN_STYLES: Mapping[RunVerdict, str] = {
    RunVerdict.CONFORMANT: "bold green",
    RunVerdict.NON_CONFORMANT: "bold red",
    RunVerdict.OUTDATED_WAIVERS: "bold red",
}
"""Of those that say something of the target; the others say nothing of it."""


def mark(verdict: Verdict) -> Text:
    """The sign of a verdict."""
    return Text(WORDS[verdict].mark, STYLES[verdict])


def said(verdict: RunVerdict) -> Text:
    """The verdict on a run, in a word."""
    return Text(RUN_WORDS[verdict].text.upper(), RUN_STYLES.get(verdict, "bold magenta"))


NARROWEST = 20
"""Columns that the text takes at least, whatever the console's width."""


def hanging(label: Text, body: Text, console: Console) -> Text:
    """`label`, with `body` beside it, wrapped to the width of the console."""
    wrapped = body.wrap(console, max(NARROWEST, console.width - label.cell_len))
    for line in wrapped:
        line.rstrip()
    return label + Text("\n" + " " * label.cell_len).join(wrapped)


ALL_ON_ONE_LINE = 100_000


class PatientConsole(Console):
    """A console whose reader may go away: `| head` must not change the verdict.

    Where nobody looks at it as it grows, in a file or the log of a CI job, each requirement keeps to one line. Colour
    is rich's to decide: on a terminal, but for NO_COLOR, and elsewhere for FORCE_COLOR.
    """

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, highlight=False, markup=False)
        self.is_watched = self.file.isatty() and self.is_interactive
        if not self.is_watched:
            self.width = ALL_ON_ONE_LINE

    def on_broken_pipe(self) -> None:
        """Go on in silence."""
        self.quiet = True
        silence(self.file)  # type: ignore[arg-type]  # rich says less of it than there is


class StringConsole(Console):
    """A console that writes plain text to a string."""

    def __init__(self, width: int = ALL_ON_ONE_LINE) -> None:
        self._text = io.StringIO()
        super().__init__(
            file=self._text, width=width, color_system=None, force_terminal=False, highlight=False, markup=False
        )

    @property
    def lines(self) -> list[str]:
        """What was written, without the blanks that fill up lines."""
        return [line.rstrip() for line in self._text.getvalue().rstrip("\n").split("\n")]
