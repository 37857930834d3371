"""The one result of a run, from which every report is written, and the rules by which it comes to a verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from conformance.judge.outcome import Obstacle
from conformance.requirements.level import MUST, OPEN
from conformance.requirements.requirement import Requirement
from conformance.results.about import About
from conformance.results.coverage import Coverage
from conformance.results.judged import Group, Judged, Record, groups
from conformance.results.verdict import RUN_WORDS, RunVerdict, Verdict
from conformance.results.waivers import Terms, Use
from conformance.target.budget import Disruption, Trouble
from contract import Contract

VOID = "it was tested while the surroundings of the target were not what they were, which judges nothing"


@dataclass(slots=True)
class Result:
    """A run."""

    contract: Contract
    target: str
    seed: int
    terms: Terms
    judged: dict[str, Judged]
    inapplicable: dict[str, str] = field(default_factory=dict)
    """The requirements that are about what the contract lacks, each with the reason."""
    about: About = field(default_factory=About)
    coverage: Coverage = field(default_factory=Coverage)
    requests: int = 0
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list)
    """What the run found out about the target before it judged anything."""
    warnings: list[str] = field(default_factory=list)
    """What the user had better know of how the run was made, and of what it left."""
    prefix: str = ""
    """What the names of the run start with."""
    names: str = ""
    """All names of the run, as a reader is told of them."""
    proxy: str = ""
    """The proxy on the way to the target, and where it was named; empty where there is none."""
    estimate: int = 0
    """About how many requests it was thought to send; 0 where nobody knows."""
    stopped: RunVerdict | None = None
    """Set where the run did not come to its end."""
    stopped_because: str = ""
    disruptions: list[Disruption] = field(default_factory=list)
    """Why not all was judged that was to be, each in a sentence."""
    tests: int = 0
    """Tests that were collected."""
    tests_judged: int = 0
    errors: list[str] = field(default_factory=list)
    """What went wrong on our side, beside single checks."""

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
        """A run in which nothing was judged yet."""
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
        """Take in what one test came to."""
        self.requests += record["requests"]
        self.tests_judged += 1
        self.coverage.add(record["coverage"])
        self.void(record.get("void", ()))
        own = self.judged[record["requirement"]]
        own.reached = True
        own.cases[record["case"]] = Verdict(record["verdict"])
        if obstacle := record.get("obstacle"):
            own.obstacles[record["case"]] = Obstacle(obstacle)
        if record["reason"] and record["reason"] not in own.reasons:
            own.reasons.append(record["reason"])
        if record["blocked_by"]:
            own.blocked_by.append(record["blocked_by"])
        own.observed.extend(record["observed"])
        for finding in record["findings"]:
            judged = self.judged.get(finding["requirement"])
            if judged is not None and judged.selected:
                judged.findings.append(finding)

    def void(self, cases: Iterable[Sequence[str]]) -> None:
        """Take back what was found while the surroundings were not what they were: pairs of requirement and case."""
        for id, case in cases:
            for other in self.judged.values():
                other.findings = [one for one in other.findings if (one["found_in"], one["case"]) != (id, case)]
            judged = self.judged[id]
            if judged.cases.get(case) in (Verdict.PASS, Verdict.FAIL):
                judged.cases[case], judged.obstacles[case] = Verdict.NOT_TESTABLE, Obstacle.DISRUPTED
                judged.reasons = list(dict.fromkeys([*judged.reasons, VOID]))

    def note_disruptions(self, told: Iterable[Sequence[str]]) -> None:
        """Take in what disrupted a process of the run: pairs of a kind and a sentence."""
        new = [Disruption(Trouble(trouble), text) for trouble, text in told]
        self.disruptions = list(dict.fromkeys([*self.disruptions, *new]))

    def note_tests(self, ids: Iterable[str]) -> None:
        """Keep in mind the requirements that have tests in the run: those without a record were not reached."""
        for id in ids:
            judged = self.judged.get(id)
            if judged is not None and not judged.cases:
                judged.reached = False

    def verdicts(self, strict: bool | None = None) -> dict[str, Verdict]:
        """The verdict on each requirement."""
        strictly = self._strictly(strict)
        return {id: judged.verdict(strictly) for id, judged in self.judged.items()}

    @property
    def strict(self) -> bool:
        return self.terms.strict

    def _strictly(self, strict: bool | None) -> bool:
        return self.strict if strict is None else strict

    def verdict(self, strict: bool | None = None) -> RunVerdict:
        """The verdict on the target."""
        return self.ruling(strict).verdict

    def ruling(self, strict: bool | None = None) -> Ruling:
        """The verdict on the target, with its grounds. What stopped a run outweighs what it found until then."""
        terms = replace(self.terms, strict=self._strictly(strict))
        case = Case(self.judged, terms, self._errors(), self.disruptions)
        if self.stopped is not None:
            blocked_by = [self.stopped_because] if self.stopped_because else []
            return Ruling(self.stopped, [*blocked_by, *disruption(case)])
        return rule(case)

    @property
    def complete(self) -> bool:
        """Whether every test was run to its end."""
        return self.stopped is None and not self._errors()

    def _errors(self) -> list[str]:
        lost = self.tests - self.tests_judged
        return [*self.errors, f"{lost} of {self.tests} tests came to nothing"] if lost > 0 else self.errors

    def unexplained(self, verdicts: Mapping[str, Verdict]) -> Sequence[str]:
        """Requirements that a fault kept from being judged which no requirement reports."""
        return unexplained(self.judged, verdicts)

    def causes(self) -> list[Group]:
        """What several findings have in common, each told as one change."""
        return groups(self.judged, self.verdicts())

    def conclusion(self) -> str:
        """The verdict, explained by what was seen."""
        verdict = self.verdict()
        if self.stopped_because or verdict is not RunVerdict.CONFORMANT:
            return self.stopped_because or RUN_WORDS[verdict].explained
        binding = [v for id, v in self.verdicts().items() if self.terms.binds(self.judged[id].level)]
        counts = Counter(v for v in binding if v is not Verdict.NOT_SELECTED)
        levels, total = "MUST and SHOULD" if self.strict else "MUST", counts.total()
        if counts[Verdict.PASS] == total:
            return f"All {total} {levels} requirements hold."
        waived, untested = counts[Verdict.WAIVED], counts[Verdict.NOT_TESTABLE]
        apart = [f"{waived} waived" if waived else "", f"{untested} not testable" if untested else ""]
        return f"{counts[Verdict.PASS]} of {total} {levels} requirements hold, {' and '.join(filter(None, apart))}."

    def unjudged(self, verdicts: Mapping[str, Verdict]) -> Sequence[str]:
        """Requirements that were not judged because something disrupted the run."""
        return disrupted(self.judged, verdicts)

    def waiver_notes(self) -> Sequence[str]:
        """A sentence on each waiver that has expired or is no longer needed; none of a run that was stopped."""
        return [] if self.stopped else waiver_notes(self.judged, Use.EXPIRED, Use.UNNEEDED)


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
    return [id for id in judged if id in found or (id in untested and found.intersection(judged[id].blocked_by))]


def unexplained(judged: Mapping[str, Judged], verdicts: Mapping[str, Verdict]) -> Sequence[str]:
    """Requirements that a fault kept from being judged which no requirement reports."""
    return [
        id
        for id, one in judged.items()
        if one.selected
        and (
            any(verdicts.get(blocked_by, Verdict.PASS) in SILENT for blocked_by in one.blocked_by)
            or (verdicts[id] is Verdict.NOT_TESTABLE and not one.blocked_by and one.kept_by(Obstacle.BLOCKED))
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
    hint = "it passes now; remove the waiver" if holds else f"fix it, or agree on a later date ({waiver.reason})"
    return f"the waiver of {id} ({waiver.owner}) expired on {waiver.expires}: {hint}"


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
