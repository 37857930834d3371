"""What a check can come to, as typed exceptions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from conformance.wire.exchange import Exchange


class Violation(AssertionError):
    """The target does not do what the requirement says. The target is at fault."""

    def __init__(self, expected: str, observed: str, exchanges: Sequence[Exchange] = ()) -> None:
        self.expected = expected
        self.observed = observed
        self.exchanges = tuple(exchanges)
        """The exchanges that show it, where not all of the check's do."""
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

    def __init__(self, request: Any, reason: str) -> None:
        self.request = request
        self.reason = reason
        super().__init__(reason)


class Unreachable(Exception):
    """The target does not answer at all. Its operator has to act."""
