"""STA, validation: bodies that are not JSON objects, and values that a field cannot have."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.checks import sample_requests
from conformance.checks.invalid_requests import (
    ACCEPT,
    JSON_MEDIA_TYPES,
    NOT_AN_OBJECT,
    NOT_JSON,
    OTHER_MEDIA_TYPES,
    InvalidRequest,
)
from conformance.generate.values import Invalidity, InvalidValue, invalid_values, own_fields
from conformance.judge.expect import expect_status
from conformance.judge.outcome import NotTestable
from conformance.judge.prerequisite import Prerequisite
from conformance.requirements import cases
from conformance.requirements.cases import WrongValue
from conformance.requirements.features import (
    ENUMS,
    NON_STRING_FIELDS,
    NONEMPTY_NAMES,
    REFERENCES,
)
from conformance.requirements.level import MUST, SHOULD
from conformance.requirements.requirement import each, requirement
from conformance.target.subject import Subject
from conformance.wire.exchange import Exchange, Headers, Json
from contract import Contract, RequestField

PADDING = 100_000
"""Bytes of white space that make a body large."""
TOO_LARGE = 413
UNSUPPORTED = 415
AMONG_OTHERS, WITHOUT_A_NAME = "among other wrong values", "without a name"
BESIDE_REFERENCES, IN_A_LARGE_BODY = "beside unknown references", "in a large body"
BESIDE_A_SPELLING = "beside another spelling of the field"
PLACES = (AMONG_OTHERS, WITHOUT_A_NAME, BESIDE_REFERENCES, IN_A_LARGE_BODY, BESIDE_A_SPELLING)


def _places(contract: Contract) -> Mapping[str, str]:
    """Return what else a request with an invalid value can contain."""
    lacking = {
        AMONG_OTHERS: len(_typed_fields(contract)) < 2,
        BESIDE_REFERENCES: not REFERENCES.is_in(contract),
        BESIDE_A_SPELLING: not cases.aliases(contract),
    }
    return {place: place for place in PLACES if not lacking.get(place)}


@requirement("STA-05", MUST, clause="x-clauses/unreadable-json", covers=[sample_requests.invalid_json])
@each("invalid_request", NOT_JSON)
def test_unreadable_body(subject: Subject, invalid_request: InvalidRequest) -> None:
    """The server returns 400 for a body that is not JSON."""
    expect_status(invalid_request.send(subject), subject.contract.upsert.invalid, when=f"for {invalid_request.label}")


@requirement("STA-06", MUST, clause="x-clauses/unreadable-json", quick=False)
@each("invalid_request", NOT_AN_OBJECT)
def test_body_is_not_an_object(subject: Subject, invalid_request: InvalidRequest) -> None:
    """The server returns 400 for a JSON body that is not an object."""
    expect_status(invalid_request.send(subject), subject.contract.upsert.invalid, when=f"for {invalid_request.label}")


@requirement("STA-07", MUST, clause="x-clauses/required", covers=[sample_requests.missing_name])
def test_missing_key(subject: Subject) -> None:
    """The server returns 400 for a body without the model name."""
    upsert = subject.contract.upsert
    full = subject.full_body()
    del full[upsert.key]
    for body in ({}, full):
        expect_status(subject.upsert(body), upsert.invalid, when=f"for a body without {upsert.key}")


@requirement(
    "STA-08",
    MUST,
    clause="x-clauses/wrong-type",
    prerequisite=Prerequisite.REJECTS_WRONG_TYPE,
    covers=[sample_requests.wrong_type],
)
@each("case", cases.with_invalid_values(Invalidity.TYPE))
def test_wrong_type(subject: Subject, case: WrongValue) -> None:
    """The server returns 400 for a value that cannot be converted to the declared type."""
    _expect_invalid(subject, case)


@requirement("STA-09", MUST, clause="x-clauses/wrong-type", about=[ENUMS], quick=False)
@each("case", cases.with_invalid_values(Invalidity.ENUM))
def test_value_not_allowed(subject: Subject, case: WrongValue) -> None:
    """The server returns 400 for a value that is not one of the allowed values."""
    _expect_invalid(subject, case)


@requirement("STA-10", SHOULD, clause="x-clauses/coercible")
@each("case", cases.with_invalid_values(Invalidity.COERCIBLE))
def test_coercible_value(subject: Subject, case: WrongValue) -> None:
    """The server returns 400 for a value of another type, even if it could be converted to the declared one."""
    _expect_invalid(subject, case)


@requirement("STA-11", SHOULD, clause="x-clauses/coercible")
@each("case", cases.with_invalid_values(Invalidity.NULL))
def test_null(subject: Subject, case: WrongValue) -> None:
    """The server returns 400 for null in place of a value."""
    _expect_invalid(subject, case)


@requirement("STA-12", SHOULD, clause="x-clauses/empty-key", about=[NONEMPTY_NAMES])
def test_empty_key(subject: Subject) -> None:
    """The server returns 400 for an empty model name."""
    upsert = subject.contract.upsert
    expect_status(subject.upsert({upsert.key: ""}), upsert.invalid, when="for an empty name")


@requirement("STA-34", MUST, clause="x-clauses/wrong-type", about=[NON_STRING_FIELDS], quick=False)
@each("headers", lambda _: {**JSON_MEDIA_TYPES, **OTHER_MEDIA_TYPES})
def test_invalid_value_with_any_media_type(subject: Subject, headers: Headers) -> None:
    """The server rejects an invalid value whatever the spelling of the media type."""
    field, wrong = _wrong_fields(subject)[0]
    key = subject.once("a name for invalid values", subject.names.new_name)
    body = subject.encoded({subject.contract.upsert.key: key, field.name: wrong.value})
    accepting = headers if ACCEPT in headers else (*headers, ACCEPT)
    exchange = subject.post(body, key=key, headers=accepting, credential=subject.credentials.primary)
    if exchange.response.status == UNSUPPORTED and headers in JSON_MEDIA_TYPES.values():
        raise NotTestable(
            "the server does not accept this spelling of the media type",
            blocked_by=Prerequisite.ACCEPTS_JSON_MEDIA_TYPE,
        )
    alone = {field.name: wrong.value}
    _expect_rejected(subject, exchange, alone, UNSUPPORTED, when=f"for {field.name}: {wrong.label}")


@requirement("STA-35", MUST, clause="x-clauses/wrong-type", about=[NON_STRING_FIELDS], quick=False)
@each("place", _places)
def test_invalid_value_and_other_errors(subject: Subject, place: str) -> None:
    """The server returns 400 for an invalid value, whatever else the request contains.

    Beside a reference to nothing the status of that is allowed as well, and in a large body that of too large a one.
    """
    upsert, body, allowed = subject.contract.upsert, subject.full_body(), list[int]()
    (first, wrong), *others = _wrong_fields(subject)
    body[first.name] = wrong.value
    if place == AMONG_OTHERS:
        body |= {field.name: value.value for field, value in others}
    if place == WITHOUT_A_NAME:
        del body[upsert.key]
    if place == BESIDE_REFERENCES:
        references = cases.references(subject.contract)
        body |= dict.fromkeys(references, subject.names.new_name())
        allowed = [reference.missing for _, reference in references.values()]
    if place == BESIDE_A_SPELLING:
        first, alias = next(iter(cases.aliases(subject.contract).values()))
        wrong = _wrong_type_for(first)
        known = subject.options.fixtures.providers or [subject.names.new_name()]
        body = subject.minimal_body() | {alias.of: known[0], first.name: wrong.value}
        allowed = [alias.differing, *(it.missing for _, it in cases.references(subject.contract).values())]
    text = subject.encoded(body)
    if place == IN_A_LARGE_BODY:
        text, allowed = text[:-1] + b" " * PADDING + b"}", [TOO_LARGE]
    exchange = subject.post(text, key=body.get(upsert.key), credential=subject.credentials.primary)
    alone, when = {first.name: wrong.value}, f"for {first.name}: {wrong.label}, {place}"
    _expect_rejected(subject, exchange, alone, *dict.fromkeys(allowed), when=when)


def _expect_rejected(
    subject: Subject, exchange: Exchange, invalid_value: Mapping[str, Json], *allowed: int, when: str
) -> None:
    """Expect 400 or an allowed status. Raises NotTestable if the invalid value alone does not get 400 either."""
    invalid = subject.contract.upsert.invalid
    if exchange.response.status not in (invalid, *allowed):
        alone = subject.upsert({**subject.minimal_body(), **invalid_value}).response.status
        if exchange.response.status >= 500 or alone != invalid:
            blocked_by = Prerequisite.RESPONDS if exchange.response.status >= 500 else Prerequisite.REJECTS_WRONG_TYPE
            raise NotTestable(f"the invalid value gets {exchange.response.status}, and alone {alone}", blocked_by)
    expect_status(exchange, invalid, *allowed, when=when)


def _wrong_fields(subject: Subject) -> list[tuple[RequestField, InvalidValue]]:
    """Return two fields with values of their own, each with a value that cannot be converted to its type."""
    return [(field, _wrong_type_for(field)) for field in _typed_fields(subject.contract)[:2]]


def _typed_fields(contract: Contract) -> list[RequestField]:
    """Return the request fields with values of their own, except strings."""
    return [field for field in own_fields(contract) if field.schema.get("type") != "string"]


def _wrong_type_for(field: RequestField) -> InvalidValue:
    return next(wrong for wrong in invalid_values(field.schema) if wrong.invalidity is Invalidity.TYPE)


def _expect_invalid(subject: Subject, case: WrongValue) -> None:
    upsert = subject.contract.upsert
    model = _without_references(subject) if case.updates else subject.minimal_body()
    body = {**model, case.field.name: case.wrong.value}
    expect_status(subject.upsert(body), upsert.invalid, when=f"for {case.field.name}: {case.wrong.label}")


def _without_references(subject: Subject) -> dict[str, Json]:
    return subject.once("a model without references", lambda: subject.existing(subject.minimal_body()))
