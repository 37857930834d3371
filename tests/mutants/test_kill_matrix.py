"""The kill matrix, both ways: no mutant survives, and none trips a requirement that has nothing to do with its bug."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from conformance.requirements.level import MUST, OPEN, Level
from conformance.results.verdict import RunVerdict, Verdict
from tests.mutants.catalogue import MUTANTS
from tests.mutants.judging import NETS, explained, judged, tripped
from tests.mutants.matrix import DOCUMENT, levels, matrix
from tests.servers.plain import PlainServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _pytest.mark import ParameterSet

    from tests.mutants.mutant import Mutant


@pytest.fixture(scope="module")
def requirements() -> dict[str, Level]:
    return levels()


SEEDS = os.environ.get("MUTANT_SEEDS", "").split()
"""The environment `proof` of tox tries all mutants with three seeds; elsewhere enough of them have to do, with one."""


def _enough() -> Iterator[type[Mutant]]:
    """Mutants that trip every requirement between them."""
    tripped_so_far = set[str]()
    for mutant in sorted(MUTANTS, key=lambda mutant: len(mutant.trips)):
        if not mutant.trips <= tripped_so_far:
            tripped_so_far |= mutant.trips
            yield mutant


def _tries() -> Iterator[ParameterSet]:
    """Each mutant to try, with each seed."""
    for mutant in MUTANTS if SEEDS else _enough():
        for seed in SEEDS or ("1",):
            yield pytest.param(mutant, seed, id=f"{mutant.__name__}-{seed}")


@pytest.mark.parametrize(("mutant", "seed"), list(_tries()))
def test_mutant_trips_what_it_declares(mutant: type[Mutant], seed: str, requirements: dict[str, Level]) -> None:
    result = judged(mutant(), seed, skip=NETS - mutant.trips)
    wrong = (tripped(result) ^ mutant.trips) - mutant.perhaps
    assert not wrong, explained(result, wrong)

    verdicts = result.verdicts(strict=True)
    unclear = {id for id, verdict in verdicts.items() if verdict in (Verdict.ERROR, Verdict.UNSTABLE)}
    assert unclear <= mutant.unsettles, explained(result, unclear)

    binding = any(requirements[id] is MUST for id in mutant.trips)
    assert (result.verdict(strict=False) is RunVerdict.NON_CONFORMANT) == binding
    assert result.verdict(strict=True) is RunVerdict.NON_CONFORMANT


def test_server_without_a_bug_trips_nothing() -> None:
    result = judged(PlainServer())
    assert not tripped(result), explained(result, tripped(result))
    assert result.verdict(strict=True) is RunVerdict.CONFORMANT


def test_every_requirement_has_a_mutant(requirements: dict[str, Level]) -> None:
    found = frozenset[str]().union(*(mutant.trips for mutant in MUTANTS))
    assert found == {id for id, level in requirements.items() if level is not OPEN}


def test_names_of_mutants_are_unique() -> None:
    names = [mutant.__name__ for mutant in MUTANTS]
    assert sorted(names) == sorted(set(names))


def test_document_is_fresh() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == matrix(), "write it again: python -m tests.mutants.matrix"
