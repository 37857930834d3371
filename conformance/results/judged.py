"""A requirement and what a run found about it, the same as properties of a test, and findings grouped by cause."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from conformance.judge.outcome import Cause, Obstacle
from conformance.requirements.level import MUST, OPEN, Level
from conformance.requirements.requirement import Requirement
from conformance.results.verdict import Verdict, worst
from conformance.results.waivers import Use, Waiver
from contract import Clause, Contract

Record = Mapping[str, Any]
"""What one test of a requirement came to: plain JSON, for it travels between the processes of pytest-xdist."""


def error_record(id: str, case: str, reason: str) -> dict[str, Any]:
    """The record of a test that we kept from running: without it, what never ran would not be missed."""
    nothing: dict[str, Any] = {"blocked_by": None, "observed": [], "requests": 0, "coverage": {}, "findings": []}
    nothing |= {"obstacle": None, "void": []}
    return {**nothing, "requirement": id, "case": case, "verdict": Verdict.ERROR.value, "reason": reason}


UNMET = (Verdict.FAIL, Verdict.UNSTABLE)
"""What is found where a requirement is not met."""


def read_as(found: Verdict, level: Level, *, strict: bool, waived: bool) -> Verdict:
    """What was found, on the terms of a run: a SHOULD that is not met deviates, unless the run is strict."""
    if level is OPEN:
        return Verdict.PASS if found in UNMET else found
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
    """What kept each case from being judged that was not."""
    findings: list[Record] = field(default_factory=list)
    """The violations, those of its own tests and those that came up in others, as they arrived."""
    reasons: list[str] = field(default_factory=list)
    blocked_by: list[str] = field(default_factory=list)
    observed: list[str] = field(default_factory=list)
    selected: bool = True
    reached: bool = True
    """Whether the run came as far as its tests, if it has any."""
    waiver: Waiver | None = None
    waiver_expired: bool = False

    def verdict(self, strict: bool) -> Verdict:
        """The worst of its cases, on the terms of the run."""
        waived = self.waiver is not None and not self.waiver_expired
        return read_as(self._found(), self.level, strict=strict, waived=waived)

    def told_findings(self) -> list[Record]:
        """Its findings in the order in which every report tells them: the first in full, the others in short."""
        return sorted(self.findings, key=self._effort)

    def _effort(self, finding: Record) -> tuple[bool, bool, bool, bool, int]:
        """How much it takes to believe it: the least where it can be reproduced, and came up in its own tests."""
        exchanges = finding["exchanges"]
        doubtful, elsewhere = finding["verdict"] != Verdict.FAIL, finding["found_in"] != self.requirement.id
        return doubtful, not finding["reproduce"], not exchanges, elsewhere, len(exchanges)

    def use(self) -> Use | None:
        """What the run makes of its waiver, if it has one."""
        if self.waiver is None:
            return None
        verdict = self.verdict(strict=True)
        if verdict not in (Verdict.PASS, Verdict.WAIVED, *UNMET):
            return Use.IDLE
        if self.waiver_expired:
            return Use.EXPIRED
        return Use.NEEDED if verdict is Verdict.WAIVED else Use.UNNEEDED

    def _found(self) -> Verdict:
        if not self.selected:
            return Verdict.NOT_SELECTED
        found = [*self._judged_cases(), *(Verdict(finding["verdict"]) for finding in self.findings)]
        return worst(found) if found or self.reached else Verdict.NOT_REACHED

    def _judged_cases(self) -> list[Verdict]:
        """The verdicts of its cases; those that do not apply are left out where others do."""
        applies = [v for case, v in self.cases.items() if self.obstacles.get(case) is not Obstacle.DOES_NOT_APPLY]
        return applies or list(self.cases.values())

    def kept_by(self, obstacle: Obstacle) -> bool:
        """Whether an obstacle of that kind kept any of it from being judged."""
        return obstacle in self.obstacles.values()


Properties = list[tuple[str, object]]
REQUIREMENT, CASE, VERDICT = "requirement", "case", "verdict"


def of_requirement(requirement: Requirement, contract: Contract, case: str = "") -> Properties:
    """Properties that are known before the test runs."""
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
    """The verdict of a test, as reports of the run read it."""
    return [(VERDICT, verdict.value)]


GROUPED = (Verdict.FAIL, Verdict.DEVIATES, Verdict.WAIVED)


@dataclass(frozen=True, slots=True)
class Group:
    """Requirements that are not met for one cause."""

    change: str
    """What to change, as an imperative."""
    settles: Sequence[str]
    """Requirements that have no finding of another cause."""
    helps: Sequence[str] = ()
    """Requirements that have one as well."""

    @property
    def ids(self) -> Sequence[str]:
        """All of them."""
        return sorted([*self.settles, *self.helps])


def groups(judged: Mapping[str, Judged], verdicts: Mapping[str, Verdict]) -> list[Group]:
    """The causes that several requirements have in common, that of most requirements first."""
    found = {id: _causes(one.findings) for id, one in judged.items() if verdicts[id] in GROUPED}
    causes = _named(cause for some in found.values() for cause in some if cause is not None)
    made = []
    for cause in dict.fromkeys(causes.values()):
        mine = {id: {causes.get(one, None) if one else None for one in some} for id, some in found.items()}
        settles = [id for id, some in mine.items() if some == {cause}]
        helps = [id for id, some in mine.items() if cause in some and some != {cause}]
        if len(settles) + len(helps) > 1:
            made.append(Group(cause.change, settles, helps))
    return sorted(made, key=lambda group: -len(group.ids))


def _causes(findings: Iterable[Record]) -> set[Cause | None]:
    return {Cause(**finding["cause"]) if finding.get("cause") else None for finding in findings}


def _named(causes: Iterable[Cause]) -> dict[Cause, Cause]:
    """Each cause with the one that it is: a status that is merely undeclared stands in place of an expected one."""
    seen = list(causes)
    telling = {cause.observed: cause for cause in reversed(seen) if cause.kind == "status" and cause.expected}
    return {
        cause: telling.get(cause.observed, cause) if cause.kind == "status" and not cause.expected else cause
        for cause in seen
    }
