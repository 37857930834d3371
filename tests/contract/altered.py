"""Edited copies of the packaged contract."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

from contract import default_file, read_mapping

Edit: TypeAlias = Callable[[dict[str, Any]], None]


def put(pointer: str, value: Any) -> Edit:
    """Write `value` at `pointer`, which may be new; `-` as the last token appends to a list."""

    def edit(document: dict[str, Any]) -> None:
        parent, last = _parent(document, pointer)
        if isinstance(parent, list) and last == "-":
            parent.append(value)
        else:
            parent[_index(parent, last)] = value

    return edit


def drop(pointer: str) -> Edit:
    """Remove the node at `pointer`."""

    def edit(document: dict[str, Any]) -> None:
        parent, last = _parent(document, pointer)
        del parent[_index(parent, last)]

    return edit


def both(*edits: Edit) -> Edit:
    """Apply all edits in order."""

    def edit(document: dict[str, Any]) -> None:
        for one in edits:
            one(document)

    return edit


def write_altered(folder: Path, *edits: Edit) -> Path:
    """Write the packaged contract, edited, to `folder`."""
    document = read_mapping(default_file())
    for edit in edits:
        edit(document)
    return write(folder / "openapi.yaml", document)


def write(file: Path, document: Any) -> Path:
    """Write `document` to `file` as JSON, which is YAML too."""
    file.write_text(json.dumps(document), encoding="utf-8")
    return file


def _parent(document: Any, pointer: str) -> tuple[Any, str]:
    *way, last = [token.replace("~1", "/").replace("~0", "~") for token in pointer.removeprefix("#/").split("/")]
    for token in way:
        document = document[_index(document, token)]
    return document, last


def _index(node: Any, token: str) -> str | int:
    return int(token) if isinstance(node, list) else token
