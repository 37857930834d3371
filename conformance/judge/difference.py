"""In what two JSON values differ, where that is not plain from the two as they are."""

from __future__ import annotations

import difflib
import json
from collections.abc import Sequence
from typing import Any

CONTEXT = 1
"""Lines of a document that are shown around one that differs."""
AROUND = 24
"""Characters of a text that are shown around the first that differs."""
PLAIN_LENGTH = 40


def difference(expected: Any, observed: Any) -> Sequence[str]:
    """Lines that begin with `-` for what was expected, `+` for what came; none where the two speak for themselves."""
    if isinstance(expected, dict | list) and isinstance(observed, dict | list):
        return _of_documents(_lines(expected), _lines(observed))
    if isinstance(expected, str) and isinstance(observed, str) and not (_is_plain(expected) and _is_plain(observed)):
        return _of_texts(expected, observed)
    return ()


def _of_documents(expected: Sequence[str], observed: Sequence[str]) -> Sequence[str]:
    if len(expected) == 1 and len(observed) == 1:
        return ()
    lines = difflib.unified_diff(expected, observed, n=CONTEXT, lineterm="")
    return [line[:1] + " " + line[1:] for line in lines if not line.startswith(("---", "+++", "@@"))]


def _lines(value: Any) -> Sequence[str]:
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True).split("\n")


def _is_plain(text: str) -> bool:
    """Whether a reader sees every character of the text for what it is."""
    return len(text) <= PLAIN_LENGTH and text.isascii() and text.isprintable() and text == text.strip()


def _of_texts(expected: str, observed: str) -> Sequence[str]:
    """The two around the first character that differs, every character that is not ASCII as its escape."""
    pairs = zip(expected, observed, strict=False)
    shorter = min(len(expected), len(observed))
    at = next((index for index, (one, other) in enumerate(pairs) if one != other), shorter)
    return [f"- {_around(expected, at)}", f"+ {_around(observed, at)}", f"  first at character {at + 1}"]


def _around(text: str, at: int) -> str:
    start, end = max(0, at - AROUND), at + AROUND
    shown = json.dumps(text[start:end])
    return f"{'... ' if start else ''}{shown}{' ...' if end < len(text) else ''}"
