"""One request and its answer, as the server saw them: raw, so that writing it down costs next to nothing."""

from __future__ import annotations

import re
from typing import NamedTuple

from mock_server.callers.callers import Caller
from mock_server.faults.fired import Fired
from mock_server.refusing.refusals import Refusal

Headers = list[tuple[bytes, bytes]]
CUT = b"... (the first %d of %d bytes)"
"""What stands at the end of a long name or value of a header, of which the start is kept."""
_IS_CUT = re.compile(rb"\.\.\. \(the first [0-9]+ of [0-9]+ bytes\)\Z")
SMALLEST = 2048
"""What an exchange takes beside the texts in it."""


def is_cut(octets: bytes) -> bool:
    """Return whether only the start of a name or value is kept."""
    return _IS_CUT.search(octets) is not None


class Exchange(NamedTuple):
    """A request and its answer. Nothing in it is redacted yet: it is not to be shown as it is.

    A thousand of them are kept, by default. Each is one tuple, made when all is known, of what was there anyway.
    """

    id: int
    """Its number in the journal, from 1."""
    ended: float
    """When it was answered, in seconds of POSIX."""
    seconds: float
    """What it took."""
    method: str
    path: bytes
    query: bytes
    headers: Headers
    request: bytes
    """The first octets of the body."""
    request_length: int
    """Of the body, as far as it was read."""
    complete: bool
    """Whether the whole body of the request was read."""
    status: int
    """0 where there was no answer."""
    response_headers: Headers
    response: bytes
    """The first octets of the body."""
    response_length: int
    caller: Caller | None
    """Whose credentials it had, as far as they were looked at."""
    refusal: Refusal | None
    preference: str | None
    """What was applied of it (RFC 7240)."""
    faults: tuple[Fired, ...]
    """Those that acted on it."""
    bytes: int = SMALLEST
    """What it takes in memory, about."""

    @property
    def organization(self) -> str | None:
        """Whose credentials it had."""
        return self.caller.organization if self.caller else None
