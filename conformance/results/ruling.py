"""What a run comes to as a whole: rules in the order in which they outweigh each other, each with its grounds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from conformance.judge.outcome import Obstacle
from conformance.requirements.level import MUST, OPEN
from conformance.results.judged import Judged
from conformance.results.terms import Terms
from conformance.results.verdict import RunVerdict, Verdict
from conformance.results.waivers import Use
from conformance.subject.budget import Disruption

SILENT = (Verdict.PASS, Verdict.NOT_SELECTED, Verdict.NOT_REACHED)
"""Verdicts that tell of no fault, seen or not."""
UNJUDGED = (Verdict.NOT_SELECTED, Verdict.NOT_REACHED, Verdict.NOT_TESTABLE, Verdict.ERROR)


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
    disruptions: Sequence[Disruption] = ()
    """Why not all was judged that was to be."""

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


def disrupted(judged: Mapping[str, Judged], verdicts: Mapping[str, Verdict]) -> Sequence[str]:
    """Requirements that a disruption kept from being judged, wholly or in part, or that were not reached.

    What is blocked by one that could not be judged could not be judged either.
    """
    untested = {id: one for id, one in judged.items() if verdicts[id] is Verdict.NOT_TESTABLE}
    found = {id for id, verdict in verdicts.items() if verdict is Verdict.NOT_REACHED}
    found |= {id for id, one in untested.items() if one.kept_by(Obstacle.DISRUPTED)}
    return [id for id in judged if id in found or (id in untested and found.intersection(judged[id].because))]


def unexplained(judged: Mapping[str, Judged], verdicts: Mapping[str, Verdict]) -> Sequence[str]:
    """Requirements that a fault kept from being judged which no requirement reports."""
    return [
        id
        for id, one in judged.items()
        if one.selected
        and (
            any(verdicts.get(because, Verdict.PASS) in SILENT for because in one.because)
            or (verdicts[id] is Verdict.NOT_TESTABLE and not one.because and one.kept_by(Obstacle.BLOCKED))
        )
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
    return [f"not met: {_listed(failed)}", *disruption(case)] if failed else []


def _errors(case: Case) -> list[str]:
    failed = [id for id, verdict in case.verdicts.items() if verdict is Verdict.ERROR]
    return [*([f"the check itself failed: {_listed(failed)}"] if failed else []), *case.errors]


def _outdated(case: Case) -> list[str]:
    return waiver_notes(case.judged, Use.EXPIRED, *([Use.UNNEEDED] if case.terms.strict else []))


def _doubts(case: Case) -> list[str]:
    untested = case.binding(Verdict.NOT_TESTABLE) if case.terms.require_all else []
    unjudged = unexplained(case.judged, case.verdicts)
    doubts = {
        "failed once and not again: run it again": case.binding(Verdict.UNSTABLE),
        f"{len(unjudged)} not judged, for a reason that no requirement reports": unjudged,
        "not testable, and --require-all asks for it": untested,
    }
    found = disruption(case) + [f"{what}: {_listed(ids)}" for what, ids in doubts.items() if ids]
    return found if found or _judged_any(case) else ["nothing was judged"]


def disruption(case: Case) -> list[str]:
    """What disrupted the run, and what that left unjudged."""
    ids = [id for id in disrupted(case.judged, case.verdicts) if case.terms.binds(case.judged[id].level)]
    levels = " and SHOULD" if case.terms.strict else ""
    binding = sum(one.selected and case.terms.binds(one.level) for one in case.judged.values())
    unjudged = [f"not judged: {len(ids)} of {binding} MUST{levels} requirements: {_listed(ids)}"] if ids else []
    return [*(f"{one.trouble.value}: {one.text}" for one in case.disruptions), *unjudged]


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
