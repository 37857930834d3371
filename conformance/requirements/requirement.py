"""Requirements: what a check judges, by a stable ID, with a level and the clause of the contract that says it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, TypeAlias, TypeVar

from conformance.judge.responses import SchemaJudge
from conformance.requirements.features import Feature
from conformance.requirements.level import MUST, OPEN, SECTIONS, SHOULD, Level, Stage
from conformance.wire.exchange import Exchange
from contract import Clause, Contract, Provenance

Check = TypeVar("Check", bound=Callable[..., None])
Judge: TypeAlias = Callable[[Exchange, SchemaJudge, Contract], None]
"""Judges any exchange of the run; returns where it has nothing to say, raises Violation where the target is wrong."""
Things: TypeAlias = Callable[[Contract], Mapping[str, Any]]
"""From a contract to labelled things, one test each."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """One requirement. Its text is the docstring of its check."""

    id: str
    level: Level
    clause: str
    """Name of the clause in `Contract.clauses`. `*` stands for any field."""
    text: str
    needs: tuple[str, ...] = ()
    """Options without which it cannot be judged, such as `other-org-key`."""
    about: tuple[Feature, ...] = ()
    """What it is about: where the contract lacks one of them, it does not apply."""
    creates: bool = False
    """Whether it is about models that did not exist before, so that it takes names that nothing was called."""
    each: tuple[Things, ...] = ()
    """What it is judged on, a test for each."""
    judge: Judge | None = None
    """Set for a requirement on every exchange of the run."""
    stage: Stage = Stage.DIRECTED
    """When its check runs."""

    @property
    def section(self) -> str:
        return self.id.partition("-")[0]

    @property
    def confirming_runs(self) -> int:
        """How often a failure may be tried again until it repeats: who wins a race is a matter of chance."""
        return 3 if self.section == "CON" else 1

    def clause_in(self, contract: Contract) -> Clause:
        """The clause as the contract has it; of several the least known. Raises KeyError where it has none."""
        clause = self._clause(contract)
        if clause is None:
            raise KeyError(self.clause)
        return clause

    def _clause(self, contract: Contract) -> Clause | None:
        if "*" not in self.clause:
            return contract.clauses.get(self.clause)
        found = [clause for clause in contract.clauses.values() if fnmatchcase(clause.name, self.clause)]
        return min(found, key=lambda clause: clause.provenance, default=None)

    def inapplicable(self, contract: Contract) -> str | None:
        """Why it does not apply to what the contract describes; None where it does."""
        for feature in self.about:  # it says more than that a clause is missing
            if not feature.is_in(contract):
                return feature.lacking
        if self._clause(contract) is None:
            return f"the contract has no clause {self.clause}"
        if not all(things(contract) for things in self.each):
            return "the contract has nothing that it could be judged on"
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
"""Every requirement by its ID, filled as the files of `conformance.checks` are imported."""


def requirement(  # noqa: PLR0913 - all that is to be said of one
    id: str,
    level: Level,
    clause: str,
    needs: Iterable[str] = (),
    *,
    about: Iterable[Feature] = (),
    creates: bool = False,
    stage: Stage = Stage.DIRECTED,
) -> Callable[[Check], Check]:
    """Declare the check of a requirement. What it is judged on `each` of is declared below this."""

    def declare(check: Check) -> Check:
        each = tuple(things for _, things in cases_of(check))
        made = Requirement(id, level, clause, _text(check), tuple(needs), tuple(about), creates, each, stage=stage)
        _DECLARED[check] = _register(made)
        return check

    return declare


def every_exchange(
    id: str,
    level: Level,
    clause: str,
    *,
    about: Iterable[Feature] = (),
    also: Callable[[Any], object] = lambda _: None,
) -> Callable[[Judge], Callable[..., None]]:
    """Declare a requirement that is judged on every exchange of the run.

    The check becomes a test of its own over everyday situations, so that it is judged when it is the only one selected.
    Requests that no other check sends are sent by `also`, which gets the subject.
    """

    def declare(judge: Judge) -> Callable[..., None]:
        registered = _register(Requirement(id, level, clause, _text(judge), about=tuple(about), judge=judge))

        def check(everyday: Callable[[], object], subject: Any) -> None:
            everyday()
            also(subject)

        check.__name__ = judge.__name__
        check.__doc__ = judge.__doc__
        _DECLARED[check] = registered
        return check

    return declare


def each(argument: str, things: Things) -> Callable[[Check], Check]:
    """One test for each thing of the contract, passed to the check as `argument`."""

    def declare(check: Check) -> Check:
        _CASES.setdefault(check, []).append((argument, things))
        return check

    return declare


def requirement_of(check: Callable[..., None]) -> Requirement | None:
    """The requirement that a function checks."""
    return _DECLARED.get(check)


def cases_of(check: Callable[..., None]) -> Sequence[tuple[str, Things]]:
    """The arguments that a check is run for each thing of."""
    return _CASES.get(check, ())


# Kept beside the functions and not as marks of pytest: a registry is read outside of any run of pytest too.
_DECLARED: dict[Callable[..., None], Requirement] = {}
_CASES: dict[Callable[..., None], list[tuple[str, Things]]] = {}


def _register(new: Requirement) -> Requirement:
    if not re.fullmatch(r"[A-Z]{3}-\d{2}", new.id) or new.section not in SECTIONS:
        raise ValueError(f"{new.id} is no requirement ID: three letters of {', '.join(SECTIONS)}, a hyphen, two digits")
    if new.id in REGISTRY and REGISTRY[new.id].text != new.text:
        raise ValueError(f"{new.id} stands at two checks; an ID is never used twice")
    REGISTRY[new.id] = new
    return new


def _text(check: Callable[..., Any]) -> str:
    text = inspect.getdoc(check)
    if not text:
        raise ValueError(f"{check.__name__} has no docstring; it is the text of the requirement")
    return " ".join(text.split("\n\n")[0].split())
