"""Text that a target sent, as a terminal may show it."""

from __future__ import annotations


def visible(text: str) -> str:
    """`text` with an escape for every character that a terminal would obey, or not show."""
    return "".join(
        character if character.isprintable() or character == "\n" else _escape(character) for character in text
    )


def _escape(character: str) -> str:
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
