"""What a person wants to know of a report, first things first: a view of the JSON document, to be laid out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.reports.document import Document
from conformance.requirements.level import Level
from conformance.results.words import RUN_WORDS, TOLD_IN_FULL, WORDS, Word

LEVELS = tuple(Level)
TITLES: Mapping[str, str] = {
    "fail": "Failures",
    "error": "Errors of the suite",
    "unstable": "Unstable",
    "waived": "Waived",
    "deviates": "Deviations",
}
KNOWN: Mapping[str, str] = {
    "stated": "the vendor's reference page says so",
    "published": "other material of the vendor's says so",
    "standard": "an HTTP or JSON standard says so",
    "assumed": "nobody has published it; the contract assumes it",
    "open": "a server may do either",
}
"""What the contract's marks mean."""
STOPPED = ("unreachable", "wrong-use", "interrupted")


@dataclass(frozen=True, slots=True)
class Cell:
    """The requirements of one section and level, or of several."""

    passed: int
    judged: int
    """Those that came to pass, or to something worse."""
    untested: int

    @classmethod
    def of(cls, requirements: Sequence[Document]) -> Cell:
        verdicts = [requirement["verdict"] for requirement in requirements]
        untested = verdicts.count("not-testable") + verdicts.count("not-reached")
        judged = len(verdicts) - untested - verdicts.count("not-selected")
        return cls(verdicts.count("pass"), judged, untested)

    @property
    def empty(self) -> bool:
        return not (self.judged or self.untested)

    @property
    def whole(self) -> bool:
        """Whether all that was judged holds, and anything was."""
        return self.passed == self.judged > 0


@dataclass(frozen=True, slots=True)
class View:
    """A document, and questions to it."""

    told: Document

    @property
    def word(self) -> Word:
        return RUN_WORDS[self.told["verdict"]]

    @property
    def called(self) -> str:
        """The implementation, as a title names it."""
        named = " ".join(filter(None, self.told["implementation"].values()))
        return named or self.told["target"]

    @property
    def sentences(self) -> list[str]:
        """Why the verdict is what it is."""
        grounds = [_sentence(ground) for ground in self.told["grounds"] if not _lists(ground)]
        if self.told["verdict"] in STOPPED:
            return grounds or [self.word.explained]
        concluded = [self.told["conclusion"]] if self.told["verdict"] == "conformant" else []
        return [*concluded, *filter(None, map(self._unmet, LEVELS[:2])), *grounds] or [self.word.explained]

    def _unmet(self, level: str) -> str:
        of_level = [requirement for requirement in self.told["requirements"] if requirement["level"] == level]
        unmet = [requirement for requirement in of_level if requirement["verdict"] in ("fail", "deviates")]
        judged = Cell.of(of_level).judged
        if unmet:
            return f"{len(unmet)} of {judged} {level} requirements {_are(len(unmet))} not met."
        return ""

    def having(self, *verdicts: str) -> list[Document]:
        """The requirements with one of the verdicts, by section."""
        order = [section["id"] for section in self.told["sections"]]
        found = [requirement for requirement in self.told["requirements"] if requirement["verdict"] in verdicts]
        return sorted(found, key=lambda requirement: order.index(requirement["section"]))

    def stories(self) -> Iterator[tuple[str, Word, list[Document]]]:
        """What has to be told in full, by verdict, the gravest for the target first."""
        for verdict in TOLD_IN_FULL:
            if found := self.having(verdict):
                yield verdict, WORDS[verdict], found

    def sections(self) -> Iterator[tuple[Document, list[Document]]]:
        """The sections of which any requirement was selected, with their requirements."""
        for section in self.told["sections"]:
            found = [r for r in self.told["requirements"] if r["section"] == section["id"]]
            selected = [r for r in found if r["verdict"] != "not-selected"]
            if selected:
                yield section, selected

    def matrix(self) -> list[tuple[Document, list[Cell]]]:
        """For each section, a cell for each level."""
        return [
            (section, [Cell.of([r for r in found if r["level"] == level]) for level in LEVELS])
            for section, found in self.sections()
        ]

    def totals(self) -> list[Cell]:
        """A cell for each level."""
        return [Cell.of([r for r in self.told["requirements"] if r["level"] == level]) for level in LEVELS]

    def outdated(self) -> list[Document]:
        """Requirements with a waiver that somebody has to look at."""
        uses = ("expired", "unneeded")
        return [r for r in self.told["requirements"] if r["waiver"] and r["waiver"]["use"] in uses]

    def missing(self) -> dict[str, list[str]]:
        """What would make more testable, each option with the requirements that it takes."""
        found: dict[str, list[str]] = {}
        for requirement in self.having("not-testable"):
            for option in requirement["needs"] if "not-provided" in requirement["obstacles"].values() else ():
                if any(option in reason for reason in requirement["reasons"]):
                    found.setdefault(option, []).append(requirement["id"])
        return found

    def untested(self) -> list[Document]:
        """Requirements that cannot be tested for another reason."""
        named = {id for ids in self.missing().values() for id in ids}
        return [one for one in self.having("not-testable", "not-reached") if one["id"] not in named]

    def causes(self) -> list[Document]:
        """What one change would fix, that of most requirements first."""
        causes: list[Document] = self.told["causes"]
        return causes

    def observed(self) -> list[Document]:
        """Requirements that were observed where the contract leaves it open."""
        return [requirement for requirement in self.told["requirements"] if requirement["unspecified"]]


def _sentence(ground: str) -> str:
    begins_with_word = ground.partition(" ")[0].isalpha()
    return f"{ground[:1].upper() if begins_with_word else ground[:1]}{ground[1:]}."


def _lists(ground: str) -> bool:
    """Whether it lists what is told in full anyway."""
    return ground.startswith("not met:")


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def place(finding: Mapping[str, Any], id: str) -> str:
    """The test that a finding was made in: its case, and its requirement where that is another."""
    elsewhere = finding["found_in"] if finding["found_in"] != id else ""
    return " ".join(filter(None, [elsewhere, finding["case"]]))
