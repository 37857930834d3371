"""What a check can come to, as typed exceptions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from conformance.wire.exchange import Exchange, Request


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


@dataclass(frozen=True, slots=True)
class Seen:
    """A violation, and the exchanges that showed it; the last one does."""

    violation: Violation
    exchanges: tuple[Exchange, ...]

    @property
    def requests(self) -> tuple[Request, ...]:
        return tuple(exchange.request for exchange in self.exchanges)


Replay = Callable[[Sequence[Request]], Seen | None]
"""Sends requests, and returns what they show of the requirement: None where it is not violated."""
