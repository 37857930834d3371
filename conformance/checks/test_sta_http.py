"""STA, HTTP: connections, request lines, headers, and bodies that must not be read as anything else.

Much of it shows only in bytes that HTTP clients never write, or never return: see `conformance.wire.raw_connection`.
A server may reject an Upgrade, trailers and chunked bodies, accept an Upgrade that it knows, and close any connection:
none of that is judged. A proxy in front of it may drop Upgrade and trailers, which hides a fault.
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
    existing_name,
    get_request,
    raw_request,
    read_request,
    require_chunked_bodies,
    send_raw,
    send_with_trailer,
    try_raw,
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
UPGRADE_REJECTED = {403, 421, 426, 501, 505}
"""Statuses that reject the Upgrade itself. A lost body leads to other statuses."""
H2C: Headers = (
    ("Connection", "Upgrade, HTTP2-Settings"), ("Upgrade", "h2c"), ("HTTP2-Settings", "AAMAAABkAAQBAAAAAAIAAAAA")
)  # fmt: skip
"""What curl and the HTTP client of Java offer in the first request to an http address."""
UNKNOWN_PROTOCOL: Headers = (("Connection", "Upgrade"), ("Upgrade", "rc-unknown/1"))
JSON = ("Content-Type", "application/json")
ACCEPT = ("Accept", "application/json")
VARYING = re.compile("[0-9A-Fa-f-]{8,}|[0-9]+")
"""What differs between equivalent responses: times, numbers and identifiers."""


@dataclass(frozen=True, slots=True)
class Upgrade:
    """An Upgrade to another protocol, as a request offers it."""

    headers: Headers
    chunked: bool = False
    """Whether the request has a chunked body."""


UPGRADES = {
    "h2c": Upgrade(H2C),
    "h2c, and a chunked body": Upgrade(H2C, chunked=True),
    "an unknown protocol": Upgrade(UNKNOWN_PROTOCOL),
}


@requirement("STA-47", MUST, clause="x-clauses/upgrade", quick=False)
@each("upgrade", lambda _: UPGRADES)
def test_upgrade(subject: Subject, upgrade: Upgrade) -> None:
    """The server processes a request that offers another protocol in Upgrade like one that does not."""
    plain = replace(update_request(subject), chunked=upgrade.chunked)
    if upgrade.chunked:
        require_chunked_bodies(subject)
    outcome = try_raw(subject, plain, more=upgrade.headers)
    if isinstance(outcome, Exchange) and (outcome.response.successful or _is_upgraded(subject, outcome)):
        return
    control = send_raw(subject, plain)
    if not control.response.successful:
        raise NotTestable(f"the request gets {control.response.status} without Upgrade, too")
    if _rejects_upgrade(subject, upgrade, outcome):
        return
    if isinstance(outcome, NoResponse):
        raise outcome
    if outcome.response.status < 500 and not _is_equivalent(outcome, send_raw(subject, replace(plain, body=b""))):
        subject.observe(f"a request with a body that offers {dict(upgrade.headers)['Upgrade']} gets {summary(outcome)}")
        return
    raise Failure("success (2xx), as without Upgrade", summary(outcome), [outcome])


@requirement("STA-48", MUST, clause="x-clauses/upgrade", about=[READ], quick=False)
def test_body_after_an_upgrade(subject: Subject) -> None:
    """The server does not process the body of a request with Upgrade as the next request."""
    subject.require_read_of_state()
    row = _send_before_a_read(subject, H2C)
    if row is None or _is_upgraded(subject, row[0]) or not _is_of_existing_model(subject, row[-1]):
        return
    without = _send_before_a_read(subject, ())
    if without is not None and _is_of_existing_model(subject, without[-1]):
        raise NotTestable(
            "the body is processed as the next request without Upgrade, too",
            blocked_by=Prerequisite.KEEPS_REQUESTS_APART,
        )
    expected = "no response to the body of the previous request"
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


def _is_upgraded(subject: Subject, exchange: Exchange) -> bool:
    """Return whether the target, or a proxy in front of it, accepted the Upgrade. Observe it if so."""
    switched = exchange.response.status == SWITCHING_PROTOCOLS
    if switched:
        subject.observe(f"Upgrade: {exchange.request.header('upgrade')} gets 101")
    return switched


def _rejects_upgrade(subject: Subject, upgrade: Upgrade, outcome: Exchange | NoResponse) -> bool:
    """Return whether the server rejects the Upgrade, as it may. Observe it if so.

    The status may say so, or a GET with Upgrade, which has no body to lose, gets another status than one without.
    """
    protocol = dict(upgrade.headers)["Upgrade"]
    if isinstance(outcome, Exchange) and outcome.response.status in UPGRADE_REJECTED:
        subject.observe(f"a request that offers {protocol} gets {outcome.response.status}")
        return True
    without = send_raw(subject, get_request(subject))
    bodiless = try_raw(subject, get_request(subject), more=upgrade.headers)
    status = bodiless.response.status if isinstance(bodiless, Exchange) else None
    if status == without.response.status:
        return False
    subject.observe(f"a GET that offers {protocol} gets {status or 'no response'}")
    return True


def _send_before_a_read(subject: Subject, upgrade: Headers) -> list[Exchange] | None:
    """Send an upsert with headers, and over its connection a read of a model that does not exist.

    The body of the upsert is the start of a request. A server that processes it as the next request takes the read for
    its headers, and returns a model that exists. The body is sent a moment after the head, because some servers drop
    what arrives with the head of an Upgrade. Return None if the connection was closed, or a response did not come.
    """
    there = urlsplit(subject.client.transport.base_url).path.rstrip("/") + get_request(subject).target
    upsert = subject.contract.upsert.operation
    body = f"GET {there} HTTP/1.1\r\nX-Rest: ".encode()
    first = Request(upsert.method, upsert.path, JSON_HEADERS, body, subject.credentials.primary)
    read = replace(read_request(subject, subject.absent_name), operation_id=None)
    requests = (
        raw_request(subject, first, WireFormat(delay_body=True), upgrade),
        raw_request(subject, read, WireFormat(), (CLOSE,)),
    )
    try:
        return subject.client.send_over_one_connection(requests)
    except (NoResponse, StaleConnection):
        return None


def _is_of_existing_model(subject: Subject, exchange: Exchange) -> bool:
    """Return whether a response has the model that the body of the upsert requests."""
    return exchange.response.members.get(subject.contract.upsert.key) == existing_name(subject)


def _is_equivalent(one: Exchange, other: Exchange) -> bool:
    """Return whether two responses are the same apart from numbers and identifiers."""
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
        subject.observe(f"the response to an HTTP/1.0 request is chunked, by {product}")
        return
    raise Failure("a response to HTTP/1.0 without Transfer-Encoding", f"Transfer-Encoding: {coding}", [exchange])


@requirement("STA-42", OPEN, clause="x-clauses/host", quick=False)
@each("hosts", lambda _: {"no Host": (), "two": ("{}", "rc.invalid")})
def test_host(subject: Subject, hosts: tuple[str, ...]) -> None:
    """The server returns 400 for a request without Host, or with two.

    It is observed only: HTTP servers that applications run on take such requests, and what is in front may repair them.
    """
    own = urlsplit(subject.client.transport.base_url).netloc
    wire = WireFormat(hosts=tuple(host.format(own) for host in hosts))
    exchange = send_raw(subject, get_request(subject), wire)
    subject.observe(
        f"a request with {'two Host headers' if hosts else 'no Host header'} gets {exchange.response.status}"
    )


@requirement("STA-43", OPEN, clause="x-clauses/absolute-form", quick=False)
def test_absolute_form(subject: Subject) -> None:
    """The server treats a request target in absolute form like one in origin form.

    It is observed only: a server may reject it so as not to be used as a proxy.
    """
    exchange = send_raw(subject, update_request(subject), WireFormat(absolute_target=True))
    subject.observe(f"a request target in absolute form gets {exchange.response.status}")


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
        raise NotTestable(f"a plain raw request gets {plain.response.status}")
    raise Failure("success (2xx), whatever the case of header names", summary(exchange), [exchange])


@requirement("STA-45", MUST, clause="x-clauses/percent-encoding", about=[READ], quick=False)
def test_percent_encoding(subject: Subject) -> None:
    """The server treats upper-case and lower-case digits of percent-encoding in a path as equal."""
    subject.require_read_of_state()
    created = _hyphenated(subject)
    key = str(created.request.key)
    lower, upper = (_read_encoded(subject, key, f"%{digits}") for digits in ("2d", "2D"))
    found = {exchange.response.status: exchange for exchange in (lower, upper)}
    if set(found) == {200, 404}:
        sequence = [created, found[200], found[404]]
        raise Failure("the model, as with digits in the other case", summary(found[404]), sequence)


@requirement("STA-46", SHOULD, clause="x-clauses/percent-encoding", about=[READ])
def test_unreserved_characters(subject: Subject) -> None:
    """The server decodes percent-encoding in a path exactly once."""
    subject.require_read_of_state()
    key = str(_hyphenated(subject).request.key)
    exchange = _read_encoded(subject, key, "%2D")
    if exchange.response.status == 404:
        expect_status(subject.read(key), 200, when="for a model that exists")
        raise Failure("the model, as without percent-encoding", summary(exchange), seen_in=[exchange.response])
    if "-" in key:
        twice = _read_encoded(subject, key, "%252D")
        if twice.response.members.get(subject.contract.upsert.key) == key:
            raise Failure("no model, because its name has no %2D", summary(twice), seen_in=[twice.response])


def _hyphenated(subject: Subject) -> Exchange:
    """Create a model with a hyphen at the end of its name, if names can have one."""
    return subject.require_accepted(subject.upsert({subject.contract.upsert.key: subject.name_with("-a")}))


def _read_encoded(subject: Subject, key: str, hyphen: str) -> Exchange:
    """Read a model with the last hyphen of its name percent-encoded."""
    return subject.read_encoded(hyphen.join(quote(key).rsplit("-", 1)))
