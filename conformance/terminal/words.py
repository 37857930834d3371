"""The marks and words that stand for verdicts."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.results.verdict import RunVerdict, Verdict

MARKS: Mapping[Verdict, tuple[str, str]] = {
    Verdict.PASS: ("✓", "green"),
    Verdict.NOT_TESTABLE: ("-", "yellow"),
    Verdict.DEVIATES: ("~", "yellow"),
    Verdict.WAIVED: ("≈", "yellow"),
    Verdict.UNSTABLE: ("?", "magenta"),
    Verdict.FAIL: ("✗", "bold red"),
    Verdict.ERROR: ("!", "bold magenta"),
}
"""A mark and its style for each verdict, in the order of their gravity."""

SAID: Mapping[RunVerdict, tuple[str, str, str]] = {
    RunVerdict.CONFORMANT: ("CONFORMANT", "bold green", "every MUST that could be tested holds."),
    RunVerdict.NON_CONFORMANT: ("NOT CONFORMANT", "bold red", "the target breaks what the contract says; see above."),
    RunVerdict.OUTDATED_WAIVERS: ("WAIVERS OUT OF DATE", "bold red", "the target conforms, but see above."),
    RunVerdict.INCONCLUSIVE: ("INCONCLUSIVE", "bold magenta", "neither the one nor the other can be said; see above."),
    RunVerdict.ERROR: ("ERROR", "bold magenta", "the suite itself failed; please report it with the text above."),
    RunVerdict.WRONG_USE: ("WRONG USE", "bold magenta", "see above."),
    RunVerdict.UNREACHABLE: ("UNREACHABLE", "bold magenta", "nothing can be said of the target."),
    RunVerdict.INTERRUPTED: ("INTERRUPTED", "bold magenta", "what was judged until then is above."),
}
"""How the verdict on a run is said: a word, its style, and what it means."""
