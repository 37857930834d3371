"""The extensions that a contract may use: where each is allowed, and its form. Any other extension is an error.

It is a vocabulary, not a language: the contract cannot say more than this. Well-formed extensions that contradict each
other are errors too.
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
from contract.schemas import value_errors

COLLECTIONS = ("models", "providers")
"""What a reference or a lookup may refer to."""

_STATUS = {"type": "integer", "minimum": 200, "maximum": 499}
_WORD = {"enum": Provenance.words()}
_NAME = {"type": "string", "minLength": 1}


def _object(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _provenance(*members: str) -> dict[str, Any]:
    """Return the schema of the provenance of a whole extension, or of each of its members."""
    return {"oneOf": [_WORD, _object([], **dict.fromkeys(members, _WORD))]}


@dataclass(frozen=True, slots=True)
class Extension:
    """An extension: where it belongs, its JSON Schema, and its form for error messages."""

    place: str
    schema: Mapping[str, Any]
    form: str


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
            **{"x-known": _provenance(*_UPSERT)},
        ),
        "{key: FIELD, scope: organization, created: 201, updated: 200, omitted: keep | reset, invalid: 400, "
        "reserved: 403, forbidden: 403, read: OPERATION_ID, delete: OPERATION_ID}",
    ),
    "x-clauses": Extension(
        "the upsert operation",
        {"type": "object", "additionalProperties": _object(["text"], text=_NAME, **{"x-known": _WORD})},
        "{NAME: {x-known: PROVENANCE, text: SENTENCE}}",
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
        _object(["of", "differing"], of=_NAME, differing=_STATUS, **{"x-known": _provenance("of", "differing")}),
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
    """Yield the place and the value of each extension of the document."""
    for tokens, node in descriptions(document.resolved):
        yield from (((*tokens, key), value) for key, value in node.items() if key.startswith("x-"))


def vocabulary_problems(document: Document) -> list[Problem]:
    """Return a problem for each unknown or malformed extension."""
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
    return Problem(pointer, f"{name} is not a known extension", f"{hint}; the extensions are {', '.join(VOCABULARY)}")


def _shape_problems(name: str, value: Any, pointer: str) -> Iterator[Problem]:
    for error in _validator(name).iter_errors(value):
        inside = "".join(f"/{token}" for token in error.instance_path)
        word = "x-known" if "x-known" in error.instance_path else name
        what = f"{word} is malformed" if "oneOf" in error.message else error.message
        yield Problem(pointer + inside, what, f"write it as {word}: {VOCABULARY[word].form}")


def misplaced(document: Document, read: set[str]) -> list[Problem]:
    """Return a problem for each extension without effect; `read` are the pointers of those that have one."""
    problems: list[Problem] = []
    for tokens, _ in extensions_in(document):
        name = str(tokens[-1])
        if name != "x-known" and (pointer := document.pointer(tokens)) not in read:
            hint = f"{name} belongs to {VOCABULARY[name].place}; move it there or remove it"
            problems.append(Problem(pointer, f"{name} has no effect here", hint))
    return list(dict.fromkeys(problems))


_TYPE_BY_SOURCE = {FromKey: "string", Timestamp: "string", Overlaid: "object", LookedUp: "object"}
"""The type of a response property, by where its value comes from."""


def note_contradictions(operation: Place, upsert: Upsert) -> None:
    """Note each contradiction in the upsert at `operation`."""
    words = operation.at("x-upsert")
    _check_key(words.at("key"), upsert)
    _check_statuses(words, upsert)
    for place in (operation, *_named_siblings(operation, upsert)):
        _check_security(security_at(place))
    for place in operations_at(operation.root):
        _check_schemes(security_at(place))
    if not operation.findings.problems:  # the other checks would only repeat these problems
        _check_siblings(words, upsert)
        _check_bodies(operation, upsert)
        _check_fields(operation, upsert)


def _check_fields(operation: Place, upsert: Upsert) -> None:
    requested = properties_at(request_body_at(operation))
    for field in upsert.request.values():
        _check_reference(requested[field.name], field, upsert)
        _check_alias(requested[field.name], field, upsert)
        _check_merge(requested[field.name], field)
    returned = properties_at(response_body_at(operation, upsert.updated))
    for response_field in upsert.response.values():
        _check_source(returned[response_field.name].at("x-source"), response_field, upsert)


def _named_siblings(operation: Place, upsert: Upsert) -> Iterable[Place]:
    """Return the places of the operations that read and delete models."""
    named = {it.operation_id for it in (upsert.read, upsert.delete) if it is not None}
    return (place for place in operations_at(operation.root) if place.at("operationId").node in named)


def _check_schemes(security: Place) -> None:
    """Note security schemes that the document does not define."""
    schemes = security.root.at("components", "securitySchemes")
    for alternative in security.children():
        for name in alternative.node:
            if not schemes.at(name).exists:
                alternative.problem(
                    f"there is no security scheme {name}", "define it under components, or name another one"
                )


def _check_security(security: Place) -> None:
    """Note alternatives that are not one bearer scheme or none: a request has one Authorization header."""
    schemes = security.root.at("components", "securitySchemes")
    for alternative in security.children():
        names = list(alternative.node)
        for name in names:
            scheme = schemes.at(name)
            if scheme.exists and (scheme.at("type").node, str(scheme.at("scheme").node).lower()) != ("http", "bearer"):
                scheme.problem(f"{name} is not a bearer scheme", "write it as type: http, scheme: bearer")
        if len(names) > 1:
            what = f"one Authorization header cannot have credentials of both {' and '.join(names)}"
            alternative.problem(what, "name one scheme in each alternative")


def _check_key(at: Place, upsert: Upsert) -> None:
    field = upsert.request.get(upsert.key)
    if field is None or not field.required or field.alias or field.schema.get("type") != "string":
        at.problem(f"{upsert.key} is not a required string of the request", "name a required string, or make it one")
    elif upsert.key not in upsert.response:
        at.problem(f"the response does not have {upsert.key}", "add it to the schema of the response")


def _check_statuses(words: Place, upsert: Upsert) -> None:
    for word in ("created", "updated"):
        _check_status(words.at(word), upsert, range(200, 300))
    for word in ("invalid", "reserved", "forbidden"):
        if words.at(word).exists:
            _check_status(words.at(word), upsert, range(400, 500))


def _check_status(at: Place, upsert: Upsert, allowed: range) -> None:
    if at.node not in allowed:
        at.problem(f"{at.node} is not a status from {allowed[0]} to {allowed[-1]}", "use a status in that range")
    elif at.node not in upsert.operation.statuses:
        at.problem(f"{at.node} is not a declared response of the operation", "declare it under responses")


def _check_bodies(operation: Place, upsert: Upsert) -> None:
    """Note schemas that differ: a create, an update and a read return the same model."""
    body = folded_at(response_body_at(operation, upsert.updated))
    for other in (response_body_at(operation, upsert.created), *_read_bodies(operation, upsert.read)):
        if folded_at(other) != body:
            other.problem(
                f"the schema differs from that of the {upsert.updated} response", "refer to the same schema in both"
            )


def _read_bodies(operation: Place, read: Operation | None) -> Iterable[Place]:
    """Yield the places of the schemas of the successful responses of the read."""
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
        at.problem(f"{operation.operation_id} is a {operation.method}", f"name a {method}, or remove {at.name}")
    elif f"{{{key}}}" not in operation.path:
        at.problem(f"{operation.path} has no parameter {{{key}}}", "add the key to that path")


def _check_reference(at: Place, field: RequestField, upsert: Upsert) -> None:
    if field.reference:
        _check_status(at.at("x-reference", "missing"), upsert, range(400, 500))


def _check_alias(at: Place, field: RequestField, upsert: Upsert) -> None:
    if field.alias is None:
        return
    _check_status(at.at("x-alias", "differing"), upsert, range(400, 500))
    target = upsert.request.get(field.alias.of)
    if target is None or target.alias:
        hint = "name the field that this one is an alternative spelling of"
        at.at("x-alias", "of").problem(f"{field.alias.of} is not a request field that stores a value of its own", hint)
    elif target.schema.get("type") != field.schema.get("type"):
        at.at("x-alias").problem(f"{field.name} and {target.name} have different types", "give both the same schema")


def _check_merge(at: Place, field: RequestField) -> None:
    if field.merges and field.schema.get("type") != "object":
        at.at("x-merge").problem("only an object has entries to merge", "remove it, or make the field an object")


def _check_source(at: Place, field: ResponseField, upsert: Upsert) -> None:
    _check_type(at, field)
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


def _check_type(at: Place, field: ResponseField) -> None:
    kind = _TYPE_BY_SOURCE.get(type(field.source))
    if kind and field.schema.get("type") != kind:
        what = f"gives {field.name} a value of type {kind}, but its schema has another type"
        at.problem(what, f"declare type: {kind}, or another x-source")


def _check_value(at: Place, value: object, field: ResponseField) -> None:
    for _, what in value_errors(field.schema, value):
        at.problem(f"the value is not valid for {field.name}: {what}", "correct the value, or the schema")


def _check_refers(at: Place, name: str, collection: str, upsert: Upsert) -> None:
    field = upsert.request.get(name)
    if field is None:
        at.problem(f"there is no request field {name}", f"name one of {', '.join(upsert.request)}")
    elif field.reference is None or field.reference.to != collection:
        hint = f"add x-reference: {{to: {collection}, missing: 404}} to it, or name another field"
        at.problem(f"{name} does not refer to {collection}", hint)


def _check_object(at: Place, name: str, upsert: Upsert) -> None:
    field = upsert.request.get(name)
    if field is None or field.schema.get("type") != "object":
        at.problem(f"{name} is not an object of the request", "name a request field of type object")
