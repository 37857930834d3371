"""JSON pointers (RFC 6901) as URI fragments, and steps along them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, TypeAlias

Token: TypeAlias = str | int
Tokens: TypeAlias = tuple[Token, ...]
"""The way from the root of a document to a node of it."""

ABSENT: Final = object()
"""What stands where nothing stands; null is a value."""


def to_pointer(tokens: Iterable[Token]) -> str:
    """`("paths", "/x")` as `#/paths/~1x`."""
    return "#" + "".join("/" + str(token).replace("~", "~0").replace("/", "~1") for token in tokens)


def step(node: Any, token: Token) -> Any:
    """The child of `node` under `token`, or ABSENT."""
    if isinstance(node, dict):
        return node.get(token, ABSENT)
    if isinstance(node, list) and str(token).isdecimal() and int(token) < len(node):
        return node[int(token)]
    return ABSENT


def node_at(node: Any, tokens: Iterable[Token]) -> Any:
    """The node that `tokens` lead to from `node`, or ABSENT."""
    for token in tokens:
        node = step(node, token)
    return node
