"""IDM, the times: when a model was created and last updated."""

from __future__ import annotations

from conformance.fields import timestamp
from conformance.judge.expect import written
from conformance.judge.moments import Moment, moment
from conformance.judge.outcome import NotTestable, Violation
from conformance.requirements.features import (
    CREATION_TIME,
    UPDATE_TIME,
)
from conformance.requirements.level import SHOULD
from conformance.requirements.requirement import requirement
from conformance.subject.subject import Subject
from conformance.wire.exchange import Exchange
from contract import ResponseField


@requirement("IDM-14", SHOULD, clause="x-clauses/times", about=[CREATION_TIME])
def test_created_at_stays(subject: Subject) -> None:
    """The time of creation never changes, whatever an update sends."""
    field = _timestamp(subject, "created")
    body = subject.full(0)
    created = _moment(subject.accepted(subject.upsert(body)), field)
    for references in ({}, subject.plain_references()):
        subject.pause()
        update = {**subject.full(1, body[subject.contract.upsert.key]), **references}
        later = _moment(subject.accepted(subject.upsert(update)), field)
        if later != created:
            raise Violation(f"{field.name}: {created.text}, as when it was created", f"{field.name}: {later.text}")
    if subject.abilities.reads_truly:
        read = subject.look(body).get(field.name)
        if moment(read) not in (created, None):
            raise Violation(f"{field.name}: {created.text}, as when it was created", f"{field.name}: {written(read)}")


@requirement("IDM-15", SHOULD, clause="x-clauses/times", about=[CREATION_TIME, UPDATE_TIME])
def test_updated_at_never_goes_back(subject: Subject) -> None:
    """The time of the last update never goes back, and is never before that of the creation."""
    created, updated = _timestamp(subject, "created"), _timestamp(subject, "updated")
    body = subject.full(0)
    latest: Moment | None = None
    for variant in range(4):
        exchange = subject.accepted(subject.upsert(subject.full(variant, body[subject.contract.upsert.key])))
        if variant == 0 and exchange.response.members.get(updated.name) is None:
            continue  # it was never updated
        moment_updated, moment_created = _moment(exchange, updated), _moment(exchange, created)
        if moment_updated < moment_created:
            raise Violation(
                f"{updated.name} not before {moment_created.text}", f"{updated.name}: {moment_updated.text}"
            )
        if latest is not None and moment_updated < latest:
            raise Violation(f"{updated.name} not before {latest.text}", f"{updated.name}: {moment_updated.text}")
        latest = moment_updated
        subject.pause()


@requirement("IDM-16", SHOULD, clause="x-clauses/times", about=[UPDATE_TIME])
def test_updated_at_moves(subject: Subject) -> None:
    """The time of the last update moves when a value changes, to the grain of the clock."""
    field = _timestamp(subject, "updated")
    body = subject.full(1)
    exchange = subject.accepted(subject.upsert(body))
    if exchange.response.members.get(field.name) is None:  # it was never updated
        exchange = subject.accepted(subject.upsert(subject.full(0, body[subject.contract.upsert.key])))
    before = _moment(exchange, field)
    subject.pause(1.1 if before.whole_seconds else 0.1)
    after = _moment(subject.accepted(subject.upsert(subject.full(2, body[subject.contract.upsert.key]))), field)
    if after == before and after.whole_seconds:
        subject.pause(1.1)
        after = _moment(subject.accepted(subject.upsert(subject.full(3, body[subject.contract.upsert.key]))), field)
    if after <= before:
        raise Violation(f"{field.name} after {before.text}, for a value changed", f"{field.name}: {after.text}")
    if overrides := subject.overrides():
        subject.pause(1.1 if after.whole_seconds else 0.1)
        key = subject.contract.upsert.key
        last = _moment(subject.accepted(subject.upsert({key: body[key], **overrides})), field)
        if last <= after:
            raise Violation(f"{field.name} after {after.text}, for an override changed", f"{field.name}: {last.text}")


def _timestamp(subject: Subject, of: str) -> ResponseField:
    field = timestamp(subject.contract, of)
    if field is None:
        raise NotTestable(f"the contract has no time of when a model was {of}")
    return field


def _moment(exchange: Exchange, field: ResponseField) -> Moment:
    value = exchange.response.members.get(field.name)
    if value is None:
        raise NotTestable(f"the target does not show {field.name}")
    found = moment(value)
    if found is None:
        because = "SCH-09" if isinstance(value, str) else "SCH-03"
        raise NotTestable(f"{field.name} is {written(value)}, which is no date-time", because=because)
    return found
