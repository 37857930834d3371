"""IDM, rejected requests: they change nothing, and leave nothing behind."""

from __future__ import annotations

from conformance.checks import scenarios
from conformance.checks.invalid_requests import INVALID_REQUESTS, InvalidRequest
from conformance.fields import timestamp
from conformance.judge.expect import as_json, expect_accepted, expect_returned, expect_unchanged, same, summary
from conformance.judge.moments import parse_moment
from conformance.judge.outcome import Failure, NotTestable
from conformance.requirements.features import (
    EXISTENCE,
    KEEPS_OMITTED,
    STATE,
)
from conformance.requirements.level import MUST, SHOULD
from conformance.requirements.requirement import each, requirement
from conformance.target.subject import Subject
from conformance.wire.exchange import Exchange

LATE = {"a wrong value", "an unknown base model"}
"""Invalid requests that a server may reject only after it has begun to change the model."""


@requirement("IDM-12", SHOULD, clause="x-clauses/rejected", about=[STATE])
@each("invalid", INVALID_REQUESTS)
def test_rejected_request_changes_nothing(subject: Subject, invalid: InvalidRequest) -> None:
    """A rejected request does not change the model."""
    subject.require_readable_state()
    model = subject.once("a model to reject changes of", lambda: UnchangedModel(subject))
    try:
        model.judge(invalid)
    except (NotTestable, Failure):
        model.restore()  # so that a change by this request is not attributed to the next one
        raise


@requirement("IDM-30", SHOULD, clause="x-clauses/rejected", about=[KEEPS_OMITTED])
@each("invalid", lambda contract: {label: it for label, it in INVALID_REQUESTS(contract).items() if label in LATE})
def test_rejected_update_leaves_nothing_behind(subject: Subject, invalid: InvalidRequest) -> None:
    """A later update does not write values of a rejected update."""
    if not subject.capabilities.bare_upsert_returns_state:
        raise NotTestable("an update resets omitted fields")
    key, body = subject.contract.upsert.key, subject.full_body(1)
    subject.existing(body)
    for _ in range(2):  # a field may change when a second update omits it, which this check is not about
        before = subject.require_accepted(subject.upsert({key: body[key]})).response.members
    _require_rejected(invalid, invalid.send(subject, body[key], subject.full_body(2, body[key])))
    after = subject.require_accepted(subject.upsert({key: body[key]})).response.members
    expect_unchanged(subject.contract, before, after, "in an update with the name alone, after a rejected one")


@requirement("IDM-13", SHOULD, clause="x-clauses/rejected", about=[EXISTENCE], creates=True)
@each("invalid", INVALID_REQUESTS)
def test_rejected_request_creates_nothing(subject: Subject, invalid: InvalidRequest) -> None:
    """A rejected request does not create a model."""
    tried = scenarios.rejected_then_valid(subject, invalid)
    _require_rejected(invalid, tried.rejected)
    if tried.existed(subject):
        raise Failure("no model of that name after a rejected request", f"the model {tried.key} exists")
    returned = subject.require_accepted(tried.valid).response.members
    for field in subject.reliable_fields(distinctive=True):
        rejected = tried.changes.get(field.name)
        if rejected is not None and same(returned.get(field.name), rejected):
            raise Failure(f"no {field.name} of a rejected request", f"{field.name}: {as_json(returned[field.name])}")


@requirement("IDM-19", MUST, clause="x-clauses/returned", quick=False)
@each("invalid", INVALID_REQUESTS)
def test_valid_request_after_a_rejected_one(subject: Subject, invalid: InvalidRequest) -> None:
    """The server accepts a valid request after a rejected one."""
    exchange = scenarios.rejected_then_valid(subject, invalid).valid
    expect_accepted(exchange, f"the request is valid, after {invalid.label}")
    body = exchange.request.json
    for field in [reliable for reliable in subject.reliable_fields() if reliable.name in body]:
        expect_returned(exchange.response.members, field.response, body[field.name], f"after {invalid.label}")


class UnchangedModel:
    """A model with a value for every field, and its state after the latest rejected request."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._body = {**subject.full_body(1), **subject.canonical_references()}
        self.restore()

    def restore(self) -> None:
        """Write the values, and read the state. Times are part of it if reads do not change them."""
        subject = self._subject
        subject.existing(self._body)
        one = subject.read_state(self._body)
        self._seen = other = subject.read_state(self._body)
        times = [timestamp(subject.contract, of) for of in ("created", "updated")]
        steady = [it.name for it in times if it and one.get(it.name) and one[it.name] == other.get(it.name)]
        self._steady = steady if subject.capabilities.read_returns_state else []

    def judge(self, invalid: InvalidRequest) -> None:
        """Expect a rejected request to change nothing."""
        subject, before, key = self._subject, self._seen, self._body[self._subject.contract.upsert.key]
        _require_rejected(invalid, invalid.send(subject, key, subject.full_body(2, key)))
        after = self._seen = subject.read_state(self._body)
        expect_unchanged(subject.contract, before, after, "after a rejected request")
        for name in self._steady:
            # compared as times, because one time can be written in several ways
            if parse_moment(after.get(name)) != parse_moment(before.get(name)):
                expected = f"{name}: {as_json(before.get(name))} after a rejected request"
                raise Failure(expected, f"{name}: {as_json(after.get(name))}")


def _require_rejected(invalid: InvalidRequest, exchange: Exchange) -> None:
    if exchange.response.successful:
        failure = Failure("an error response (4xx)", summary(exchange), [exchange]) if invalid.missing else None
        raise NotTestable("the target accepts this request", blocked_by=invalid.missing, failure=failure)
