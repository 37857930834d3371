"""Makes texts of a target fit to be looked at. Nothing of them is lost: a fault may lie in how a number is spelled."""

from __future__ import annotations

import json
import re
import unicodedata

KEPT = "\n\t\u200d"
"""Shown as they are, though in a hidden category; the last holds emoji together."""
HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Categories of characters that show nothing, or change how their neighbours are shown."""
_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')


def visible(text: str) -> str:
    """`text` with every hidden character as an escape, such as `\\u202e`: one may turn a text around, or end it."""
    return "".join(map(_shown, text))


def _shown(character: str) -> str:
    if character.isascii() and character.isprintable():
        return character
    if character in KEPT or unicodedata.category(character) not in HIDDEN:
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


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
