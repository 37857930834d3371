"""Reads the upsert: the operation that carries `x-upsert`, and all that belongs to it."""

from __future__ import annotations

from types import MappingProxyType

from contract.fields import request_fields, response_fields
from contract.model import Limits, Omitted, Operation, Upsert
from contract.operations import JSON, operation_at, operations_at, request_body_at, response_body_at
from contract.place import Place
from contract.schema_places import properties_at

DEFAULT_LIMITS = Limits(bytes=1_048_576, nesting=64)


def upsert_places(root: Place) -> list[Place]:
    """The operations that carry `x-upsert`. A contract has one; anything else is noted as a problem."""
    marked = [operation for operation in operations_at(root) if operation.at("x-upsert").exists]
    if not marked:
        root.at("paths").problem("no operation carries x-upsert", "mark the operation that creates or updates with it")
    for other in marked[1:]:
        other.at("x-upsert").problem("a second operation carries x-upsert", "mark one operation, and no other")
    return marked


def note_missing_bodies(operation: Place) -> None:
    """Note it where the upsert operation does not describe the fields of its request or of its response."""
    updated = operation.at("x-upsert", "updated").node
    for body in (request_body_at(operation), response_body_at(operation, updated)):
        if not properties_at(body):
            what = "there is no JSON object schema with properties"
            body.problem(what, f"describe the {JSON} body with its properties")


def upsert_at(operation: Place) -> Upsert:
    """The upsert that the operation describes. What is wrong with it is noted."""
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
    """The operation that `x-upsert` names under `word`, if it names one."""
    named = operation.at("x-upsert", word)
    if not named.exists:
        return None
    known = {str(place.at("operationId").node): place for place in operations_at(operation.root)}
    if named.node in known:
        return operation_at(known[named.node])
    named.problem(f"there is no operation {named.node}", f"name one of {', '.join(known)}, or leave {word} out")
    return None


def _limits(body: Place) -> Limits:
    limits = body.extension("x-limits")
    return Limits(limits.node["bytes"], limits.node["nesting"]) if limits.exists else DEFAULT_LIMITS
