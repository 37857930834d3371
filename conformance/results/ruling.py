"""What a run comes to as a whole: rules in the order in which they outweigh each other, each with its grounds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from conformance.requirements.level import MUST, OPEN
from conformance.results.judged import Judged
from conformance.results.terms import Terms
from conformance.results.verdict import RunVerdict, Verdict
from conformance.results.waivers import Use

SILENT = (Verdict.PASS, Verdict.NOT_SELECTED)
"""Verdicts that tell of no fault, seen or not."""
UNJUDGED = (Verdict.NOT_SELECTED, Verdict.NOT_TESTABLE, Verdict.ERROR)


@dataclass(frozen=True, slots=True)
class Ruling:
    """The verdict on a run, and why it is that."""

    verdict: RunVerdict
    grounds: Sequence[str] = ()
    """One sentence each; none where the run is conformant."""


@dataclass(frozen=True, slots=True)
class Case:
    """What there is to rule on."""

    judged: Mapping[str, Judged]
    terms: Terms
    errors: Sequence[str]
    """What went wrong on our side, beside single checks."""
    curtailed: str
    """Why not all was judged that was to be; empty where it was."""

    @property
    def verdicts(self) -> Mapping[str, Verdict]:
        return {id: judged.verdict(self.terms.strict) for id, judged in self.judged.items()}

    def binding(self, *verdicts: Verdict) -> list[str]:
        """IDs of the requirements that bind, and came to one of the verdicts."""
        return [id for id, v in self.verdicts.items() if v in verdicts and self.terms.binds(self.judged[id].level)]


def rule(case: Case) -> Ruling:
    """The first rule with grounds decides: a fault of the target outweighs an error of ours, and that a doubt."""
    for verdict, grounds_of in RULES:
        if grounds := grounds_of(case):
            return Ruling(verdict, grounds)
    return Ruling(RunVerdict.CONFORMANT)


def unexplained(judged: Mapping[str, Judged], verdicts: Mapping[str, Verdict]) -> Sequence[str]:
    """Requirements that a fault kept from being judged which no requirement reports."""
    return [
        id
        for id, one in judged.items()
        if one.selected and any(verdicts.get(because, Verdict.PASS) in SILENT for because in one.because)
    ]


def waiver_notes(judged: Mapping[str, Judged], *uses: Use) -> list[str]:
    """A sentence on each waiver that somebody has to look at."""
    return [_note(id, one) for id, one in judged.items() if one.use() in uses]


def _note(id: str, judged: Judged) -> str:
    waiver, use = judged.waiver, judged.use()
    if waiver is None:
        return ""
    if use is Use.UNNEEDED:
        return f"the waiver of {id} ({waiver.owner}) is no longer needed: it holds; take the waiver out"
    holds = judged.verdict(strict=True) is Verdict.PASS
    mend = "it holds now; take the waiver out" if holds else f"mend it, or agree on another day ({waiver.reason})"
    return f"the waiver of {id} ({waiver.owner}) expired on {waiver.expires}: {mend}"


def _faults(case: Case) -> list[str]:
    failed = [id for id, verdict in case.verdicts.items() if verdict is Verdict.FAIL]
    return [f"not met: {_listed(failed)}", *_curtailment(case)] if failed else []


def _errors(case: Case) -> list[str]:
    failed = [id for id, verdict in case.verdicts.items() if verdict is Verdict.ERROR]
    return [*([f"the check itself failed: {_listed(failed)}"] if failed else []), *case.errors]


def _outdated(case: Case) -> list[str]:
    return waiver_notes(case.judged, Use.EXPIRED, *([Use.UNNEEDED] if case.terms.strict else []))


def _doubts(case: Case) -> list[str]:
    untested = case.binding(Verdict.NOT_TESTABLE) if case.terms.require_all else []
    doubts = {
        "failed once and not again: run it again": case.binding(Verdict.UNSTABLE),
        "not judged, for a reason that no requirement reports": unexplained(case.judged, case.verdicts),
        "not testable, and --require-all asks for it": untested,
    }
    found = [f"{what}: {_listed(ids)}" for what, ids in doubts.items() if ids]
    found += _curtailment(case)
    return found if found or _judged_any(case) else ["nothing was judged"]


def _curtailment(case: Case) -> list[str]:
    return [f"not all was judged: {case.curtailed}"] if case.curtailed else []


def _judged_any(case: Case) -> bool:
    """Whether any MUST was judged; where none was selected, any SHOULD."""
    selected = [judged for judged in case.judged.values() if judged.selected and judged.level is not OPEN]
    weighty = [judged for judged in selected if judged.level is MUST] or selected
    return any(judged.verdict(case.terms.strict) not in UNJUDGED for judged in weighty)


def _listed(ids: Iterable[str]) -> str:
    return ", ".join(ids)


RULES: Sequence[tuple[RunVerdict, Callable[[Case], list[str]]]] = (
    (RunVerdict.NON_CONFORMANT, _faults),
    (RunVerdict.ERROR, _errors),
    (RunVerdict.OUTDATED_WAIVERS, _outdated),
    (RunVerdict.INCONCLUSIVE, _doubts),
)
