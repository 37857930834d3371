"""What a check can come to, as typed exceptions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from conformance.judge.prerequisite import Prerequisite
from conformance.wire.exchange import Exchange, Request


@dataclass(frozen=True, slots=True)
class Cause:
    """What one change would fix, where violations of several requirements may have it in common."""

    kind: str
    """`status`, `member` or `media type`."""
    expected: str
    """Empty where the violation itself does not tell."""
    observed: str

    @property
    def change(self) -> str:
        """What to change, as an imperative."""
        if self.kind == "member":
            return f"include {self.expected} in the response"
        if self.kind == "media type":
            return f"send JSON bodies with {self.expected} instead of {self.observed}"
        return f"respond with {self.expected or 'a status that the contract declares'} instead of {self.observed}"


class Failure(AssertionError):
    """The target does not do what the requirement says. The target is at fault."""

    def __init__(
        self,
        expected: str,
        observed: str,
        exchanges: Sequence[Exchange] = (),
        *,
        difference: Sequence[str] = (),
        seen_in: Sequence[object] = (),
        cause: Cause | None = None,
    ) -> None:
        self.expected = expected
        self.observed = observed
        self.exchanges = tuple(exchanges)
        """The exchanges that show it, where not all of the check's do."""
        self.difference = tuple(difference)
        """In what the value that was expected and the one observed differ, line by line, where that helps."""
        self.seen_in = tuple(seen_in)
        """The responses, or the members of their bodies, that show it: these objects, not others that are equal."""
        self.cause = cause
        """What it may have in common with violations of other requirements."""
        self.replay: Replay | None = None
        """Judges other requests as it was judged, where that can be done."""
        super().__init__(f"expected {expected}; observed {observed}")


class Obstacle(StrEnum):
    """What kept a requirement from being judged. Only the first two are compatible with a conformant run."""

    DOES_NOT_APPLY = "does-not-apply"
    """The target does not have what the requirement is about, which is allowed, or the case cannot be made."""
    NOT_PROVIDED = "not-provided"
    """It takes a credential, a fixture or a permission that the user did not give."""
    BLOCKED = "blocked"
    """A step before it went wrong: a fault that another requirement reports, or none does."""
    DISRUPTED = "disrupted"
    """The target throttled, slowed down, broke connections, stopped or changed, or the run had to end."""


class NotTestable(Exception):
    """The requirement cannot be judged, because it does not apply or because a step before it went wrong.

    `blocked_by` names what that step relies on, if a requirement judges it: the fault is reported once, there. If the
    checks of that requirement may miss the fault, `fault` is what they would have reported.
    """

    obstacle = Obstacle.DOES_NOT_APPLY

    def __init__(self, reason: str, blocked_by: Prerequisite | None = None, failure: Failure | None = None) -> None:
        self.reason = reason
        self.blocked_by = blocked_by
        self.failure = failure
        if blocked_by is not None:
            self.obstacle = Obstacle.BLOCKED
        super().__init__(reason)


class NotProvided(NotTestable):
    """It takes something that the user did not give. The text says what."""

    obstacle = Obstacle.NOT_PROVIDED


class Blocked(NotTestable):
    """A step before it went wrong in a way that no requirement reports."""

    obstacle = Obstacle.BLOCKED


class Disrupted(NotTestable):
    """The target cannot be judged now, whatever it would do on a quiet day."""

    obstacle = Obstacle.DISRUPTED


@dataclass(frozen=True, slots=True)
class Reproduced:
    """A violation, and the exchanges that showed it; the last one does."""

    failure: Failure
    exchanges: tuple[Exchange, ...]

    @property
    def requests(self) -> tuple[Request, ...]:
        return tuple(exchange.request for exchange in self.exchanges)


Replay = Callable[[Sequence[Request]], Reproduced | None]
"""Sends requests, and returns what they show of the requirement: None where it is not violated."""
