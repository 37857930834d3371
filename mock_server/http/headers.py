"""Which headers a response can be given, by a fault or by the contract."""

from __future__ import annotations

import re

from mock_server.errors import alternatives, quoted
from mock_server.http.bodies import WORD

_VALUE = re.compile(r"[\t -~\u00a0-\u00ff]*")
SET_BY_SERVER = (
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
"""Headers that the server sets about the message and the connection. A second, different value would break clients."""


def problem_of_header(name: str, value: str) -> tuple[str, str] | None:
    """Return why a header cannot be sent, and the fix, or None.

    >>> problem_of_header("Content-Length", "1")[0]
    'the server itself sets Content-Length'
    """
    if not re.fullmatch(WORD, name):
        return f"{quoted(name)} is not a header name", "give a name of letters, digits and hyphens, such as Retry-After"
    if name.lower() in SET_BY_SERVER:
        return f"the server itself sets {name}", f"remove it; a rule cannot set {alternatives(SET_BY_SERVER)}"
    if not _VALUE.fullmatch(value):
        character = next(each for each in value if not _VALUE.fullmatch(each))
        what = f"the value of {name} contains U+{ord(character):04X}, which headers cannot contain"
        return what, "give a value on one line, of printable ASCII or Latin-1 characters"
    return None
