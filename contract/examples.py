"""Checks that every example in a contract is valid: a wrong example is copied by every reader."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from contract.place import Place
from contract.schemas import faults
from contract.walk import descriptions


def note_wrong_examples(root: Place) -> None:
    """Note each way in which an example in the document differs from the schema beside it."""
    for tokens, node in descriptions(root.node):
        for schema, example in _examples(root, tokens, node):
            for inside, what in faults(schema, example.node):
                example.at(*inside).problem(f"the example is not valid: {what}", "correct it, or the schema")


def _examples(
    root: Place, tokens: tuple[str | int, ...], node: dict[str, Any]
) -> Iterator[tuple[dict[str, Any], Place]]:
    """Schema and place of each example of a parameter, a header, a body or a schema."""
    schema = node.get("schema", node)
    if isinstance(schema.get("type"), str) or "allOf" in schema:
        place = root.at(*tokens)
        examples = (example.at("value") for example in place.at("examples").children())
        yield from ((schema, at) for at in (place.at("example"), *examples) if at.exists)
