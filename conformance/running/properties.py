"""What a test says of its requirement as properties, which pytest puts into its JUnit file."""

from __future__ import annotations

from conformance.requirements.requirement import Requirement
from conformance.results.verdict import Verdict
from contract import Contract

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
        ("known", clause.known.word),
    ]
    return [*found, (CASE, case)] if case else found


def of_verdict(verdict: Verdict) -> Properties:
    """The verdict of a test, as reports of the run read it."""
    return [(VERDICT, verdict.value)]
