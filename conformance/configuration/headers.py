"""Headers that the user wants on every request, for a gateway in front of the target for instance."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from conformance.wire.exchange import Credential

TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A field name (RFC 9110, section 5.6.2)."""
VALUE = re.compile(r"[\x21-\x7e\x80-\uffff](?:[\t\x20-\x7e\x80-\uffff]*[\x21-\x7e\x80-\uffff])?")
VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)\})")

_FRAMING = ("host", "content-length", "transfer-encoding", "expect", "te", "trailer")
_HOP_BY_HOP = ("connection", "keep-alive", "upgrade")
_TESTED = ("content-type", "content-encoding", "accept", "accept-encoding")
REFUSED = {
    "authorization": "credentials are what the suite tests; give keys with RESPAN_API_KEY",
    **dict.fromkeys(_FRAMING + _HOP_BY_HOP, "it belongs to the connection, and the suite sets it where it is needed"),
    **dict.fromkeys(_TESTED, "the suite tests what it does, and sets it"),
    "proxy-authorization": "give the user and the password with RESPAN_PROXY_AUTH, or --proxy-auth-file",
}
"""Names in lower case, and why they cannot be given."""

Header = tuple[str, Credential]


class HeaderError(ValueError):
    """A header that cannot be sent. The user has to act; the text says how."""


def read_headers(given: Iterable[str]) -> tuple[Header, ...]:
    """The headers of `--header`: each a line, or `@FILE` for the lines of a file."""
    return tuple(_header(line) for text in given for word in _lines(text) for line in _of_file(word))


def _lines(text: str) -> Iterator[str]:
    return (line.strip() for line in text.split("\n") if line.strip())


def _of_file(word: str) -> Iterable[str]:
    """The lines of the file that `@FILE` names; anything else is a line itself."""
    if not word.startswith("@"):
        return [word]
    try:
        return _lines(Path(word[1:]).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise HeaderError(f"{word}: {reason}") from None


def _header(line: str) -> Header:
    """One header. What is wrong with it is said without its value, which may be a secret."""
    name, colon, value = (part.strip() for part in line.partition(":"))
    if not colon or not TOKEN.fullmatch(name):
        raise HeaderError("write it as 'NAME: VALUE', where NAME has letters, digits and hyphens only")
    if name.lower() in REFUSED:
        raise HeaderError(f"{name}: {REFUSED[name.lower()]}")
    variable = VARIABLE.fullmatch(value)
    shown = (
        f"${variable[1] or variable[2]}" if variable else f"$RESPAN_HEADER_{re.sub(r'[^A-Z0-9]', '_', name.upper())}"
    )
    if variable:
        value = os.environ.get(shown[1:], "")
        if not value:
            raise HeaderError(f"{name}: the environment variable {shown[1:]} is not set")
    if not VALUE.fullmatch(value):
        raise HeaderError(f"{name}: its value is empty or has control characters in it")
    return name, Credential(value, shown)
