"""Walks an OpenAPI document, and tells its description from names that an author chose and from data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from contract.pointer import Tokens

_DATA = {"default", "enum", "example", "security", "value"}
"""Below these keys stands data."""
_NAMED = {
    *("callbacks", "content", "encoding", "examples", "headers", "links", "mapping", "parameters", "properties"),
    *("scopes", "variables"),
}
"""The mappings below these keys have keys that an author chose, as have those of each section of `components`."""


def descriptions(node: Any, tokens: Tokens = ()) -> Iterator[tuple[Tokens, dict[str, Any]]]:
    """Each mapping at or below `node` whose keys OpenAPI defines, outermost first. Extensions are not entered."""
    if isinstance(node, list):
        for index, child in enumerate(node):
            yield from descriptions(child, (*tokens, index))
    if not isinstance(node, dict):
        return
    named = _has_chosen_keys(tokens)
    if not named:
        yield tokens, node
    for key, child in node.items():
        if named or not (key in _DATA or key.startswith("x-")):
            yield from descriptions(child, (*tokens, key))


def _has_chosen_keys(tokens: Tokens) -> bool:
    """Whether `tokens` lead to a mapping with such keys. Below one of them stands no other right away."""
    if len(tokens) < 2:
        return False
    chosen = tokens[-1] in _NAMED or (len(tokens) == 2 and tokens[0] == "components")
    return chosen and not _has_chosen_keys(tokens[:-1])
