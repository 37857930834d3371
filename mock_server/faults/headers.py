"""Says which headers a rule cannot give to a response."""

from __future__ import annotations

import re
from collections.abc import Mapping

from mock_server.http.grammar import WORD
from mock_server.refusing.wording import alternatives, quoted

_VALUE = re.compile(r"[\t -~\u00a0-\u00ff]*")
_OF_THE_SERVER = (
    "connection",
    "content-length",
    "date",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
)
"""What the server says about the message and the connection. Of two that differ, no client could make sense."""


def problem_of_headers(headers: Mapping[str, str]) -> tuple[str, str, str] | None:
    """Return the name of the first header that cannot be sent, what is wrong and the fix, or None.

    >>> problem_of_headers({"Content-Length": "1"})[1]
    'the server itself sets Content-Length'
    """
    seen: dict[str, str] = {}
    for name, value in headers.items():
        if problem := _problem(name, value, seen.get(name.lower())):
            return (name, *problem)
        seen[name.lower()] = name
    return None


def _problem(name: str, value: str, other: str | None) -> tuple[str, str] | None:
    if not re.fullmatch(WORD, name):
        return f"{quoted(name)} is not a header name", "give a name of letters, digits and hyphens, such as Retry-After"
    if name.lower() in _OF_THE_SERVER:
        return f"the server itself sets {name}", f"remove it; a rule cannot set {alternatives(_OF_THE_SERVER)}"
    if other is not None:
        return f"{name} is the same header as {other}", "remove one of the two"
    if not _VALUE.fullmatch(value):
        character = next(each for each in value if not _VALUE.fullmatch(each))
        what = f"the value of {name} holds the character U+{ord(character):04X}, which no header can hold"
        return what, "give a value on one line, of printable characters of ASCII or Latin-1"
    return None
