"""JSON pointers (RFC 6901) as URI fragments, resolved to where in the file a thing is written."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Token = str | int


def to_pointer(tokens: Iterable[Token]) -> str:
    """`["paths", "/x"]` as `#/paths/~1x`."""
    return "#" + "".join("/" + str(token).replace("~", "~0").replace("/", "~1") for token in tokens)


def to_tokens(fragment: str) -> list[str]:
    """`#/paths/~1x` as `["paths", "/x"]`."""
    return [part.replace("~1", "/").replace("~0", "~") for part in fragment.removeprefix("#").split("/")[1:]]


def step(node: Any, token: Token) -> Any:
    """The child of `node` under `token`; KeyError or IndexError where there is none."""
    if isinstance(node, list):
        return node[int(token)]
    if isinstance(node, dict):
        return node[token] if token in node else node[str(token)]
    raise KeyError(token)


def written_at(document: Any, tokens: Iterable[Token]) -> str:
    """Pointer to the place in the unresolved `document` that `tokens` lead to, following references in the file.

    Stops at a reference into another file, and at the last node that exists.
    """
    path: list[Token] = []
    node = document
    for token in tokens:
        hops = 0
        while isinstance(node, dict) and isinstance(reference := node.get("$ref"), str) and hops < 32:
            if not reference.startswith("#"):
                return to_pointer(path)
            path = list(to_tokens(reference))
            node = _at(document, path)
            hops += 1
        try:
            node = step(node, token)
        except (KeyError, IndexError, ValueError):
            break
        path.append(token)
    return to_pointer(path)


def _at(document: Any, tokens: Iterable[Token]) -> Any:
    node = document
    for token in tokens:
        try:
            node = step(node, token)
        except (KeyError, IndexError, ValueError):
            return None
    return node
