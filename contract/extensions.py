"""Finds every extension of a document, and refuses those outside the vocabulary, of a wrong shape or out of place."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from typing import Any

from contract.errors import Problem
from contract.pointer import Token, to_pointer
from contract.vocabulary import VOCABULARY

_FREE_VALUES = {"example", "default", "enum", "value"}
"""Below these keys stands data, not description."""
_NAMED_THINGS = {
    "properties", "headers", "schemas", "responses", "parameters", "examples", "requestBodies", "securitySchemes",
    "links", "callbacks", "variables", "scopes", "mapping", "encoding",
}  # fmt: skip
"""Below these keys stand names that an author chose."""


def extensions_in(node: Any, path: list[Token] | None = None, named: bool = False) -> Iterator[tuple[list[Token], Any]]:
    """Each extension of the document as written: its path and its value."""
    path = path or []
    if isinstance(node, list):
        for index, child in enumerate(node):
            yield from extensions_in(child, [*path, index])
    if not isinstance(node, dict):
        return
    for key, child in node.items():
        if not named and isinstance(key, str) and key.startswith("x-"):
            yield [*path, key], child
        elif named or key not in _FREE_VALUES:
            yield from extensions_in(child, [*path, key], named=not named and key in _NAMED_THINGS)


def vocabulary_problems(document: Any) -> list[Problem]:
    """Unknown extensions, and those that are not of the form that the vocabulary gives them."""
    problems: list[Problem] = []
    for path, value in extensions_in(document):
        name = str(path[-1])
        pointer = to_pointer(path)
        if name not in VOCABULARY:
            near = difflib.get_close_matches(name, VOCABULARY, n=1)
            hint = f"did you mean {near[0]}?" if near else "remove it"
            problems.append(Problem(pointer, f"{name} is not a known extension", f"{hint} Known: {', '.join(VOCABULARY)}"))
        else:
            problems.extend(_shape_problems(name, value, pointer))
    return problems


def _shape_problems(name: str, value: Any, pointer: str) -> Iterator[Problem]:
    import jsonschema_rs

    extension = VOCABULARY[name]
    for error in jsonschema_rs.validator_for(dict(extension.schema)).iter_errors(value):
        place = "".join(f"/{token}" for token in error.instance_path)
        what = f"{name} is malformed" if "oneOf" in error.message else error.message
        yield Problem(pointer + place, what, f"{name} is {extension.form}")


def misplaced(document: Any, used: Iterable[str]) -> list[Problem]:
    """Extensions that nothing reads where they stand; `used` are the pointers of those that were read."""
    taken = set(used)
    problems: list[Problem] = []
    for path, _ in extensions_in(document):
        name, pointer = str(path[-1]), to_pointer(path)
        if name != "x-known" and name in VOCABULARY and pointer not in taken:
            mend = f"{name} belongs to {VOCABULARY[name].place}; move it there or remove it"
            problems.append(Problem(pointer, f"{name} has no effect here", mend))
    return problems
