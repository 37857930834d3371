"""What the commands print: no character in it can drive a terminal, and any stream can take it."""

from __future__ import annotations

import argparse
import sys
from typing import IO, Any

from contract.errors import visible


def printable(text: str, stream: IO[str]) -> str:
    """Return `text` with its line breaks, and as escapes whatever a terminal might obey or the stream cannot encode."""
    if text.isascii() and text.isprintable():
        return text
    shown = "\n".join(map(visible, text.split("\n")))
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return shown.encode(encoding, "backslashreplace").decode(encoding)


def tell(text: str) -> None:
    """Print to stdout at once, so that a program that started the command can read it."""
    sys.stdout.write(printable(text, sys.stdout) + "\n")
    sys.stdout.flush()


def complain(text: str) -> None:
    """Print to stderr."""
    sys.stderr.write(printable(text, sys.stderr) + "\n")


class ArgumentParser(argparse.ArgumentParser):
    """Argparse's, whose messages may repeat any argument."""

    def _print_message(self, message: str, file: Any = None) -> None:
        stream = file or sys.stderr
        super()._print_message(printable(message, stream), stream)
