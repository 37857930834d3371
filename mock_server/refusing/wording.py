"""How values are named in messages: shortened, on one line, and without characters that a terminal might obey."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable
from typing import Any

from contract.errors import visible

LONGEST = 60
"""Characters of a value that a message repeats."""

_ARTICLES = {
    "string": "a string",
    "number": "a number",
    "integer": "an integer",
    "boolean": "true or false",
    "object": "an object",
    "array": "an array",
    "null": "null",
}


def quoted(text: str) -> str:
    r"""Write `text` as a JSON string, shortened; what a terminal might obey stands in it as escapes.

    >>> print(quoted('a "b"\n'), quoted("\u202e\x9b"))
    "a \"b\"\n" "\u202e\u009b"
    """
    shown = text if len(text) <= LONGEST else text[:LONGEST] + "..."
    return visible(json.dumps(shown, ensure_ascii=False))


def plain(text: str) -> str:
    r"""`text` as it stands between the quotes: on one line, shortened.

    >>> print(plain('a\nb'))
    a\nb
    """
    return quoted(text)[1:-1]


def described(value: Any) -> str:
    """A JSON value in words.

    >>> described(True), described(1.5), described([])
    ('true', 'the number 1.5', 'an array')
    """
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, (int, float)):
        return f"the number {shortened(json.dumps(value))}"
    if isinstance(value, str):
        return f"the string {quoted(value)}" if value else "the empty string"
    return "an array" if isinstance(value, list) else "an object"


def shortened(text: str) -> str:
    """`text`, its end cut off where it is long."""
    return text if len(text) <= LONGEST else f"{text[:20]}... ({len(text)} characters)"


def a_type(name: str) -> str:
    """A JSON Schema type with its article: `an integer`."""
    return _ARTICLES[name]


def alternatives(words: Iterable[str], joined_by: str = "or") -> str:
    """Words as a sentence lists them.

    >>> alternatives(["0", "1", "2"])
    '0, 1 or 2'
    """
    *most, last = words
    return f"{', '.join(most)} {joined_by} {last}" if most else last


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The one of the `known` words that `word` is most likely a mistyped form of, or None.

    >>> nearest("stats", ["status", "detail"])
    'status'
    """
    by_form = {each.lower(): each for each in known}
    found = difflib.get_close_matches(word[:LONGEST].lower(), list(by_form), n=1)
    return by_form[found[0]] if found else None
