"""STA and AUT, what is not to be taken for another part of a request: bodies for requests, trailers for headers.

A server may refuse offers of another protocol, trailers and chunked bodies, take up an offer that it knows, and close
any connection: none of that is judged. What stands in front may drop offers and trailers, and nothing shows then.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import partial
from urllib.parse import quote, urlsplit

from conformance.checks.wire_requests import (
    CLOSE,
    HARMLESS_TRAILER,
    accepts_trailers,
    create_request,
    exchange_or_loss,
    existing_name,
    get_request,
    raw_request,
    read_request,
    require_chunked_bodies,
    send_raw,
    send_with_trailer,
    update_request,
)
from conformance.judge.expect import expect_status, summary
from conformance.judge.outcome import Failure, NotTestable
from conformance.judge.prerequisite import Prerequisite
from conformance.requirements.features import READ
from conformance.requirements.level import MUST, OPEN, SHOULD
from conformance.requirements.requirement import each, requirement
from conformance.target.operations import JSON_HEADERS
from conformance.target.subject import Subject
from conformance.wire.exchange import Exchange, Headers, NoResponse, Request, StaleConnection, WireFormat

SWITCHING_PROTOCOLS, UNSUPPORTED_MEDIA_TYPE = 101, 415
REFUSED = {403, 421, 426, 501, 505}
"""Statuses that refuse an offer as such; a body that got lost is answered otherwise."""
H2C: Headers = (
    ("Connection", "Upgrade, HTTP2-Settings"), ("Upgrade", "h2c"), ("HTTP2-Settings", "AAMAAABkAAQBAAAAAAIAAAAA")
)  # fmt: skip
"""What curl and the HTTP client of Java offer with a first request to a plain address."""
UNKNOWN_PROTOCOL: Headers = (("Connection", "Upgrade"), ("Upgrade", "rc-unknown/1"))
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


@requirement("STA-47", MUST, clause="x-clauses/upgrade", quick=False)
@each("offer", lambda _: OFFERS)
def test_upgrade(subject: Subject, offer: Offer) -> None:
    """The server processes a request that offers another protocol in Upgrade like one that does not."""
    plain = replace(update_request(subject), chunked=offer.chunked)
    if offer.chunked:
        require_chunked_bodies(subject)
    answer = exchange_or_loss(subject, plain, more=offer.headers)
    if isinstance(answer, Exchange) and (answer.response.successful or _switched(subject, answer)):
        return
    control = send_raw(subject, plain)
    if not control.response.successful:
        raise NotTestable(f"the request is answered {control.response.status} without an offer as well")
    if _refuses_offers(subject, offer, answer):
        return
    if isinstance(answer, NoResponse):
        raise answer
    if answer.response.status < 500 and not _is_alike(answer, send_raw(subject, replace(plain, body=b""))):
        subject.observe(f"a request with a body that offers {dict(offer.headers)['Upgrade']} gets {summary(answer)}")
        return
    raise Failure("success (2xx), as without the offer", summary(answer), [answer])


@requirement("STA-48", MUST, clause="x-clauses/upgrade", about=[READ], quick=False)
def test_body_after_an_offer(subject: Subject) -> None:
    """The server does not process the body of a request with Upgrade as the next request."""
    subject.require_read_of_state()
    row = _sent_before_a_read(subject, H2C)
    if row is None or _switched(subject, row[0]) or not _shows_the_model(subject, row[-1]):
        return
    without = _sent_before_a_read(subject, ())
    if without is not None and _shows_the_model(subject, without[-1]):
        raise NotTestable(
            "the body is processed as a request without an offer as well", blocked_by=Prerequisite.KEEPS_REQUESTS_APART
        )
    expected = "no response to a request that stands in the body of the one before"
    raise Failure(expected, summary(row[-1]), row)


@requirement("STA-49", MUST, clause="x-clauses/trailers", quick=False)
@each("beside", lambda _: {"no media type in the header section": False, "one in the header section": True})
def test_media_type_in_trailers(subject: Subject, beside: bool) -> None:
    """A media type in the trailer section of a request has no effect."""
    require_chunked_bodies(subject)
    if beside:
        exchange = send_with_trailer(
            subject, replace(update_request(subject), chunked=True), ("Content-Type", "text/plain")
        )
        unsupported = exchange is not None and exchange.response.status == UNSUPPORTED_MEDIA_TYPE
        if exchange is not None and unsupported and accepts_trailers(subject, HARMLESS_TRAILER, JSON):
            expected = "success (2xx): the media type in the header section is supported"
            raise Failure(expected, summary(exchange), [exchange])
        return
    bare = partial(replace, chunked=True, headers=(ACCEPT,))
    exchange = send_with_trailer(subject, bare(create_request(subject)), JSON)
    if exchange is None or not exchange.response.successful:
        return
    control = send_raw(subject, bare(create_request(subject)))
    if 400 <= control.response.status <= 499:
        expected = "an error response (4xx): the only media type is in the trailer section"
        raise Failure(expected, summary(exchange), [exchange])


def _switched(subject: Subject, exchange: Exchange) -> bool:
    """Whether an offer was taken up, by the target or what is in front of it; then this is observed."""
    switched = exchange.response.status == SWITCHING_PROTOCOLS
    if switched:
        subject.observe(f"Upgrade: {exchange.request.header('upgrade')} is answered 101")
    return switched


def _refuses_offers(subject: Subject, offer: Offer, answer: Exchange | NoResponse) -> bool:
    """Whether the answer refuses the offer, as a server may; then this is observed.

    A status may say so, or that offers are treated apart where there is no body to lose either.
    """
    protocol = dict(offer.headers)["Upgrade"]
    if isinstance(answer, Exchange) and answer.response.status in REFUSED:
        subject.observe(f"a request that offers {protocol} gets {answer.response.status}")
        return True
    without = send_raw(subject, get_request(subject))
    bodiless = exchange_or_loss(subject, get_request(subject), more=offer.headers)
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
    there = urlsplit(subject.client.transport.base_url).path.rstrip("/") + get_request(subject).target
    upsert = subject.contract.upsert.operation
    body = f"GET {there} HTTP/1.1\r\nX-Rest: ".encode()
    first = Request(upsert.method, upsert.path, JSON_HEADERS, body, subject.credentials.primary)
    read = replace(read_request(subject, subject.absent_name), operation_id=None)
    requests = (
        raw_request(subject, first, WireFormat(delay_body=True), offer),
        raw_request(subject, read, WireFormat(), (CLOSE,)),
    )
    try:
        return subject.client.send_over_one_connection(requests)
    except (NoResponse, StaleConnection):
        return None


def _shows_the_model(subject: Subject, exchange: Exchange) -> bool:
    """Whether a response shows the model that the body of another request asks for."""
    return exchange.response.members.get(subject.contract.upsert.key) == existing_name(subject)


def _is_alike(one: Exchange, other: Exchange) -> bool:
    """Whether two responses say the same, but for numbers and identifiers in them."""
    first, second = one.response, other.response
    texts = {VARYING.sub("", response.body.decode("utf-8", "replace")) for response in (first, second)}
    return (first.status, first.media_type) == (second.status, second.media_type) and len(texts) == 1


@requirement("STA-40", MUST, clause="x-clauses/connection-close", quick=False)
def test_connection_close(subject: Subject) -> None:
    """The server processes no further request on a connection after one with `Connection: close`."""
    first, again = (raw_request(subject, get_request(subject), WireFormat(), more) for more in ((CLOSE,), ()))
    try:
        exchanges = subject.client.send_over_one_connection([first, again])
    except StaleConnection:
        return
    except NoResponse as lost:
        if lost.request.header("connection") is None and not lost.first_bytes:
            return
        raise
    if len(exchanges) > 1:
        raise Failure("no response to a request after `Connection: close`", summary(exchanges[-1]), exchanges)


@requirement("STA-41", MUST, clause="x-clauses/old-version", quick=False)
def test_old_version(subject: Subject) -> None:
    """The response to an HTTP/1.0 request is not chunked."""
    exchange = send_raw(subject, update_request(subject), WireFormat(version="1.0"))
    coding = exchange.response.header("transfer-encoding")
    if coding is None:
        return
    if product := exchange.response.header("server") or exchange.response.header("via"):
        subject.observe(f"an HTTP/1.0 request is answered in chunks, by {product}")
        return
    raise Failure("a response without Transfer-Encoding to HTTP/1.0", f"Transfer-Encoding: {coding}", [exchange])


@requirement("STA-42", OPEN, clause="x-clauses/host", quick=False)
@each("hosts", lambda _: {"no Host": (), "two": ("{}", "rc.invalid")})
def test_host(subject: Subject, hosts: tuple[str, ...]) -> None:
    """The server returns 400 for a request without Host, or with two.

    It is observed only: HTTP servers that applications run on take such requests, and what is in front may repair them.
    """
    own = urlsplit(subject.client.transport.base_url).netloc
    wire = WireFormat(hosts=tuple(host.format(own) for host in hosts))
    exchange = send_raw(subject, get_request(subject), wire)
    subject.observe(f"{'two Host fields' if hosts else 'no Host'}: {exchange.response.status}")


@requirement("STA-43", OPEN, clause="x-clauses/absolute-form", quick=False)
def test_absolute_form(subject: Subject) -> None:
    """The server treats a request target in absolute form like one in origin form.

    It is observed only: a proxy that guards against being used as one may refuse it.
    """
    exchange = send_raw(subject, update_request(subject), WireFormat(absolute_target=True))
    subject.observe(f"a target in absolute form: {exchange.response.status}")


@requirement("STA-44", MUST, clause="x-clauses/field-names", quick=False)
def test_field_names(subject: Subject) -> None:
    """The server reads header names in any case, and ignores white space before their values."""
    request = update_request(subject)
    odd = tuple((name.upper(), f"\t  {value}") for name, value in request.headers)
    exchange = send_raw(subject, replace(request, headers=odd), WireFormat(authorization="authorization:   "))
    if exchange.response.successful:
        return
    plain = send_raw(subject, update_request(subject))
    if not plain.response.successful:
        raise NotTestable(f"a plain request that is written by hand is answered {plain.response.status}")
    raise Failure("success (2xx), however header names are written", summary(exchange), [exchange])


@requirement("STA-45", MUST, clause="x-clauses/percent-encoding", about=[READ], quick=False)
def test_percent_encoding(subject: Subject) -> None:
    """The server treats upper-case and lower-case digits of percent-encoding in a path as equal."""
    subject.require_read_of_state()
    created = _hyphenated(subject)
    key = str(created.request.key)
    lower, upper = (_reads_encoded(subject, key, f"%{digits}") for digits in ("2d", "2D"))
    found = {exchange.response.status: exchange for exchange in (lower, upper)}
    if set(found) == {200, 404}:
        story = [created, found[200], found[404]]
        raise Failure("the model, as where the case is another", summary(found[404]), story)


@requirement("STA-46", SHOULD, clause="x-clauses/percent-encoding", about=[READ])
def test_unreserved_characters(subject: Subject) -> None:
    """The server decodes percent-encoding in a path exactly once."""
    subject.require_read_of_state()
    key = str(_hyphenated(subject).request.key)
    exchange = _reads_encoded(subject, key, "%2D")
    if exchange.response.status == 404:
        expect_status(subject.read(key), 200, when="for a model that was read before")
        raise Failure("the model, as where nothing is encoded", summary(exchange), seen_in=[exchange.response])
    if "-" in key:
        twice = _reads_encoded(subject, key, "%252D")
        if twice.response.members.get(subject.contract.upsert.key) == key:
            raise Failure("no model of a name with %2D in it", summary(twice), seen_in=[twice.response])


def _hyphenated(subject: Subject) -> Exchange:
    """The create of a model with a hyphen after the run's own part of its name, where it may have one."""
    return subject.require_accepted(subject.upsert({subject.contract.upsert.key: subject.name_with("-a")}))


def _reads_encoded(subject: Subject, key: str, hyphen: str) -> Exchange:
    """The read of a model with the last hyphen of its name encoded."""
    return subject.read_encoded(hyphen.join(quote(key).rsplit("-", 1)))
