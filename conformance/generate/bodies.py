"""Hypothesis strategies for request bodies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from conformance.generate.values import OBJECTS, plain_values
from conformance.generate.wrong import Wrongness, wrong_values
from conformance.judge.valid import valid
from contract import RequestField, Schema

TEXT = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x24F, categories=("L", "N", "P", "S")), min_size=1, max_size=40
)


def plain(schema: Schema) -> st.SearchStrategy[Any]:
    """Values of the schema that no reasonable server refuses."""
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    drawn = _PLAIN.get(schema.get("type", ""), st.just([]))
    known = plain_values(schema)
    return st.tuples(drawn, st.sampled_from(known)).map(lambda pair: pair[0] if valid(schema, pair[0]) else pair[1])


_PLAIN: dict[str, st.SearchStrategy[Any]] = {
    "string": TEXT,
    "number": st.integers(0, 1_000_000_000).map(lambda millionths: millionths / 1_000_000),
    "integer": st.integers(1, 10_000_000),
    "boolean": st.booleans(),
    "object": st.sampled_from(OBJECTS),
}


def values(fields: Sequence[RequestField], at_most: int = 4) -> st.SearchStrategy[dict[str, Any]]:
    """Some of the fields, with plain values."""
    by_name = {field.name: plain(field.schema) for field in fields if plain_values(field.schema)}
    some = st.lists(st.sampled_from(list(by_name)), unique=True, max_size=at_most)
    return some.flatmap(lambda names: st.fixed_dictionaries({name: by_name[name] for name in names}))


def wrong(fields: Sequence[RequestField]) -> st.SearchStrategy[dict[str, Any]]:
    """One of the fields, with a value that no reading makes right."""
    return st.sampled_from(
        [
            {field.name: wrong.value}
            for field in fields
            for wrong in wrong_values(field.schema)
            if wrong.wrongness in (Wrongness.TYPE, Wrongness.ENUM)
        ]
    )
