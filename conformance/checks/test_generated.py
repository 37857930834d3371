"""What Schemathesis made up from the contract, judged request by request: nets below the directed checks."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.fields import overlays
from conformance.generate.engine import Generated, generated
from conformance.judge.expect import expect_entries, expect_shown, expect_status, expect_taken
from conformance.judge.reading import Reading, read_body
from conformance.judge.same import identical
from conformance.outcome import Violation
from conformance.requirement import MUST, SHOULD, requirement
from conformance.subject.subject import Subject


@requirement("STA-26", MUST, clause="requestBody")
def test_generated_valid_requests(subject: Subject) -> None:
    """Every generated request of plain values is taken."""
    for case in _cases(subject, Reading.PLAIN):
        with _evidence(case):
            expect_taken(case.exchange, "every value of the generated body is plain")


@requirement("STA-27", MUST, clause="x-clauses/wrong-type")
def test_generated_wrong_requests(subject: Subject) -> None:
    """Every generated request with a value that cannot be right is answered 400."""
    for case in _cases(subject, Reading.WRONG):
        with _evidence(case):
            expect_status(case.exchange, subject.contract.upsert.invalid, when="for a generated body with a wrong value")


@requirement("STA-28", SHOULD, clause="x-clauses/coercible")
def test_generated_coercible_requests(subject: Subject) -> None:
    """Every generated request with a value of another type, or null, is answered 400."""
    for case in _cases(subject, Reading.COERCIBLE):
        with _evidence(case):
            expect_status(case.exchange, subject.contract.upsert.invalid, when="for a generated body of a wrong type")


@requirement("STA-29", MUST, clause="x-clauses/shown")
def test_generated_values_are_shown(subject: Subject) -> None:
    """The plain values of a generated request come back."""
    for case in _cases(subject, Reading.PLAIN):
        with _evidence(case):
            _expect_all_shown(subject, case)


@requirement("STA-30", SHOULD, clause="x-clauses/exact")
def test_generated_odd_values_are_exact(subject: Subject) -> None:
    """The odd values of a generated request that is taken come back exactly."""
    for case in _cases(subject, Reading.OPEN):
        with _evidence(case):
            _expect_all_shown(subject, case)


class _evidence:  # noqa: N801 - read as a word of the sentence it stands in
    """Gives a violation the exchange that shows it."""

    def __init__(self, case: Generated) -> None:
        self._case = case

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, Violation):
            error.exchanges = (self._case.exchange,)


def _cases(subject: Subject, reading: Reading) -> Iterator[Generated]:
    for case in subject.once("generated requests", lambda: generated(subject)):
        if read_body(subject.contract, case.body) is reading:
            yield case


def _expect_all_shown(subject: Subject, case: Generated) -> None:
    members = case.exchange.response.members
    if not case.exchange.response.successful:
        return
    for field in subject.reliable_fields():
        if field.name in case.body:
            expect_shown(members, field.response, case.body[field.name], "in the response", identical)
    for override, field_shown, _ in overlays(subject.contract):
        entries = case.body.get(override.name)
        if isinstance(entries, dict):
            expect_entries(members.get(field_shown.name), entries, field_shown, f"as {override.name} says")
