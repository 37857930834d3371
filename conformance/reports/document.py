"""A result as one JSON document, of the schema in report.schema.json, from which every other report is written.

A view of it is what a person wants to know of a report, first things first, to be laid out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from conformance.requirements.level import SECTIONS, Level
from conformance.results import coverage
from conformance.results.about import NAME, suite_version
from conformance.results.judged import Judged, Record
from conformance.results.result import Result
from conformance.results.verdict import EXIT_OF, RUN_WORDS, TOLD_IN_FULL, WORDS, Verdict, Word
from conformance.settings import asked_for

SCHEMA_VERSION = "1.1"
"""Of the document: the first number grows where a reader of the old one would go wrong."""

Document = dict[str, Any]


def document(result: Result) -> Document:
    """The document of a run."""
    verdicts, strict, ruling = result.verdicts(), result.verdicts(strict=True), result.ruling()
    return {
        "schema_version": SCHEMA_VERSION,
        "suite": {"name": NAME, "version": suite_version()},
        "implementation": {"name": result.about.implementation, "version": result.about.implementation_version},
        "target": result.target,
        "contract": {
            "title": result.contract.title,
            "version": result.contract.version,
            "sha256": result.contract.digest,
        },
        "verdict": ruling.verdict,
        "strict_verdict": result.verdict(strict=True),
        "strict": result.strict,
        "exit_code": EXIT_OF[ruling.verdict],
        "conclusion": result.conclusion(),
        "grounds": list(ruling.grounds),
        "causes": [
            {"change": group.change, "settles": list(group.settles), "helps": list(group.helps)}
            for group in result.causes()
        ],
        "stopped_because": result.stopped_because or next((one.text for one in result.disruptions), None),
        "disruptions": [{"kind": one.trouble, "text": one.text} for one in result.disruptions],
        "unjudged": list(result.unjudged(verdicts)),
        "unexplained": list(result.unexplained(verdicts)),
        "run": _run(result),
        "summary": _counts(verdicts.values()),
        "notes": [*result.notes, *result.warnings],
        "coverage": coverage.report(result.coverage, result.contract),
        "sections": [{"id": id, "title": title} for id, title in SECTIONS.items()],
        "requirements": [_requirement(judged, verdicts[id], strict[id]) for id, judged in result.judged.items()],
        "not_applicable": [{"id": id, "reason": reason} for id, reason in result.inapplicable.items()],
    }


def _run(result: Result) -> Document:
    started = result.about.started
    return {
        "started_at": started.astimezone(UTC).isoformat(timespec="seconds") if started else None,
        "seconds": round(result.seconds, 3),
        "requests": result.requests,
        "seed": result.seed,
        "command": result.about.command.whole(result.seed),
        "profile": result.about.profile,
        "options": dict(result.about.options),
        "credentials": list(result.about.credentials),
    }


def _counts(verdicts: Any) -> dict[str, int]:
    """How many requirements came to each verdict, from the worst on."""
    counted = Counter(verdicts)
    return {verdict: counted[verdict] for verdict in reversed(Verdict)}


def _requirement(judged: Judged, verdict: Verdict, strict_verdict: Verdict) -> Document:
    requirement, clause = judged.requirement, judged.clause
    return {
        "id": requirement.id,
        "section": requirement.section,
        "level": judged.level,
        "text": requirement.text,
        "clause": {
            "name": clause.name,
            "pointer": clause.pointer,
            "provenance": clause.provenance.word,
            "text": clause.text,
        },
        "needs": [asked_for(option) for option in requirement.needs],
        "every_exchange": requirement.judge is not None,
        "verdict": verdict,
        "strict_verdict": strict_verdict,
        "cases": dict(judged.cases),
        "obstacles": dict(judged.obstacles),
        "waiver": _waiver(judged),
        "reasons": judged.reasons,
        "unspecified": list(dict.fromkeys(judged.observed)),
        "findings": [_finding(finding) for finding in judged.told_findings()],
    }


def _waiver(judged: Judged) -> Document | None:
    return {**judged.waiver.to_json(), "use": judged.use()} if judged.waiver else None


def _finding(finding: Record) -> Document:
    return {name: value for name, value in finding.items() if name != "requirement"}


LEVELS = tuple(Level)
TITLES: Mapping[str, str] = {
    "fail": "Failures",
    "error": "Errors of the suite",
    "unstable": "Unstable",
    "waived": "Waived",
    "deviates": "Deviations",
}
PROVENANCES: Mapping[str, str] = {
    "stated": "the vendor's reference page says so",
    "published": "other material of the vendor's says so",
    "standard": "an HTTP or JSON standard says so",
    "assumed": "nobody has published it; the contract assumes it",
    "open": "a server may do either",
}
"""What each provenance means."""
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
