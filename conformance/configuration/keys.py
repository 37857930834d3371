"""API keys and tokens as the user hands them over: what can be one, and how one is read from a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

LONGEST = 64 * 1024
"""Octets of a file that are read; no server takes a longer header."""


class BadKey(ValueError):
    """What should be a key cannot be one. The text says why, and does not quote it."""


def checked(written: str) -> str:
    """The key, without the white space around it. Raises BadKey where it could not stand in a header (RFC 6750)."""
    key = one_line(written)
    for place, character in enumerate(key, 1):
        if not "!" <= character <= "~":
            raise BadKey(f"character {place} is none that a key can have; keys are of visible ASCII characters")
    return key


def one_line(written: str) -> str:
    """Return the text of the only line, without the white space around it. Raises BadKey."""
    line = written.strip()
    if not line:
        raise BadKey("there is nothing in it but white space; the key is missing")
    if len(line.splitlines()) > 1:
        raise BadKey("there are several lines in it; give the key alone, on one line")
    return line


def key_of_file(path: str, read: Callable[[str], str] = checked) -> str:
    """Return the key that a file holds, as `read` finds it in the text. Raises BadKey."""
    try:
        with Path(path).open("rb") as file:
            octets = file.read(LONGEST + 1)
    except OSError as error:
        raise BadKey(error.strerror or str(error)) from None
    if len(octets) > LONGEST:
        raise BadKey(f"it is longer than {LONGEST} octets, so it is no file with a key in it")
    try:
        return read(octets.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise BadKey("it is no text; write the key into it, on one line") from None
