"""Verdicts of requirements and of whole runs, and the exit codes that say them."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum, StrEnum


class Verdict(StrEnum):
    """What a requirement came to."""

    NOT_SELECTED = "not-selected"
    NOT_REACHED = "not-reached"
    """The run ended before any of its tests."""
    PASS = "pass"  # noqa: S105 - a verdict
    NOT_TESTABLE = "not-testable"
    DEVIATES = "deviates"
    """A SHOULD is not met."""
    WAIVED = "waived"
    """It is not met, and somebody answers for that until a day."""
    UNSTABLE = "unstable"
    """It failed, and did not when tried again."""
    FAIL = "fail"
    """The target is wrong."""
    ERROR = "error"
    """We are wrong."""


_ORDER = list(Verdict)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The worst of them; a requirement with no part judged was not selected."""
    return max(verdicts, key=_ORDER.index, default=Verdict.NOT_SELECTED)


class RunVerdict(StrEnum):
    """What a run came to."""

    CONFORMANT = "conformant"
    NON_CONFORMANT = "non-conformant"
    OUTDATED_WAIVERS = "outdated-waivers"
    """The target does what it must, but a waiver has expired, or is no longer needed in a strict run."""
    INCONCLUSIVE = "inconclusive"
    ERROR = "error"
    UNREACHABLE = "unreachable"
    WRONG_USE = "wrong-use"
    """The run was set up wrongly, with a key that the target does not take for instance."""
    INTERRUPTED = "interrupted"


class Exit(IntEnum):
    """Exit codes of the command."""

    CONFORMANT = 0
    NON_CONFORMANT = 1
    USAGE = 2
    UNREACHABLE = 3
    INCONCLUSIVE = 4
    INTERRUPTED = 130


EXIT_OF = {
    RunVerdict.CONFORMANT: Exit.CONFORMANT,
    RunVerdict.NON_CONFORMANT: Exit.NON_CONFORMANT,
    RunVerdict.OUTDATED_WAIVERS: Exit.NON_CONFORMANT,
    RunVerdict.INCONCLUSIVE: Exit.INCONCLUSIVE,
    RunVerdict.ERROR: Exit.INCONCLUSIVE,
    RunVerdict.UNREACHABLE: Exit.UNREACHABLE,
    RunVerdict.WRONG_USE: Exit.USAGE,
    RunVerdict.INTERRUPTED: Exit.INTERRUPTED,
}
