"""Strategies for JSON values, and for values that are nearly those of a schema."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

ODD_TEXTS = (
    "", " ", ".", "..", "/", "//", "a/b", "*", "%", "%2F", "\0", "\n", "\x1b[2J", "\x7f", "\x9b", "\u202e", "\u2028",
    "\ufeff", "\ufffd", "é", "e\u0301", "🚀", "\U0010ffff", "null", "true", "1e400", "$ref", "__proto__", "detail",
    "model_name", "x" * 300, "~0", "~1", "#", "{", "Bearer demo-acme", "demo-acme",
)  # fmt: skip
TEXTS = st.sampled_from(ODD_TEXTS) | st.text(max_size=8)
NUMBERS = st.sampled_from(
    [0, -0.0, 1, -1, 1.0, 1.5, 1e15, 5e-324, 1.7976931348623157e308, 2**31, 2**53 + 1, 2**63, 2**64 - 1, -(2**63)]
) | st.integers(-10, 1000)  # fmt: skip
SCALARS = st.none() | st.booleans() | NUMBERS | TEXTS
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=6
)


def nearly(schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """Return values of an OpenAPI schema, now and then with something else in some place."""
    return st.one_of(*[_of(schema)] * 5, VALUES)


def _of(schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    if "enum" in schema:
        return st.sampled_from([*schema["enum"]])
    if "allOf" in schema and "type" not in schema:
        return _of(schema["allOf"][0])
    form = "date-time" if schema.get("format") == "date-time" else str(schema.get("type"))
    return _BY_TYPE[form](schema) if form in _BY_TYPE else VALUES


def _objects(schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    properties = schema.get("properties", {})
    required = set(schema.get("required", ()))
    known = {name: nearly(each) for name, each in properties.items()}
    sound = st.fixed_dictionaries(
        {name: each for name, each in known.items() if name in required},
        optional={name: each for name, each in known.items() if name not in required},
    )
    others = schema.get("additionalProperties", True)
    values = nearly(others) if isinstance(others, Mapping) else VALUES
    more = st.dictionaries(TEXTS, values, max_size=2)
    if not properties or isinstance(others, Mapping):
        return st.builds(lambda one, other: {**one, **other}, sound, more)
    return st.one_of(*[sound] * 5, st.builds(lambda one, other: {**one, **other}, sound, more))


TIMES = (
    "2026-02-01T12:00:00Z", "2026-02-01T12:00:00.123456789Z", "2026-02-01t12:00:00z", "2026-02-01T12:00:00+23:59",
    "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-00:01", "0000-01-01T00:00:00Z", "2026-02-30T00:00:00Z",
    "2016-12-31T23:59:60Z", "2026-02-01 12:00:00Z", "2026-02-01", "2026-W05-1T00:00:00Z", "2026-02-01T12:00:00",
    "2026-02-01T24:00:00Z", "٢026-02-01T12:00:00Z", "2026-02-01T12:00:00,5Z",
)  # fmt: skip


_BY_TYPE: Mapping[str, Callable[[Mapping[str, Any]], st.SearchStrategy[Any]]] = {
    "object": _objects,
    "array": lambda it: st.lists(nearly(it.get("items", {})), max_size=3),
    "date-time": lambda _: st.sampled_from(TIMES),
    "string": lambda _: TEXTS,
    "integer": lambda it: st.integers(it.get("minimum", -5), it.get("maximum", 2**40)) | NUMBERS,
    "number": lambda it: st.floats(it.get("minimum", -10), it.get("maximum", 1000)) | NUMBERS,
    "boolean": lambda _: st.booleans(),
}


def as_json(value: Any) -> bytes:
    """Return a value as JSON; halves of surrogate pairs are escapes."""
    return json.dumps(value).encode()


def any_of(names: Sequence[str]) -> st.SearchStrategy[str]:
    """Return one of these names, or some other text."""
    return st.sampled_from([*names]) | TEXTS if names else TEXTS
