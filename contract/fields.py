"""Reads the properties of the request and of the response."""

from __future__ import annotations

from collections.abc import Mapping

from contract.known import Known
from contract.model import (
    Alias,
    Constant,
    FromKey,
    FromRequest,
    Inherited,
    LookedUp,
    Overlaid,
    Reference,
    RequestField,
    ResponseField,
    Source,
    Timestamp,
)
from contract.place import Place
from contract.schema_places import folded_at, properties_at, required_at


def request_fields(body: Place) -> dict[str, RequestField]:
    """The fields of the request, by name; `body` is the place of its schema."""
    required = required_at(body)
    return {name: _request_field(at, name in required) for name, at in properties_at(body).items()}


def _request_field(at: Place, required: bool) -> RequestField:
    return RequestField(
        name=at.name,
        schema=folded_at(at),
        required=required,
        known=at.known(),
        pointer=at.pointer,
        reference=_reference(at.extension("x-reference")),
        alias=_alias(at.extension("x-alias")),
        merges=at.extension("x-merge").exists,
    )


def _reference(at: Place) -> Reference | None:
    return Reference(at.node["to"], at.node["missing"], at.known()) if at.exists else None


def _alias(at: Place) -> Alias | None:
    if not at.exists:
        return None
    return Alias(at.node["of"], at.node["differing"], at.known("of"), at.known("differing"))


def response_fields(body: Place, request: Mapping[str, RequestField]) -> dict[str, ResponseField]:
    """The fields of the response, by name; `body` is the place of its schema."""
    required = required_at(body)
    return {name: _response_field(at, name in required, request) for name, at in properties_at(body).items()}


def _response_field(at: Place, required: bool, request: Mapping[str, RequestField]) -> ResponseField:
    schema = folded_at(at)
    source, source_known = _source(at, request)
    return ResponseField(
        name=at.name,
        schema=schema,
        required=required,
        nullable=bool(schema.get("nullable", False)),
        known=at.known(),
        source=source,
        pointer=at.pointer,
        source_known=source_known,
    )


def _source(at: Place, request: Mapping[str, RequestField]) -> tuple[Source, Known]:
    extension = at.extension("x-source")
    if extension.exists:
        return _written_source(at.name, extension), extension.known()
    if at.name not in request:
        at.problem("nothing says where its value comes from", "add x-source, or a request property of that name")
    return FromRequest(at.name), at.known()


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
