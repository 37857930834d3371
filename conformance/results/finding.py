"""A requirement that was found violated, with the exchanges that show it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from conformance.judge.outcome import Violation
from conformance.results.verdict import Verdict
from conformance.wire.exchange import Exchange


class Replayed(StrEnum):
    """What became of the requests of a finding when they were sent again, under other names."""

    SHOWN = "shown"
    """As they stand, they showed it again: they are printed as its reproduction."""
    NOT_SHOWN = "not shown"
    """They did not show it again."""
    RACED = "raced"
    """Some of them were sent at once, which no sequence of commands repeats."""
    LONG = "long"
    """There are more of them than a report prints."""
    NOT_SENT = "not sent"
    """They were not sent again: to spare requests, or because another finding of the requirement was."""
    NO_RESPONSE = "no response"
    """The last of them got no response, so that there is no exchange to repeat."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A requirement that an attempt found violated."""

    violation: Violation
    exchanges: tuple[Exchange, ...]
    verdict: Verdict = Verdict.FAIL
    again: tuple[Exchange, ...] = ()
    """The exchanges of the second try, where it did not show the violation."""
    hint: str = ""
    """What else may explain it."""
    replay: Replayed = Replayed.NOT_SENT
    """Whether the requests of its exchanges reproduce it."""
