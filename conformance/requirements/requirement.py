"""Requirements: what a check judges, by a stable ID, with a level and the clause of the contract that says it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from conformance.judge.schema import SchemaJudge
from conformance.requirements.level import MUST, OPEN, SECTIONS, SHOULD, Level
from conformance.wire.exchange import Exchange
from contract import Contract, Known

Check = TypeVar("Check", bound=Callable[..., None])
Judge: TypeAlias = Callable[[Exchange, SchemaJudge, Contract], None]
"""Judges any exchange of the run; returns where it has nothing to say, raises Violation where the target is wrong."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """One requirement. Its text is the docstring of its check."""

    id: str
    level: Level
    clause: str
    """Path of the clause below the upsert operation of the contract; one of `Contract.clauses`."""
    text: str
    needs: tuple[str, ...] = ()
    """Options without which it cannot be judged, such as `other-org-key`."""
    judge: Judge | None = None
    """Set for a requirement on every exchange of the run."""
    last: bool = False
    """Whether it is judged after the others, by as many requests as they leave."""

    @property
    def section(self) -> str:
        return self.id.partition("-")[0]

    @property
    def confirming_runs(self) -> int:
        """How often a failure may be tried again until it repeats: who wins a race is a matter of chance."""
        return 3 if self.section == "CON" else 1

    def known(self, contract: Contract) -> Known:
        """How well the clause is known."""
        return contract.clauses[self.clause].known

    def level_in(self, contract: Contract) -> Level:
        """The level that the contract supports: never MUST where its clause is only assumed, OPEN where it is open."""
        known = self.known(contract)
        if known is Known.OPEN:
            return OPEN
        return SHOULD if self.level is MUST and not known.binds else self.level


REGISTRY: dict[str, Requirement] = {}
"""Every requirement by its ID, filled as the files of `conformance.checks` are imported."""


def requirement(
    id: str, level: Level, clause: str, needs: Iterable[str] = (), *, last: bool = False
) -> Callable[[Check], Check]:
    """Declare the check of a requirement."""

    def declare(check: Check) -> Check:
        _DECLARED[check] = _register(Requirement(id, level, clause, _text(check), tuple(needs), last=last))
        return check

    return declare


def every_exchange(
    id: str, level: Level, clause: str, also: Callable[[Any], object] = lambda _: None
) -> Callable[[Judge], Callable[..., None]]:
    """Declare a requirement that is judged on every exchange of the run.

    The check becomes a test of its own over everyday situations, so that it is judged when it is the only one selected.
    Requests that no other check sends are sent by `also`, which gets the subject.
    """

    def declare(judge: Judge) -> Callable[..., None]:
        registered = _register(Requirement(id, level, clause, _text(judge), judge=judge))

        def check(everyday: Callable[[], object], subject: Any) -> None:
            everyday()
            also(subject)

        check.__name__ = judge.__name__
        check.__doc__ = judge.__doc__
        _DECLARED[check] = registered
        return check

    return declare


Things: TypeAlias = Callable[[Contract], Mapping[str, Any]]
"""From a contract to labelled things, one test each."""


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
