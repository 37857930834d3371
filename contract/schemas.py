"""Schemas with `allOf` folded in and extensions removed, and the validation of examples and defaults.

Every example and default of a contract must be valid: readers copy them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from contract.pointer import ABSENT, Tokens, descriptions, node_at

_ANNOTATIONS = ("title", "description", "example", "default", "deprecated", "externalDocs")
"""Keywords that do not restrict a schema. The outer ones win."""


class Unfoldable(ValueError):
    """Two members of an `allOf` give one keyword different values, so that it cannot be folded into one schema."""

    def __init__(self, keyword: str) -> None:
        super().__init__(f"allOf gives {keyword} two different values")


def folded(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema with each `allOf` member folded into it, at every level.

    A contract uses `allOf` to add to a reference, or to add properties; not to intersect schemas: then it raises
    Unfoldable.
    """
    merged: dict[str, Any] = {}
    parts = [*(folded(member) for member in schema.get("allOf", [])), _without_extensions(schema)]
    # OpenAPI 3.0.3: a schema with a type and without nullable: true rejects null, whatever is around it.
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


def value_errors(schema: Mapping[str, Any], value: Any) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield each error of `value` by an OpenAPI 3.0 schema: where in the value, and what."""
    from openapi_schema_validator import OAS30Validator, oas30_format_checker

    nulls = set()
    for error in OAS30Validator(dict(schema), format_checker=oas30_format_checker).iter_errors(value):
        tokens = tuple(error.absolute_path)
        if tokens in nulls:  # one error for an unexpected null is enough: it would also fail type and enum
            continue
        if error.instance is None:
            nulls.add(tokens)
        yield tokens, error.message


HINT = "correct the value, or the schema"


def example_errors(resolved: dict[str, Any]) -> Iterator[tuple[Tokens, str]]:
    """Yield each error of an example or a default by the schema beside it: where, and what."""
    for tokens, node in descriptions(resolved):
        schema = node.get("schema", node)
        if "allOf" in schema or isinstance(schema.get("type"), str):
            for below in _values(node):
                for inside, what in value_errors(schema, node_at(node, below)):
                    yield (*tokens, *below, *inside), f"the {_kind(below)} is not valid: {what}"


def _values(node: dict[str, Any]) -> Iterator[Tokens]:
    """Return the path to each example or default of a parameter, a header, a body or a schema."""
    named = node.get("examples", {})
    paths = [("default",), ("example",), *(("examples", name, "value") for name in named)]
    return (path for path in paths if node_at(node, path) is not ABSENT)


def _kind(below: Tokens) -> str:
    return "default" if below == ("default",) else "example"
