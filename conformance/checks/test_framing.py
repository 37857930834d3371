"""STA and AUT, what is not to be taken for another part of a request: bodies for requests, trailers for headers.

A server may refuse offers of another protocol, trailers and chunked bodies, take up an offer that it knows, and close
any connection: none of that is judged. What stands in front may drop offers and trailers, and nothing shows then.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import partial
from urllib.parse import urlsplit

from conformance.checks.by_hand import (
    CLOSE,
    at_a_model,
    by_hand,
    model_to_read,
    plain_update,
    plain_upsert,
    reading,
    wired,
)
from conformance.judge.expect import summary
from conformance.judge.outcome import Failure, NotTestable
from conformance.requirements.features import CREDENTIALS, READ
from conformance.requirements.level import MUST
from conformance.requirements.requirement import each, requirement
from conformance.target.client import UNKNOWN
from conformance.target.operations import JSON_HEADERS
from conformance.target.subject import Subject
from conformance.wire.exchange import Credential, Exchange, Headers, Lost, Request, Stale, Wire

SWITCHING_PROTOCOLS, UNSUPPORTED_MEDIA_TYPE = 101, 415
REFUSED = {403, 421, 426, 501, 505}
"""Statuses that refuse an offer as such; a body that got lost is answered otherwise."""
H2C: Headers = (
    ("Connection", "Upgrade, HTTP2-Settings"), ("Upgrade", "h2c"), ("HTTP2-Settings", "AAMAAABkAAQBAAAAAAIAAAAA")
)  # fmt: skip
"""What curl and the HTTP client of Java offer with a first request to a plain address."""
UNKNOWN_PROTOCOL: Headers = (("Connection", "Upgrade"), ("Upgrade", "rc-unknown/1"))
HARMLESS = ("X-Rc-Checksum", "0")
"""A trailer that no server has a use for."""
JSON = ("Content-Type", "application/json")
ACCEPT = ("Accept", "application/json")
VARYING = re.compile("[0-9A-Fa-f-]{8,}|[0-9]+")
"""What differs in responses that say the same: times, numbers and identifiers."""


@dataclass(frozen=True, slots=True)
class Offer:
    """Another protocol that a request offers to go on with."""

    headers: Headers
    chunked: bool = False
    """Whether the request has a chunked body."""


OFFERS = {
    "h2c": Offer(H2C),
    "h2c, and a chunked body": Offer(H2C, chunked=True),
    "an unknown protocol": Offer(UNKNOWN_PROTOCOL),
}


@requirement("STA-47", MUST, clause="x-clauses/upgrade")
@each("offer", lambda _: OFFERS)
def test_upgrade(subject: Subject, offer: Offer) -> None:
    """The server processes a request that offers another protocol in Upgrade like one that does not."""
    plain = replace(plain_update(subject), chunked=offer.chunked)
    if offer.chunked:
        _require_chunks(subject)
    answer = _answer(subject, plain, more=offer.headers)
    if isinstance(answer, Exchange) and (answer.response.successful or _switched(subject, answer)):
        return
    control = by_hand(subject, plain)
    if not control.response.successful:
        raise NotTestable(f"the request is answered {control.response.status} without an offer as well")
    if _refuses_offers(subject, offer, answer):
        return
    if isinstance(answer, Lost):
        raise answer
    if answer.response.status < 500 and not _is_alike(answer, by_hand(subject, replace(plain, body=b""))):
        subject.observe(f"a request with a body that offers {dict(offer.headers)['Upgrade']} gets {summary(answer)}")
        return
    raise Failure("success (2xx), as without the offer", summary(answer), [answer])


@requirement("STA-48", MUST, clause="x-clauses/upgrade", about=[READ])
def test_body_after_an_offer(subject: Subject) -> None:
    """The server does not process the body of a request with Upgrade as the next request."""
    subject.require_true_read()
    row = _sent_before_a_read(subject, H2C)
    if row is None or _switched(subject, row[0]) or not _shows_the_model(subject, row[-1]):
        return
    without = _sent_before_a_read(subject, ())
    if without is not None and _shows_the_model(subject, without[-1]):
        raise NotTestable("the body is processed as a request without an offer as well", blocked_by="STA-33")
    expected = "no response to a request that stands in the body of the one before"
    raise Failure(expected, summary(row[-1]), row)


@requirement("AUT-13", MUST, clause="x-clauses/trailers", about=[CREDENTIALS])
@each("beside", lambda _: {"no key in the header section": False, "a key in the header section": True})
def test_credentials_in_trailers(subject: Subject, beside: bool) -> None:
    """Credentials in the trailer section of a request have no effect."""
    if subject.credentials.primary is None:
        raise NotTestable("needs RESPAN_API_KEY")
    _require_chunks(subject)
    if beside:
        _expect_own_credentials_count(subject, subject.credentials.primary)
        return
    bare = partial(replace, chunked=True, credential=None)
    exchange = _with_trailer(subject, bare(plain_upsert(subject)), _authorization(subject.credentials.primary))
    if exchange is None or not exchange.response.successful:
        return
    if by_hand(subject, bare(plain_upsert(subject))).response.successful:
        raise NotTestable("a request without credentials is taken", blocked_by="AUT-01")
    expected = "a refusal (4xx): the only credentials are in the trailer section"
    raise Failure(expected, summary(exchange), [exchange])


def _expect_own_credentials_count(subject: Subject, owner: Credential) -> None:
    """Expect that a request is its sender's by the header section, though another key is in the trailer section."""
    other = subject.credentials.other_org if subject.credentials.other_org in subject.working else None
    request = replace(plain_update(subject), chunked=True)
    exchange = _with_trailer(subject, request, _authorization(other or UNKNOWN))
    if exchange is None:
        return
    if exchange.response.successful:
        if other is not None:
            _expect_no_create(subject, exchange, other)
        return
    in_header = by_hand(subject, replace(plain_upsert(subject), credential=UNKNOWN))
    if in_header.response.status == exchange.response.status and _takes(subject, HARMLESS, _authorization(owner)):
        raise Failure("success (2xx): the key in the header section is valid", summary(exchange), [exchange])
    subject.observe(f"a request with Authorization in its trailer section: {exchange.response.status}")


def _expect_no_create(subject: Subject, exchange: Exchange, other: Credential) -> None:
    """Expect that a request updated a model of the owner, and created none in another organization."""
    upsert = subject.contract.upsert
    if not (subject.capabilities.tells_updates and subject.was_created(exchange)):
        return
    subject.creations.after(replace(exchange, request=replace(exchange.request, credential=other)))
    if by_hand(subject, plain_update(subject)).response.status == upsert.updated:
        expected = f"{upsert.updated} for an update, by the key in the header section, of a model that is there"
        raise Failure(expected, summary(exchange), [exchange])


@requirement("STA-49", MUST, clause="x-clauses/trailers")
@each("beside", lambda _: {"no media type in the header section": False, "one in the header section": True})
def test_media_type_in_trailers(subject: Subject, beside: bool) -> None:
    """A media type in the trailer section of a request has no effect."""
    _require_chunks(subject)
    if beside:
        exchange = _with_trailer(subject, replace(plain_update(subject), chunked=True), ("Content-Type", "text/plain"))
        unsupported = exchange is not None and exchange.response.status == UNSUPPORTED_MEDIA_TYPE
        if exchange is not None and unsupported and _takes(subject, HARMLESS, JSON):
            expected = "success (2xx): the media type in the header section is supported"
            raise Failure(expected, summary(exchange), [exchange])
        return
    bare = partial(replace, chunked=True, headers=(ACCEPT,))
    exchange = _with_trailer(subject, bare(plain_upsert(subject)), JSON)
    if exchange is None or not exchange.response.successful:
        return
    control = by_hand(subject, bare(plain_upsert(subject)))
    if 400 <= control.response.status <= 499:
        expected = "a refusal (4xx): the only media type is in the trailer section"
        raise Failure(expected, summary(exchange), [exchange])


def _answer(subject: Subject, request: Request, wire: Wire = Wire(), more: Headers = ()) -> Exchange | Lost:  # noqa: B008
    """The exchange of a request that is written by hand, or how it was lost: a server may close any connection."""
    try:
        return by_hand(subject, request, wire, more)
    except Lost as lost:
        return lost


def _switched(subject: Subject, exchange: Exchange) -> bool:
    """Whether an offer was taken up, by the target or what is in front of it; then this is observed."""
    switched = exchange.response.status == SWITCHING_PROTOCOLS
    if switched:
        subject.observe(f"Upgrade: {exchange.request.header('upgrade')} is answered 101")
    return switched


def _refuses_offers(subject: Subject, offer: Offer, answer: Exchange | Lost) -> bool:
    """Whether the answer refuses the offer, as a server may; then this is observed.

    A status may say so, or that offers are treated apart where there is no body to lose either.
    """
    protocol = dict(offer.headers)["Upgrade"]
    if isinstance(answer, Exchange) and answer.response.status in REFUSED:
        subject.observe(f"a request that offers {protocol} gets {answer.response.status}")
        return True
    without = by_hand(subject, at_a_model(subject))
    bodiless = _answer(subject, at_a_model(subject), more=offer.headers)
    status = bodiless.response.status if isinstance(bodiless, Exchange) else None
    if status == without.response.status:
        return False
    subject.observe(f"a GET that offers {protocol} gets {status or 'no response'}")
    return True


def _sent_before_a_read(subject: Subject, offer: Headers) -> list[Exchange] | None:
    """An upsert with an offer, and over its connection a read of a model that is not there.

    The body of the upsert is the beginning of a request: taken for one, it goes on with the read as its headers, and
    reads a model that is there. It follows its head by a moment, as some servers drop what they got with the head of
    an offer. None where the connection was closed, or a response did not come.
    """
    there = urlsplit(subject.client.transport.base_url).path.rstrip("/") + at_a_model(subject).target
    upsert = subject.contract.upsert.operation
    body = f"GET {there} HTTP/1.1\r\nX-Rest: ".encode()
    first = Request(upsert.method, upsert.path, JSON_HEADERS, body, subject.credentials.primary)
    read = replace(reading(subject, subject.absent), operation_id=None)
    requests = wired(subject, first, Wire(body_later=True), offer), wired(subject, read, Wire(), (CLOSE,))
    try:
        return subject.client.send_in_a_row(requests)
    except (Lost, Stale):
        return None


def _shows_the_model(subject: Subject, exchange: Exchange) -> bool:
    """Whether a response shows the model that the body of another request asks for."""
    return exchange.response.members.get(subject.contract.upsert.key) == model_to_read(subject)


def _authorization(credential: Credential) -> tuple[str, str]:
    return "Authorization", credential.value


def _with_trailer(subject: Subject, request: Request, trailer: tuple[str, str]) -> Exchange | None:
    """The exchange of a chunked request with a trailer; None, which is observed, where it got no response."""
    announced = (("Trailer", trailer[0]), CLOSE)
    answer = _answer(subject, request, Wire(trailers=(trailer,)), announced)
    if isinstance(answer, Exchange):
        return answer
    subject.observe(f"a request with {trailer[0]} in its trailer section gets no response")
    return None


def _takes(subject: Subject, *trailers: tuple[str, str]) -> bool:
    """Whether a request with each of these trailers alone is taken, none of which changes what it says."""
    exchanges = (_with_trailer(subject, replace(plain_update(subject), chunked=True), trailer) for trailer in trailers)
    return all(exchange is not None and exchange.response.successful for exchange in exchanges)


def _require_chunks(subject: Subject) -> None:
    """Go on only where a plain request is taken in chunks; it is for STA-24 to say that one has to be."""

    def send() -> None:
        answer = _answer(subject, replace(plain_update(subject), chunked=True), more=(CLOSE,))
        if isinstance(answer, Lost):
            raise NotTestable("a request with a chunked body gets no response", blocked_by="STA-24")
        if not answer.response.successful:
            raise NotTestable(f"a request with a chunked body is answered {answer.response.status}")

    subject.once("a chunked body", send)


def _is_alike(one: Exchange, other: Exchange) -> bool:
    """Whether two responses say the same, but for numbers and identifiers in them."""
    first, second = one.response, other.response
    texts = {VARYING.sub("", response.body.decode("utf-8", "replace")) for response in (first, second)}
    return (first.status, first.media_type) == (second.status, second.media_type) and len(texts) == 1
