"""Verdicts of requirements and of whole runs, the exit codes that say them, and the words for them in every report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Word:
    """How a verdict is said."""

    text: str
    mark: str
    """A sign that tells it apart without colour."""
    explained: str = ""


WORDS: Mapping[Verdict, Word] = {
    Verdict.NOT_SELECTED: Word("not selected", "·", "Left out of this run."),
    Verdict.NOT_REACHED: Word("not reached", "·", "The run ended before this was judged."),
    Verdict.PASS: Word("pass", "✓"),
    Verdict.NOT_TESTABLE: Word("not testable", "○", "Something is missing that it takes to judge this."),
    Verdict.DEVIATES: Word("deviates", "~", "A SHOULD is not met. It counts in a strict run only."),
    Verdict.WAIVED: Word("waived", "≈", "Not met, and somebody answers for that until a day."),
    Verdict.UNSTABLE: Word("unstable", "?", "It failed once, and not when it was tried again. Run it again."),
    Verdict.FAIL: Word("fail", "✗", "The target does not do what the contract says."),
    Verdict.ERROR: Word("error", "!", "The suite failed, not the target. Please report it."),
}
RUN_WORDS: Mapping[RunVerdict, Word] = {
    RunVerdict.CONFORMANT: Word("Conformant", "✓", "What binds and could be tested holds."),
    RunVerdict.NON_CONFORMANT: Word("Not conformant", "✗", "The target does not do what the contract says."),
    RunVerdict.OUTDATED_WAIVERS: Word("Outdated waivers", "!", "The target does what it must; look at its waivers."),
    RunVerdict.INCONCLUSIVE: Word(
        "Inconclusive", "?", "There is not enough evidence to call the target conformant or not."
    ),
    RunVerdict.ERROR: Word("Error", "!", "The suite itself failed. This says nothing of the target; please report it."),
    RunVerdict.UNREACHABLE: Word("Unreachable", "!", "The target did not answer, so nothing can be said of it."),
    RunVerdict.WRONG_USE: Word("Wrong use", "!", "The run was set up wrongly, so nothing can be said of the target."),
    RunVerdict.INTERRUPTED: Word("Interrupted", "!", "The run was ended early; what was judged until then is told."),
}
TOLD_IN_FULL = (Verdict.FAIL, Verdict.ERROR, Verdict.UNSTABLE, Verdict.WAIVED, Verdict.DEVIATES)
"""Verdicts that a report gives the grounds of, the gravest for the target first."""
