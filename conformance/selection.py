"""Which requirements a run judges."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable

from conformance.requirement import REGISTRY, SECTIONS, Requirement
from contract import Contract


class UnknownRequirement(ValueError):
    """The user named a requirement or section that does not exist."""

    def __init__(self, name: str) -> None:
        near = difflib.get_close_matches(name.upper(), [*REGISTRY, *SECTIONS], n=1)
        hint = f"did you mean {near[0]}?" if near else "--list shows them all."
        super().__init__(f"there is no requirement or section {name}; {hint}")


def selected(contract: Contract, only: Iterable[str], skip: Iterable[str]) -> set[str]:
    """IDs of the requirements to judge: those whose clause the contract has, among `only`, and not among `skip`."""
    wanted, unwanted = _expand(only), _expand(skip)
    return {
        id
        for id, requirement in REGISTRY.items()
        if (not wanted or id in wanted) and id not in unwanted and stands_in(contract, requirement)
    }


def stands_in(contract: Contract, requirement: Requirement) -> bool:
    """Whether the contract has the clause that the requirement rests on."""
    return requirement.clause in contract.clauses


def _expand(names: Iterable[str]) -> Collection[str]:
    ids: set[str] = set()
    for name in names:
        found = {id for id in REGISTRY if name.upper() in (id, id.partition("-")[0])}
        if not found:
            raise UnknownRequirement(name)
        ids |= found
    return ids
