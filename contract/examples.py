"""Checks that every example in a contract is valid: a wrong example is copied by every reader."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from contract.document import Document
from contract.errors import Problem
from contract.pointer import Token, written_at


def example_problems(document: Document) -> list[Problem]:
    """A problem for each way in which an example differs from the schema beside it."""
    from openapi_schema_validator import OAS30Validator, oas30_format_checker

    problems: list[Problem] = []
    for path, schema, value in _examples(document.resolved, []):
        for error in OAS30Validator(schema, format_checker=oas30_format_checker).iter_errors(value):
            pointer = written_at(document.written, [*path, *error.absolute_path])
            problems.append(Problem(pointer, f"the example is not valid: {error.message}", "correct it, or the schema"))
    return problems


def _examples(node: Any, path: list[Token]) -> Iterator[tuple[list[Token], dict[str, Any], Any]]:
    """Path, schema and value of each example of a parameter, a header, a body or a schema."""
    if isinstance(node, list):
        for index, child in enumerate(node):
            yield from _examples(child, [*path, index])
    if not isinstance(node, dict):
        return
    schema = node.get("schema")
    if isinstance(schema, dict):
        if "example" in node:
            yield [*path, "example"], schema, node["example"]
        for name, example in (node.get("examples") or {}).items():
            if isinstance(example, dict) and "value" in example:
                yield [*path, "examples", name, "value"], schema, example["value"]
    elif "example" in node and ("type" in node or "allOf" in node or "properties" in node):
        yield [*path, "example"], node, node["example"]
    for key, child in node.items():
        if key not in ("example", "value", "default", "enum"):
            yield from _examples(child, [*path, key])
