"""STA, statuses: the status of each kind of request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from conformance.checks import sample_requests, scenarios
from conformance.checks.invalid_requests import JSON_HEADER_SPELLINGS, MARKUP, UNUSUAL_REQUESTS, InvalidRequest
from conformance.fields import base_field, deleted_statuses, identifying_fields
from conformance.generate.spellings import BEYOND_TWO_BYTES, SPELLINGS, Spelling
from conformance.judge.expect import (
    expect_accepted,
    expect_rejected,
    expect_returned,
    expect_status,
    expect_unchanged,
    same,
    summary,
    without_model_name,
)
from conformance.judge.outcome import Blocked, Cause, Failure, NotTestable
from conformance.judge.prerequisite import Prerequisite
from conformance.judge.responses import ANY_SERVER, SchemaJudge, is_implied_status, is_unexpected_server_error
from conformance.requirements import cases
from conformance.requirements.features import (
    ALIASES,
    CREDENTIALS,
    DELETE,
    READ,
    READ_ONLY,
    REFERENCES,
    RESERVED_NAMES,
    SLASHES,
)
from conformance.requirements.level import MUST, OPEN, SHOULD
from conformance.requirements.requirement import each, every_exchange, requirement
from conformance.target.operations import JSON_HEADERS
from conformance.target.probe import PRECEDING_REQUESTS, failure_on_reuse
from conformance.target.subject import Subject
from conformance.wire.exchange import Exchange, Json, NoResponse
from contract import Alias, Contract, Operation, Reference, RequestField

REPEATS = 9
PAIR = 2
RESERVED = ("__proto__", "constructor", "toString", "hasOwnProperty", "None", "null", "undefined", "true")
"""Words with a meaning in some language. A JavaScript object used as a store has some of them."""
ROWS = ("0", "1")
"""Values that could be row numbers, or are false in PHP."""
LONGER = "-longer"
"""A suffix that makes another name, if names can have its characters."""
FORBIDDEN = 403


def _undeclared_methods(contract: Contract) -> dict[str, str]:
    """Return methods that the contract does not declare for the paths of the upsert and the read."""
    upsert = contract.upsert
    methods = [
        method
        for method in ("PUT", "PATCH", "DELETE", "GET", "OPTIONS")
        if not _has(contract, upsert.operation, method)
    ]
    if upsert.read is not None and not _has(contract, upsert.read, "POST"):
        methods.append("POST to a model")
    return {method: method for method in methods}


def _has(contract: Contract, operation: Operation, method: str) -> bool:
    return method.lower() in contract.document["paths"][operation.path]


def _preceding_requests(contract: Contract) -> dict[str, str]:
    """Return the kinds of requests that can precede another on a connection."""
    lacking = {
        "no credentials": not CREDENTIALS.is_in(contract),
        "unknown credentials": not CREDENTIALS.is_in(contract),
        "a key that may only read": not (CREDENTIALS.is_in(contract) and READ_ONLY.is_in(contract)),
        "a delete": not DELETE.is_in(contract),
    }
    return {kind: kind for kind in PRECEDING_REQUESTS if not lacking.get(kind)}


@requirement(
    "STA-01",
    MUST,
    clause="x-upsert/created",
    creates=True,
    prerequisite=Prerequisite.CREATE_STATUS,
    covers=[sample_requests.create, sample_requests.create_bare, sample_requests.create_derived],
)
def test_create(subject: Subject) -> None:
    """The first upsert of a name returns the status of a create."""
    upsert, base = subject.contract.upsert, base_field(subject.contract)
    bodies = [subject.minimal_body(), subject.full_body()]
    name_of_another = subject.names.new_name()
    texts = subject.texts(name_of_another)
    references = {
        name: value for name, value in subject.canonical_references().items() if not base or name != base.name
    }
    bodies += [{**subject.minimal_body(), **texts, **references}, {upsert.key: name_of_another}]
    for body in [*bodies, {**subject.minimal_body(), base.name: bodies[1][upsert.key]}] if base else bodies:
        exchange = subject.upsert(body)
        if not exchange.response.successful:
            subject.require_accepted(exchange)
        expect_status(exchange, upsert.created, when="for a name that did not exist")


@requirement(
    "STA-02", MUST, clause="x-upsert/updated", prerequisite=Prerequisite.UPDATE_STATUS, covers=[sample_requests.update]
)
def test_update(subject: Subject) -> None:
    """Every later upsert of a name returns the status of an update."""
    upsert = subject.contract.upsert
    body, base = subject.existing(subject.full_body(variant=0)), subject.existing(subject.minimal_body())
    for variant in range(1, REPEATS + 1):
        again = subject.full_body(variant, body[upsert.key]) if variant % 2 else {upsert.key: body[upsert.key]}
        again |= subject.based_on(base) if variant == 2 else {}
        exchange = subject.upsert(again)
        if not exchange.response.successful:
            subject.require_accepted(exchange)
        expect_status(exchange, upsert.updated, when="for a name that existed")


@every_exchange("STA-03", MUST, clause="x-clauses/no-server-error", prerequisite=Prerequisite.RESPONDS)
def test_no_server_error(exchange: Exchange, schemas: SchemaJudge, contract: Contract) -> None:
    """The server responds to every request, and never with a 5xx status other than 501 and 503."""
    if is_unexpected_server_error(exchange):
        raise Failure("a status that is not a server error", summary(exchange))


@every_exchange("STA-04", MUST, clause="x-clauses/declared-statuses", prerequisite=Prerequisite.DECLARED_STATUS)
def test_declared_statuses(exchange: Exchange, schemas: SchemaJudge, contract: Contract) -> None:
    """Every response has a status that the contract declares, or one that HTTP allows any server to send."""
    status = exchange.response.status
    if exchange.request.operation_id is None or exchange.request.may_be_intercepted or status >= 500:
        return
    error_of_the_upsert = status >= 400 and status in contract.upsert.operation.statuses
    if not (
        schemas.declares(exchange)
        or status in ANY_SERVER
        or error_of_the_upsert
        or is_implied_status(exchange, contract)
    ):
        cause = Cause("status", "", str(status))
        raise Failure("a status that the contract declares", summary(exchange), cause=cause)


@requirement("STA-13", SHOULD, clause="*/x-reference", about=[REFERENCES], covers=[sample_requests.unknown_references])
@each("case", cases.references)
def test_unknown_reference(subject: Subject, case: tuple[RequestField, Reference]) -> None:
    """The server returns 404 for an upsert that refers to a model or provider that does not exist."""
    field, reference = case
    longer = subject.once("a model of a longer name", lambda: subject.existing(_longer(subject)))
    key = subject.contract.upsert.key
    name = str(longer[subject.contract.upsert.key])
    unknown = name.removesuffix(LONGER) if name.endswith(LONGER) else subject.names.new_name()
    for body in (subject.minimal_body(), _without_references(subject)):
        exchange = subject.upsert({**body, field.name: unknown})
        expect_status(exchange, reference.missing, when=f"for an unknown {field.name}")
    for name in subject.options.fixtures.builtin_models[:1] if reference.to == "models" else ():
        exchange = subject.upsert({**subject.minimal_body(), field.name: f"{name}-{subject.names.new_name()}"})
        expect_status(
            exchange, reference.missing, when=f"for an unknown {field.name} that begins like a built-in model"
        )
    for word in _words_for(subject, field):
        body = {**subject.minimal_body(), field.name: word}
        exchange = subject.post(
            subject.encoded(body), key=body[key], credential=subject.credentials.primary, may_be_intercepted=True
        )
        if not (exchange.response.successful and reference.to == "models" and _model_exists(subject, word)):
            expect_rejected(exchange, f'there is no {reference.to.rstrip("s")} "{word}"')


@requirement("STA-14", SHOULD, clause="*/x-alias", about=[ALIASES])
@each("case", cases.aliases)
def test_spellings_differ(subject: Subject, case: tuple[RequestField, Alias]) -> None:
    """The server returns 400 if two spellings of one field have different values.

    Where fewer than two things are known that exist, one of the values is unknown, and its status is allowed as well.
    """
    field, alias = case
    canonical, known = subject.contract.upsert.request[field.storage_name], _known_values(subject, field)
    missing = [canonical.reference.missing] if canonical.reference and len(known) < PAIR else []
    first, second = [*known, *(subject.names.new_name() for _ in range(PAIR))][:PAIR]
    for model in (subject.minimal_body(), _without_references(subject)):
        exchange = subject.upsert({**model, field.name: first, alias.of: second})
        if exchange.response.status not in (alias.differing, *missing) and not exchange.response.successful:
            for value in known:  # raises Blocked if what the user named does not exist
                subject.existing({**subject.minimal_body(), alias.of: value})
        expect_status(exchange, alias.differing, *missing, when=f"because {field.name} and {alias.of} differ")


@requirement("STA-15", MUST, clause="x-clauses/allow", quick=False)
@each("method", _undeclared_methods)
def test_allow(subject: Subject, method: str) -> None:
    """The Allow header of a 405 response lists the supported methods, and not the rejected one.

    That it leaves out another is let pass: routers of several frameworks know no more than the route that they tried.
    """
    case, (method, _, at_a_model) = method, method.partition(" to ")
    exchange = subject.call_undeclared_method(method, subject.contract.upsert.read if at_a_model else None)
    if exchange.response.status != 405:
        raise NotTestable(f"the target does not reject {case} with 405")
    allowed = [value for name, value in exchange.response.headers if name.lower() == "allow"]
    if not allowed:
        raise Failure("an Allow header in the 405 response", "no such header")
    methods = {name.strip().upper() for value in allowed for name in value.split(",")}
    if method in methods:
        raise Failure(f"Allow without {method}, which was rejected", f"Allow: {', '.join(allowed)}")


@requirement(
    "STA-16", MUST, clause="x-clauses/media-type-match", prerequisite=Prerequisite.ACCEPTS_JSON_MEDIA_TYPE, quick=False
)
@each("headers", lambda _: JSON_HEADER_SPELLINGS)
def test_media_type_match(subject: Subject, headers: tuple[tuple[str, str], ...]) -> None:
    """The server accepts a JSON body with any valid spelling of its media type."""
    key = subject.once("a model for any media type", subject.names.model_name)
    body = subject.encoded(subject.small_body(1, key))
    exchange = subject.post(body, key=key, headers=headers, credential=subject.credentials.primary)
    if not exchange.response.successful:
        subject.require_accepted(subject.post(body, key=key, credential=subject.credentials.primary))
    expect_accepted(exchange, "the media type of the body is application/json")


@requirement("STA-32", MUST, clause="x-clauses/json-spelling", quick=False)
@each("spelling", lambda _: SPELLINGS)
def test_json_spelling(subject: Subject, spelling: Spelling) -> None:
    """The server accepts every valid JSON spelling of a body, with any white space, escapes or exponents."""
    body, key_name = subject.small_body(2), subject.contract.upsert.key
    key, text = body[key_name], f'a/b "c" \\d {BEYOND_TWO_BYTES}'
    body |= {name: f"{body[name]} {text}" for name in subject.texts(text) if name in body}
    exchange = subject.post(spelling(subject.complete(body)), key=key, credential=subject.credentials.primary)
    if exchange.response.status == 413:
        raise NotTestable("the body is larger than the server accepts")
    if not exchange.response.successful:
        subject.existing(body)
    expect_accepted(exchange, "the body is valid JSON")
    try:
        _expect_values(subject, exchange, body, "whatever its spelling")
    except Failure:
        plainly = subject.require_accepted(subject.upsert({**body, key_name: subject.names.model_name()}))
        try:
            _expect_values(subject, plainly, body, "")
        except Failure:
            reason = "the response to the plainest spelling of the body has other values, too"
            raise NotTestable(reason, blocked_by=Prerequisite.CREATE_RETURNS_VALUES) from None
        raise


def _expect_values(subject: Subject, exchange: Exchange, body: Mapping[str, Json], where: str) -> None:
    for field in subject.reliable_fields():
        if field.name in body:
            expect_returned(exchange.response.members, field.response, body[field.name], where)


@requirement("STA-17", MUST, clause="requestBody", prerequisite=Prerequisite.ACCEPTS_PLAIN_REQUEST, quick=False)
def test_plain_values_are_accepted(subject: Subject) -> None:
    """The server accepts a valid request with ordinary values."""
    for exchange in scenarios.full_creates(subject):
        expect_accepted(exchange, "every field has an ordinary value")
    key = subject.minimal_body()
    for _ in range(3):
        expect_accepted(subject.upsert(key), "an update with the name alone is valid")


@requirement("STA-31", MUST, clause="requestBody", prerequisite=Prerequisite.ACCEPTS_PLAIN_NAME, quick=False)
@each(
    "tail",
    lambda _: {
        "dots": ".5.v1.x",
        "hyphens and underscores": "--a__b-",
        "slashes": "/a/b",
        "capitals": "ABCxyz",
        "digits": "0123456789",
        "words of a language": ".__proto__/constructor",
        "64 characters": "",
    },
)
def test_plain_names_are_accepted(subject: Subject, tail: str) -> None:
    """The server accepts a name of 1 to 64 letters, digits, dots, underscores, hyphens and inner slashes."""
    key = subject.names.model_name(tail) + tail if tail else subject.longest_name()
    if subject.is_plain_name(key):  # among the names that the target accepts
        expect_accepted(subject.upsert({subject.contract.upsert.key: key}), "the name is plain")


@requirement(
    "STA-18",
    SHOULD,
    clause="x-upsert/reserved",
    needs=["builtin-model"],
    about=[RESERVED_NAMES],
    covers=[sample_requests.built_in_name],
)
def test_builtin_names(subject: Subject) -> None:
    """The server rejects an upsert of a built-in model."""
    upsert = subject.contract.upsert
    names = [name for name in subject.options.fixtures.builtin_models if subject.is_allowed_name(name)]
    if not names:
        raise NotTestable("the target does not accept the names of these built-in models")
    reserved = upsert.reserved or FORBIDDEN
    for name in names:
        existed = not subject.capabilities.read_works or subject.read(name).response.status != 404
        exchange = subject.upsert({upsert.key: name})
        if subject.was_created(exchange) and not existed:
            raise Blocked(f"the target had no model {name}; check --builtin-model")
        expect_status(exchange, reserved, when=f"for the built-in model {name}")


@requirement(
    "STA-19",
    MUST,
    clause="x-upsert/read",
    about=[READ],
    prerequisite=Prerequisite.READ,
    covers=[sample_requests.read, sample_requests.read_missing],
    quick=False,
)
def test_read(subject: Subject) -> None:
    """A read returns 200 for a model that exists, and 404 for one that does not."""
    subject.require_read()
    key = subject.longest_name("-3.5.json")
    created = subject.upsert({subject.contract.upsert.key: key})
    if created.response.status == subject.contract.upsert.invalid:
        raise NotTestable("the server rejects a name with dots", blocked_by=Prerequisite.ACCEPTS_PLAIN_NAME)
    subject.require_accepted(created)
    expect_status(subject.read(key), 200, when="for a model that exists")
    expect_status(subject.read(subject.names.new_name()), 404, when="for a model that does not exist")
    similar = subject.existing({subject.contract.upsert.key: subject.name_with("-3x5")})[subject.contract.upsert.key]
    if "." not in key or not similar.endswith("-3x5"):
        return
    expect_status(subject.read(similar.replace("-3x5", "-3.5")), 404, when="for a name similar to that of a model")
    for word in (*RESERVED, *ROWS[1:]):
        read = subject.read(word, may_be_intercepted=True)
        if read.response.members.get(subject.contract.upsert.key) != word:  # else such a model exists
            expect_rejected(read, f'there is no model "{word}"')


@requirement(
    "STA-20",
    MUST,
    clause="x-upsert/delete",
    about=[DELETE],
    prerequisite=Prerequisite.DELETE,
    covers=[sample_requests.delete, sample_requests.delete_missing],
)
def test_delete(subject: Subject) -> None:
    """A delete returns a declared status and removes that model only; it returns 404 if the model does not exist."""
    subject.require_delete()
    name = subject.name_with("_b")
    key = subject.existing(subject.small_body(1, name))[subject.contract.upsert.key]
    alike = subject.upsert({subject.contract.upsert.key: f"{name[:-2]}-b" if name.endswith("_b") else name})
    longer_name = f"{key}-more" if subject.is_plain_name(f"{key}-more") else subject.names.new_name()
    longer = subject.existing({subject.contract.upsert.key: longer_name})
    if subject.capabilities.read_works:
        subject.read(key)  # a cache may remember the model after the delete
    expect_status(subject.delete(key), *deleted_statuses(subject.contract), when="for a model that exists")
    again = subject.poll(lambda: subject.delete(key), lambda deleted: deleted.response.status == 404)
    expect_status(again, 404, when="for a model that was deleted")
    if subject.capabilities.read_works:
        gone = subject.poll(lambda: subject.read(key), lambda read: read.response.status == 404)
        expect_status(gone, 404, when="for a model that was deleted")
        others = [str(longer[subject.contract.upsert.key])]
        if alike.response.status == subject.contract.upsert.created and subject.capabilities.create_returns_created:
            others.append(str(alike.request.key))
        for other in others:
            read = subject.poll(partial(subject.read, other), lambda it: it.response.status == 200)
            expect_status(read, 200, when=f"for {other}, which was not deleted")


@requirement(
    "STA-21",
    MUST,
    clause="x-clauses/deleted",
    about=[DELETE],
    prerequisite=Prerequisite.DELETED_NAME_IS_FREE,
    quick=False,
)
def test_create_after_delete(subject: Subject) -> None:
    """The next upsert of a deleted name creates a new model without values of the deleted one."""
    subject.require_delete()
    upsert = subject.contract.upsert
    body = subject.existing(subject.full_body() | subject.canonical_references())
    key = body[upsert.key]
    if not subject.delete(key).response.successful:
        raise NotTestable("the server rejects the delete of a model that exists", blocked_by=Prerequisite.DELETE)
    other = subject.minimal_body()
    new_model = without_model_name(subject.require_accepted(subject.upsert(other)).response.members, other[upsert.key])
    again = subject.upsert({upsert.key: key})
    if subject.capabilities.create_returns_created:
        expect_status(again, upsert.created, when="for a name that was deleted")
    expect_accepted(again, "the name was deleted, so it can be used again")
    where = "as in a model that never had values"
    returned = without_model_name(again.response.members, key)
    expect_unchanged(subject.contract, new_model, returned, where, identifying_fields(subject.contract))


@requirement(
    "STA-22",
    MUST,
    clause="x-clauses/slashes",
    about=[READ, SLASHES],
    prerequisite=Prerequisite.READ_WITH_SLASHES,
    quick=False,
)
def test_slashes(subject: Subject) -> None:
    """The server serves a model whose name contains slashes at its unencoded path."""
    subject.require_read()
    upsert, stem = subject.contract.upsert, subject.names.model_name("/a/b/c")
    if not subject.is_plain_name(f"{stem}/a"):
        raise NotTestable(f"the target accepts no names with slashes, such as {stem}/a")
    keys = [str(subject.existing({upsert.key: f"{stem}/{tail}"})[upsert.key]) for tail in ("a", "a/b/c")]
    for key in keys:
        expect_status(subject.read(key), 200, when=f"for the model {key}")
        if subject.capabilities.delete_works:
            expect_accepted(subject.delete(key), f"the model {key} exists")
    if base := base_field(subject.contract):
        for key in keys[1:]:  # not before the delete, which a server may reject for a base model
            subject.existing({upsert.key: key})
            expect_accepted(subject.upsert({**subject.minimal_body(), base.name: key}), f"the model {key} exists")


@requirement("STA-23", MUST, clause="x-clauses/no-server-error", quick=False)
@each("invalid", UNUSUAL_REQUESTS)
def test_unusual_requests(subject: Subject, invalid: InvalidRequest) -> None:
    """The server responds to unusual requests and continues to work."""
    model = "a model for unusual requests"
    try:
        unusual = invalid.send(subject, subject.once(model, lambda: subject.names.model_name(MARKUP)))
    except NoResponse:
        if invalid.writes:
            raise
        subject.require_accepted(subject.upsert(subject.minimal_body()))
        subject.observe(f"{invalid.label} gets no response")  # a proxy may close the connection on an unusual path
        return
    response = unusual.response
    if response.status >= 500 or (response.successful and response.parsed.errors):
        subject.forget([model])  # what it has stored is not the fault of the next request
    if unusual.response.successful or not invalid.writes:
        return
    again = subject.upsert(subject.once("a plain request", subject.minimal_body))
    if not again.response.successful:  # perhaps only because it is an update, so try a new name
        invalid.send(subject)
        expect_accepted(subject.upsert(subject.minimal_body()), f"the request is plain, after {invalid.label}")


@requirement(
    "STA-24", MUST, clause="x-clauses/media-type-match", prerequisite=Prerequisite.ACCEPTS_CHUNKED_BODY, quick=False
)
def test_chunked_body(subject: Subject) -> None:
    """The server accepts a chunked body, or rejects it with 411 or 501."""
    body, upsert = subject.small_body(), subject.contract.upsert
    body |= {name: text for name, text in subject.texts("模型" * 10).items() if name in body}
    exchange = subject.post(
        subject.encoded(body), key=body[upsert.key], credential=subject.credentials.primary, chunked=True
    )
    if exchange.response.status in (411, 501):  # a server need not support any transfer coding (RFC 9112, section 6.1)
        return
    if not exchange.response.successful:
        subject.existing(body)  # if the server rejects the whole body too, chunks are not the reason
    expect_accepted(exchange, "the body is valid, and chunked")
    returned = exchange.response.members
    for field in subject.reliable_fields():
        if field.name in body and not same(returned.get(field.name), body[field.name]):
            whole = subject.require_accepted(subject.upsert(body)).response.members
            expect_returned(
                returned, field.response, whole.get(field.name), "as in the response to the same body in one piece"
            )


@requirement("STA-33", MUST, clause="x-clauses/whole-body", prerequisite=Prerequisite.KEEPS_REQUESTS_APART, quick=False)
@each("kind", _preceding_requests)
def test_connection_after_a_response(subject: Subject, kind: str) -> None:
    """After a response the server closes the connection or reads the next request, never the rest of a body."""
    if not subject.client.transport.has_connections:
        raise NotTestable("an application in the same process has no connections")
    if failure := failure_on_reuse(subject, kind):
        raise failure


@requirement("STA-25", OPEN, clause="x-clauses/media-type-rejected")
@each("media_type", lambda _: {t: t for t in ("text/plain", "application/x-www-form-urlencoded", "")})
def test_other_media_types(subject: Subject, media_type: str) -> None:
    """The server accepts a body of another media type, or rejects it with 415 or 400."""
    headers = (("Content-Type", media_type), JSON_HEADERS[1]) if media_type else (JSON_HEADERS[1],)
    body = subject.minimal_body()
    exchange = subject.post(
        subject.encoded(body),
        key=body[subject.contract.upsert.key],
        headers=headers,
        credential=subject.credentials.primary,
    )
    status = exchange.response.status
    subject.observe(f"{media_type or 'no media type'} gets {status}")


def _longer(subject: Subject) -> dict[str, Json]:
    return {subject.contract.upsert.key: subject.name_with(LONGER)}


def _words_for(subject: Subject, field: RequestField) -> Sequence[str]:
    """Return the words to send as a reference: all for models; for providers, some under each spelling."""
    request, words = subject.contract.upsert.request, (*RESERVED, *ROWS[:1])
    reference = request[field.storage_name].reference
    spellings = [name for name, other in request.items() if other.storage_name == field.storage_name]
    alone = reference is not None and reference.to == "models"
    return words if alone else words[spellings.index(field.name) :: 2 * len(spellings)]


def _model_exists(subject: Subject, name: str) -> bool:
    """Return whether a read finds a model with that name, which somebody created."""
    return (
        subject.capabilities.read_works and subject.read(name).response.members.get(subject.contract.upsert.key) == name
    )


def _known_values(subject: Subject, field: RequestField) -> list[Json]:
    """Return up to two different values of a field. Those of a reference exist."""
    reference = subject.contract.upsert.request[field.storage_name].reference
    if reference is None or reference.to == "models":
        return subject.values_of(field)[:PAIR]
    return list(dict.fromkeys(subject.options.fixtures.providers))[:PAIR]


def _without_references(subject: Subject) -> dict[str, Json]:
    return subject.once("a model without references", lambda: subject.existing(subject.minimal_body()))
