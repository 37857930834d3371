"""A requirement and what a run found about it, its properties in a test report, and findings grouped by cause."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from conformance.judge.outcome import Cause, Obstacle
from conformance.requirements.level import MUST, OPEN, Level
from conformance.requirements.requirement import Requirement
from conformance.results.finding import Finding
from conformance.results.record import Record, Test
from conformance.results.verdict import Verdict, worst
from conformance.results.waivers import Use, Waiver
from contract import Clause, Contract

UNMET = (Verdict.FAIL, Verdict.UNSTABLE)
"""What is found where a requirement is not met."""
NAMED = "\0"
"""Stands for the cases that a reason names."""
NOT_FAILED = (Verdict.PASS, Verdict.OBSERVED)
"""Verdicts of requirements that were tested and did not fail."""


def read_as(found: Verdict, level: Level, *, strict: bool, waived: bool) -> Verdict:
    """Return the verdict on the terms of a run: a SHOULD that is not met deviates, unless the run is strict."""
    if level is OPEN:
        return Verdict.OBSERVED if found in (Verdict.PASS, *UNMET) else found
    if waived and found in UNMET:
        return Verdict.WAIVED
    return Verdict.DEVIATES if found is Verdict.FAIL and level is not MUST and not strict else found


@dataclass(slots=True)
class Judged:
    """A requirement and all that was found about it."""

    requirement: Requirement
    level: Level
    clause: Clause
    cases: dict[str, Verdict] = field(default_factory=dict)
    obstacles: dict[str, Obstacle] = field(default_factory=dict)
    """The obstacle of each case that could not be judged."""
    findings: list[Finding] = field(default_factory=list)
    """Its findings, from its own tests and from others, those that are easiest to believe first."""
    blocked_by: list[str] = field(default_factory=list)
    observed: list[str] = field(default_factory=list)
    """What the target does where the contract leaves it open."""
    selected: bool = True
    reached: bool = True
    """Whether the run reached its tests, if it has any."""
    waiver: Waiver | None = None
    waiver_expired: bool = False
    _reasons: dict[str, list[str]] = field(default_factory=dict)
    """Each reason, with NAMED in place of the case that it names, and the cases with that reason."""

    @property
    def reasons(self) -> list[str]:
        """Why it could not be judged. A reason that names its case is given once, with all cases that have it."""
        return list(dict.fromkeys(reason.replace(NAMED, _listed(cases)) for reason, cases in self._reasons.items()))

    def verdict(self, strict: bool) -> Verdict:
        """Return the worst of its verdicts, on the terms of the run."""
        waived = self.waiver is not None and not self.waiver_expired
        return read_as(self._found(), self.level, strict=strict, waived=waived)

    def add(self, record: Record) -> None:
        """Add what one of its tests found about it."""
        self.reached = True
        self.cases[record.case] = record.verdict
        if record.obstacle is not None:
            self.obstacles[record.case] = record.obstacle
        if record.reason:
            self._add_reason(record.reason, record.case if record.verdict is Verdict.NOT_TESTABLE else "")
        if record.blocked_by is not None:
            self.blocked_by.append(record.blocked_by)
        self.observed = list(dict.fromkeys([*self.observed, *record.observed]))

    def add_finding(self, finding: Finding) -> None:
        """Add a finding of any test."""
        self.findings = sorted([*self.findings, finding], key=self._effort)

    def void(self, test: Test, reason: str) -> None:
        """Remove what a test found while the surroundings of the target had changed."""
        id, case = test
        self.findings = [one for one in self.findings if (one.found_in, one.case) != test]
        if id == self.requirement.id and self.cases.get(case) in (*NOT_FAILED, Verdict.FAIL):
            self.cases[case], self.obstacles[case] = Verdict.NOT_TESTABLE, Obstacle.DISRUPTED
            self._add_reason(reason)

    def _add_reason(self, reason: str, case: str = "") -> None:
        if case:
            reason = re.sub(rf"(?<!\w){re.escape(case)}(?!\w)", NAMED, reason)
        cases = self._reasons.setdefault(reason, [])
        if case not in cases:
            cases.append(case)

    def _effort(self, finding: Finding) -> tuple[bool, bool, bool, bool, int]:
        """Return how hard it is to believe a finding: easiest if it can be reproduced, and its own test found it."""
        doubtful, elsewhere = finding.verdict is not Verdict.FAIL, finding.found_in != self.requirement.id
        return doubtful, not finding.reproduce, not finding.exchanges, elsewhere, len(finding.exchanges)

    def use(self) -> Use | None:
        """Return what the run makes of its waiver, if it has one."""
        if self.waiver is None:
            return None
        verdict = self.verdict(strict=True)
        if verdict not in (*NOT_FAILED, Verdict.WAIVED, *UNMET):
            return Use.IDLE
        if self.waiver_expired:
            return Use.EXPIRED
        return Use.NEEDED if verdict is Verdict.WAIVED else Use.UNNEEDED

    def _found(self) -> Verdict:
        if not self.selected:
            return Verdict.NOT_SELECTED
        found = [*self._judged_cases(), *(finding.verdict for finding in self.findings)]
        return worst(found) if found or self.reached else Verdict.NOT_REACHED

    def _judged_cases(self) -> list[Verdict]:
        """Return the verdicts of its cases, without those that do not apply, unless none applies."""
        applies = [v for case, v in self.cases.items() if self.obstacles.get(case) is not Obstacle.DOES_NOT_APPLY]
        return applies or list(self.cases.values())

    def has_obstacle(self, obstacle: Obstacle) -> bool:
        """Return whether any of its cases met an obstacle of that kind."""
        return obstacle in self.obstacles.values()


def _listed(texts: Sequence[str]) -> str:
    """Return texts as a list in a sentence, such as `PUT, PATCH and GET`."""
    return " and ".join(filter(None, [", ".join(texts[:-1]), *texts[-1:]]))


Properties = list[tuple[str, object]]
REQUIREMENT, CASE, VERDICT = "requirement", "case", "verdict"


def of_requirement(requirement: Requirement, contract: Contract, case: str = "") -> Properties:
    """Return the properties that are known before the test runs."""
    clause = requirement.clause_in(contract)
    found: Properties = [
        (REQUIREMENT, requirement.id),
        ("section", requirement.section),
        ("level", requirement.level_in(contract).value),
        ("clause", clause.pointer),
        ("provenance", clause.provenance.word),
    ]
    return [*found, (CASE, case)] if case else found


def of_verdict(verdict: Verdict) -> Properties:
    """Return the verdict of a test as a property."""
    return [(VERDICT, verdict.value)]


GROUPED = (Verdict.FAIL, Verdict.DEVIATES, Verdict.WAIVED)


@dataclass(frozen=True, slots=True)
class Group:
    """Requirements that are not met for one cause."""

    change: str
    """What to change, as an imperative."""
    fixes: tuple[str, ...]
    """Requirements that have no finding with another cause."""
    partly_fixes: tuple[str, ...] = ()
    """Requirements that have one as well."""

    @property
    def ids(self) -> list[str]:
        return sorted([*self.fixes, *self.partly_fixes])

    @property
    def effect(self) -> str:
        """What the change does: the requirements that it fixes, and those that it partly fixes."""
        parts = {"fixes": self.fixes, "partly fixes": self.partly_fixes}
        return " and ".join(f"{verb} {', '.join(ids)}" for verb, ids in parts.items() if ids)


def groups(judged: Mapping[str, Judged], verdicts: Mapping[str, Verdict]) -> list[Group]:
    """Return the causes that several requirements have in common, that of most requirements first."""
    found = {id: {one.cause for one in it.findings} for id, it in judged.items() if verdicts[id] in GROUPED}
    causes = _identified(cause for some in found.values() for cause in some if cause is not None)
    made = []
    for cause in dict.fromkeys(causes.values()):
        own = {id: {causes[one] if one else None for one in some} for id, some in found.items()}
        fixes = tuple(id for id, some in own.items() if some == {cause})
        partly = tuple(id for id, some in own.items() if cause in some and some != {cause})
        if len(fixes) + len(partly) > 1:
            made.append(Group(cause.change, fixes, partly))
    return sorted(made, key=lambda group: -len(group.ids))


def _identified(causes: Iterable[Cause]) -> dict[Cause, Cause]:
    """Map each cause to the one that it is: an undeclared status is the one that another finding expected otherwise."""
    seen = list(causes)
    telling = {cause.observed: cause for cause in reversed(seen) if cause.kind == "status" and cause.expected}
    return {
        cause: telling.get(cause.observed, cause) if cause.kind == "status" and not cause.expected else cause
        for cause in seen
    }
