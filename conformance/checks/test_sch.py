"""SCH: responses. Most requirements are judged on every exchange of the run.

Something in front of a server may have written a response. It is judged all the same if no server may send it.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from urllib.parse import urljoin, urlsplit

from conformance.checks.leaked_secrets import secrets_in
from conformance.checks.wire_requests import existing_name, get_request, read_request, send_raw
from conformance.fields import constants, identifiers, lookups, overlays
from conformance.judge.expect import as_json, expect_returned, summary
from conformance.judge.outcome import Cause, Failure, NotTestable
from conformance.judge.prerequisite import Prerequisite
from conformance.judge.responses import (
    NO_CONTENT,
    SchemaJudge,
    has_assumed_body,
    has_error_body,
    is_json_media,
    returned_model,
)
from conformance.requirements import cases
from conformance.requirements.features import (
    CONSTANTS,
    CREATE_RETURNS_201,
    DATE_TIMES,
    DELETE,
    ERROR_SCHEMAS,
    IDENTIFIER,
    PROVIDERS,
    READ,
    VALUE_FIELDS,
)
from conformance.requirements.level import MUST, SHOULD
from conformance.requirements.requirement import every_exchange, requirement
from conformance.target.names import is_run_name
from conformance.target.operations import JSON_HEADERS, READ_HEADERS
from conformance.target.subject import Subject
from conformance.wire.exchange import Exchange, Json, Request
from contract import Contract

JSON_MEDIA = "application/json, or a type that ends in +json"
ACCEPT_GZIP = ("Accept-Encoding", "gzip, deflate")
LONG_ENTRIES = 10
"""Entries of an override that make a response long enough to be compressed."""


@every_exchange("SCH-01", MUST, clause="x-clauses/json-text")
def test_strict_json(exchange: Exchange, schemas: SchemaJudge, contract: Contract) -> None:
    """A response body is one valid JSON text in UTF-8, without a byte order mark or duplicate names."""
    if has_assumed_body(exchange, schemas, contract) and not is_json_media(exchange):
        return  # the requirement on error schemas judges it
    if (schemas.has_judged_body(exchange) or _is_accepted(exchange, contract)) and exchange.response.parsed.errors:
        raise Failure("strict JSON", exchange.response.parsed.errors[0])


def _is_accepted(exchange: Exchange, contract: Contract) -> bool:
    """Return whether an upsert was accepted with a body that is said to be JSON. No firewall sends that."""
    upsert, response = contract.upsert.operation, exchange.response
    accepted = exchange.request.operation_id == upsert.operation_id and response.successful
    return accepted and response.body != b"" and is_json_media(exchange)


@every_exchange("SCH-02", MUST, clause="x-clauses/json-text")
def test_media_type(exchange: Exchange, schemas: SchemaJudge, contract: Contract) -> None:
    """A response with a body has a JSON media type."""
    media_type = exchange.response.media_type
    if has_assumed_body(exchange, schemas, contract):
        return  # the requirement on error schemas judges it
    if schemas.has_judged_body(exchange) and not is_json_media(exchange):
        sent = f"Content-Type: {media_type or '(none)'}"
        cause = Cause("media type", "Content-Type: application/json", sent)
        raise Failure(f"Content-Type: {JSON_MEDIA}", sent, cause=cause)


@every_exchange("SCH-03", MUST, clause="x-clauses/model-body", prerequisite=Prerequisite.VALID_MODEL)
def test_model_schema(exchange: Exchange, schemas: SchemaJudge, contract: Contract) -> None:
    """A model in a response is valid against its schema; a null counts as an absent field."""
    if returned_model(exchange, schemas) is None:
        return
    faults = [fault for fault in schemas.errors(exchange, drop_null=True) if not fault.date_time]
    if faults:
        raise Failure(f"a model that is valid against the schema of {schemas.clause(exchange)}", str(faults[0]))


@every_exchange("SCH-04", SHOULD, clause="x-clauses/model-body")
def test_no_unexpected_null(exchange: Exchange, schemas: SchemaJudge, contract: Contract) -> None:
    """A response omits a field that has no value and is not nullable; it does not return null for it."""
    if returned_model(exchange, schemas) is None or schemas.errors(exchange, drop_null=True):
        return
    faults = schemas.errors(exchange, drop_null=False)
    if faults:
        raise Failure("a value, or no such field", str(faults[0]))


@every_exchange("SCH-05", MUST, clause="x-clauses/error-body")
def test_error_object(exchange: Exchange, schemas: SchemaJudge, contract: Contract) -> None:
    """The body of an error response is a JSON object."""
    text = exchange.response.parsed
    if has_assumed_body(exchange, schemas, contract):
        return  # the requirement on error schemas judges it
    if has_error_body(exchange, schemas) and not text.errors and not isinstance(text.value, dict):
        raise Failure("a JSON object", as_json(text.value))


@every_exchange("SCH-06", SHOULD, clause="x-clauses/error-body", about=[ERROR_SCHEMAS])
def test_error_schema(exchange: Exchange, schemas: SchemaJudge, contract: Contract) -> None:
    """The body of an error response is valid against its schema."""
    if has_assumed_body(exchange, schemas, contract) and not (exchange.response.members and is_json_media(exchange)):
        _expect_empty_object(exchange)
    if not has_error_body(exchange, schemas) or not exchange.response.members:
        return
    faults = schemas.errors(exchange, drop_null=True)
    if faults:
        raise Failure(f"an error that is valid against the schema of {schemas.clause(exchange)}", str(faults[0]))


def _expect_empty_object(exchange: Exchange) -> None:
    """Expect an empty body to be a JSON object with a JSON media type."""
    text, media_type = exchange.response.parsed, exchange.response.media_type
    if not is_json_media(exchange):
        sent = f"Content-Type: {media_type or '(none)'}"
        raise Failure(f"Content-Type: {JSON_MEDIA}", sent, cause=Cause("media type", "application/json", sent))
    if not text.errors and not isinstance(text.value, dict):
        raise Failure("a JSON object", as_json(text.value))


@every_exchange("SCH-07", MUST, clause="x-clauses/model-body", about=[IDENTIFIER])
def test_identifier(exchange: Exchange, schemas: SchemaJudge, contract: Contract) -> None:
    """A response returns the same value for the identifier of a model and for its name."""
    model = returned_model(exchange, schemas) or {}
    key = contract.upsert.key
    for name in identifiers(contract):
        if name in model and key in model and model[name] != model[key]:
            raise Failure(f"{name} equal to {key}", f"{as_json(model[name])} and {as_json(model[key])}")


@every_exchange("SCH-08", MUST, clause="x-clauses/model-body", about=[PROVIDERS])
def test_provider_identifier(exchange: Exchange, schemas: SchemaJudge, contract: Contract) -> None:
    """A response returns the same value for `id` and `provider_id` of a provider."""
    model = returned_model(exchange, schemas) or {}
    for field, _ in lookups(contract):
        returned = model.get(field.name)
        if (
            isinstance(returned, dict)
            and "id" in returned
            and "provider_id" in returned
            and returned["id"] != returned["provider_id"]
        ):
            raise Failure(
                "id equal to provider_id", f"{as_json(returned['id'])} and {as_json(returned['provider_id'])}"
            )


@every_exchange(
    "SCH-09", MUST, clause="x-clauses/model-body", about=[DATE_TIMES], prerequisite=Prerequisite.VALID_DATE_TIME
)
def test_date_times(exchange: Exchange, schemas: SchemaJudge, contract: Contract) -> None:
    """Every date-time in a response follows RFC 3339."""
    if returned_model(exchange, schemas) is None:
        return
    faults = [fault for fault in schemas.errors(exchange, drop_null=True) if fault.date_time]
    if faults:
        raise Failure("a date-time such as 2026-02-01T12:00:00Z", str(faults[0]))


@every_exchange("SCH-10", MUST, clause="x-clauses/model-body", about=[CONSTANTS])
def test_constants(exchange: Exchange, schemas: SchemaJudge, contract: Contract) -> None:
    """The category and the source of a custom model always say that the model is custom."""
    model = returned_model(exchange, schemas)
    if model is None or not is_run_name(str(exchange.request.key)) or _forges(exchange, contract):
        return
    for name, value in constants(contract).items():
        if model.get(name) is not None:
            expect_returned(model, contract.upsert.response[name], value, "in a custom model")


def _forges(exchange: Exchange, contract: Contract) -> bool:
    """Return whether the request tries to set response-only fields. Another requirement judges the effect."""
    sent = exchange.request.json
    return isinstance(sent, dict) and any(name in sent for name in cases.server_owned(contract))


@every_exchange("SCH-11", MUST, clause="x-clauses/returned")
def test_about_the_model_asked_for(exchange: Exchange, schemas: SchemaJudge, contract: Contract) -> None:
    """A response is about the model that the request names."""
    model, key = returned_model(exchange, schemas), contract.upsert.key
    if model is None or exchange.request.key is None or not isinstance(model.get(key), str):
        return
    if model[key] != exchange.request.key and _is_plain(exchange.request.key):
        raise Failure(f"{key}: {as_json(exchange.request.key)}", f"{key}: {as_json(model[key])}")


def _is_plain(key: str) -> bool:
    return key.isascii() and all(character.isalnum() or character in "._-/" for character in key)


def _accept_gzip(subject: Subject) -> None:
    """Write and read a long model as a client that accepts compressed bodies."""
    body: dict[str, Json] = subject.small_body()
    for override, _, _ in overlays(subject.contract):
        body[override.name] = {f"parameter_{n}": {"description": "a" * 60, "max": n} for n in range(LONG_ENTRIES)}
    key = str(body[subject.contract.upsert.key])
    headers = (*JSON_HEADERS, ACCEPT_GZIP)
    as_json = subject.post(subject.encoded(body), key=key, headers=headers, credential=subject.credentials.primary)
    if as_json.response.successful and subject.capabilities.read_works:
        subject.client.send(read_request(subject, key, ACCEPT_GZIP))


@every_exchange("SCH-20", MUST, clause="x-clauses/representation", also=_accept_gzip)
def test_content_encoding(exchange: Exchange, schemas: SchemaJudge, contract: Contract) -> None:
    """A response body has the content coding that Content-Encoding names."""
    if schemas.has_judged_body(exchange) and exchange.response.encoding_error:
        coding = exchange.response.header("content-encoding")
        said = f"Content-Encoding: {coding}" if coding else "no Content-Encoding"
        raise Failure("a body with the content coding of its header", f"{said}, and {exchange.response.encoding_error}")


@every_exchange("SCH-21", SHOULD, clause="x-clauses/representation")
def test_charset(exchange: Exchange, schemas: SchemaJudge, contract: Contract) -> None:
    """A response body has the character encoding that the charset of Content-Type names."""
    charset = re.search(
        r';\s*charset\s*=\s*"?([^\s;"]+)', exchange.response.header("content-type") or "", re.IGNORECASE
    )
    body, text = exchange.response.body, exchange.response.parsed
    if charset is None or text.errors or not schemas.has_judged_body(exchange):
        return
    try:
        same = body.decode(charset[1]) == body.decode()
    except LookupError:  # Python does not know the charset, which may be right
        return
    except UnicodeDecodeError:
        same = False
    if not same:
        raise Failure("a body in the charset of its header", f"charset={charset[1]}, and a body in UTF-8")


def _write_beyond_ascii(subject: Subject) -> None:
    """Write a text whose bytes are more than its characters."""
    subject.upsert({**subject.small_body(), **subject.texts("模型 é")})


def _name_a_provider(subject: Subject) -> None:
    """Write a model that returns a provider."""
    for _, source in lookups(subject.contract):
        if source.collection == "providers" and subject.options.fixtures.providers:
            subject.upsert({**subject.minimal_body(), source.by: subject.options.fixtures.providers[0]})


@every_exchange("SCH-22", MUST, clause="x-clauses/content-length", also=_write_beyond_ascii)
def test_content_length(exchange: Exchange, schemas: SchemaJudge, contract: Contract) -> None:
    """Content-Length is the length of the body, and a response with Transfer-Encoding has none."""
    response = exchange.response
    length = response.header("content-length")
    if length is None or exchange.request.method == "HEAD" or response.status in (NO_CONTENT, 304):
        return
    if response.header("transfer-encoding") is not None:
        raise Failure("one of Content-Length and Transfer-Encoding", "both")
    if response.encoded_size is not None and length.strip() != str(response.encoded_size):
        raise Failure(f"Content-Length: {response.encoded_size}, the length of the body", f"Content-Length: {length}")


@every_exchange("SCH-23", MUST, clause="x-clauses/no-content", about=[DELETE])
def test_no_content(exchange: Exchange, schemas: SchemaJudge, contract: Contract) -> None:
    """A 204 response has no body, no Content-Length and no Transfer-Encoding."""
    response = exchange.response
    if response.status != NO_CONTENT:
        return
    for name in ("Content-Length", "Transfer-Encoding"):
        if (value := response.header(name)) is not None:
            raise Failure(f"a 204 response without {name}", f"{name}: {value}")
    if response.body:
        raise Failure("a 204 response without a body", summary(exchange))


@every_exchange("SCH-27", MUST, clause="x-clauses/secrets", also=_name_a_provider, quick=False)
def test_secrets(exchange: Exchange, schemas: SchemaJudge, contract: Contract) -> None:
    """A response contains no secret of a provider, such as a key, a password or a token."""
    model = returned_model(exchange, schemas) or {}
    looked_up = {field.name for field, _ in lookups(contract)}
    judged = {name: value for name, value in model.items() if name in looked_up or name not in contract.upsert.response}
    place = next((place for name, value in judged.items() for place in secrets_in({name: value}, "")), None)
    if place is not None:
        raise Failure("no secret in the response", f"a secret in {place.removeprefix('.')}")


@requirement("SCH-24", MUST, clause="x-clauses/location", about=[CREATE_RETURNS_201])
def test_location(subject: Subject) -> None:
    """The Location of a 201 response leads to the created model."""
    if subject.first_create is None:
        raise NotTestable(
            "no model could be created at the start of the run", blocked_by=Prerequisite.ACCEPTS_PLAIN_REQUEST
        )
    if subject.first_create.response.status != 201 or subject.first_create.response.header("location") is None:
        return
    key, unusual, plain = subject.contract.upsert.key, f"{subject.names.new_name()} \u00e9", subject.names.model_name()
    # two creates before the first look: a server may return the Location of the model that it created before
    for name in (unusual, plain, subject.name_with("/a-3.5")):
        created = subject.upsert({key: name})
        location = created.response.header("location")
        if created.response.status != 201 or location is None:
            continue
        if not re.fullmatch("[!-~]*", location):
            expected = "a Location of visible ASCII characters"
            raise Failure(expected, f"Location: {location}", [created])
        if name != unusual:  # no path may lead to an unusual name
            _expect_location_of(subject, created, location)


@requirement("SCH-25", MUST, clause="x-clauses/etag", about=[READ, VALUE_FIELDS], quick=False)
def test_etag(subject: Subject) -> None:
    """A strong ETag changes when the content changes, and a conditional read with an old ETag gets the new content.

    A weak one may outlast a change (RFC 9110, section 8.8.1), as one does that tells the second of the last update.
    """
    subject.require_read_of_state()
    key = existing_name(subject)
    before = subject.read(key)
    # the second change keeps the length
    for change in (subject.small_body(2), subject.small_body(3), subject.override_entries()):
        subject.existing({**change, subject.contract.upsert.key: key})
        after, tag = subject.read(key), _strong_etag(before)
        if not tag or after.response.status != 200 or after.response.json == before.response.json:
            return
        if _strong_etag(after) == tag:
            raise Failure("another ETag for changed content", f"ETag: {tag} for both", [before, after])
        request = replace(read_request(subject, key, ("If-None-Match", tag)), may_be_intercepted=True)
        conditional = subject.poll(partial(subject.client.send, request), _has_content)
        if not _has_content(conditional):
            observed = f"If-None-Match: {tag} gets {summary(conditional)}"
            raise Failure("the changed model, because the ETag is an old one", observed)
        before = after


@requirement("SCH-26", MUST, clause="x-clauses/head", quick=False)
def test_head(subject: Subject) -> None:
    """A response to HEAD has no body, whatever its status."""
    exchange = send_raw(subject, replace(get_request(subject), method="HEAD"))
    if exchange.response.body:
        raise Failure("a response to HEAD without a body", summary(exchange), [exchange])


def _strong_etag(exchange: Exchange) -> str | None:
    """Return the ETag of a response if it is a strong one."""
    tag = exchange.response.header("etag")
    return None if tag is None or tag.strip().startswith("W/") else tag.strip()


def _has_content(exchange: Exchange) -> bool:
    """Return whether the status is not 304."""
    return exchange.response.status != 304


def _expect_location_of(subject: Subject, created: Exchange, location: str) -> None:
    """Expect the model at a Location on the target. Observe a Location on another server, and send it no key."""
    base, key = urlsplit(subject.client.transport.base_url), subject.contract.upsert.key
    url = urlsplit(urljoin(subject.client.transport.base_url + created.request.target, location))
    if (url.scheme, url.netloc) != (base.scheme, base.netloc) or not url.path.startswith(base.path):
        subject.observe(f"Location leads to another server: {location}")
        return
    target = url.path.removeprefix(base.path) + (f"?{url.query}" if url.query else "")
    request = Request("GET", target, READ_HEADERS, None, subject.credentials.primary, key=created.request.key)
    request = replace(request, may_be_intercepted=True, follows_location=True)
    found = subject.poll(partial(subject.client.send, request), lambda found: found.response.status != 404)
    if found.response.status in (404, 410):
        raise Failure(f"the model at Location: {location}", summary(found), [created, found])
    name = found.response.members.get(key)
    if found.response.status == 200 and isinstance(name, str) and name != created.request.key:
        expected = f"{key}: {as_json(created.request.key)} at Location: {location}"
        raise Failure(expected, f"{key}: {as_json(name)}", [created, found])
