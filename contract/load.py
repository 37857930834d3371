"""Loads a contract: `load()` is the only way to get one.

A valid document is read into the model: the upsert (the operation with `x-upsert`), the fields of its request and
response, and the clauses that requirements refer to.

Validation takes ten times as long as reading. So `openapi.sha256` has the digest of the packaged contract as it was
last validated, and `load()` does not validate a file with that digest again. It validates every other file, and a
packaged contract that was edited since.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from contract.document import Document, digest_of, read_document
from contract.errors import ContractError, Problem
from contract.model import (
    Alias,
    Clause,
    Constant,
    Contract,
    FromKey,
    FromRequest,
    Inherited,
    Limits,
    LookedUp,
    Omitted,
    Operation,
    Overlaid,
    Provenance,
    Reference,
    RequestField,
    ResponseField,
    Source,
    Timestamp,
    Upsert,
)
from contract.place import (
    JSON,
    Findings,
    Place,
    base_path_at,
    folded_at,
    operation_at,
    operations_at,
    properties_at,
    request_body_at,
    required_at,
    response_body_at,
    security_at,
)
from contract.schemas import HINT, example_errors
from contract.vocabulary import misplaced, note_contradictions, vocabulary_problems


def default_file() -> Path:
    """Return the packaged contract: inside the package when installed, beside it in a checkout."""
    inside = Path(__file__).with_name("openapi.yaml")
    return inside if inside.exists() else Path(__file__).parent.parent / "openapi.yaml"


def load(file: str | Path | None = None) -> Contract:
    """Load the contract in `file`; without a file, the packaged one, which is read once in a process.

    Raises ContractError, which lists every problem with its place and its hint.
    """
    return _loaded(Path(file)) if file is not None else _shipped()


RECORD = Path(__file__).with_name("openapi.sha256")
"""The digest of the packaged contract as it was last validated. `python -m contract` writes it."""


def record() -> str:
    """Validate the packaged contract, record its digest, and return the digest. Raises ContractError."""
    file = default_file()
    contract = load(file)
    if contract.in_one_piece is contract.document:  # the digest would not cover what other files hold
        raise ContractError(str(file), [Problem("#", "has several files", "put all of it into one file")])
    digest = digest_of(file.read_bytes())
    RECORD.write_text(f"{digest}\n", encoding="ascii")
    return digest


@cache
def _shipped() -> Contract:
    return _loaded(default_file(), RECORD.read_text(encoding="ascii").strip() if RECORD.exists() else None)


def _loaded(path: Path, known: str | None = None) -> Contract:
    try:
        document = read_document(path, known)
        if not document.is_known:
            _stop_at(path, vocabulary_problems(document))
        return _contract(path, document)
    except RecursionError:
        hint = "shorten the chains of references"
        raise ContractError(str(path), [Problem("#", "nests too deep when references are followed", hint)]) from None


def _contract(path: Path, document: Document) -> Contract:
    findings = Findings()
    root = Place.root_of(document, findings)
    marked = upsert_places(root)
    _stop_at(path, findings.problems)
    operation = marked[0]
    note_missing_bodies(operation)
    _stop_at(path, findings.problems)
    upsert = upsert_at(operation)
    _stop_at(path, findings.problems)
    if not document.is_known:
        note_contradictions(operation, upsert)
    clauses = clauses_at(operation)
    base_path = base_path_at(root)
    if not document.is_known:
        wrong = [Problem(document.pointer(tokens), what, HINT) for tokens, what in example_errors(document.resolved)]
        _stop_at(path, [*findings.problems, *wrong, *misplaced(document, findings.read)])
    return Contract(
        file=path,
        title=str(document.resolved["info"]["title"]),
        version=str(document.resolved["info"]["version"]),
        digest=_digest(document),
        document=document.resolved,
        in_one_piece=document.in_one_piece,
        upsert=upsert,
        clauses=clauses,
        locate=document.pointer,
        base_path=base_path,
    )


def _stop_at(path: Path, problems: list[Problem]) -> None:
    if problems:
        raise ContractError(str(path), list(dict.fromkeys(problems)))


def _digest(document: Document) -> str:
    canonical = json.dumps(document.resolved, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


DEFAULT_LIMITS = Limits(bytes=1_048_576, nesting=64)


def upsert_places(root: Place) -> list[Place]:
    """Return the operations with `x-upsert`. Any number but one is noted as a problem."""
    marked = [operation for operation in operations_at(root) if operation.at("x-upsert").exists]
    if not marked:
        root.at("paths").problem("no operation has x-upsert", "add it to the operation that creates and updates models")
    for other in marked[1:]:
        other.at("x-upsert").problem("a second operation has x-upsert", "keep it at one operation")
    return marked


def note_missing_bodies(operation: Place) -> None:
    """Note a problem if the upsert operation does not describe the fields of its request or of its response."""
    updated = operation.at("x-upsert", "updated").node
    for body in (request_body_at(operation), response_body_at(operation, updated)):
        if not properties_at(body):
            what = "there is no schema of a JSON object with properties"
            body.problem(what, f"describe the properties of the {JSON} body")


def upsert_at(operation: Place) -> Upsert:
    """Return the upsert that the operation describes, and note its problems."""
    words = operation.extension("x-upsert").node
    request = request_fields(request_body_at(operation))
    response = response_fields(response_body_at(operation, words["updated"]), request)
    return Upsert(
        operation=operation_at(operation),
        key=words["key"],
        scope=words.get("scope"),
        created=words["created"],
        updated=words["updated"],
        omitted=Omitted(words["omitted"]),
        invalid=words["invalid"],
        reserved=words.get("reserved"),
        forbidden=words.get("forbidden"),
        read=_sibling(operation, "read"),
        delete=_sibling(operation, "delete"),
        limits=_limits(operation.at("requestBody")),
        request=MappingProxyType(request),
        response=MappingProxyType(response),
    )


def _sibling(operation: Place, word: str) -> Operation | None:
    """Return the operation that `x-upsert` names under `word`, or None."""
    named = operation.at("x-upsert", word)
    if not named.exists:
        return None
    known = {str(place.at("operationId").node): place for place in operations_at(operation.root)}
    if named.node in known:
        return operation_at(known[named.node])
    named.problem(f"there is no operation {named.node}", f"name one of {', '.join(known)}, or remove {word}")
    return None


def _limits(body: Place) -> Limits:
    limits = body.extension("x-limits")
    return Limits(limits.node["bytes"], limits.node["nesting"]) if limits.exists else DEFAULT_LIMITS


def request_fields(body: Place) -> dict[str, RequestField]:
    """Return the fields of the request, by name; `body` is the place of its schema."""
    required = required_at(body)
    return {name: _request_field(at, name in required) for name, at in properties_at(body).items()}


def _request_field(at: Place, required: bool) -> RequestField:
    return RequestField(
        name=at.name,
        schema=folded_at(at),
        required=required,
        provenance=at.provenance(),
        pointer=at.pointer,
        reference=_reference(at.extension("x-reference")),
        alias=_alias(at.extension("x-alias")),
        merges=at.extension("x-merge").exists,
    )


def _reference(at: Place) -> Reference | None:
    return Reference(at.node["to"], at.node["missing"], at.provenance()) if at.exists else None


def _alias(at: Place) -> Alias | None:
    if not at.exists:
        return None
    return Alias(at.node["of"], at.node["differing"], at.provenance("of"), at.provenance("differing"))


def response_fields(body: Place, request: Mapping[str, RequestField]) -> dict[str, ResponseField]:
    """Return the fields of the response, by name; `body` is the place of its schema."""
    required = required_at(body)
    return {name: _response_field(at, name in required, request) for name, at in properties_at(body).items()}


def _response_field(at: Place, required: bool, request: Mapping[str, RequestField]) -> ResponseField:
    schema = folded_at(at)
    source, source_provenance = _source(at, request)
    return ResponseField(
        name=at.name,
        schema=schema,
        required=required,
        nullable=bool(schema.get("nullable", False)),
        provenance=at.provenance(),
        source=source,
        pointer=at.pointer,
        source_provenance=source_provenance,
    )


def _source(at: Place, request: Mapping[str, RequestField]) -> tuple[Source, Provenance]:
    extension = at.extension("x-source")
    if extension.exists:
        return _written_source(at.name, extension), extension.provenance()
    if at.name not in request:
        at.problem("the source of its value is missing", "add x-source, or a request property of the same name")
    return FromRequest(at.name), at.provenance()


def _written_source(name: str, at: Place) -> Source:
    match at.node:
        case {"key": True}:
            return FromKey()
        case {"overlay": override}:
            return Overlaid(override, at.node.get("inherit"))
        case {"inherit": base, **rest}:
            return Inherited(name, base, rest.get("else"), "else" in rest)
        case {"lookup": collection, "by": by}:
            return LookedUp(collection, by)
        case {"time": of}:
            return Timestamp(of)
        case words:
            return Constant(words["value"])


def clauses_at(operation: Place) -> Mapping[str, Clause]:
    """Return the clauses of the upsert operation, by name."""
    return MappingProxyType({clause.name: clause for clause in _clauses(operation)})


def _clauses(operation: Place) -> Iterator[Clause]:
    yield from _written_clauses(operation)
    yield from _upsert_clauses(operation.at("x-upsert"))
    for response in operation.at("responses").children():
        yield _clause(f"responses/{response.name}", response, response.node["description"])
    yield from _body_clauses(operation.at("requestBody"))
    if security_at(operation).exists:
        yield _security_clause(operation)
    updated = operation.at("x-upsert", "updated").node
    for body in (request_body_at(operation), response_body_at(operation, updated)):
        for field in properties_at(body).values():
            yield from _field_clauses(field)


def _clause(name: str, place: Place, text: str) -> Clause:
    return Clause(name, place.pointer, place.provenance(), text)


def _written_clauses(operation: Place) -> Iterator[Clause]:
    for place in operation.extension("x-clauses").children():
        yield _clause(f"x-clauses/{place.name}", place, place.node["text"])


def _upsert_clauses(words: Place) -> Iterator[Clause]:
    for place in _members(words):
        text = _UPSERT_TEXTS[place.name].format(place.node)
        yield Clause(f"x-upsert/{place.name}", place.pointer, words.provenance(place.name), text)


def _body_clauses(body: Place) -> Iterator[Clause]:
    yield _clause("requestBody", body, body.node.get("description", "The request body."))
    limits = body.at("x-limits")
    if limits.exists:
        text = f"A request body has at most {limits.node['bytes']:,} bytes and at most {limits.node['nesting']} levels."
        yield _clause("requestBody/x-limits", limits, text)


def _security_clause(operation: Place) -> Clause:
    """Return the clause of `security`, a list without `x-known`: its provenance is that of its weakest scheme."""
    security = security_at(operation)
    schemes = operation.root.at("components", "securitySchemes")
    marks = [schemes.at(name).provenance() for alternative in security.children() for name in alternative.node]
    text = "The request carries credentials of one of the declared schemes."
    return Clause("security", security.pointer, min(marks, default=operation.provenance()), text)


def _field_clauses(field: Place) -> Iterator[Clause]:
    for extension, sentences in _FIELD_EXTENSIONS.items():
        place = field.at(extension)
        if place.exists:
            said = sentences(field.name, place.node)
            yield _clause(f"{field.name}/{extension}", place, " ".join(said.values()))
            if isinstance(place.at("x-known").node, dict):  # each member has a provenance of its own
                yield from _member_clauses(f"{field.name}/{extension}", place, said)


def _member_clauses(name: str, extension: Place, said: Mapping[str, str]) -> Iterator[Clause]:
    for member in _members(extension):
        provenance = extension.provenance(member.name)
        yield Clause(f"{name}/{member.name}", member.pointer, provenance, said[member.name])


def _members(extension: Place) -> list[Place]:
    return [member for member in extension.children() if member.name != "x-known"]


_UPSERT_TEXTS: Mapping[str, str] = {
    "key": "The request field {} names the model.",
    "scope": "Each {} has its own models.",
    "created": "A create returns {}.",
    "updated": "An update returns {}.",
    "omitted": "An update {}s the fields that the request omits.",
    "invalid": "A request whose body is invalid is rejected with {}.",
    "reserved": "A write to the name of a built-in model is rejected with {}.",
    "forbidden": "A write with read-only credentials is rejected with {}.",
    "read": "The operation {} reads a model.",
    "delete": "The operation {} deletes a model.",
}
"""What each member of `x-upsert` says, as a sentence with its value."""


def _reference_sentences(name: str, words: Mapping[str, Any]) -> dict[str, str]:
    one = words["to"].removesuffix("s")
    return {
        "to": f"{name} refers to a {one}.",
        "missing": f"A request whose {name} refers to a {one} that does not exist is rejected with {words['missing']}.",
    }


def _alias_sentences(name: str, words: Mapping[str, Any]) -> dict[str, str]:
    of, status = words["of"], words["differing"]
    return {
        "of": f"{name} is an alternative spelling of {of}: both have one stored value.",
        "differing": f"A request in which {name} and {of} differ is rejected with {status}.",
    }


def _merge_sentences(name: str, _: Mapping[str, Any]) -> dict[str, str]:
    return {"by": f"An update merges {name} into its stored value, entry by entry."}


def _source_sentences(name: str, words: Mapping[str, Any]) -> dict[str, str]:
    match words:
        case {"key": _}:
            text = f"{name} is the name of the model."
        case {"overlay": override, "inherit": base}:
            text = f"{name} is the {name} of the model that {base} refers to, with the entries of {override} applied."
        case {"overlay": override}:
            text = f"{name} has the entries of {override}."
        case {"inherit": base}:
            last = f", or else {json.dumps(words['else'])}" if "else" in words else ""
            text = f"{name} is the model's own value, or else that of the model that {base} refers to{last}."
        case {"lookup": collection, "by": by}:
            text = f"{name} is the {collection.removesuffix('s')} that {by} refers to."
        case {"time": of}:
            text = f"{name} is the time at which the model was {'last ' if of == 'updated' else ''}{of}."
        case _:
            text = f"{name} is {json.dumps(words['value'])}."
    return {"": text}


_FIELD_EXTENSIONS: Mapping[str, Callable[[str, Mapping[str, Any]], dict[str, str]]] = {
    "x-reference": _reference_sentences,
    "x-alias": _alias_sentences,
    "x-merge": _merge_sentences,
    "x-source": _source_sentences,
}
"""The extensions of fields, and the sentences that their members say."""
