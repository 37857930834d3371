"""Pieces of the grammar of HTTP fields (RFC 9110, section 5.6) as regular expressions. None of them backtracks."""

from __future__ import annotations

import re

WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]++"
"""What the RFC calls a token."""
QUOTED_STRING = r'"(?:[^"\\]|\\.)*+"'
WHITE_SPACE = r"[ \t]*+"

_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


def unquoted(word: str) -> str:
    r"""What a token or a quoted string says.

    >>> unquoted('"a \\"b\\""')
    'a "b"'
    """
    return _ESCAPE.sub(r"\1", word[1:-1]) if word.startswith('"') else word


def as_word(text: str) -> str:
    r"""`text` as a token, or as a quoted string where it is none.

    >>> as_word("a"), as_word('a "b"')
    ('a', '"a \\"b\\""')
    """
    return text if re.fullmatch(WORD, text) else '"{}"'.format(text.replace("\\", "\\\\").replace('"', '\\"'))
