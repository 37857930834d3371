"""Text that a target sent, made fit to be shown. Nothing of it is lost, and nothing of it hides."""

from __future__ import annotations

KEPT = "\n\t\u200d"
"""Shown as they are, though not printable; the last holds emoji together."""


def visible(text: str) -> str:
    """`text` with every hidden character as an escape, such as `\\u202e`: one may turn a text around, or end it."""
    return "".join(
        character if character.isprintable() or character in KEPT else _escape(character) for character in text
    )


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
