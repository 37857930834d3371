"""IDM, refusals: what a refused request leaves behind, which is nothing."""

from __future__ import annotations

from conformance.checks import scenarios
from conformance.checks.invalid_requests import REFUSED, Refusal
from conformance.fields import timestamp
from conformance.judge.expect import as_json, expect_accepted, expect_returned, expect_unchanged, same, summary
from conformance.judge.outcome import Failure, NotTestable
from conformance.judge.responses import parse_moment
from conformance.requirements.features import (
    EXISTENCE,
    KEPT,
    STATE,
)
from conformance.requirements.level import MUST, SHOULD
from conformance.requirements.requirement import each, requirement
from conformance.target.subject import Subject
from conformance.wire.exchange import Exchange

LATE = {"a wrong value", "an unknown base model"}
"""Refusals of what a server may find wrong only when it has begun to change the model."""


@requirement("IDM-12", SHOULD, clause="x-clauses/refused", about=[STATE])
@each("refusal", REFUSED)
def test_refusal_changes_nothing(subject: Subject, refusal: Refusal) -> None:
    """A rejected request does not change the model."""
    subject.require_readable_state()
    model = subject.once("a model to refuse changes of", lambda: ModelToRefuseChangesOf(subject))
    try:
        model.judge(refusal)
    except (NotTestable, Failure):
        model.restore()  # what was found of this request is not told of the next one
        raise


@requirement("IDM-30", SHOULD, clause="x-clauses/refused", about=[KEPT])
@each("refusal", lambda contract: {label: it for label, it in REFUSED(contract).items() if label in LATE})
def test_refusal_leaves_nothing_behind(subject: Subject, refusal: Refusal) -> None:
    """A later update does not write values of a rejected update."""
    if not subject.capabilities.bare_upsert_returns_state:
        raise NotTestable("an update resets the fields that it leaves out")
    key, body = subject.contract.upsert.key, subject.full_body(1)
    subject.existing(body)
    before = subject.require_accepted(subject.upsert({key: body[key]})).response.members
    _refused(refusal, refusal.send(subject, body[key], subject.full_body(2, body[key])))
    after = subject.require_accepted(subject.upsert({key: body[key]})).response.members
    expect_unchanged(subject.contract, before, after, "in an update of the name alone, after a refused one")


@requirement("IDM-13", SHOULD, clause="x-clauses/refused", about=[EXISTENCE], creates=True)
@each("refusal", REFUSED)
def test_refusal_creates_nothing(subject: Subject, refusal: Refusal) -> None:
    """A rejected request does not create a model."""
    tried = scenarios.tried_again(subject, refusal)
    _refused(refusal, tried.refused)
    if tried.existed(subject):
        raise Failure("no model of that name after a refused request", f"there is a model {tried.key}")
    shown = subject.require_accepted(tried.taken).response.members
    for field in subject.reliable_fields(distinctive=True):
        refused = tried.changes.get(field.name)
        if refused is not None and same(shown.get(field.name), refused):
            raise Failure(f"no {field.name} of a refused request", f"{field.name}: {as_json(shown[field.name])}")


@requirement("IDM-19", MUST, clause="x-clauses/shown", quick=False)
@each("refusal", REFUSED)
def test_works_after_a_refusal(subject: Subject, refusal: Refusal) -> None:
    """The server accepts a valid request after a rejected one."""
    exchange = scenarios.tried_again(subject, refusal).taken
    expect_accepted(exchange, f"a valid request after {refusal.label}")
    body = exchange.request.json
    for field in [reliable for reliable in subject.reliable_fields() if reliable.name in body]:
        expect_returned(exchange.response.members, field.response, body[field.name], f"after {refusal.label}")


class ModelToRefuseChangesOf:
    """A model with a value for whatever it can have, and what it showed after the latest refusal."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._body = {**subject.full_body(1), **subject.canonical_references()}
        self.restore()

    def restore(self) -> None:
        """Give it its values, and see what it shows; its times count as far as looking at it does not move them."""
        subject = self._subject
        subject.existing(self._body)
        one = subject.read_state(self._body)
        self._seen = other = subject.read_state(self._body)
        times = [timestamp(subject.contract, of) for of in ("created", "updated")]
        steady = [it.name for it in times if it and one.get(it.name) and one[it.name] == other.get(it.name)]
        self._steady = steady if subject.capabilities.read_returns_state else []

    def judge(self, refusal: Refusal) -> None:
        """See that a refused request changes nothing."""
        subject, before, key = self._subject, self._seen, self._body[self._subject.contract.upsert.key]
        _refused(refusal, refusal.send(subject, key, subject.full_body(2, key)))
        after = self._seen = subject.read_state(self._body)
        expect_unchanged(subject.contract, before, after, "after a refused request")
        for name in self._steady:
            if parse_moment(after.get(name)) != parse_moment(
                before.get(name)
            ):  # one moment may be written in many ways
                expected = f"{name}: {as_json(before.get(name))} after a refused request"
                raise Failure(expected, f"{name}: {as_json(after.get(name))}")


def _refused(refusal: Refusal, exchange: Exchange) -> None:
    if exchange.response.successful:
        fault = Failure("a refusal", summary(exchange), [exchange]) if refusal.missing else None
        raise NotTestable("the target takes this request", blocked_by=refusal.missing, failure=fault)
