"""The one result of a run, from which every report is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from conformance.about import About
from conformance.coverage import Coverage
from conformance.requirement import MUST, OPEN, Level, Requirement
from conformance.verdict import RunVerdict, Verdict, worst
from contract import Contract

SILENT = (Verdict.PASS, Verdict.NOT_SELECTED)
"""Verdicts that tell of no fault, seen or not."""

Record = Mapping[str, Any]
"""What one test of a requirement came to: plain JSON, for it travels between the processes of pytest-xdist."""


def error_record(id: str, case: str, reason: str) -> dict[str, Any]:
    """The record of a test that we kept from running: without it, what never ran would not be missed."""
    nothing: dict[str, Any] = {"because": None, "observed": [], "requests": 0, "coverage": {}, "findings": []}
    return {**nothing, "requirement": id, "case": case, "verdict": Verdict.ERROR.value, "reason": reason}


@dataclass(slots=True)
class Judged:
    """A requirement and all that was found about it."""

    requirement: Requirement
    level: Level
    known: str
    pointer: str
    cases: dict[str, Verdict] = field(default_factory=dict)
    findings: list[Record] = field(default_factory=list)
    """The violations, those of its own tests and those that came up in others."""
    reasons: list[str] = field(default_factory=list)
    because: list[str] = field(default_factory=list)
    observed: list[str] = field(default_factory=list)
    selected: bool = True

    def verdict(self, strict: bool) -> Verdict:
        """The worst of its cases; a SHOULD that is not met deviates, unless the run is strict."""
        if not self.selected:
            return Verdict.NOT_SELECTED
        found = worst([*self.cases.values(), *(Verdict(finding["verdict"]) for finding in self.findings)])
        if self.level is OPEN:
            return Verdict.PASS if found in (Verdict.FAIL, Verdict.UNSTABLE) else found
        if found is Verdict.FAIL and self.level is not MUST and not strict:
            return Verdict.DEVIATES
        return found


@dataclass(slots=True)
class Result:
    """A run."""

    contract: Contract
    target: str
    seed: int
    strict: bool
    judged: dict[str, Judged]
    about: About = field(default_factory=About)
    coverage: Coverage = field(default_factory=Coverage)
    requests: int = 0
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list)
    """What the run found out about the target before it judged anything."""
    stopped: RunVerdict | None = None
    """Set where the run did not come to its end."""
    stopped_because: str = ""
    curtailed: str = ""
    """Why the run ended before all was judged; empty where it did not."""

    @classmethod
    def begin(
        cls,
        contract: Contract,
        requirements: Iterable[Requirement],
        selected: set[str],
        target: str,
        seed: int,
        strict: bool,
    ) -> Result:
        """A run in which nothing was judged yet."""
        judged = {}
        for requirement in sorted(requirements, key=lambda r: r.id):
            clause = contract.clauses.get(requirement.clause)
            if clause is None:
                continue
            judged[requirement.id] = Judged(
                requirement, requirement.level_in(contract), clause.known.word, clause.pointer,
                selected=requirement.id in selected,
            )  # fmt: skip
        return cls(contract, target, seed, strict, judged)

    def add(self, record: Record) -> None:
        """Take in what one test came to."""
        self.requests += record["requests"]
        self.coverage.add(record["coverage"])
        self.curtailed = self.curtailed or record.get("curtailed", "")
        own = self.judged[record["requirement"]]
        own.cases[record["case"]] = Verdict(record["verdict"])
        if record["reason"] and record["reason"] not in own.reasons:
            own.reasons.append(record["reason"])
        if record["because"]:
            own.because.append(record["because"])
        own.observed.extend(record["observed"])
        for finding in record["findings"]:
            judged = self.judged.get(finding["requirement"])
            if judged is not None and judged.selected:
                judged.findings.append(finding)

    def verdicts(self, strict: bool | None = None) -> dict[str, Verdict]:
        """The verdict on each requirement."""
        strictly = self._strictly(strict)
        return {id: judged.verdict(strictly) for id, judged in self.judged.items()}

    def _strictly(self, strict: bool | None) -> bool:
        return self.strict if strict is None else strict

    def verdict(self, strict: bool | None = None) -> RunVerdict:
        """The verdict on the target. A fault of the target outweighs an error of ours."""
        if self.stopped is not None:
            return self.stopped
        verdicts = self.verdicts(strict)
        if Verdict.FAIL in verdicts.values():
            return RunVerdict.NON_CONFORMANT
        if Verdict.ERROR in verdicts.values():
            return RunVerdict.ERROR
        binding = [v for id, v in verdicts.items() if self.judged[id].level is MUST or self._strictly(strict)]
        if self.curtailed or Verdict.UNSTABLE in binding or self.unexplained(verdicts):
            return RunVerdict.INCONCLUSIVE
        return RunVerdict.CONFORMANT

    def unexplained(self, verdicts: Mapping[str, Verdict]) -> Sequence[str]:
        """Requirements that a fault kept from being judged which no requirement reports."""
        return [
            id
            for id, judged in self.judged.items()
            if judged.selected and any(verdicts.get(because, Verdict.PASS) in SILENT for because in judged.because)
        ]
