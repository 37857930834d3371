"""Text that others wrote, made fit for a terminal or a log."""

from __future__ import annotations

_JOINERS = "\u200c\u200d"
"""Not printable, but scripts and emoji need them, and they cannot turn or end a text."""


def visible(text: str, kept: str = _JOINERS) -> str:
    r"""Escape every character that is not printable, such as `\u001b` or `\u202e`: a terminal might obey it.

    >>> print(visible("a\x1b[2Jb\u202ec"))
    a\u001b[2Jb\u202ec
    """
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() or each in kept else escaped(each) for each in text)


def escaped(character: str) -> str:
    r"""Write one character as an escape of JSON, or of Python where four digits are too few.

    >>> print(escaped("é"))
    \u00e9
    """
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
