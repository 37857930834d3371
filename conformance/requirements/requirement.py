"""What a requirement is, and the decorators that declare one at its check.

Everything about a requirement stands in one place, its check: the decorator has its ID, level, clause and conditions,
and the docstring is its text.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, TypeAlias, TypeVar

from conformance.judge.prerequisite import Prerequisite
from conformance.judge.responses import SchemaJudge
from conformance.requirements.features import Feature
from conformance.requirements.level import MUST, OPEN, SECTIONS, SHOULD, Level, Stage
from conformance.settings import suggestion
from conformance.wire.exchange import Exchange
from contract import Clause, Contract, Provenance

Check = TypeVar("Check", bound=Callable[..., None])
Judge: TypeAlias = Callable[[Exchange, SchemaJudge, Contract], None]
"""Judges one exchange. Raises Failure if it does not meet the requirement."""
Cases: TypeAlias = Callable[[Contract], Mapping[str, Any]]
"""The cases that a contract has for a check, by label."""
SampleRequest: TypeAlias = Callable[[Any], object]
"""Sends a request that takes only the subject. See `conformance.checks.sample_requests`."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """One requirement. Its text is the docstring of its check."""

    id: str
    level: Level
    clause: str
    """Name of the clause in `Contract.clauses`. `*` stands for any field."""
    text: str
    needs: tuple[str, ...] = ()
    """Options without which it is not testable, such as `other-org-key`."""
    about: tuple[Feature, ...] = ()
    """Features that the contract must have for the requirement to apply."""
    creates: bool = False
    """Whether the check needs models that did not exist before, and so names that no earlier run used."""
    each: tuple[Cases, ...] = ()
    """The cases that it is checked on, one test each."""
    judge: Judge | None = None
    """Judges each exchange of the run, if the requirement is on every exchange."""
    stage: Stage = Stage.DIRECTED
    """When its check runs."""
    quick: bool = True
    """Whether the quick profile includes it. False for checks that need many requests."""
    prerequisite: Prerequisite | None = None
    """The behavior that it judges and that other checks rely on."""
    covers: tuple[SampleRequest, ...] = ()
    """Sample requests that its check sends anyway."""

    @property
    def section(self) -> str:
        return self.id.partition("-")[0]

    @property
    def confirming_runs(self) -> int:
        """How often a failure is tried again until it repeats. The result of a race depends on chance."""
        return 3 if self.section == "CON" else 1

    def clause_in(self, contract: Contract) -> Clause:
        """Return the clause of the contract; of several, the one with the weakest provenance. Raises LookupError."""
        clause = self._clause(contract)
        if clause is None:
            hint = suggestion(self.clause, contract.clauses)
            raise LookupError(f"{self.id}: the contract has no clause {self.clause}{hint}")
        return clause

    def _clause(self, contract: Contract) -> Clause | None:
        if "*" not in self.clause:
            return contract.clauses.get(self.clause)
        found = [clause for clause in contract.clauses.values() if fnmatchcase(clause.name, self.clause)]
        return min(found, key=lambda clause: clause.provenance, default=None)

    def inapplicable(self, contract: Contract) -> str | None:
        """Return the reason why the requirement does not apply to the contract, or None."""
        for feature in self.about:  # first, because a missing feature explains more than a missing clause
            if not feature.is_in(contract):
                return feature.lacking
        if self._clause(contract) is None:
            return f"the contract has no clause {self.clause}"
        if not all(cases(contract) for cases in self.each):
            return "the contract has no case for it"
        return None

    def provenance(self, contract: Contract) -> Provenance:
        """Return the provenance of the clause."""
        return self.clause_in(contract).provenance

    def level_in(self, contract: Contract) -> Level:
        """Return the level that the contract supports: OPEN for an open clause, never MUST for an assumed one."""
        provenance = self.provenance(contract)
        if provenance is Provenance.OPEN:
            return OPEN
        return SHOULD if self.level is MUST and not provenance.binds else self.level


REGISTRY: dict[str, Requirement] = {}
"""Every requirement by ID. Importing the files of `conformance.checks` fills it."""


def requirement(  # noqa: PLR0913 - a requirement has that many properties
    id: str,
    level: Level,
    clause: str,
    needs: Iterable[str] = (),
    *,
    about: Iterable[Feature] = (),
    creates: bool = False,
    stage: Stage = Stage.DIRECTED,
    quick: bool = True,
    prerequisite: Prerequisite | None = None,
    covers: Iterable[SampleRequest] = (),
) -> Callable[[Check], Check]:
    """Declare the requirement that a check judges. The fields of `Requirement` describe the arguments.

    `each` stands below this decorator.
    """

    def declare(check: Check) -> Check:
        declared = Requirement(
            id,
            level,
            clause,
            _text(check),
            tuple(needs),
            tuple(about),
            creates,
            tuple(cases for _, cases in cases_of(check)),
            stage=stage,
            quick=quick,
            prerequisite=prerequisite,
            covers=tuple(covers),
        )
        _DECLARED[check] = _register(declared)
        return check

    return declare


def every_exchange(  # noqa: PLR0913 - see `requirement`
    id: str,
    level: Level,
    clause: str,
    *,
    about: Iterable[Feature] = (),
    quick: bool = True,
    prerequisite: Prerequisite | None = None,
    also: SampleRequest = lambda _: None,
) -> Callable[[Judge], Callable[..., None]]:
    """Declare a requirement that is judged on every exchange of the run.

    Its check is also a test of its own, which sends the sample requests: so the requirement can be selected alone.
    `also` sends requests that no other check sends.
    """

    def declare(judge: Judge) -> Callable[..., None]:
        registered = _register(
            Requirement(
                id, level, clause, _text(judge), about=tuple(about), judge=judge, quick=quick, prerequisite=prerequisite
            )
        )

        def check(send_sample_requests: Callable[[], object], subject: Any) -> None:
            send_sample_requests()
            also(subject)

        check.__module__ = judge.__module__
        check.__name__ = judge.__name__
        check.__doc__ = judge.__doc__
        _DECLARED[check] = registered
        return check

    return declare


def each(argument: str, cases: Cases) -> Callable[[Check], Check]:
    """Run the check once for each case, passed as `argument`."""

    def declare(check: Check) -> Check:
        _CASES.setdefault(check, []).append((argument, cases))
        return check

    return declare


def requirement_of(check: Callable[..., None]) -> Requirement | None:
    """Return the requirement that a function checks."""
    return _DECLARED.get(check)


def checks() -> Iterable[tuple[Callable[..., None], Requirement]]:
    """Return every loaded check with its requirement."""
    return _DECLARED.items()


def cases_of(check: Callable[..., None]) -> Sequence[tuple[str, Cases]]:
    """Return the arguments of a check that `each` fills, with their cases."""
    return _CASES.get(check, ())


# Not marks of pytest, because the registry is also read without pytest.
_DECLARED: dict[Callable[..., None], Requirement] = {}
_CASES: dict[Callable[..., None], list[tuple[str, Cases]]] = {}


def _register(new: Requirement) -> Requirement:
    if not re.fullmatch(r"[A-Z]{3}-\d{2}", new.id) or new.section not in SECTIONS:
        sections = ", ".join(SECTIONS)
        raise ValueError(f"invalid requirement ID {new.id}; expected a section ({sections}), a hyphen and two digits")
    if new.id in REGISTRY and REGISTRY[new.id].text != new.text:
        raise ValueError(
            f"two checks have the requirement ID {new.id}: {REGISTRY[new.id].text!r} and {new.text!r}; "
            "give the new one a number that no requirement of its section has"
        )
    REGISTRY[new.id] = new
    return new


def _text(check: Callable[..., Any]) -> str:
    text = inspect.getdoc(check)
    if not text:
        raise ValueError(
            f"{check.__module__}.{check.__name__} has no docstring; write one: it is the text of the requirement"
        )
    return " ".join(text.split("\n\n")[0].split())
