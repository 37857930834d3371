"""Schemas as consumers want them: `allOf` folded in, extensions left out.

Every example and default in a contract is checked by its schema: a wrong one is copied by every reader.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from contract.pointer import ABSENT, Tokens, descriptions, node_at

_ANNOTATIONS = ("title", "description", "example", "default", "deprecated", "externalDocs")
"""Keywords that say something about a schema without restricting it. The outer ones win."""


class Unfoldable(ValueError):
    """Two members of an `allOf` give one keyword different values, so that no single schema says the same."""

    def __init__(self, keyword: str) -> None:
        super().__init__(f"allOf gives {keyword} two different values")


def folded(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema with each `allOf` member folded into it, all the way down.

    A contract uses `allOf` to say something beside a reference, or to add properties; not to intersect schemas.
    Raises Unfoldable where it does.
    """
    merged: dict[str, Any] = {}
    parts = [*(folded(member) for member in schema.get("allOf", [])), _without_extensions(schema)]
    # OpenAPI 3.0.3: a schema with a type that does not say it is nullable refuses null, whatever stands around it.
    if len({part.get("nullable", False) for part in parts if "type" in part or "nullable" in part}) > 1:
        raise Unfoldable("nullable")
    for part in parts:
        for keyword, value in part.items():
            merged[keyword] = _joined(keyword, merged[keyword], value) if keyword in merged else value
    return merged


def _without_extensions(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {
        keyword: _folded_below(keyword, value)
        for keyword, value in schema.items()
        if keyword != "allOf" and not keyword.startswith("x-")
    }


def _folded_below(keyword: str, value: Any) -> Any:
    match keyword:
        case "properties":
            return {name: folded(child) for name, child in value.items()}
        case "oneOf" | "anyOf":
            return [folded(child) for child in value]
        case "items" | "additionalProperties" | "not" if isinstance(value, dict):
            return folded(value)
        case _:
            return value


def _joined(keyword: str, inner: Any, outer: Any) -> Any:
    if keyword == "required":
        return [*inner, *(name for name in outer if name not in inner)]
    if keyword == "properties":
        return {**inner, **{name: _both(name, inner, outer) for name in outer}}
    if keyword in _ANNOTATIONS or inner == outer:
        return outer
    raise Unfoldable(keyword)


def _both(name: str, inner: Mapping[str, Any], outer: Mapping[str, Any]) -> Any:
    return folded({"allOf": [inner[name], outer[name]]}) if name in inner else outer[name]


def faults(schema: Mapping[str, Any], value: Any) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Each way in which `value` is not valid by an OpenAPI 3.0 schema: where in the value, and what."""
    from openapi_schema_validator import OAS30Validator, oas30_format_checker

    nulls = set()
    for error in OAS30Validator(dict(schema), format_checker=oas30_format_checker).iter_errors(value):
        tokens = tuple(error.absolute_path)
        if tokens in nulls:  # that it is null was told: that it is of no type and in no enum either adds nothing
            continue
        if error.instance is None:
            nulls.add(tokens)
        yield tokens, error.message


HINT = "correct it, or the schema"


def value_faults(resolved: dict[str, Any]) -> Iterator[tuple[Tokens, str]]:
    """Each way in which an example or a default differs from the schema beside it: where, and what."""
    for tokens, node in descriptions(resolved):
        schema = node.get("schema", node)
        if "allOf" in schema or isinstance(schema.get("type"), str):
            for below in _values(node):
                for inside, what in faults(schema, node_at(node, below)):
                    yield (*tokens, *below, *inside), f"the {_kind(below)} is not valid: {what}"


def _values(node: dict[str, Any]) -> Iterator[Tokens]:
    """The way to each example or default of a parameter, a header, a body or a schema."""
    named = node.get("examples", {})
    ways = [("default",), ("example",), *(("examples", name, "value") for name in named)]
    return (way for way in ways if node_at(node, way) is not ABSENT)


def _kind(below: Tokens) -> str:
    return "default" if below == ("default",) else "example"
