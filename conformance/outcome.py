"""What a check can come to, as typed exceptions."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from conformance.wire.exchange import Exchange

if TYPE_CHECKING:
    from conformance.shrinking.search import Replay


class Violation(AssertionError):
    """The target does not do what the requirement says. The target is at fault."""

    def __init__(
        self,
        expected: str,
        observed: str,
        exchanges: Sequence[Exchange] = (),
        *,
        difference: Sequence[str] = (),
        seen_in: Sequence[object] = (),
    ) -> None:
        self.expected = expected
        self.observed = observed
        self.exchanges = tuple(exchanges)
        """The exchanges that show it, where not all of the check's do."""
        self.difference = tuple(difference)
        """In what the value that was expected and the one observed differ, line by line, where that helps."""
        self.seen_in = tuple(seen_in)
        """The responses, or the members of their bodies, that show it: these objects, not others that are equal."""
        self.retrace: Replay | None = None
        """Judges other requests as it was judged, where that can be done."""
        super().__init__(f"expected {expected}; observed {observed}")


class NotTestable(Exception):
    """The requirement cannot be judged, for want of a key or fixture, or because a step before it went wrong.

    `because` names the requirement that judges that step, where there is one: a fault is reported once, there. Where
    that requirement's own checks may never meet the fault, `fault` is what they would have said of it.
    """

    def __init__(self, reason: str, because: str | None = None, fault: Violation | None = None) -> None:
        self.reason = reason
        self.because = because
        self.fault = fault
        super().__init__(reason)


class Lost(Exception):
    """A request was not answered: the connection broke, or the time ran out."""

    def __init__(self, request: Any, reason: str, error: Exception | None = None, beginning: bytes = b"") -> None:
        self.request = request
        self.reason = reason
        self.error = error
        """What went wrong on the wire, as the HTTP client says it."""
        self.beginning = beginning
        """The first octets that came back, if any did."""
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
