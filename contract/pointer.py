"""Places in a document: JSON pointers (RFC 6901) as URI fragments, and a walk over all that OpenAPI describes.

The walk tells the description from names that an author chose and from data.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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
