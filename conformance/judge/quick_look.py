"""A quick look at bodies: most are valid, and a compiled validator sees that a hundred times faster than openapi-core.

The quick look never says that a body is invalid. It accepts a body only if openapi-core would accept it too: what a
schema says is written with keywords that both validators know, and read alike or more strictly. Of a schema that says
more there is no quick look, and openapi-core validates every body.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, TypeAlias

import jsonschema_rs
from jsonschema import FormatChecker

from contract import Schema

SAME = {"required", "enum"}
"""Keywords that mean the same in OpenAPI 3.0 and in JSON Schema draft 4."""
MEANING_NOTHING = {
    "default", "deprecated", "description", "example", "externalDocs", "nullable", "readOnly", "title", "xml",
}  # fmt: skip
"""Keywords that no response violates; `nullable` is read together with `type`."""
ANY_NUMBER = ("double", "float")
"""Formats that all numbers have."""
LARGEST: Mapping[str, int] = MappingProxyType({"int32": 2**31 - 1, "int64": 2**53})
"""Formats of integers, each with a bound within it that every program compares exactly."""


def quick_look(schema: Schema, formats: FormatChecker) -> Callable[[Any], bool] | None:
    """Return a function that accepts only valid bodies, and not all of them; None if the schema says too much."""
    try:
        strict = _rewritten(schema, formats)
    except _UnknownKeyword:
        return None
    checks: dict[str, Callable[..., bool]] = {name: partial(_has_format, formats, name) for name in formats.checkers}
    is_valid = jsonschema_rs.Draft4Validator(strict, validate_formats=True, formats=checks).is_valid

    def accepts(body: Any) -> bool:
        try:
            return is_valid(body)
        except ValueError:  # the body nests too deep, or has text that is not Unicode
            return False

    return accepts


class _UnknownKeyword(Exception):
    """A schema has a keyword that the two validators may read differently."""


def _rewritten(schema: Schema, formats: FormatChecker) -> dict[str, Any]:
    """Return a schema of OpenAPI 3.0 as one of draft 4."""
    strict: dict[str, Any] = {}
    for keyword, value in schema.items():
        if keyword in _REWRITERS:
            strict |= _REWRITERS[keyword](schema, formats)
        elif keyword in SAME:
            strict[keyword] = value
        elif keyword not in MEANING_NOTHING and not keyword.startswith("x-"):
            raise _UnknownKeyword(keyword)
    return strict


def _type(schema: Schema, _: FormatChecker) -> Schema:
    return {"type": [schema["type"], "null"] if schema.get("nullable") is True else schema["type"]}


def _format(schema: Schema, formats: FormatChecker) -> Schema:
    name = schema["format"]
    if name in LARGEST:
        return {"minimum": -LARGEST[name], "maximum": LARGEST[name]}
    return {"format": name} if name in formats.checkers and name not in ANY_NUMBER else {}


def _properties(schema: Schema, formats: FormatChecker) -> Schema:
    return {"properties": {name: _rewritten(member, formats) for name, member in schema["properties"].items()}}


def _all_of(schema: Schema, formats: FormatChecker) -> Schema:
    return {"allOf": [_rewritten(part, formats) for part in schema["allOf"]]}


def _items(schema: Schema, formats: FormatChecker) -> Schema:
    return {"items": _rewritten(schema["items"], formats)}


def _additional(schema: Schema, formats: FormatChecker) -> Schema:
    allowed = schema["additionalProperties"]
    return {"additionalProperties": allowed if isinstance(allowed, bool) else _rewritten(allowed, formats)}


_Rewriter: TypeAlias = Callable[[Schema, FormatChecker], Schema]
_REWRITERS: Mapping[str, _Rewriter] = {
    "additionalProperties": _additional,
    "allOf": _all_of,
    "format": _format,
    "items": _items,
    "properties": _properties,
    "type": _type,
}


def _has_format(formats: FormatChecker, name: str, text: str) -> bool:
    return formats.conforms(text, name)
