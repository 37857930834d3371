"""IDM, times: when a model was created and last updated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from conformance.fields import timestamp
from conformance.judge.expect import as_json
from conformance.judge.moments import Moment, parse_moment
from conformance.judge.outcome import Failure, NotTestable
from conformance.judge.prerequisite import Prerequisite
from conformance.requirements.features import (
    CREATION_TIME,
    UPDATE_TIME,
)
from conformance.requirements.level import SHOULD
from conformance.requirements.requirement import requirement
from conformance.target.subject import Subject
from conformance.wire.exchange import Exchange, Json
from contract import ResponseField

CLOCK_TICK = 1.1
"""Seconds after which a clock with a resolution of one second has moved."""


@requirement("IDM-14", SHOULD, clause="x-clauses/times", about=[CREATION_TIME])
def test_created_at_stays(subject: Subject) -> None:
    """The creation time of a model never changes, and a model created after a delete gets a new one."""
    field = _timestamp(subject, "created")
    body = subject.full_body(0)
    created = _moment(subject.require_accepted(subject.upsert(body)), field)
    for references in ({}, subject.canonical_references()):
        subject.pause()
        update = {**subject.full_body(1, body[subject.contract.upsert.key]), **references}
        later = _moment(subject.require_accepted(subject.upsert(update)), field)
        if not later.is_same(created):
            raise Failure(f"{field.name}: {created.text}, as after the create", f"{field.name}: {later.text}")
    if subject.capabilities.read_returns_state:
        read = subject.read_state(body).get(field.name)
        seen = parse_moment(read)
        if seen is not None and not seen.is_same(created):
            raise Failure(f"{field.name}: {created.text}, as after the create", f"{field.name}: {as_json(read)}")
    if (
        subject.capabilities.delete_removes_model
        and subject.delete(body[subject.contract.upsert.key]).response.successful
    ):
        subject.pause(CLOCK_TICK if created.whole_seconds else 0.05)
        again = subject.upsert(body)
        if again.response.status == subject.contract.upsert.created and not created.whole_minutes:
            fresh = _moment(again, field)
            if fresh.is_same(created):
                expected = f"{field.name} after {created.text}, for a model that was created again"
                raise Failure(expected, f"{field.name}: {fresh.text}")


@requirement("IDM-15", SHOULD, clause="x-clauses/times", about=[CREATION_TIME, UPDATE_TIME])
def test_updated_at_never_goes_back(subject: Subject) -> None:
    """The update time of a model never goes back, and is never before its creation time."""
    created, updated = _timestamp(subject, "created"), _timestamp(subject, "updated")
    body = subject.full_body(0)
    latest: Moment | None = None
    for variant in range(4):
        exchange = subject.require_accepted(
            subject.upsert(subject.full_body(variant, body[subject.contract.upsert.key]))
        )
        if variant == 0 and exchange.response.members.get(updated.name) is None:
            continue  # the model was never updated
        moment_updated, moment_created = _moment(exchange, updated), _moment(exchange, created)
        if moment_updated.is_before(moment_created):
            raise Failure(f"{updated.name} not before {moment_created.text}", f"{updated.name}: {moment_updated.text}")
        if latest is not None and moment_updated.is_before(latest):
            raise Failure(f"{updated.name} not before {latest.text}", f"{updated.name}: {moment_updated.text}")
        latest = moment_updated
        subject.pause()


@requirement("IDM-16", SHOULD, clause="x-clauses/times", about=[UPDATE_TIME])
def test_updated_at_moves(subject: Subject) -> None:
    """The update time changes when a value changes, within the resolution of the clock."""
    field = _timestamp(subject, "updated")
    key = subject.names.model_name()
    exchange = subject.require_accepted(subject.upsert(subject.full_body(1, key)))
    if exchange.response.members.get(field.name) is None:  # the model was never updated
        exchange = subject.require_accepted(subject.upsert(subject.full_body(0, key)))
    before = _moment(exchange, field)
    changes = [subject.full_body(variant, key) for variant in (2, 3)]
    after = _expect_later(subject, field, before, changes, "a value")
    if overrides := subject.override_entries():
        others = {name: {parameter: {"max": 2} for parameter in value} for name, value in overrides.items()}
        upsert = subject.contract.upsert
        after = _expect_later(
            subject, field, after, [{upsert.key: key, **it} for it in (overrides, others)], "an override"
        )
    if flags := [own for own in subject.own_fields() if "enum" in own.schema]:
        switched = [{own.name: own.schema["enum"][turn % len(own.schema["enum"])] for own in flags} for turn in (1, 0)]
        _expect_later(subject, field, after, [{subject.contract.upsert.key: key, **it} for it in switched], "a flag")


def _expect_later(
    subject: Subject, field: ResponseField, before: Moment, changes: Sequence[Mapping[str, Json]], what: str
) -> Moment:
    """Return the update time after a change. Make a second change if a slow clock may explain the first time."""
    for seconds, body in zip((0.1, CLOCK_TICK), changes, strict=True):
        subject.pause(CLOCK_TICK if before.whole_seconds else seconds)
        after = _moment(subject.require_accepted(subject.upsert(body)), field)
        if before < after:
            return after
    if after == before and after.whole_minutes:
        raise NotTestable(f"{field.name} may have a resolution of a minute or more")
    raise Failure(f"{field.name} after {before.text}, because {what} changed", f"{field.name}: {after.text}")


def _timestamp(subject: Subject, of: str) -> ResponseField:
    field = timestamp(subject.contract, of)
    if field is None:
        raise NotTestable(f"the contract has no time at which a model was {of}")
    return field


def _moment(exchange: Exchange, field: ResponseField) -> Moment:
    value = exchange.response.members.get(field.name)
    if value is None:
        raise NotTestable(f"the target does not return {field.name}")
    found = parse_moment(value)
    if found is None:
        blocked_by = Prerequisite.VALID_DATE_TIME if isinstance(value, str) else Prerequisite.VALID_MODEL
        raise NotTestable(f"{field.name} is {as_json(value)}, which is not a date-time", blocked_by=blocked_by)
    return found
