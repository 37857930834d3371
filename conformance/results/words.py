"""How verdicts are said where people read them: in the same words and with the same marks everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from conformance.results.verdict import RunVerdict, Verdict


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
