"""Request bodies: Hypothesis strategies for their members."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from conformance.generate.values import OBJECTS, Invalidity, invalid_values, plain_values
from conformance.judge.requests import is_valid
from contract import RequestField, Schema

TEXT = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x24F, categories=("L", "N", "P", "S")), min_size=1, max_size=40
)


def plain(schema: Schema) -> st.SearchStrategy[Any]:
    """Return a strategy for values of the schema that no reasonable server rejects."""
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    drawn = _PLAIN.get(schema.get("type", ""), st.just([]))
    known = plain_values(schema)
    return st.tuples(drawn, st.sampled_from(known)).map(lambda pair: pair[0] if is_valid(schema, pair[0]) else pair[1])


_PLAIN: dict[str, st.SearchStrategy[Any]] = {
    "string": TEXT,
    "number": st.integers(0, 1_000_000_000).map(lambda millionths: millionths / 1_000_000),
    "integer": st.integers(1, 10_000_000),
    "boolean": st.booleans(),
    "object": st.sampled_from(OBJECTS),
}


def values(fields: Sequence[RequestField], at_most: int = 4) -> st.SearchStrategy[dict[str, Any]]:
    """Return a strategy for objects of some of the fields, with plain values."""
    by_name = {field.name: plain(field.schema) for field in fields if plain_values(field.schema)}
    some = st.lists(st.sampled_from(list(by_name)), unique=True, max_size=at_most)
    return some.flatmap(lambda names: st.fixed_dictionaries({name: by_name[name] for name in names}))


def invalid(fields: Sequence[RequestField]) -> st.SearchStrategy[dict[str, Any]]:
    """Return a strategy for objects of one field, with a value that no lenient parser accepts."""
    return st.sampled_from(
        [
            {field.name: invalid.value}
            for field in fields
            for invalid in invalid_values(field.schema)
            if invalid.invalidity in (Invalidity.TYPE, Invalidity.ENUM)
        ]
    )
