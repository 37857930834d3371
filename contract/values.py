"""Checks that every example and default in a contract is valid: a wrong one is copied by every reader."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from contract.pointer import ABSENT, Tokens, node_at
from contract.schemas import faults
from contract.walk import descriptions

MEND = "correct it, or the schema"


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
