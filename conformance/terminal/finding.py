"""A requirement that is not met, in full: expected, observed, the clause, and the commands that reproduce it."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.text import Text

from conformance.output import silence, visible
from conformance.requirements.level import Level
from conformance.requirements.requirement import Requirement
from conformance.results.finding import Finding
from conformance.results.result import Result
from conformance.results.verdict import RUN_WORDS, WORDS, RunVerdict, Verdict
from contract import Clause

LABELS = 10
"""Columns that the labels on the left take."""
CASES_NAMED = 8
WIDTH_IN_TEXT = 100


@dataclass(frozen=True, slots=True)
class Unmet:
    """A requirement that is not met, or that an error of the suite kept from being judged."""

    requirement: Requirement
    level: Level
    clause: Clause
    verdict: Verdict
    finding: Finding | None
    """The finding to print; of the others only the cases are printed."""
    seed: int
    also_in: Sequence[str] = ()
    reasons: Sequence[str] = ()

    @classmethod
    def of(cls, result: Result, id: str) -> Unmet:
        """Return a requirement of a run with what there is to print about it."""
        judged = result.judged[id]
        finding = judged.findings[0] if judged.findings else None
        return cls(
            judged.requirement,
            judged.level,
            judged.clause,
            judged.verdict(result.strict),
            finding,
            result.seed,
            _other_cases(judged.findings),
            judged.reasons if finding is None else (),
        )


def print_in_full(unmet: Unmet, console: Console) -> None:
    """Print a requirement that is not met; commands are printed unwrapped, so that they can be pasted."""
    console.print(hanging(_head(unmet), Text(unmet.requirement.text), console))
    for label, part in _parts(unmet):
        console.print(hanging(Text(f"  {label:<{LABELS}} "), part, console))
    if unmet.finding is None:
        return
    commands = unmet.finding.reproduce
    if commands:
        console.print("  reproduce")
    for command in commands or [unmet.finding.rerun]:
        console.print(f"    {visible(command)}", soft_wrap=True)


def in_full(unmet: Unmet) -> str:
    """Return a requirement that is not met as plain text."""
    console = StringConsole(WIDTH_IN_TEXT)
    print_in_full(unmet, console)
    return "\n".join(console.lines)


def one_line(unmet: Unmet) -> Text:
    """Return a requirement that is not met as one line."""
    text, finding = Text.assemble(_head(unmet), f"{unmet.level}  "), unmet.finding
    if finding is None:
        return text.append(visible(unmet.reasons[-1].strip().splitlines()[-1] if unmet.reasons else ""))
    case = f"{finding.case}: " if finding.case and not finding.expected.startswith(f"{finding.case}: ") else ""
    line = f"{case}expected {finding.expected}; observed {finding.observed}"
    return text.append(visible(" ".join(line.split())))


def _head(unmet: Unmet) -> Text:
    name = f" {unmet.requirement.id} {WORDS[unmet.verdict].text.upper()}"
    return Text.assemble(mark(unmet.verdict), (name, STYLES[unmet.verdict]), "  ")


def _parts(unmet: Unmet) -> Iterator[tuple[str, Text]]:
    clause, finding = unmet.clause, unmet.finding
    yield "clause", Text(f"{unmet.level}, {clause.provenance.word}: {clause.pointer}")
    yield "", Text(clause.text, "dim")
    for reason in unmet.reasons:
        yield "reason", Text(visible(reason.strip()))
    if finding is None:
        return
    if finding.case:
        yield "case", Text(visible(", ".join([finding.case, *unmet.also_in[:CASES_NAMED]])) + _more(unmet.also_in))
    yield "expected", Text(visible(finding.expected))
    yield "observed", Text(visible(finding.observed))
    if finding.hint:
        yield "hint", Text(visible(finding.hint), "yellow")
    if finding.difference:
        yield "difference", _difference(finding.difference)
    if finding.reproduce:
        yield "seed", Text(f"{unmet.seed}: {visible(finding.rerun)}")
    else:
        yield "reproduce", Text(f"{visible(finding.not_reproduced)}; run the check again:")


def _difference(lines: Sequence[str]) -> Text:
    styles = {"-": "green", "+": "red"}
    return Text("\n").join(Text(visible(line), styles.get(line[:1], "")) for line in lines)


def _other_cases(findings: Sequence[Finding]) -> list[str]:
    """Return the other cases of the findings, each once, without that of the first."""
    cases = dict.fromkeys(finding.case for finding in findings)
    return [case for case in list(cases)[1:] if case]


def _more(cases: Sequence[str]) -> str:
    return f" and {len(cases) - CASES_NAMED} more" if len(cases) > CASES_NAMED else ""


STYLES: Mapping[Verdict, str] = {
    Verdict.PASS: "green",
    Verdict.OBSERVED: "dim",
    Verdict.NOT_REACHED: "magenta",
    Verdict.NOT_TESTABLE: "yellow",
    Verdict.DEVIATES: "yellow",
    Verdict.WAIVED: "yellow",
    Verdict.UNSTABLE: "magenta",
    Verdict.FAIL: "bold red",
    Verdict.ERROR: "bold magenta",
}
"""Styles of the verdicts that are printed, the gravest last."""
RUN_STYLES: Mapping[RunVerdict, str] = {
    RunVerdict.CONFORMANT: "bold green",
    RunVerdict.NON_CONFORMANT: "bold red",
    RunVerdict.OUTDATED_WAIVERS: "bold red",
}
"""Styles of the verdicts on the target; the others say nothing about it."""


def mark(verdict: Verdict) -> Text:
    """Return the mark of a verdict."""
    return Text(WORDS[verdict].mark, STYLES[verdict])


def word(verdict: RunVerdict) -> Text:
    """Return the word for the verdict on a run."""
    return Text(RUN_WORDS[verdict].text.upper(), RUN_STYLES.get(verdict, "bold magenta"))


NARROWEST = 20
"""Columns that the text has at least, even on a narrower console."""


def hanging(label: Text, body: Text, console: Console) -> Text:
    """Return `label` with `body` beside it, wrapped to the width of the console."""
    wrapped = body.wrap(console, max(NARROWEST, console.width - label.cell_len))
    for line in wrapped:
        line.rstrip()
    return label + Text("\n" + " " * label.cell_len).join(wrapped)


ALL_ON_ONE_LINE = 100_000


class PatientConsole(Console):
    """A console whose reader may go away, or whose disk may be full: neither `| head` nor that ends the run.

    In a file or the log of a CI job each requirement keeps to one line. rich decides on colour: on a terminal unless
    NO_COLOR is set, elsewhere only if FORCE_COLOR is.
    """

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, highlight=False, markup=False, emoji=False)
        self.problem: str | None = None
        """Why the output is incomplete, unless its reader is gone."""
        self.is_watched = self.file.isatty() and self.is_interactive
        if not self.is_watched:
            self.width = ALL_ON_ONE_LINE

    def print(self, *objects: Any, **options: Any) -> None:
        """Print; after an error, discard further output."""
        try:
            super().print(*objects, **options)
        except OSError as error:
            self.problem = error.strerror or str(error)
            self.quiet = True

    def on_broken_pipe(self) -> None:
        """Discard further output."""
        self.quiet = True
        silence(self.file)  # type: ignore[arg-type]  # rich declares less than a text stream


class StringConsole(Console):
    """A console that writes plain text to a string."""

    def __init__(self, width: int = ALL_ON_ONE_LINE) -> None:
        self._text = io.StringIO()
        super().__init__(file=self._text, width=width, color_system=None, highlight=False, markup=False, emoji=False)

    @property
    def lines(self) -> list[str]:
        """The lines that were written, without trailing blanks."""
        return [line.rstrip() for line in self._text.getvalue().rstrip("\n").split("\n")]
