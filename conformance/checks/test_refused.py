"""IDM, refusals: what a refused request leaves behind, which is nothing."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.checks import stories
from conformance.checks.refusals import REFUSED, Refusal
from conformance.fields import timestamp
from conformance.judge.expect import expect_shown, expect_taken, expect_unchanged, summary, written
from conformance.judge.moments import moment
from conformance.judge.outcome import NotTestable, Violation
from conformance.judge.same import same
from conformance.requirements.level import MUST, SHOULD
from conformance.requirements.requirement import each, requirement
from conformance.subject.subject import Subject
from conformance.wire.exchange import Exchange, Json


@requirement("IDM-12", SHOULD, clause="x-clauses/refused")
@each("refusal", REFUSED)
def test_refusal_changes_nothing(subject: Subject, refusal: Refusal) -> None:
    """A refused request changes nothing of a model, neither wholly nor in part, neither at once nor with the next."""
    subject.require_reading()
    model = subject.once("a model to refuse changes of", lambda: ModelToRefuseChangesOf(subject))
    before, key = model.seen, model.body[subject.contract.upsert.key]
    _refused(refusal, refusal.send(subject, key, subject.full(2, key)))
    after = model.look()
    expect_unchanged(subject.contract, before, after, "after a refused request")
    for name in (field.name for field in model.steady):
        if moment(after.get(name)) != moment(before.get(name)):  # one moment may be written in many ways
            expected = f"{name}: {written(before.get(name))} after a refused request"
            raise Violation(expected, f"{name}: {written(after.get(name))}")
    if subject.abilities.reads_truly and subject.abilities.keeps:
        shown = subject.accepted(subject.upsert({subject.contract.upsert.key: key})).response.members
        expect_unchanged(
            subject.contract, model.shown, shown, "in an update of the name alone, after a refused request"
        )


@requirement("IDM-13", SHOULD, clause="x-clauses/refused")
@each("refusal", REFUSED)
def test_refusal_creates_nothing(subject: Subject, refusal: Refusal) -> None:
    """A refused request creates nothing: the next valid upsert of that name is a create."""
    tried = stories.tried_again(subject, refusal)
    _refused(refusal, tried.refused)
    if tried.existed(subject):
        raise Violation("no model of that name after a refused request", f"there is a model {tried.key}")
    shown = subject.accepted(tried.taken).response.members
    for field in subject.reliable_fields(telling=True):
        refused = tried.changes.get(field.name)
        if refused is not None and same(shown.get(field.name), refused):
            raise Violation(f"no {field.name} of a refused request", f"{field.name}: {written(shown[field.name])}")


@requirement("IDM-19", MUST, clause="x-clauses/shown")
@each("refusal", REFUSED)
def test_works_after_a_refusal(subject: Subject, refusal: Refusal) -> None:
    """A valid request is taken after a refused one, and shows its values."""
    exchange = stories.tried_again(subject, refusal).taken
    expect_taken(exchange, f"a valid request after {refusal.label}")
    body = exchange.request.json
    for field in [reliable for reliable in subject.reliable_fields() if reliable.name in body]:
        expect_shown(exchange.response.members, field.response, body[field.name], f"after {refusal.label}")


class ModelToRefuseChangesOf:
    """A model with a value for whatever it can have, and its times, as far as looking at it does not move them."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self.body = subject.given({**subject.full(1), **subject.plain_references()})
        one = self.look()
        bare = {subject.contract.upsert.key: self.body[subject.contract.upsert.key]}
        self.shown = subject.accepted(subject.upsert(bare)).response.members if subject.abilities.keeps else one
        """What an update of the name alone shows."""
        other = self.look()
        times = [timestamp(subject.contract, of) for of in ("created", "updated")]
        steady = [it for it in times if it and one.get(it.name) and one[it.name] == other[it.name]]
        self.steady = steady if subject.abilities.reads_truly else []

    def look(self) -> Mapping[str, Json]:
        """What it shows now, which is what it showed before the next refusal, too."""
        self.seen = self._subject.look(self.body)
        return self.seen


def _refused(refusal: Refusal, exchange: Exchange) -> None:
    if exchange.response.successful:
        fault = Violation("a refusal", summary(exchange), [exchange]) if refusal.breaks else None
        raise NotTestable("the target takes this request", because=refusal.breaks, fault=fault)
