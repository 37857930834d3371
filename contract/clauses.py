"""Collects the statements of a contract that a requirement can rest on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from contract.model import Clause
from contract.operations import request_body_at, response_body_at, security_at
from contract.place import Place
from contract.schema_places import properties_at

_FIELD_EXTENSIONS = ("x-reference", "x-alias", "x-merge", "x-source")


def clauses_at(operation: Place) -> Mapping[str, Clause]:
    """The clauses of the upsert operation, by name."""
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
    return Clause(name, place.pointer, place.known(), text)


def _written_clauses(operation: Place) -> Iterator[Clause]:
    for place in operation.extension("x-clauses").children():
        yield _clause(f"x-clauses/{place.name}", place, place.node["text"])


def _upsert_clauses(words: Place) -> Iterator[Clause]:
    for place in _members(words):
        text = f"{place.name}: {place.node}"
        yield Clause(f"x-upsert/{place.name}", place.pointer, words.known(place.name), text)


def _body_clauses(body: Place) -> Iterator[Clause]:
    yield _clause("requestBody", body, body.node.get("description", "The body of the request."))
    limits = body.at("x-limits")
    if limits.exists:
        text = f"A body measures at most {limits.node['bytes']} bytes and nests at most {limits.node['nesting']} deep."
        yield _clause("requestBody/x-limits", limits, text)


def _security_clause(operation: Place) -> Clause:
    """A list cannot carry a mark: it is as well known as the least known of the schemes that it names."""
    security = security_at(operation)
    schemes = operation.root.at("components", "securitySchemes")
    marks = [schemes.at(name).known() for alternative in security.children() for name in alternative.node]
    text = "The request carries credentials of one of the declared schemes."
    return Clause("security", security.pointer, min(marks, default=operation.known()), text)


def _field_clauses(field: Place) -> Iterator[Clause]:
    for extension in _FIELD_EXTENSIONS:
        place = field.at(extension)
        if place.exists:
            name = f"{field.name}/{extension}"
            yield _clause(name, place, f"{field.name}: {extension} {_words(place)}")
            yield from _member_clauses(name, place)


def _member_clauses(name: str, extension: Place) -> Iterator[Clause]:
    """One for each member that has a mark of its own."""
    if isinstance(extension.at("x-known").node, dict):
        for member in _members(extension):
            text = f"{name}: {member.name} is {json.dumps(member.node)}"
            yield Clause(f"{name}/{member.name}", member.pointer, extension.known(member.name), text)


def _members(extension: Place) -> list[Place]:
    return [member for member in extension.children() if member.name != "x-known"]


def _words(extension: Place) -> str:
    return json.dumps({member.name: member.node for member in _members(extension)})
