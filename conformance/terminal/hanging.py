"""Text that hangs beside a label, its further lines indented as deep."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

NARROWEST = 20
"""Columns that the text takes at least, whatever the console's width."""


def hanging(label: Text, body: Text, console: Console) -> Text:
    """`label`, with `body` beside it, wrapped to the width of the console."""
    wrapped = body.wrap(console, max(NARROWEST, console.width - label.cell_len))
    for line in wrapped:
        line.rstrip()
    return label + Text("\n" + " " * label.cell_len).join(wrapped)
