"""Lays JSON out as it is spelled: a fault may lie in how a number is written."""

from __future__ import annotations

import json
import re

_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')


def pretty(body: str) -> str:
    """JSON of objects and arrays, laid out piece by piece; any other body as it is."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return body
    return _laid_out(_PIECE.findall(body)) if isinstance(value, dict | list) else body


def _laid_out(pieces: list[str]) -> str:
    written: list[str] = []
    depth = 0
    for before, piece in zip(["", *pieces], pieces, strict=False):
        opened, closes = before in ("{", "["), piece in ("}", "]")
        depth -= closes
        if (opened or closes or before == ",") and not (opened and closes):
            written.append("\n" + "  " * depth)
        written.append(": " if piece == ":" else piece)
        depth += piece in ("{", "[")
    return "".join(written)
