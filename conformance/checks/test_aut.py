"""AUT: which credentials the server accepts, and how it rejects others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from urllib.parse import quote

from conformance.checks import sample_requests
from conformance.checks.invalid_credentials import KINDS, NOT_ASCII, invalid_credentials, with_scheme
from conformance.checks.wire_requests import (
    HARMLESS_TRAILER,
    accepts_trailers,
    create_request,
    require_chunked_bodies,
    send_raw,
    send_with_trailer,
    update_request,
)
from conformance.judge.expect import expect_accepted, expect_rejected, expect_status, summary
from conformance.judge.outcome import Failure, NotTestable
from conformance.judge.prerequisite import Prerequisite
from conformance.judge.responses import SchemaJudge
from conformance.requirements.features import (
    CREDENTIALS,
    DELETE,
    READ,
    READ_CREDENTIALS,
    READ_ONLY,
)
from conformance.requirements.level import MUST, SHOULD
from conformance.requirements.requirement import each, every_exchange, requirement
from conformance.target.client import UNKNOWN, token_of
from conformance.target.names import is_run_name
from conformance.target.operations import JSON_HEADERS
from conformance.target.subject import Subject
from conformance.wire.exchange import SAFE, Credential, Exchange, Request
from contract import Contract

UNAUTHORIZED, FORBIDDEN = 401, 403


def _kinds(_: Contract) -> Mapping[str, str]:
    return {kind: kind for kind in KINDS}


def _writes(contract: Contract) -> Mapping[str, str]:
    writes = ("a create", "an update", *(["a delete"] if DELETE.is_in(contract) else []))
    return {write: write for write in writes}


@requirement(
    "AUT-01",
    MUST,
    clause="x-clauses/credentials-required",
    about=[CREDENTIALS],
    prerequisite=Prerequisite.REQUIRES_CREDENTIALS,
    covers=[sample_requests.no_credentials],
)
def test_no_credentials(subject: Subject) -> None:
    """The server returns 401 for a valid request without credentials."""
    body = subject.full_body()
    for media_type in ("application/json", "application/json; charset=utf-8"):
        headers = (("Content-Type", media_type), ("Accept", "application/json"))
        exchange = subject.post(subject.encoded(body), key=body[subject.contract.upsert.key], headers=headers)
        expect_status(exchange, UNAUTHORIZED, when="without credentials")


@requirement(
    "AUT-02",
    MUST,
    clause="x-clauses/credentials-checked",
    about=[CREDENTIALS],
    prerequisite=Prerequisite.CHECKS_CREDENTIALS,
)
@each("kind", _kinds)
def test_invalid_credentials_are_rejected(subject: Subject, kind: str) -> None:
    """The server rejects a valid request with invalid credentials."""
    for which, exchange in _with_invalid(subject, kind).items():
        expect_rejected(exchange, f"the credentials are invalid ({which})")


@requirement("AUT-12", MUST, clause="x-clauses/credentials-checked", about=[CREDENTIALS], quick=False)
def test_two_invalid_credentials_are_rejected(subject: Subject) -> None:
    """The server rejects a valid request with two Authorization headers that both have invalid credentials."""
    body = subject.minimal_body()
    headers = (*JSON_HEADERS, ("Authorization", "Bearer rc-no-such-key-either"))
    key = body[subject.contract.upsert.key]
    exchange = subject.post(
        subject.encoded(body), key=key, credential=UNKNOWN, headers=headers, may_be_intercepted=True
    )
    if exchange.response.successful and _with(subject, UNKNOWN).response.successful:
        raise NotTestable(
            "the server accepts one header with unknown credentials, too", blocked_by=Prerequisite.CHECKS_CREDENTIALS
        )
    expect_rejected(exchange, "both headers have invalid credentials")


@requirement("AUT-03", SHOULD, clause="x-clauses/credentials-401", about=[CREDENTIALS])
@each("kind", _kinds)
def test_invalid_credentials_get_401(subject: Subject, kind: str) -> None:
    """The server returns 401 for invalid credentials."""
    exchanges = _with_invalid(subject, kind)
    for which, exchange in exchanges.items():
        if not exchange.request.may_be_intercepted and not exchange.response.successful:
            expect_status(exchange, UNAUTHORIZED, when=f"for invalid credentials ({which})")
    if any(exchange.response.successful for exchange in exchanges.values()):
        raise NotTestable("the server accepts some of these credentials", blocked_by=Prerequisite.CHECKS_CREDENTIALS)


@every_exchange("AUT-04", MUST, clause="x-clauses/challenge", about=[CREDENTIALS])
def test_challenge(exchange: Exchange, schemas: SchemaJudge, contract: Contract) -> None:
    """A 401 response has a WWW-Authenticate header with a challenge."""
    if exchange.response.status == UNAUTHORIZED and not exchange.response.header("www-authenticate"):
        raise Failure("a WWW-Authenticate header in the 401 response", "no such header")


@requirement("AUT-05", SHOULD, clause="x-clauses/credentials-in-header", about=[CREDENTIALS])
@each("place", lambda _: {place: place for place in ("the query", "a cookie", "another header", "the body")})
def test_token_elsewhere(subject: Subject, place: str) -> None:
    """The server accepts a token only in the Authorization header."""
    # the server may also reject an unknown parameter or field, and check that first
    allowed = [UNAUTHORIZED, *([subject.contract.upsert.invalid] if place in ("the query", "the body") else [])]
    expect_status(
        _token_in[place](subject, token_of(_primary_credentials(subject))), *allowed, when=f"with the token in {place}"
    )


@requirement("AUT-06", SHOULD, clause="x-clauses/credentials-first", about=[CREDENTIALS])
@each("credential", lambda _: {"no credentials": None, "unknown credentials": Credential("Bearer rc-x", "Bearer rc-x")})
def test_bad_body_too(subject: Subject, credential: Credential | None) -> None:
    """The server checks credentials before it validates the body."""
    _primary_credentials(subject)
    good = subject.post(subject.encoded(subject.minimal_body()), credential=credential)
    if good.response.successful:
        raise NotTestable(
            "the server accepts these credentials",
            blocked_by=Prerequisite.CHECKS_CREDENTIALS if credential else Prerequisite.REQUIRES_CREDENTIALS,
        )
    for body in (b'{"', b"{}", b""):
        bad = subject.post(body, credential=credential)
        expect_status(bad, good.response.status, when="for an invalid body, as for a valid one")


@requirement("AUT-07", MUST, clause="x-clauses/scheme-case", about=[CREDENTIALS], quick=False)
@each("scheme", lambda _: {scheme: scheme for scheme in ("bearer", "BEARER")})
def test_scheme_case(subject: Subject, scheme: str) -> None:
    """The server accepts the name of the authentication scheme in any case."""
    exchange = _with(subject, with_scheme(_primary_credentials(subject), scheme))
    if not exchange.response.successful:
        subject.require_accepted(subject.upsert(subject.minimal_body()))
        exchange = _with(subject, with_scheme(_primary_credentials(subject), scheme))
    expect_accepted(exchange, f"the scheme {scheme} is Bearer in another case")


@every_exchange("AUT-08", MUST, clause="security", about=[CREDENTIALS], prerequisite=Prerequisite.ACCEPTS_VALID_KEY)
def test_key_stays_valid(exchange: Exchange, schemas: SchemaJudge, contract: Contract) -> None:
    """The server accepts a valid key as often as it is used."""
    request = exchange.request
    if request.wire_format is not None:  # other requirements judge raw requests
        return
    if exchange.response.status == UNAUTHORIZED and not request.may_be_intercepted and _is_allowed(request, contract):
        raise Failure("a status other than 401, because the key is valid", summary(exchange))


def _is_allowed(request: Request, contract: Contract) -> bool:
    """Return whether the credentials certainly allow the request. For others, 401 is open, or assumed at most."""
    upsert, credential = contract.upsert, request.credential
    if credential is None or request.operation_id is None or not is_run_name(str(request.key)):
        return False
    return (
        credential.shell == "Bearer $RESPAN_API_KEY"
        or (
            credential.shell == "Bearer $RESPAN_OTHER_ORG_KEY" and request.operation_id == upsert.operation.operation_id
        )
        or (credential.shell == "Bearer $RESPAN_READ_ONLY_KEY" and request.method in SAFE)
    )


@requirement(
    "AUT-11",
    MUST,
    clause="x-clauses/read-only",
    needs=["read-only-key"],
    about=[CREDENTIALS, READ_ONLY],
    prerequisite=Prerequisite.READ_ONLY_KEY_WRITES_NOTHING,
)
@each("write", _writes)
def test_read_only_key_writes_nothing(subject: Subject, write: str) -> None:
    """The server rejects every write with a read-only key."""
    expect_rejected(_read_only_write(subject, write), f"{write} with a read-only key")


@requirement(
    "AUT-09",
    SHOULD,
    clause="x-upsert/forbidden",
    needs=["read-only-key"],
    about=[CREDENTIALS, READ_ONLY],
    covers=[sample_requests.read_only_write],
)
@each("write", _writes)
def test_read_only_key(subject: Subject, write: str) -> None:
    """The server returns 403 or 401 for a write with a read-only key, and accepts reads."""
    exchange = _read_only_write(subject, write)
    if exchange.response.successful:
        raise NotTestable(
            f"the server accepts {write} with a read-only key", blocked_by=Prerequisite.READ_ONLY_KEY_WRITES_NOTHING
        )
    forbidden = subject.contract.upsert.forbidden or FORBIDDEN
    expect_status(exchange, forbidden, UNAUTHORIZED, when=f"for {write} with a read-only key")
    if write == "an update" and subject.capabilities.read_returns_state:
        read = subject.read(str(exchange.request.key), subject.credentials.read_only)
        if read.response.status not in (UNAUTHORIZED, forbidden):  # a key that cannot read at all
            expect_status(read, 200, when="for a read with a read-only key")
    if write == "a delete" and subject.capabilities.read_returns_state:
        expect_status(subject.read(str(exchange.request.key)), 200, when="for a model after a rejected delete")


def _read_only_write(subject: Subject, write: str) -> Exchange:
    """Return the exchange of a write with the read-only key. The model of an update or a delete exists."""
    return subject.once(f"a read-only key: {write}", lambda: _send_read_only_write(subject, write))


def _send_read_only_write(subject: Subject, write: str) -> Exchange:
    read_only, body = subject.credentials.read_only, subject.small_body()
    if write == "a delete":
        subject.require_delete()
    if write != "a create":
        subject.existing(body)
    if write == "a delete":
        return subject.delete(body[subject.contract.upsert.key], read_only)
    return subject.upsert(body, read_only)


@requirement(
    "AUT-10",
    MUST,
    clause="x-upsert/read",
    about=[READ, READ_CREDENTIALS],
    covers=[sample_requests.read_and_delete_without_credentials],
)
def test_read_and_delete_need_credentials(subject: Subject) -> None:
    """The server neither reads nor deletes a model without valid credentials."""
    subject.require_read()
    key = subject.names.model_name("/a")
    subject.existing(subject.full_body(1, key))
    expect_rejected(subject.read(key, anonymous=True), "a read without credentials")
    expect_rejected(subject.read(key, UNKNOWN), "a read with unknown credentials")
    delete = subject.contract.upsert.delete
    if subject.capabilities.delete_works and delete is not None and delete.credentials:
        expect_rejected(subject.delete(key, anonymous=True), "a delete without credentials")
        expect_rejected(subject.delete(key, UNKNOWN), "a delete with unknown credentials")
        expect_status(subject.read(key), 200, when="for a model that no valid request deleted")
    if subject.is_plain_name(f"{key}/a") and subject.has_path_for(f"{key}/a"):
        slashed = subject.existing({subject.contract.upsert.key: f"{key}/a"})[subject.contract.upsert.key]
        expect_rejected(subject.read(slashed, anonymous=True), "a read, without credentials, of a name with a slash")


def _primary_credentials(subject: Subject) -> Credential:
    if subject.credentials.primary is None:
        raise NotTestable("needs RESPAN_API_KEY")
    return subject.credentials.primary


def _with_invalid(subject: Subject, kind: str) -> Mapping[str, Exchange]:
    """Return the exchanges of valid requests with invalid credentials of one kind, by label."""
    return subject.once(f"invalid credentials: {kind}", lambda: _send_with_invalid(subject, kind))


def _send_with_invalid(subject: Subject, kind: str) -> Mapping[str, Exchange]:
    invalid = invalid_credentials(_primary_credentials(subject))
    valid_values = {credential.value for credential in subject.credentials.all()}
    if not subject.client.transport.has_connections:
        invalid.pop(NOT_ASCII, None)  # httpx passes only ASCII headers to an application
    return {
        which: _with(subject, invalid[which], may_be_intercepted=which == NOT_ASCII)
        for which in KINDS[kind]
        if which in invalid and invalid[which].value not in valid_values
    }


def _with(subject: Subject, credential: Credential, *, may_be_intercepted: bool = False) -> Exchange:
    body = subject.minimal_body()
    key = body[subject.contract.upsert.key]
    return subject.post(subject.encoded(body), key=key, credential=credential, may_be_intercepted=may_be_intercepted)


def _query(subject: Subject, token: str) -> Exchange:
    operation, body = subject.contract.upsert.operation, subject.minimal_body()
    query = "?" + "&".join(f"{name}={quote(token, safe='')}" for name in ("access_token", "api_key", "token", "key"))
    target, key = operation.path + query, body[subject.contract.upsert.key]
    return subject.send(
        Request(
            operation.method, target, JSON_HEADERS, subject.encoded(body), operation_id=operation.operation_id, key=key
        )
    )


def _header(make: Callable[[str], tuple[str, str]]) -> Callable[[Subject, str], Exchange]:
    def send(subject: Subject, token: str) -> Exchange:
        body = subject.minimal_body()
        return subject.post(
            subject.encoded(body), key=body[subject.contract.upsert.key], headers=(*JSON_HEADERS, make(token))
        )

    return send


def _body(subject: Subject, token: str) -> Exchange:
    body = {**subject.minimal_body(), "api_key": token, "authorization": f"Bearer {token}"}
    return subject.post(subject.encoded(body), key=body[subject.contract.upsert.key])


_token_in: Mapping[str, Callable[[Subject, str], Exchange]] = {
    "the query": _query,
    "a cookie": _header(lambda token: ("Cookie", f"token={token}; api_key={token}; Authorization={token}")),
    "another header": _header(lambda token: ("X-Api-Key", token)),
    "the body": _body,
}


@requirement("AUT-13", MUST, clause="x-clauses/trailers", about=[CREDENTIALS], quick=False)
@each("beside", lambda _: {"no key in the header section": False, "a key in the header section": True})
def test_credentials_in_trailers(subject: Subject, beside: bool) -> None:
    """Credentials in the trailer section of a request have no effect."""
    if subject.credentials.primary is None:
        raise NotTestable("needs RESPAN_API_KEY")
    require_chunked_bodies(subject)
    if beside:
        _expect_own_credentials_count(subject, subject.credentials.primary)
        return
    bare = partial(replace, chunked=True, credential=None)
    exchange = send_with_trailer(subject, bare(create_request(subject)), _authorization(subject.credentials.primary))
    if exchange is None or not exchange.response.successful:
        return
    if send_raw(subject, bare(create_request(subject))).response.successful:
        raise NotTestable(
            "the server accepts a request without credentials", blocked_by=Prerequisite.REQUIRES_CREDENTIALS
        )
    expected = "an error response (4xx): the only credentials are in the trailer section"
    raise Failure(expected, summary(exchange), [exchange])


def _expect_own_credentials_count(subject: Subject, primary: Credential) -> None:
    """Expect the key in the header section to count, and not another one in the trailer section."""
    other = subject.credentials.other_org if subject.credentials.other_org in subject.working_keys else None
    request = replace(update_request(subject), chunked=True)
    exchange = send_with_trailer(subject, request, _authorization(other or UNKNOWN))
    if exchange is None:
        return
    if exchange.response.successful:
        if other is not None:
            _expect_no_create(subject, exchange, other)
        return
    in_header = send_raw(subject, replace(create_request(subject), credential=UNKNOWN))
    if in_header.response.status == exchange.response.status and accepts_trailers(
        subject, HARMLESS_TRAILER, _authorization(primary)
    ):
        raise Failure("success (2xx): the key in the header section is valid", summary(exchange), [exchange])
    subject.observe(f"a request with Authorization in its trailer section gets {exchange.response.status}")


def _expect_no_create(subject: Subject, exchange: Exchange, other: Credential) -> None:
    """Expect that a request updated a model of the primary organization, and created none in another one."""
    upsert = subject.contract.upsert
    if not (subject.capabilities.update_returns_updated and subject.was_created(exchange)):
        return
    subject.creations.record_response(replace(exchange, request=replace(exchange.request, credential=other)))
    if send_raw(subject, update_request(subject)).response.status == upsert.updated:
        expected = f"{upsert.updated} for an update, with the key in the header section, of a model that exists"
        raise Failure(expected, summary(exchange), [exchange])


def _authorization(credential: Credential) -> tuple[str, str]:
    return "Authorization", credential.value
