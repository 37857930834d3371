"""A requirement that was found violated, with the exchanges that show it."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.judge.outcome import Violation
from conformance.results.verdict import Verdict
from conformance.wire.exchange import Exchange


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
