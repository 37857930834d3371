"""Requests that were not answered, as typed exceptions."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any, TypeVar


class Lost(Exception):
    """A request was not answered: the connection broke, or the time ran out."""

    def __init__(
        self, request: Any, reason: str, error: Exception | None = None, beginning: bytes = b"", *, unsent: bool = False
    ) -> None:
        self.request = request
        self.reason = reason
        self.error = error
        """What went wrong on the wire, as the HTTP client says it."""
        self.beginning = beginning
        """The first octets that came back, if any did."""
        self.unsent = unsent
        """Whether nothing of the request left this machine: no connection was made for it."""
        super().__init__(reason)


class Stale(Exception):
    """A connection that was kept from an earlier request ended before any octet of the answer came.

    The target may have closed it before it got the request, or may have done what it asks (RFC 9112, section 9.3.1):
    nothing follows from it, and what the request was part of is to be done anew.
    """

    def __init__(self, request: Any, reason: str) -> None:
        self.request = request
        self.reason = reason
        super().__init__(reason)


class Unreachable(Exception):
    """The target does not answer at all. Its operator has to act."""


T = TypeVar("T")
REDOS = 5
"""How often something is done anew; a transport that met some stale connections keeps none after that."""


def redone(make: Callable[[], T]) -> T:
    """What `make` returns, made anew as long as a stale connection gets in its way."""
    for _ in range(REDOS):
        with contextlib.suppress(Stale):
            return make()
    return make()
