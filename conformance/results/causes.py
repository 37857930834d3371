"""Groups the findings of a run by what one change would fix.

A server that responds with 422 where the contract has 400 violates a dozen requirements by one line of code. Its vendor
wants to read that line once, and which requirements it settles.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from conformance.judge.outcome import Cause
from conformance.results.judged import Judged, Record
from conformance.results.verdict import Verdict

UNMET = (Verdict.FAIL, Verdict.DEVIATES, Verdict.WAIVED)


@dataclass(frozen=True, slots=True)
class Group:
    """Requirements that are not met for one cause."""

    change: str
    """What to change, as an imperative."""
    settles: Sequence[str]
    """Requirements that have no finding of another cause."""
    helps: Sequence[str] = ()
    """Requirements that have one as well."""

    @property
    def ids(self) -> Sequence[str]:
        """All of them."""
        return sorted([*self.settles, *self.helps])


def groups(judged: Mapping[str, Judged], verdicts: Mapping[str, Verdict]) -> list[Group]:
    """The causes that several requirements have in common, that of most requirements first."""
    found = {id: _causes(one.findings) for id, one in judged.items() if verdicts[id] in UNMET}
    causes = _named(cause for some in found.values() for cause in some if cause is not None)
    made = []
    for cause in dict.fromkeys(causes.values()):
        mine = {id: {causes.get(one, None) if one else None for one in some} for id, some in found.items()}
        settles = [id for id, some in mine.items() if some == {cause}]
        helps = [id for id, some in mine.items() if cause in some and some != {cause}]
        if len(settles) + len(helps) > 1:
            made.append(Group(cause.change, settles, helps))
    return sorted(made, key=lambda group: -len(group.ids))


def _causes(findings: Iterable[Record]) -> set[Cause | None]:
    return {Cause(**finding["cause"]) if finding.get("cause") else None for finding in findings}


def _named(causes: Iterable[Cause]) -> dict[Cause, Cause]:
    """Each cause with the one that it is: a status that is merely undeclared stands in place of an expected one."""
    seen = list(causes)
    telling = {cause.observed: cause for cause in reversed(seen) if cause.kind == "status" and cause.expected}
    return {
        cause: telling.get(cause.observed, cause) if cause.kind == "status" and not cause.expected else cause
        for cause in seen
    }
