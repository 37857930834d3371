"""The one result of a run, from which every report is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from conformance.requirements.requirement import Requirement
from conformance.results.about import About
from conformance.results.coverage import Coverage
from conformance.results.judged import Judged, Record
from conformance.results.ruling import Case, Ruling, rule, unexplained, waiver_notes
from conformance.results.terms import Terms
from conformance.results.verdict import RunVerdict, Verdict
from conformance.results.waivers import Use
from contract import Contract


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
    estimate: int = 0
    """About how many requests it was thought to send; 0 where nobody knows."""
    stopped: RunVerdict | None = None
    """Set where the run did not come to its end."""
    stopped_because: str = ""
    curtailed: str = ""
    """Why the run ended before all was judged; empty where it did not."""
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
        self.curtailed = self.curtailed or record.get("curtailed", "")
        own = self.judged[record["requirement"]]
        own.cases[record["case"]] = Verdict(record["verdict"])
        if record["reason"] and record["reason"] not in own.reasons:
            own.reasons.append(record["reason"])
        if record["because"]:
            own.because.append(record["because"])
        own.observed.extend(record["observed"])
        for finding in record["findings"]:
            judged = self.judged.get(finding["requirement"])
            if judged is not None and judged.selected:
                judged.findings.append(finding)

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
        if self.stopped is not None:
            return Ruling(self.stopped, [self.stopped_because] if self.stopped_because else [])
        terms = replace(self.terms, strict=self._strictly(strict))
        return rule(Case(self.judged, terms, self._errors(), self.curtailed))

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

    def waiver_notes(self) -> Sequence[str]:
        """A sentence on each waiver that has expired or is no longer needed; none of a run that was stopped."""
        return [] if self.stopped else waiver_notes(self.judged, Use.EXPIRED, Use.UNNEEDED)
