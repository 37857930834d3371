"""Verdicts on requirements and on whole runs, their exit codes, and the words for them in every report.

A verdict is reached in three steps, and each only sums up the one before:

1. A test of a requirement ends in one verdict, after its failures were confirmed (`conformance.runner.attempt`).
2. The verdict on a requirement is the worst of those of its tests, in the order of `Verdict`, on the terms of the run:
   a SHOULD that is not met deviates unless the run is strict, a waiver accepts a failure, and what the contract leaves
   open is only observed (`judged.read_as`).
3. The verdict on the run is that of the first rule with a reason (`result.RULES`): a fault of the target, then an error
   of the suite, then a waiver that needs attention, then a doubt. A run without any of these is conformant.

A doubt is whatever might hide a fault: a failure that did not repeat, a requirement that a disruption kept from being
judged, one that is blocked by a fault without a finding, or a run that judged nothing. So a target is called conformant
only if nothing stood in the way, and non-conformant only for a failure that was seen twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Verdict(StrEnum):
    """The verdict on a requirement."""

    NOT_SELECTED = "not-selected"
    NOT_REACHED = "not-reached"
    """The run ended before any of its tests."""
    PASS = "pass"  # noqa: S105 - a verdict
    OBSERVED = "observed"
    """The contract leaves it open, and the suite saw what the target does: it neither passed nor failed."""
    NOT_TESTABLE = "not-testable"
    DEVIATES = "deviates"
    """A SHOULD is not met."""
    WAIVED = "waived"
    """It is not met, and a waiver accepts that."""
    UNSTABLE = "unstable"
    """It failed, and passed when the check ran again."""
    FAIL = "fail"
    """The target does not meet it."""
    ERROR = "error"
    """The suite itself failed."""


_ORDER = list(Verdict)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the worst verdict; NOT_SELECTED if there is none."""
    return max(verdicts, key=_ORDER.index, default=Verdict.NOT_SELECTED)


class RunVerdict(StrEnum):
    """The verdict on a run."""

    CONFORMANT = "conformant"
    NON_CONFORMANT = "non-conformant"
    OUTDATED_WAIVERS = "outdated-waivers"
    """The target conforms, but a waiver has expired, or is no longer needed in a strict run."""
    INCONCLUSIVE = "inconclusive"
    ERROR = "error"
    UNREACHABLE = "unreachable"
    WRONG_USE = "wrong-use"
    """The run was set up wrongly, for example with a key that the target does not accept."""
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


@dataclass(frozen=True, slots=True)
class Word:
    """The words for a verdict."""

    text: str
    mark: str
    """A character that distinguishes it without colour."""
    explained: str = ""


WORDS: Mapping[Verdict, Word] = {
    Verdict.NOT_SELECTED: Word("not selected", "·", "Left out of this run."),
    Verdict.NOT_REACHED: Word("not reached", "·", "The run ended before this was judged."),
    Verdict.PASS: Word("pass", "✓"),
    Verdict.OBSERVED: Word("observed", "◇"),
    Verdict.NOT_TESTABLE: Word("not testable", "○", "The suite could not check these requirements on this target."),
    Verdict.DEVIATES: Word("deviates", "~", "A SHOULD requirement is not met. This counts only in a strict run."),
    Verdict.WAIVED: Word("waived", "≈", "The requirement is not met, and a waiver accepts that."),
    Verdict.UNSTABLE: Word("unstable", "?", "A check failed, and passed when it ran again. Start another run."),
    Verdict.FAIL: Word("fail", "✗", "The target does not do what the contract says."),
    Verdict.ERROR: Word("error", "!", "The suite failed, not the target. Please report it."),
}
RUN_WORDS: Mapping[RunVerdict, Word] = {
    RunVerdict.CONFORMANT: Word("Conformant", "✓", "The target meets every binding requirement that could be tested."),
    RunVerdict.NON_CONFORMANT: Word("Not conformant", "✗", "The target does not do what the contract says."),
    RunVerdict.OUTDATED_WAIVERS: Word("Outdated waivers", "!", "The target conforms, but waivers need attention."),
    RunVerdict.INCONCLUSIVE: Word(
        "Inconclusive", "?", "There is not enough evidence to call the target conformant or not."
    ),
    RunVerdict.ERROR: Word(
        "Error", "!", "The suite itself failed. This says nothing about the target; please report it."
    ),
    RunVerdict.UNREACHABLE: Word("Unreachable", "!", "The target did not respond, so there is no verdict on it."),
    RunVerdict.WRONG_USE: Word("Wrong use", "!", "The run was set up wrongly, so there is no verdict on the target."),
    RunVerdict.INTERRUPTED: Word("Interrupted", "!", "The run was interrupted; the report has what was judged so far."),
}
IN_FULL = (Verdict.FAIL, Verdict.ERROR, Verdict.UNSTABLE, Verdict.WAIVED, Verdict.DEVIATES)
"""Verdicts that reports explain in full, the gravest for the target first."""
