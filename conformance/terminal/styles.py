"""The colours of verdicts on a terminal."""

from __future__ import annotations

from collections.abc import Mapping

from rich.text import Text

from conformance.results.verdict import RunVerdict, Verdict
from conformance.results.words import RUN_WORDS, WORDS

STYLES: Mapping[Verdict, str] = {
    Verdict.PASS: "green",
    Verdict.NOT_REACHED: "magenta",
    Verdict.NOT_TESTABLE: "yellow",
    Verdict.DEVIATES: "yellow",
    Verdict.WAIVED: "yellow",
    Verdict.UNSTABLE: "magenta",
    Verdict.FAIL: "bold red",
    Verdict.ERROR: "bold magenta",
}
"""Of the verdicts that are shown, in the order of their gravity."""
RUN_STYLES: Mapping[RunVerdict, str] = {
    RunVerdict.CONFORMANT: "bold green",
    RunVerdict.NON_CONFORMANT: "bold red",
    RunVerdict.OUTDATED_WAIVERS: "bold red",
}
"""Of those that say something of the target; the others say nothing of it."""


def mark(verdict: Verdict) -> Text:
    """The sign of a verdict."""
    return Text(WORDS[verdict].mark, STYLES[verdict])


def said(verdict: RunVerdict) -> Text:
    """The verdict on a run, in a word."""
    return Text(RUN_WORDS[verdict].text.upper(), RUN_STYLES.get(verdict, "bold magenta"))
