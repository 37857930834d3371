"""The result of a run, from which every report is written, and the rules that lead to its verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from conformance.judge.outcome import Obstacle
from conformance.output import counted
from conformance.requirements.level import MUST, OPEN
from conformance.requirements.requirement import Requirement
from conformance.results.about import About
from conformance.results.coverage import Coverage
from conformance.results.judged import NOT_FAILED, Group, Judged, groups
from conformance.results.record import Closing, Record, Stop, Test
from conformance.results.verdict import RUN_WORDS, RunVerdict, Verdict
from conformance.results.waivers import Terms, Use, Waiver
from conformance.target.budget import Disruption
from contract import Contract

VOID = "the surroundings of the target had changed when it was tested, so the result says nothing"


@dataclass(slots=True)
class Result:
    """A run."""

    contract: Contract
    target: str
    seed: int
    terms: Terms
    judged: dict[str, Judged]
    inapplicable: dict[str, str] = field(default_factory=dict)
    """The requirements about something that the contract lacks, each with the reason."""
    about: About = field(default_factory=About)
    coverage: Coverage = field(default_factory=Coverage)
    requests: int = 0
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list)
    """What the run found out about the target before it judged anything."""
    warnings: list[str] = field(default_factory=list)
    """What the user should know about the run and about what it left on the target."""
    prefix: str = ""
    """The prefix of the names of the run."""
    names: str = ""
    """A description of all names of the run."""
    proxy: str = ""
    """The proxy that the run uses and the setting that names it; empty if there is none."""
    estimate: int = 0
    """The estimated number of requests; 0 if there is no estimate."""
    stopped: RunVerdict | None = None
    """The verdict on a run that was stopped early."""
    stop_reason: str = ""
    disruptions: list[Disruption] = field(default_factory=list)
    """Why not everything was judged, each in a sentence."""
    tests: int = 0
    """The number of tests that were collected."""
    tests_judged: int = 0
    errors: list[str] = field(default_factory=list)
    """Errors of the suite, apart from those of single checks."""

    @classmethod
    def begin(
        cls,
        contract: Contract,
        requirements: Iterable[Requirement],
        selected: set[str],
        target: str,
        seed: int,
        terms: Terms,
    ) -> Result:
        """Return a run in which nothing was judged yet."""
        judged, inapplicable = {}, dict[str, str]()
        for requirement in sorted(requirements, key=lambda r: r.id):
            if (reason := requirement.inapplicable(contract)) is not None:
                inapplicable[requirement.id] = reason
                continue
            waiver = terms.waivers.get(requirement.id)
            judged[requirement.id] = Judged(
                requirement,
                requirement.level_in(contract),
                requirement.clause_in(contract),
                selected=requirement.id in selected,
                waiver=waiver,
                waiver_expired=waiver is not None and waiver.expired(terms.today),
            )
        return cls(contract, target, seed, terms, judged, inapplicable)

    def add(self, record: Record) -> None:
        """Add the result of one test."""
        self.requests += record.requests
        self.tests_judged += 1
        self.coverage.add(record.coverage)
        self._void(record.void)
        self.judged[record.requirement].add(record)
        for finding in record.findings:
            judged = self.judged.get(finding.requirement)
            if judged is not None and judged.selected:
                judged.add_finding(finding)

    def stop(self, stop: Stop) -> None:
        """Note why no more tests are run; the first reason counts."""
        self.stopped, self.stop_reason = self.stopped or stop.verdict, self.stop_reason or stop.reason

    def close(self, closing: Closing) -> None:
        """Add what a process of the run says at its end."""
        self.target = closing.target
        self.notes = list(closing.notes) or self.notes
        self.warnings = list(dict.fromkeys([*self.warnings, *closing.warnings]))
        self.requests += closing.requests
        self._void(closing.void)
        self.disruptions = list(dict.fromkeys([*self.disruptions, *closing.disruptions]))
        self.expect(closing.tests)

    def _void(self, tests: Iterable[Test]) -> None:
        """Remove what was found while the surroundings of the target had changed."""
        for test in tests:
            for judged in self.judged.values():
                judged.void(test, VOID)

    def expect(self, tests: Sequence[str]) -> None:
        """Note the requirement of each collected test: one that gets no record was not reached."""
        self.tests = max(self.tests, len(tests))
        for id in tests:
            judged = self.judged.get(id)
            if judged is not None and not judged.cases:
                judged.reached = False

    def verdicts(self, strict: bool | None = None) -> dict[str, Verdict]:
        """Return the verdict on each requirement, by its ID."""
        strictly = self.strict if strict is None else strict
        return {id: judged.verdict(strictly) for id, judged in self.judged.items()}

    @property
    def strict(self) -> bool:
        return self.terms.strict

    def verdict(self, strict: bool | None = None) -> RunVerdict:
        """Return the verdict on the target."""
        return self.ruling(strict).verdict

    def ruling(self, strict: bool | None = None) -> Ruling:
        """Return the verdict on the target, with its reasons. A stop of the run outweighs its findings."""
        terms = self.terms if strict is None else replace(self.terms, strict=strict)
        case = Case(self.judged, terms, self._errors(), self.disruptions)
        if self.stopped is not None:
            reason = [self.stop_reason] if self.stop_reason else []
            return Ruling(self.stopped, [*reason, *disruption(case)])
        return rule(case)

    @property
    def complete(self) -> bool:
        """Whether every test ran to its end."""
        return self.stopped is None and not self._errors()

    def _errors(self) -> list[str]:
        lost = self.tests - self.tests_judged
        have = "has" if lost == 1 else "have"
        return [*self.errors, f"{lost} of {counted(self.tests, 'test')} {have} no result"] if lost > 0 else self.errors

    def causes(self) -> list[Group]:
        """Return what several findings have in common, each as one change."""
        return groups(self.judged, self.verdicts())

    def conclusion(self) -> str:
        """Return the verdict as a sentence with what it rests on."""
        verdict = self.verdict()
        if self.stop_reason or verdict is not RunVerdict.CONFORMANT:
            return self.stop_reason or RUN_WORDS[verdict].explained
        binding = [v for id, v in self.verdicts().items() if self.terms.binds(self.judged[id].level)]
        counts = Counter(v for v in binding if v is not Verdict.NOT_SELECTED)
        levels, total = "MUST and SHOULD" if self.strict else "MUST", counts.total()
        passed = counts[Verdict.PASS]
        if passed == total > 1:
            return f"All {total} {levels} requirements are met."
        waived, untested = counts[Verdict.WAIVED], counts[Verdict.NOT_TESTABLE]
        apart = [f"{waived} waived" if waived else "", f"{untested} not testable" if untested else ""]
        met = f"{passed} of {total} {levels} requirements {'is' if passed == 1 else 'are'} met"
        return f"{', '.join(filter(None, [met, ' and '.join(filter(None, apart))]))}."

    def not_judged(self) -> list[str]:
        """Return the requirements that were not judged because something disrupted the run."""
        return disrupted(self.judged, self.verdicts())

    def blocked_without_finding(self) -> list[str]:
        """Return the requirements that were not judged for a fault that no finding reports."""
        return blocked_without_finding(self.judged, self.verdicts())

    def waiver_notes(self) -> list[str]:
        """Return a sentence on each waiver that has expired or is no longer needed, unless the run was stopped."""
        return [] if self.stopped else waiver_notes(self.judged, Use.EXPIRED, Use.UNNEEDED)


WITHOUT_FAULT = (*NOT_FAILED, Verdict.NOT_SELECTED, Verdict.NOT_REACHED)
"""Verdicts of requirements that report no fault."""
UNJUDGED = (Verdict.NOT_SELECTED, Verdict.NOT_REACHED, Verdict.NOT_TESTABLE, Verdict.ERROR)


@dataclass(frozen=True, slots=True)
class Ruling:
    """The verdict on a run, and the reasons for it."""

    verdict: RunVerdict
    reasons: Sequence[str] = ()
    """One sentence each; none if the run is conformant."""


@dataclass(frozen=True, slots=True)
class Case:
    """All that the verdict on a run rests on."""

    judged: Mapping[str, Judged]
    terms: Terms
    errors: Sequence[str]
    """Errors of the suite, apart from those of single checks."""
    disruptions: Sequence[Disruption] = ()
    """Why not everything was judged."""

    @property
    def verdicts(self) -> Mapping[str, Verdict]:
        return {id: judged.verdict(self.terms.strict) for id, judged in self.judged.items()}

    def binding(self, *verdicts: Verdict) -> list[str]:
        """Return the IDs of the requirements that decide the verdict and have one of these verdicts."""
        return [id for id, v in self.verdicts.items() if v in verdicts and self.terms.binds(self.judged[id].level)]


def rule(case: Case) -> Ruling:
    """Apply the first rule with reasons: a fault of the target outweighs an error of the suite, and that a doubt."""
    for verdict, reasons_of in RULES:
        if reasons := reasons_of(case):
            return Ruling(verdict, reasons)
    return Ruling(RunVerdict.CONFORMANT)


def disrupted(judged: Mapping[str, Judged], verdicts: Mapping[str, Verdict]) -> list[str]:
    """Return the requirements that a disruption kept from being judged, wholly or in part, or that were not reached.

    A requirement that is blocked by one of these was not judged either.
    """
    untested = {id: one for id, one in judged.items() if verdicts[id] is Verdict.NOT_TESTABLE}
    found = {id for id, verdict in verdicts.items() if verdict is Verdict.NOT_REACHED}
    found |= {id for id, one in untested.items() if one.has_obstacle(Obstacle.DISRUPTED)}
    return [id for id in judged if id in found or (id in untested and found.intersection(judged[id].blocked_by))]


def blocked_without_finding(judged: Mapping[str, Judged], verdicts: Mapping[str, Verdict]) -> list[str]:
    """Return the requirements that were not judged for a fault that no finding reports."""
    return [
        id
        for id, one in judged.items()
        if one.selected
        and (
            any(verdicts.get(other, Verdict.PASS) in WITHOUT_FAULT for other in one.blocked_by)
            or (verdicts[id] is Verdict.NOT_TESTABLE and not one.blocked_by and one.has_obstacle(Obstacle.BLOCKED))
        )
    ]


def waiver_notes(judged: Mapping[str, Judged], *uses: Use) -> list[str]:
    """Return a sentence on each waiver with one of these uses."""
    return [_note(one, one.waiver) for one in judged.values() if one.waiver is not None and one.use() in uses]


def _note(judged: Judged, waiver: Waiver) -> str:
    name, verdict = f"the waiver of {waiver.id} ({waiver.owner})", judged.verdict(strict=True)
    passes = "is only observed" if verdict is Verdict.OBSERVED else "passes"
    if judged.use() is Use.UNNEEDED:
        return f"{name} is no longer needed: it {passes}; remove the waiver"
    if verdict in NOT_FAILED:
        return f"{name} expired on {waiver.expires}: it {passes} now; remove the waiver"
    return f"{name} expired on {waiver.expires}: fix it, or agree on a later date ({waiver.reason})"


def _faults(case: Case) -> list[str]:
    failed = [id for id, verdict in case.verdicts.items() if verdict is Verdict.FAIL]
    return [f"{NOT_MET}{_listed(failed)}", *disruption(case)] if failed else []


def _errors(case: Case) -> list[str]:
    failed = [id for id, verdict in case.verdicts.items() if verdict is Verdict.ERROR]
    return [*([f"the check itself failed: {_listed(failed)}"] if failed else []), *case.errors]


def _outdated(case: Case) -> list[str]:
    return waiver_notes(case.judged, Use.EXPIRED, *([Use.UNNEEDED] if case.terms.strict else []))


def _doubts(case: Case) -> list[str]:
    untested = case.binding(Verdict.NOT_TESTABLE) if case.terms.require_all else []
    blocked = blocked_without_finding(case.judged, case.verdicts)
    doubts = {
        "failed once and then passed; start another run": case.binding(Verdict.UNSTABLE),
        f"{len(blocked)} not judged, for a fault that no finding reports": blocked,
        "not testable, but required by --require-all": untested,
    }
    found = disruption(case) + [f"{what}: {_listed(ids)}" for what, ids in doubts.items() if ids]
    return found if found or _judged_any(case) else ["nothing was judged"]


def disruption(case: Case) -> list[str]:
    """Return what disrupted the run, and which requirements were not judged for it."""
    ids = [id for id in disrupted(case.judged, case.verdicts) if case.terms.binds(case.judged[id].level)]
    levels = " and SHOULD" if case.terms.strict else ""
    binding = sum(one.selected and case.terms.binds(one.level) for one in case.judged.values())
    unjudged = [f"not judged: {len(ids)} of {binding} MUST{levels} requirements: {_listed(ids)}"] if ids else []
    return [*(f"{one.trouble.value}: {one.text}" for one in case.disruptions), *unjudged]


def _judged_any(case: Case) -> bool:
    """Return whether any MUST was judged; if none was selected, whether any SHOULD was."""
    selected = [judged for judged in case.judged.values() if judged.selected and judged.level is not OPEN]
    deciding = [judged for judged in selected if judged.level is MUST] or selected
    return any(judged.verdict(case.terms.strict) not in UNJUDGED for judged in deciding)


def _listed(ids: Iterable[str]) -> str:
    return ", ".join(ids)


NOT_MET = "not met: "
"""Begins the reason that lists the requirements that fail."""
RULES: Sequence[tuple[RunVerdict, Callable[[Case], list[str]]]] = (
    (RunVerdict.NON_CONFORMANT, _faults),
    (RunVerdict.ERROR, _errors),
    (RunVerdict.OUTDATED_WAIVERS, _outdated),
    (RunVerdict.INCONCLUSIVE, _doubts),
)
