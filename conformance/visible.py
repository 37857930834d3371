"""Text that a target sent, made fit to be shown. Nothing of it is lost, and nothing of it hides."""

from __future__ import annotations

from contract.visible import visible as without_controls

KEPT = "\n\t\u200d"
"""Shown as they are, though not printable; the last holds emoji together."""


def visible(text: str) -> str:
    """Escape every hidden character, such as `\\u202e`: one may turn a text around, or end it."""
    return without_controls(text, KEPT)
