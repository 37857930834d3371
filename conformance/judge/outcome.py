"""The outcomes of a check, as typed exceptions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from conformance.judge.prerequisite import Prerequisite
from conformance.wire.exchange import Exchange, Request


@dataclass(frozen=True, slots=True)
class Cause:
    """Something that one change would fix, and that failures of several requirements may have in common."""

    kind: str
    """`status`, `member` or `media type`."""
    expected: str
    """Empty if the failure does not tell."""
    observed: str

    @property
    def change(self) -> str:
        """The change to make, as an imperative."""
        if self.kind == "member":
            return f"include {self.expected} in the response"
        if self.kind == "media type":
            return f"send JSON bodies with {self.expected} instead of {self.observed}"
        return f"respond with {self.expected or 'a status that the contract declares'} instead of {self.observed}"


class Failure(AssertionError):
    """The target does not meet the requirement."""

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
        """The exchanges that show it; empty if all exchanges of the check do."""
        self.difference = tuple(difference)
        """Lines that show how the expected and the observed value differ; empty if that is obvious."""
        self.seen_in = tuple(seen_in)
        """The responses, or the members of their bodies, that show it; compared by identity."""
        self.cause = cause
        """What it may have in common with failures of other requirements."""
        self.replay: Replay | None = None
        """Judges other requests in the same way, if possible."""
        super().__init__(f"expected {expected}; observed {observed}")


class Obstacle(StrEnum):
    """Why a requirement could not be judged. A run can be conformant with the first two only."""

    DOES_NOT_APPLY = "does-not-apply"
    """The target may lack what the requirement is about, and does, or the case cannot be created."""
    NOT_PROVIDED = "not-provided"
    """It needs credentials, a fixture or a permission that the user did not provide."""
    BLOCKED = "blocked"
    """A set-up step failed, for a reason that another requirement reports, or none."""
    DISRUPTED = "disrupted"
    """The target throttled, was slow, broke connections, stopped or changed, or the run had to end."""


class NotTestable(Exception):
    """The requirement cannot be judged: it does not apply, or a set-up step failed.

    `blocked_by` is what that step relies on, if a requirement judges it: the bug is reported once, there. If the
    checks of that requirement may miss the bug, `failure` is what they would have reported.
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
    """The requirement needs something that the user did not provide. The text says what."""

    obstacle = Obstacle.NOT_PROVIDED


class Blocked(NotTestable):
    """A set-up step failed in a way that no requirement reports."""

    obstacle = Obstacle.BLOCKED


class Disrupted(NotTestable):
    """The target cannot be judged now, although it might be at another time."""

    obstacle = Obstacle.DISRUPTED


@dataclass(frozen=True, slots=True)
class Reproduced:
    """A failure that a replay showed, and its exchanges; the last one shows it."""

    failure: Failure
    exchanges: tuple[Exchange, ...]

    @property
    def requests(self) -> tuple[Request, ...]:
        return tuple(exchange.request for exchange in self.exchanges)


Replay = Callable[[Sequence[Request]], Reproduced | None]
"""Sends requests, and returns the failure of the requirement that they show, or None."""
