"""A result as a person wants to read it, the most important first, for every report that is laid out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from conformance.judge.outcome import Obstacle
from conformance.requirements.level import SECTIONS, Level
from conformance.results.finding import Finding
from conformance.results.judged import Judged
from conformance.results.result import NOT_MET, Result
from conformance.results.verdict import IN_FULL, RUN_WORDS, WORDS, RunVerdict, Verdict, Word
from conformance.results.waivers import Use
from conformance.settings import asked_for

LEVELS = tuple(Level)
TITLES: Mapping[Verdict, str] = {
    Verdict.FAIL: "Failures",
    Verdict.ERROR: "Errors of the suite",
    Verdict.UNSTABLE: "Unstable",
    Verdict.WAIVED: "Waived",
    Verdict.DEVIATES: "Deviations",
}
PROVENANCE: Mapping[str, str] = {
    "stated": "the vendor's reference page says so",
    "published": "other material of the vendor says so",
    "standard": "an HTTP or JSON standard says so",
    "assumed": "nobody has published it; the contract assumes it",
    "open": "a server may do either",
}
"""What each provenance of a clause means."""
STOPPED = (RunVerdict.UNREACHABLE, RunVerdict.WRONG_USE, RunVerdict.INTERRUPTED)
UNTESTED = (Verdict.NOT_TESTABLE, Verdict.NOT_REACHED)


@dataclass(frozen=True, slots=True)
class Cell:
    """The requirements of one section and level, or of several."""

    passed: int
    judged: int
    """Those with the verdict pass, or a worse one."""
    untested: int

    @classmethod
    def of(cls, verdicts: Sequence[Verdict]) -> Cell:
        untested = sum(verdict in UNTESTED for verdict in verdicts)
        judged = len(verdicts) - untested - verdicts.count(Verdict.NOT_SELECTED)
        return cls(verdicts.count(Verdict.PASS), judged, untested)

    @property
    def empty(self) -> bool:
        return not (self.judged or self.untested)

    @property
    def whole(self) -> bool:
        """Whether anything was judged, and all of it passed."""
        return self.passed == self.judged > 0


class View:
    """A result, and the questions that reports ask it."""

    def __init__(self, result: Result) -> None:
        self.result = result
        self.verdicts = result.verdicts()
        self.ruling = result.ruling()
        self.causes = result.causes()
        self.notes = [*result.notes, *result.warnings]

    @property
    def word(self) -> Word:
        return RUN_WORDS[self.ruling.verdict]

    @property
    def title(self) -> str:
        """The name of the implementation, or else the target."""
        about = self.result.about
        return " ".join(filter(None, [about.implementation, about.implementation_version])) or self.result.target

    @property
    def sentences(self) -> list[str]:
        """Why the verdict is what it is."""
        reasons = [_sentence(reason) for reason in self.ruling.reasons if not reason.startswith(NOT_MET)]
        if self.ruling.verdict in STOPPED:
            return reasons or [self.word.explained]
        conformant = self.ruling.verdict is RunVerdict.CONFORMANT
        concluded = [self.result.conclusion()] if conformant else []
        return [*concluded, *filter(None, map(self._unmet, LEVELS[:2])), *reasons] or [self.word.explained]

    def _unmet(self, level: Level) -> str:
        verdicts = [self.verdicts[one.requirement.id] for one in self.all() if one.level is level]
        unmet = sum(verdict in (Verdict.FAIL, Verdict.DEVIATES) for verdict in verdicts)
        judged = Cell.of(verdicts).judged
        return f"{unmet} of {judged} {level} requirements {'is' if unmet == 1 else 'are'} not met." if unmet else ""

    def all(self) -> list[Judged]:
        """Return all requirements."""
        return list(self.result.judged.values())

    def verdict(self, judged: Judged) -> Verdict:
        """Return the verdict on a requirement."""
        return self.verdicts[judged.requirement.id]

    def having(self, *verdicts: Verdict) -> list[Judged]:
        """Return the requirements with one of the verdicts, by section."""
        order = list(SECTIONS)
        found = [one for one in self.all() if self.verdict(one) in verdicts]
        return sorted(found, key=lambda one: order.index(one.requirement.section))

    def in_full(self) -> Iterator[tuple[Verdict, Word, list[Judged]]]:
        """Yield the requirements that are reported in full, by verdict, the gravest for the target first."""
        for verdict in IN_FULL:
            if found := self.having(verdict):
                yield verdict, WORDS[verdict], found

    def sections(self) -> Iterator[tuple[str, str, list[Judged]]]:
        """Yield the ID, title and requirements of each section with selected requirements."""
        for section, title in SECTIONS.items():
            selected = [one for one in self.all() if one.requirement.section == section and one.selected]
            if selected:
                yield section, title, selected

    def matrix(self) -> list[tuple[str, str, list[Cell]]]:
        """Return the ID and title of each section, with a cell for each level."""
        return [(section, title, self._cells(found)) for section, title, found in self.sections()]

    def totals(self) -> list[Cell]:
        """Return a cell for each level."""
        return self._cells(self.all())

    def _cells(self, found: Sequence[Judged]) -> list[Cell]:
        return [Cell.of([self.verdict(one) for one in found if one.level is level]) for level in LEVELS]

    def outdated(self) -> list[Judged]:
        """Return the requirements with a waiver that somebody has to look at."""
        return [one for one in self.all() if one.use() in (Use.EXPIRED, Use.UNNEEDED)]

    def missing(self) -> dict[str, list[str]]:
        """Return the options that would make more testable, each with the requirements that need it."""
        found: dict[str, list[str]] = {}
        for judged in self.having(Verdict.NOT_TESTABLE):
            for option in map(
                asked_for, judged.requirement.needs if judged.has_obstacle(Obstacle.NOT_PROVIDED) else ()
            ):
                if any(option in reason for reason in judged.reasons):
                    found.setdefault(option, []).append(judged.requirement.id)
        return found

    def untested(self) -> list[Judged]:
        """Return the requirements that cannot be tested for another reason."""
        named = {id for ids in self.missing().values() for id in ids}
        return [one for one in self.having(*UNTESTED) if one.requirement.id not in named]

    def observed(self) -> list[Judged]:
        """Return the requirements on which the target was observed, because the contract leaves them open."""
        return [one for one in self.all() if one.observed]


def _sentence(reason: str) -> str:
    begins_with_word = reason.partition(" ")[0].isalpha()
    return f"{reason[:1].upper() if begins_with_word else reason[:1]}{reason[1:]}."


def place(finding: Finding) -> str:
    """Return the test of a finding: its case, and its requirement if that is another one."""
    elsewhere = finding.found_in if finding.found_in != finding.requirement else ""
    return " ".join(filter(None, [elsewhere, finding.case]))
