"""A quick look at bodies: most are valid, and a compiled validator sees that in a fraction of openapi-core's time.

The quick look never says that a body is invalid. It accepts a body only if openapi-core, as `responses.py` uses it,
finds no error in it: what a schema says is written with keywords that both validators know, and read alike or more
strictly. Of a schema that says more there is no quick look, and openapi-core judges every body.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

import jsonschema_rs

from conformance.judge.moments import parse_moment
from contract import Schema

SAME = {"required", "enum"}
"""Keywords that mean the same in OpenAPI 3.0 and in JSON Schema draft 4."""
MEANING_NOTHING = {
    "default", "deprecated", "description", "example", "externalDocs", "nullable", "readOnly", "title", "xml",
}  # fmt: skip
"""Keywords that no response violates; `nullable` is read together with `type`."""
FORMATS: Mapping[str, Schema] = MappingProxyType({
    "date-time": {"format": "date-time"},
    "double": {},  # all numbers have it
    "float": {},
    "int32": {"minimum": -(2**31), "maximum": 2**31 - 1},
    "int64": {"minimum": -(2**53), "maximum": 2**53},  # bounds that every program compares exactly
})  # fmt: skip
"""Formats, each as keywords of draft 4."""


def quick_look(schema: Schema) -> Callable[[Any], bool] | None:
    """Return a function that accepts only valid bodies, and not all of them; None if the schema says too much."""
    try:
        strict = _rewritten(schema)
    except _TooMuch:
        return None
    formats: dict[str, Callable[..., bool]] = {"date-time": lambda text: parse_moment(text) is not None}
    is_valid = jsonschema_rs.Draft4Validator(strict, validate_formats=True, formats=formats).is_valid

    def accepts(body: Any) -> bool:
        try:
            return is_valid(body)
        except ValueError:  # the body nests too deep, or has text that is not Unicode
            return False

    return accepts


class _TooMuch(Exception):
    """A schema has a keyword or a format that the two validators may read differently."""


def _rewritten(schema: Schema) -> dict[str, Any]:
    """Return a schema of OpenAPI 3.0 as one of draft 4."""
    strict: dict[str, Any] = {}
    for keyword, value in schema.items():
        if keyword in _REWRITERS:
            strict |= _REWRITERS[keyword](schema)
        elif keyword in SAME:
            strict[keyword] = value
        elif keyword not in MEANING_NOTHING and not keyword.startswith("x-"):
            raise _TooMuch(keyword)
    return strict


def _type(schema: Schema) -> Schema:
    return {"type": [schema["type"], "null"] if schema.get("nullable") is True else schema["type"]}


def _format(schema: Schema) -> Schema:
    if schema["format"] not in FORMATS:
        raise _TooMuch(schema["format"])
    return FORMATS[schema["format"]]


def _properties(schema: Schema) -> Schema:
    return {"properties": {name: _rewritten(member) for name, member in schema["properties"].items()}}


def _all_of(schema: Schema) -> Schema:
    return {"allOf": [_rewritten(part) for part in schema["allOf"]]}


def _items(schema: Schema) -> Schema:
    return {"items": _rewritten(schema["items"])}


def _additional(schema: Schema) -> Schema:
    allowed = schema["additionalProperties"]
    return {"additionalProperties": allowed if isinstance(allowed, bool) else _rewritten(allowed)}


_Rewriter: TypeAlias = Callable[[Schema], Schema]
_REWRITERS: Mapping[str, _Rewriter] = {
    "additionalProperties": _additional,
    "allOf": _all_of,
    "format": _format,
    "items": _items,
    "properties": _properties,
    "type": _type,
}
