"""JSON pointers (RFC 6901) as URI fragments, and the nodes of a document whose keys OpenAPI defines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final, TypeAlias

Token: TypeAlias = str | int
Tokens: TypeAlias = tuple[Token, ...]
"""The path from the root of a document to one of its nodes."""

ABSENT: Final = object()
"""Marks a missing node; null is a value."""


def to_pointer(tokens: Iterable[Token]) -> str:
    """Return the JSON pointer of `tokens`: `#/paths/~1x` for `("paths", "/x")`."""
    return "#" + "".join("/" + str(token).replace("~", "~0").replace("/", "~1") for token in tokens)


def step(node: Any, token: Token) -> Any:
    """Return the child of `node` under `token`, or ABSENT."""
    if isinstance(node, dict):
        return node.get(token, ABSENT)
    if isinstance(node, list) and str(token).isdecimal() and int(token) < len(node):
        return node[int(token)]
    return ABSENT


def node_at(node: Any, tokens: Iterable[Token]) -> Any:
    """Return the node at `tokens` below `node`, or ABSENT."""
    for token in tokens:
        node = step(node, token)
    return node


_DATA = {"default", "enum", "example", "security", "value"}
"""The values of these keys are data."""
_NAMED = {
    *("callbacks", "content", "encoding", "examples", "headers", "links", "mapping", "parameters", "properties"),
    *("scopes", "variables"),
}
"""The values of these keys are mappings whose keys the author chose, as in each section of `components`."""


def descriptions(node: Any, tokens: Tokens = ()) -> Iterator[tuple[Tokens, dict[str, Any]]]:
    """Yield each mapping at or below `node` whose keys OpenAPI defines, outermost first; skip data and extensions."""
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
    """Return whether `tokens` lead to a mapping whose keys the author chose. Its values are never such mappings."""
    if len(tokens) < 2:
        return False
    chosen = tokens[-1] in _NAMED or (len(tokens) == 2 and tokens[0] == "components")
    return chosen and not _has_chosen_keys(tokens[:-1])
