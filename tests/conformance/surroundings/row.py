"""A correct server in surroundings of some kind, and what a run has to say of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from conformance.results.verdict import RunVerdict
from tests.conformance.surroundings.proxy import Script
from tests.servers.plain import PlainServer

CONFORMANT, NOT_CONFORMANT = RunVerdict.CONFORMANT, RunVerdict.NON_CONFORMANT
INCONCLUSIVE, GONE, WRONG_USE = RunVerdict.INCONCLUSIVE, RunVerdict.UNREACHABLE, RunVerdict.WRONG_USE

QUICK = ("--profile", "quick")
IMPATIENT = (*QUICK, "--timeout", "1")
BOUNDED = (*QUICK, "--time-budget", "6")
SHORT = ("--only", "SCH,AUT")
ALL = ("acme", "globex")
OTHER_KEY = r"RESPAN_OTHER_ORG_KEY|--other-org-key|other organization|second organization"
READER_KEY = r"RESPAN_READ_ONLY_KEY|--read-only-key|read-only"
IN_FRONT = r"in front"
SINCE = r"\bsince\b"
GOT_NONE = r"broke|lost|failed|unanswered|without|got no|no (?:whole )?(?:answer|response)"
NUMBER = r"\b(\d+) (?:of (?:the )?[\d,]+ )?requests?\b"
BROKEN = rf"{NUMBER}.{{0,40}}(?:{GOT_NONE})|(?:{GOT_NONE})\D{{0,60}}{NUMBER}"
"""How many requests got no response, or none that can be read."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """A server, what stands before it, and what a run of the command comes to."""

    name: str
    script: Callable[[], Script]
    """Makes what stands before the server; a fresh one for each run, for most remember something."""
    verdicts: tuple[RunVerdict, ...]
    """The verdict. More than one only where it depends on how sparing the run is with models or time."""
    says: tuple[str, ...] = ()
    """Regular expressions, without regard to case: each is found in what the run prints, and in each report."""
    options: tuple[str, ...] = QUICK
    server: Callable[[], PlainServer] = PlainServer
    fails: frozenset[str] = frozenset()
    """The requirements that fail."""
    others_fail: bool = False
    """Whether further ones may, because the surroundings break much."""
    emptied: tuple[str, ...] = ()
    """Organizations in which nothing is left, because the target takes deletes until the end."""
    waived: tuple[str, ...] = ()
    """Requirements with a waiver."""
    blind: bool = False
    """Whether reads lag or are missing, or deletes are, so that what only they could show cannot be judged."""
