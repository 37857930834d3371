"""SCH and STA, what HTTP demands of every response, whatever it is about.

Some of it only shows in bytes that an HTTP client never writes, or never lets through: see `conformance.wire.by_hand`.
What a target sends may be written by something in front of it. A check judges it all the same where nobody may send it.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from urllib.parse import quote, urljoin, urlsplit

from conformance.checks.by_hand import CLOSE, at_a_model, by_hand, model_to_read, plain_update, reading, wired
from conformance.checks.secrets_shown import secrets_in
from conformance.fields import lookups, overlays
from conformance.judge.expect import expect_returned, expect_status, summary
from conformance.judge.outcome import Failure, NotTestable
from conformance.judge.responses import NO_CONTENT, SchemaJudge, judged_body, shown_model
from conformance.requirements.features import (
    CREATED,
    DELETE,
    FIELDS,
    READ,
)
from conformance.requirements.level import MUST, OPEN, SHOULD
from conformance.requirements.requirement import each, every_exchange, requirement
from conformance.target.operations import JSON_HEADERS, READ_HEADERS, encoded
from conformance.target.subject import Subject
from conformance.wire.exchange import Exchange, Json, Lost, Request, Stale, Wire
from contract import Contract

TAKES_GZIP = ("Accept-Encoding", "gzip, deflate")
LONG_ENTRIES = 10
"""Entries of an override that make a response long enough for servers that leave short ones as they are."""


def _take_gzip(subject: Subject) -> None:
    """Write and read a long model as a client that takes compressed bodies."""
    body: dict[str, Json] = subject.few()
    for override, _, _ in overlays(subject.contract):
        body[override.name] = {f"parameter_{n}": {"description": "a" * 60, "max": n} for n in range(LONG_ENTRIES)}
    key = str(body[subject.contract.upsert.key])
    headers = (*JSON_HEADERS, TAKES_GZIP)
    written = subject.post(encoded(body), key=key, headers=headers, credential=subject.credentials.primary)
    if written.response.successful and subject.capabilities.reads:
        subject.client.send(reading(subject, key, TAKES_GZIP))


@every_exchange("SCH-20", MUST, clause="x-clauses/representation", also=_take_gzip)
def test_content_encoding(exchange: Exchange, schemas: SchemaJudge, contract: Contract) -> None:
    """A response body has the content coding that Content-Encoding names."""
    if judged_body(exchange, schemas) and exchange.response.miscoded:
        coding = exchange.response.header("content-encoding")
        said = f"Content-Encoding: {coding}" if coding else "no Content-Encoding"
        raise Failure("a body that is coded as its header says", f"{said}, and {exchange.response.miscoded}")


@every_exchange("SCH-21", SHOULD, clause="x-clauses/representation")
def test_charset(exchange: Exchange, schemas: SchemaJudge, contract: Contract) -> None:
    """A response body has the character encoding that the charset of Content-Type names."""
    charset = re.search(
        r';\s*charset\s*=\s*"?([^\s;"]+)', exchange.response.header("content-type") or "", re.IGNORECASE
    )
    body, text = exchange.response.body, exchange.response.text
    if charset is None or text.faults or not judged_body(exchange, schemas):
        return
    try:
        same = body.decode(charset[1]) == body.decode()
    except LookupError:  # a charset that is not known here may well be what it is in
        return
    except UnicodeDecodeError:
        same = False
    if not same:
        raise Failure("a body in the charset that its header names", f"charset={charset[1]}, and a body in UTF-8")


def _write_beyond_ascii(subject: Subject) -> None:
    """Write a text that has fewer characters than bytes."""
    body = subject.few()
    texts = [name for name, value in body.items() if isinstance(value, str) and name != subject.contract.upsert.key]
    subject.upsert({**body, **dict.fromkeys(texts, "模型 é")})


def _name_a_provider(subject: Subject) -> None:
    """Write a model that shows a provider."""
    for _, source in lookups(subject.contract):
        if source.collection == "providers" and subject.options.fixtures.providers:
            subject.upsert({**subject.minimal(), source.by: subject.options.fixtures.providers[0]})


@every_exchange("SCH-22", MUST, clause="x-clauses/content-length", also=_write_beyond_ascii)
def test_content_length(exchange: Exchange, schemas: SchemaJudge, contract: Contract) -> None:
    """Content-Length is the length of the body, and a response with Transfer-Encoding has none."""
    response = exchange.response
    length = response.header("content-length")
    if length is None or exchange.request.method == "HEAD" or response.status in (NO_CONTENT, 304):
        return
    if response.header("transfer-encoding") is not None:
        raise Failure("one of Content-Length and Transfer-Encoding", "both")
    if response.sent is not None and length.strip() != str(response.sent):
        raise Failure(f"Content-Length: {response.sent}, as long as the body is", f"Content-Length: {length}")


@every_exchange("SCH-23", MUST, clause="x-clauses/no-content", about=[DELETE])
def test_no_content(exchange: Exchange, schemas: SchemaJudge, contract: Contract) -> None:
    """A 204 response has no body, no Content-Length and no Transfer-Encoding."""
    response = exchange.response
    if response.status != NO_CONTENT:
        return
    for name in ("Content-Length", "Transfer-Encoding"):
        if (value := response.header(name)) is not None:
            raise Failure(f"a 204 without {name}", f"{name}: {value}")
    if response.body:
        raise Failure("a 204 without content", summary(exchange))


@every_exchange("SCH-27", MUST, clause="x-clauses/secrets", also=_name_a_provider)
def test_secrets(exchange: Exchange, schemas: SchemaJudge, contract: Contract) -> None:
    """A response contains no secret of a provider, such as a key, a password or a token."""
    model = shown_model(exchange, schemas) or {}
    looked_up = {field.name for field, _ in lookups(contract)}
    judged = {name: value for name, value in model.items() if name in looked_up or name not in contract.upsert.response}
    place = next((place for name, value in judged.items() for place in secrets_in({name: value}, "")), None)
    if place is not None:
        raise Failure("no secret in the response", f"one in {place.removeprefix('.')}")


@requirement("SCH-24", MUST, clause="x-clauses/location", about=[CREATED])
def test_location(subject: Subject) -> None:
    """The Location of a 201 response leads to the created model."""
    if subject.first is None:
        raise NotTestable("no model could be created when the run began", blocked_by="STA-17")
    created = subject.first
    if created.response.status != 201 or created.response.header("location") is None:
        return
    key, odd_name = subject.contract.upsert.key, f"{subject.names.fresh()} \u00e9"
    odd = subject.upsert({key: odd_name})
    for exchange in (created, subject.upsert({key: subject.name_with("/a-3.5")}), odd):
        location = exchange.response.header("location")
        if exchange.response.status != 201 or location is None:
            continue
        if not re.fullmatch("[!-~]*", location):
            expected = "a URI reference in Location, of ASCII characters without a space"
            raise Failure(expected, f"Location: {location}", [exchange])
        if exchange is not odd:  # what has an odd name may be out of the reach of any path
            _expect_it_leads_there(subject, exchange, location)


@requirement("SCH-25", MUST, clause="x-clauses/etag", about=[READ, FIELDS])
def test_etag(subject: Subject) -> None:
    """A strong ETag changes when the content changes, and a conditional read with an old ETag gets the new content.

    A weak one may outlast a change (RFC 9110, section 8.8.1), as one does that tells the second of the last update.
    """
    subject.require_true_read()
    key = model_to_read(subject)
    before = subject.read(key)
    for change in (subject.few(2), subject.few(3), subject.overrides()):  # the second changes no length
        subject.existing({**change, subject.contract.upsert.key: key})
        after, tag = subject.read(key), _strong(before)
        if not tag or after.response.status != 200 or after.response.json == before.response.json:
            return
        if _strong(after) == tag:
            raise Failure("another ETag for other content", f"ETag: {tag} for both", [before, after])
        request = replace(reading(subject, key, ("If-None-Match", tag)), ordinary=False)
        conditional = subject.patiently(partial(subject.client.send, request), _has_content)
        if not _has_content(conditional):
            observed = f"If-None-Match: {tag} is answered {summary(conditional)}"
            raise Failure("the model, which is another than that of the ETag", observed)
        before = after


@requirement("SCH-26", MUST, clause="x-clauses/head")
def test_head(subject: Subject) -> None:
    """A response to HEAD has no body, whatever its status."""
    exchange = by_hand(subject, replace(at_a_model(subject), method="HEAD"))
    if exchange.response.body:
        raise Failure("no content after the head of a response to HEAD", summary(exchange), [exchange])


@requirement("STA-40", MUST, clause="x-clauses/connection-close")
def test_connection_close(subject: Subject) -> None:
    """The server processes no further request on a connection after one with `Connection: close`."""
    first, again = (wired(subject, at_a_model(subject), Wire(), more) for more in ((CLOSE,), ()))
    try:
        exchanges = subject.client.send_in_a_row([first, again])
    except Stale:
        return
    except Lost as lost:
        if lost.request.header("connection") is None and not lost.beginning:
            return
        raise
    if len(exchanges) > 1:
        raise Failure("no response to a request after `Connection: close`", summary(exchanges[-1]), exchanges)


@requirement("STA-41", MUST, clause="x-clauses/old-version")
def test_old_version(subject: Subject) -> None:
    """The response to an HTTP/1.0 request is not chunked."""
    exchange = by_hand(subject, plain_update(subject), Wire(version="1.0"))
    coding = exchange.response.header("transfer-encoding")
    if coding is None:
        return
    if product := exchange.response.header("server") or exchange.response.header("via"):
        subject.observe(f"an HTTP/1.0 request is answered in chunks, by {product}")
        return
    raise Failure("a response without Transfer-Encoding to HTTP/1.0", f"Transfer-Encoding: {coding}", [exchange])


@requirement("STA-42", OPEN, clause="x-clauses/host")
@each("hosts", lambda _: {"no Host": (), "two": ("{}", "rc.invalid")})
def test_host(subject: Subject, hosts: tuple[str, ...]) -> None:
    """The server returns 400 for a request without Host, or with two.

    It is observed only: HTTP servers that applications run on take such requests, and what is in front may mend them.
    """
    own = urlsplit(subject.client.transport.base_url).netloc
    wire = Wire(hosts=tuple(host.format(own) for host in hosts))
    exchange = by_hand(subject, at_a_model(subject), wire)
    subject.observe(f"{'two Host fields' if hosts else 'no Host'}: {exchange.response.status}")


@requirement("STA-43", OPEN, clause="x-clauses/absolute-form")
def test_absolute_form(subject: Subject) -> None:
    """The server treats a request target in absolute form like one in origin form.

    It is observed only: a proxy that guards against being used as one may refuse it.
    """
    exchange = by_hand(subject, plain_update(subject), Wire(absolute=True))
    subject.observe(f"a target in absolute form: {exchange.response.status}")


@requirement("STA-44", MUST, clause="x-clauses/field-names")
def test_field_names(subject: Subject) -> None:
    """The server reads header names in any case, and ignores white space before their values."""
    request = plain_update(subject)
    odd = tuple((name.upper(), f"\t  {value}") for name, value in request.headers)
    exchange = by_hand(subject, replace(request, headers=odd), Wire(authorization="authorization:   "))
    if exchange.response.successful:
        return
    plain = by_hand(subject, plain_update(subject))
    if not plain.response.successful:
        raise NotTestable(f"a plain request that is written by hand is answered {plain.response.status}")
    raise Failure("success (2xx), however header names are written", summary(exchange), [exchange])


@requirement("STA-45", MUST, clause="x-clauses/percent-encoding", about=[READ])
def test_percent_encoding(subject: Subject) -> None:
    """The server treats upper-case and lower-case digits of percent-encoding in a path as equal."""
    subject.require_true_read()
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
    subject.require_true_read()
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
    return subject.accepted(subject.upsert({subject.contract.upsert.key: subject.name_with("-a")}))


def _reads_encoded(subject: Subject, key: str, hyphen: str) -> Exchange:
    """The read of a model with the last hyphen of its name encoded."""
    return subject.read_encoded(hyphen.join(quote(key).rsplit("-", 1)))


def _strong(exchange: Exchange) -> str | None:
    """The ETag of a response, where there is one that is strong."""
    tag = exchange.response.header("etag")
    return None if tag is None or tag.strip().startswith("W/") else tag.strip()


def _has_content(exchange: Exchange) -> bool:
    """Whether it is not answered that nothing has changed."""
    return exchange.response.status != 304


def _expect_it_leads_there(subject: Subject, created: Exchange, location: str) -> None:
    """Follow Location where it stays on the target. What is another server's is observed, and gets no key."""
    base, key = urlsplit(subject.client.transport.base_url), subject.contract.upsert.key
    url = urlsplit(urljoin(subject.client.transport.base_url + created.request.target, location))
    if (url.scheme, url.netloc) != (base.scheme, base.netloc) or not url.path.startswith(base.path):
        subject.observe(f"Location leads to another server: {location}")
        return
    target = url.path.removeprefix(base.path) + (f"?{url.query}" if url.query else "")
    request = Request(
        "GET", target, READ_HEADERS, None, subject.credentials.primary, key=created.request.key, ordinary=False
    )
    led = subject.patiently(partial(subject.client.send, request), lambda led: led.response.status != 404)
    if led.response.status in (404, 410):
        raise Failure(f"the model at Location: {location}", summary(led), [created, led])
    name = led.response.members.get(key)
    if led.response.status == 200 and isinstance(name, str):
        with_name = subject.contract.upsert.response[key]
        expect_returned(led.response.members, with_name, created.request.json[key], f"at Location: {location}")
