"""STA, requests that Schemathesis generates from the contract. They may find what the directed checks miss."""

from __future__ import annotations

from collections.abc import Callable

from conformance.fields import overlays
from conformance.judge.expect import expect_accepted, expect_entries, expect_returned, expect_status
from conformance.judge.outcome import Failure
from conformance.judge.requests import Validity, classify_body
from conformance.judge.responses import ANY_SERVER
from conformance.model.engine import send_generated_requests
from conformance.requirements.features import ECHOED_VALUES
from conformance.requirements.level import MUST, SHOULD, Stage
from conformance.requirements.requirement import requirement
from conformance.target.subject import Subject
from conformance.wire.exchange import Exchange, Json

ALONE = 2
"""Failed requests of one kind that are sent again, alone, even if the request budget is exhausted."""


@requirement("STA-26", MUST, clause="requestBody", stage=Stage.GENERATED, quick=False)
def test_generated_valid_requests(subject: Subject) -> None:
    """The server accepts every generated request with ordinary values."""
    _judge(
        subject,
        Validity.PLAIN,
        lambda exchange: _expect_accepted(subject, exchange),
    )


@requirement("STA-27", MUST, clause="x-clauses/wrong-type", stage=Stage.GENERATED, quick=False)
def test_generated_invalid_requests(subject: Subject) -> None:
    """The server returns 400 for every generated request with a value that cannot be converted."""
    invalid = subject.contract.upsert.invalid
    _judge(subject, Validity.INVALID, lambda exchange: expect_status(exchange, invalid, when="for an invalid value"))


@requirement("STA-28", SHOULD, clause="x-clauses/coercible", stage=Stage.GENERATED)
def test_generated_coercible_requests(subject: Subject) -> None:
    """The server returns 400 for every generated request with a null or a value of another type."""
    invalid = subject.contract.upsert.invalid
    _judge(
        subject,
        Validity.COERCIBLE,
        lambda exchange: expect_status(exchange, invalid, when="for a null or a value of another type"),
    )


@requirement("STA-29", MUST, clause="x-clauses/returned", about=[ECHOED_VALUES], stage=Stage.GENERATED, quick=False)
def test_generated_values_are_returned(subject: Subject) -> None:
    """A response returns the ordinary values of a generated request."""
    _judge(subject, Validity.PLAIN, lambda exchange: _expect_all_returned(subject, exchange))


@requirement("STA-30", SHOULD, clause="x-clauses/exact", about=[ECHOED_VALUES], stage=Stage.GENERATED)
def test_generated_unusual_values_are_exact(subject: Subject) -> None:
    """A response returns the unusual values of an accepted generated request exactly."""
    _judge(subject, Validity.OPEN, lambda exchange: _expect_all_returned(subject, exchange))


def _judge(subject: Subject, reading: Validity, judge: Callable[[Exchange], None]) -> None:
    """Judge the generated requests of one validity. One that fails is sent again, alone, if requests are left."""
    exchanges, sent_alone = (
        subject.once("generated requests", lambda: send_generated_requests(subject), persistent=True),
        0,
    )
    for exchange in exchanges:
        body = exchange.request.json
        if classify_body(subject.contract, body) is not reading or exchange.response.status in ANY_SERVER:
            continue
        try:
            judge(exchange)
        except Failure:
            if sent_alone >= ALONE and not subject.can_afford(1):
                return
            sent_alone += 1
            judge(_sent_alone(subject, body))


def _expect_accepted(subject: Subject, exchange: Exchange) -> None:
    body = exchange.request.json
    if not exchange.response.successful and isinstance(body, dict):  # perhaps what the user named does not exist
        references = {name: body[name] for name in subject.existing_references() if name in body}
        subject.existing({**subject.minimal_body(), **references})
    expect_accepted(exchange, "every value of the generated body is ordinary")


def _sent_alone(subject: Subject, body: Json) -> Exchange:
    """Send the same body for a new model, and return the exchange."""
    key = subject.contract.upsert.key
    if isinstance(body, dict) and isinstance(body.get(key), str) and body[key]:
        return subject.upsert({**body, key: subject.names.new_name()})
    return subject.post(subject.encoded(body), credential=subject.credentials.primary)


def _expect_all_returned(subject: Subject, exchange: Exchange) -> None:
    members, sent = exchange.response.members, exchange.request.json
    if not exchange.response.successful or not isinstance(sent, dict):
        return
    for field in subject.reliable_fields():
        if field.name in sent:
            expect_returned(members, field.response, sent[field.name], "in the response")
    for override, returned, _ in overlays(subject.contract):
        entries = sent.get(override.name)
        if isinstance(entries, dict):
            expect_entries(members.get(returned.name), entries, returned, f"as in {override.name}")
