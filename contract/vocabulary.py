"""The extensions that a contract may use: where each may stand, and its shape; any other is an error.

It is a vocabulary, not a language: what it cannot say stays out of the contract. Words that are well formed may still
contradict each other, so that they cannot all hold: that is an error too.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import jsonschema_rs

from contract.document import Document
from contract.errors import Problem
from contract.model import (
    Constant,
    FromKey,
    FromRequest,
    Inherited,
    LookedUp,
    Operation,
    Overlaid,
    Provenance,
    RequestField,
    ResponseField,
    Timestamp,
    Upsert,
)
from contract.place import (
    Place,
    folded_at,
    operations_at,
    properties_at,
    request_body_at,
    response_body_at,
    security_at,
)
from contract.pointer import Tokens, descriptions
from contract.schemas import faults

COLLECTIONS = ("models", "providers")
"""What a reference or a look-up may lead to."""

_STATUS = {"type": "integer", "minimum": 200, "maximum": 499}
_WORD = {"enum": Provenance.words()}
_NAME = {"type": "string", "minLength": 1}


def _object(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _known(*members: str) -> dict[str, Any]:
    """A mark for the whole extension, or one for each of its members."""
    return {"oneOf": [_WORD, _object([], **dict.fromkeys(members, _WORD))]}


@dataclass(frozen=True, slots=True)
class Extension:
    """One word of the vocabulary."""

    place: str
    schema: Mapping[str, Any]
    form: str
    """How it is written, for error messages."""


_UPSERT: dict[str, Any] = {
    "key": _NAME,
    "scope": {"enum": ["organization"]},
    "created": _STATUS,
    "updated": _STATUS,
    "omitted": {"enum": ["keep", "reset"]},
    "invalid": _STATUS,
    "reserved": _STATUS,
    "forbidden": _STATUS,
    "read": _NAME,
    "delete": _NAME,
}

VOCABULARY: dict[str, Extension] = {
    "x-known": Extension("anything", _WORD, " | ".join(Provenance.words())),
    "x-upsert": Extension(
        "the upsert operation",
        _object(
            ["key", "created", "updated", "omitted", "invalid"],
            **_UPSERT,
            **{"x-known": _known(*_UPSERT)},
        ),
        "{key: FIELD, scope: organization, created: 201, updated: 200, omitted: keep | reset, invalid: 400, "
        "reserved: 403, forbidden: 403, read: OPERATION_ID, delete: OPERATION_ID}",
    ),
    "x-clauses": Extension(
        "the upsert operation",
        {"type": "object", "additionalProperties": _object(["text"], text=_NAME, **{"x-known": _WORD})},
        "{NAME: {x-known: MARK, text: SENTENCE}}",
    ),
    "x-limits": Extension(
        "the request body of the upsert operation",
        _object(
            ["bytes", "nesting"],
            bytes={"type": "integer", "minimum": 1},
            nesting={"type": "integer", "minimum": 1, "maximum": 200},
            **{"x-known": _WORD},
        ),
        "{bytes: NUMBER, nesting: NUMBER from 1 to 200}",
    ),
    "x-reference": Extension(
        "a request property",
        _object(["to", "missing"], to={"enum": list(COLLECTIONS)}, missing=_STATUS, **{"x-known": _WORD}),
        "{to: models | providers, missing: 404}",
    ),
    "x-alias": Extension(
        "a request property",
        _object(["of", "differing"], of=_NAME, differing=_STATUS, **{"x-known": _known("of", "differing")}),
        "{of: FIELD, differing: 400}",
    ),
    "x-merge": Extension(
        "a request property",
        _object(["by"], by={"enum": ["entries"]}, **{"x-known": _WORD}),
        "{by: entries}",
    ),
    "x-source": Extension(
        "a response property",
        {
            "oneOf": [
                _object(["key"], key={"enum": [True]}, **{"x-known": _WORD}),
                _object(["inherit"], inherit=_NAME, **{"else": {}, "x-known": _WORD}),
                _object(["overlay"], overlay=_NAME, inherit=_NAME, **{"x-known": _WORD}),
                _object(["lookup", "by"], lookup={"enum": list(COLLECTIONS)}, by=_NAME, **{"x-known": _WORD}),
                _object(["time"], time={"enum": ["created", "updated"]}, **{"x-known": _WORD}),
                _object(["value"], value={}, **{"x-known": _WORD}),
            ]
        },
        "one of {key: true}, {inherit: FIELD, else: VALUE}, {overlay: FIELD, inherit: FIELD}, "
        "{lookup: models | providers, by: FIELD}, {time: created | updated}, {value: VALUE}",
    ),
}


def extensions_in(document: Document) -> Iterator[tuple[Tokens, Any]]:
    """Each extension of the document: where it stands, and its value."""
    for tokens, node in descriptions(document.resolved):
        yield from (((*tokens, key), value) for key, value in node.items() if key.startswith("x-"))


def vocabulary_problems(document: Document) -> list[Problem]:
    """Unknown extensions, and those that are not of the form that the vocabulary gives them."""
    problems: list[Problem] = []
    for tokens, value in extensions_in(document):
        if tokens[-1] not in VOCABULARY:
            problems.append(_unknown(str(tokens[-1]), document.pointer(tokens)))
        elif not _validator(tokens[-1]).is_valid(value):
            problems.extend(_shape_problems(str(tokens[-1]), value, document.pointer(tokens)))
    return list(dict.fromkeys(problems))


@cache
def _validator(name: str) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(dict(VOCABULARY[name].schema))


def _unknown(name: str, pointer: str) -> Problem:
    near = difflib.get_close_matches(name, VOCABULARY, n=1)
    hint = f"write {near[0]}" if near else "remove it"
    return Problem(pointer, f"{name} is not a known extension", f"{hint}; known are {', '.join(VOCABULARY)}")


def _shape_problems(name: str, value: Any, pointer: str) -> Iterator[Problem]:
    for error in _validator(name).iter_errors(value):
        inside = "".join(f"/{token}" for token in error.instance_path)
        word = "x-known" if "x-known" in error.instance_path else name
        what = f"{word} is malformed" if "oneOf" in error.message else error.message
        yield Problem(pointer + inside, what, f"write it as {word}: {VOCABULARY[word].form}")


def misplaced(document: Document, read: set[str]) -> list[Problem]:
    """Extensions that have no effect where they stand; `read` are the pointers of those that have one."""
    problems: list[Problem] = []
    for tokens, _ in extensions_in(document):
        name = str(tokens[-1])
        if name != "x-known" and (pointer := document.pointer(tokens)) not in read:
            hint = f"{name} belongs to {VOCABULARY[name].place}; move it there or remove it"
            problems.append(Problem(pointer, f"{name} has no effect here", hint))
    return list(dict.fromkeys(problems))


_SHOWN_AS = {FromKey: "string", Timestamp: "string", Overlaid: "object", LookedUp: "object"}
"""The type of a response property, by where its value comes from."""


def note_contradictions(operation: Place, upsert: Upsert) -> None:
    """Note every contradiction in the upsert at `operation`."""
    words = operation.at("x-upsert")
    _check_key(words.at("key"), upsert)
    _check_statuses(words, upsert)
    for place in (operation, *_named_siblings(operation, upsert)):
        _check_security(security_at(place))
    for place in operations_at(operation.root):
        _check_schemes(security_at(place))
    if not operation.findings.problems:  # all the rest would only repeat what is wrong with these
        _check_siblings(words, upsert)
        _check_bodies(operation, upsert)
        _check_fields(operation, upsert)


def _check_fields(operation: Place, upsert: Upsert) -> None:
    requested = properties_at(request_body_at(operation))
    for field in upsert.request.values():
        _check_reference(requested[field.name], field, upsert)
        _check_alias(requested[field.name], field, upsert)
        _check_merge(requested[field.name], field)
    shown = properties_at(response_body_at(operation, upsert.updated))
    for response_field in upsert.response.values():
        _check_source(shown[response_field.name].at("x-source"), response_field, upsert)


def _named_siblings(operation: Place, upsert: Upsert) -> Iterable[Place]:
    """The places of the operations that read and delete what the upsert wrote."""
    named = {it.operation_id for it in (upsert.read, upsert.delete) if it is not None}
    return (place for place in operations_at(operation.root) if place.at("operationId").node in named)


def _check_schemes(security: Place) -> None:
    """Each scheme is one that the document defines."""
    schemes = security.root.at("components", "securitySchemes")
    for alternative in security.children():
        for name in alternative.node:
            if not schemes.at(name).exists:
                alternative.problem(f"there is no security scheme {name}", "define it in components, or name another")


def _check_security(security: Place) -> None:
    """Each alternative is one scheme of bearer tokens, or none: a request has one Authorization header."""
    schemes = security.root.at("components", "securitySchemes")
    for alternative in security.children():
        names = list(alternative.node)
        for name in names:
            scheme = schemes.at(name)
            if scheme.exists and (scheme.at("type").node, str(scheme.at("scheme").node).lower()) != ("http", "bearer"):
                scheme.problem(f"{name} is no scheme of bearer tokens", "write it as type: http, scheme: bearer")
        if len(names) > 1:
            what = f"a request cannot carry credentials of {' and '.join(names)} in one Authorization header"
            alternative.problem(what, "name one scheme in each alternative")


def _check_key(at: Place, upsert: Upsert) -> None:
    field = upsert.request.get(upsert.key)
    if field is None or not field.required or field.alias or field.schema.get("type") != "string":
        at.problem(f"{upsert.key} is no required string of the request", "name one, or make it one")
    elif upsert.key not in upsert.response:
        at.problem(f"the response does not show {upsert.key}", "add it to the schema of the response")


def _check_statuses(words: Place, upsert: Upsert) -> None:
    for word in ("created", "updated"):
        _check_status(words.at(word), upsert, range(200, 300))
    for word in ("invalid", "reserved", "forbidden"):
        if words.at(word).exists:
            _check_status(words.at(word), upsert, range(400, 500))


def _check_status(at: Place, upsert: Upsert, lawful: range) -> None:
    if at.node not in lawful:
        at.problem(f"{at.node} is no status from {lawful[0]} to {lawful[-1]}", "give one of that class")
    elif at.node not in upsert.operation.statuses:
        at.problem(f"{at.node} is no declared response of the operation", "declare it under responses")


def _check_bodies(operation: Place, upsert: Upsert) -> None:
    """A create, an update and a read show the same model."""
    body = folded_at(response_body_at(operation, upsert.updated))
    for shown in (response_body_at(operation, upsert.created), *_read_bodies(operation, upsert.read)):
        if folded_at(shown) != body:
            shown.problem(
                f"the schema differs from that of the response {upsert.updated}", "refer to one schema in both"
            )


def _read_bodies(operation: Place, read: Operation | None) -> Iterable[Place]:
    """The places of the schemas of what a successful read answers."""
    for place in operations_at(operation.root):
        if read and read.method == "GET" and place.at("operationId").node == read.operation_id:
            yield from (response_body_at(place, status) for status in sorted(read.statuses) if 200 <= status < 300)


def _check_siblings(words: Place, upsert: Upsert) -> None:
    _check_sibling(words.at("read"), upsert.read, "GET", upsert.key)
    _check_sibling(words.at("delete"), upsert.delete, "DELETE", upsert.key)


def _check_sibling(at: Place, operation: Operation | None, method: str, key: str) -> None:
    if operation is None:
        return
    if operation.method != method:
        at.problem(f"{operation.operation_id} is a {operation.method}", f"name a {method}, or leave {at.name} out")
    elif f"{{{key}}}" not in operation.path:
        at.problem(f"{operation.path} has no parameter {{{key}}}", "put the key into that path")


def _check_reference(at: Place, field: RequestField, upsert: Upsert) -> None:
    if field.reference:
        _check_status(at.at("x-reference", "missing"), upsert, range(400, 500))


def _check_alias(at: Place, field: RequestField, upsert: Upsert) -> None:
    if field.alias is None:
        return
    _check_status(at.at("x-alias", "differing"), upsert, range(400, 500))
    target = upsert.request.get(field.alias.of)
    if target is None or target.alias:
        hint = "name the field that this one is another spelling of"
        at.at("x-alias", "of").problem(f"{field.alias.of} is not a request field that stores a value of its own", hint)
    elif target.schema.get("type") != field.schema.get("type"):
        at.at("x-alias").problem(f"{field.name} and {target.name} have different types", "give both the same schema")


def _check_merge(at: Place, field: RequestField) -> None:
    if field.merges and field.schema.get("type") != "object":
        at.at("x-merge").problem("only an object has entries to merge", "remove it, or make the field an object")


def _check_source(at: Place, field: ResponseField, upsert: Upsert) -> None:
    _check_shown_as(at, field)
    match field.source:
        case Constant(value=value):
            _check_value(at.at("value"), value, field)
        case Inherited(base=base, default=default, has_default=has_default):
            _check_refers(at.at("inherit"), base, "models", upsert)
            if has_default:
                _check_value(at.at("else"), default, field)
        case Overlaid(override=override, base=base):
            _check_object(at.at("overlay"), override, upsert)
            if base is not None:
                _check_refers(at.at("inherit"), base, "models", upsert)
        case LookedUp(collection=collection, by=by):
            _check_refers(at.at("by"), by, collection, upsert)
        case FromKey() | FromRequest() | Timestamp():
            pass


def _check_shown_as(at: Place, field: ResponseField) -> None:
    kind = _SHOWN_AS.get(type(field.source))
    if kind and field.schema.get("type") != kind:
        what = f"gives {field.name} a value of type {kind}, which its schema is not"
        at.problem(what, f"declare type: {kind}, or another x-source")


def _check_value(at: Place, value: object, field: ResponseField) -> None:
    for _, what in faults(field.schema, value):
        at.problem(f"the value is not valid for {field.name}: {what}", "correct it, or the schema")


def _check_refers(at: Place, name: str, collection: str, upsert: Upsert) -> None:
    field = upsert.request.get(name)
    if field is None:
        at.problem(f"there is no request field {name}", f"name one of {', '.join(upsert.request)}")
    elif field.reference is None or field.reference.to != collection:
        hint = f"add x-reference: {{to: {collection}, missing: 404}} to it, or name another field"
        at.problem(f"{name} refers to no {collection}", hint)


def _check_object(at: Place, name: str, upsert: Upsert) -> None:
    field = upsert.request.get(name)
    if field is None or field.schema.get("type") != "object":
        at.problem(f"{name} is no object of the request", "name a request field of type object")
