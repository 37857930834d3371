"""The kill matrix, both ways: no mutant survives, and none trips a requirement that has nothing to do with its bug."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from conformance.requirements.level import MUST, OPEN, Level
from conformance.results.verdict import RunVerdict, Verdict
from tests.mutants import races
from tests.mutants.catalogue import MUTANTS
from tests.mutants.inheritance import BaseNotShown
from tests.mutants.judging import NETS, explained, judged, tripped
from tests.mutants.matrix import DOCUMENT, levels, matrix
from tests.mutants.statuses import UnchangedIsRefused
from tests.mutants.updates import CostsSwapped, ZeroMeansUnset
from tests.servers.plain import PlainServer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conformance.results.result import Result
    from tests.mutants.mutant import Mutant


@pytest.fixture(scope="module")
def requirements() -> dict[str, Level]:
    return levels()


def _covering(mutants: Sequence[type[Mutant]]) -> Iterator[type[Mutant]]:
    """As few as trip every requirement that any of them trips, or nearly."""
    left = frozenset[str]().union(*(mutant.trips for mutant in mutants))
    while left:
        yield (most := max(mutants, key=lambda mutant: len(mutant.trips & left)))
        left -= most.trips


SEEDS = os.environ.get("MUTANT_SEEDS", "").split()
"""The environment `proof` of tox tries three."""
WHOLE = frozenset(MUTANTS if SEEDS else _covering(MUTANTS))
"""The mutants that are to trip nothing else: by default one at least for each requirement."""
MOST = 1500
"""Requests of a run that finds nothing."""
TO_CONFIRM = 150
"""Requests that what is found may take on top of those, to be confirmed and made smaller."""


RACES = 3
"""Runs in which a race has to be met once."""


def _tried(mutant: type[Mutant], seed: str) -> Result:
    """The result of one run; of another where requests that race did not meet, as on a busy machine they may not."""
    for _ in range(RACES if mutant.__module__ == races.__name__ else 1):
        result = _run(mutant, seed)
        if tripped(result) >= mutant.trips:
            break
    return result


def _run(mutant: type[Mutant], seed: str) -> Result:
    """The result of its own requirements, where that is enough to find its bug and all that is asked for."""
    if mutant not in WHOLE:
        result = judged(mutant(), seed, only=mutant.trips)
        if not _wrong(mutant, result):
            return result
    return judged(mutant(), seed, skip=NETS - mutant.trips)


def _wrong(mutant: type[Mutant], result: Result) -> frozenset[str]:
    """The requirements that it trips and should not, or should trip and does not."""
    return (tripped(result) ^ mutant.trips) - mutant.perhaps


@pytest.mark.parametrize("seed", SEEDS or ("1",))
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_mutant_trips_what_it_declares(mutant: type[Mutant], seed: str, requirements: dict[str, Level]) -> None:
    result = _tried(mutant, seed)
    wrong = _wrong(mutant, result)
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
    assert result.requests <= MOST


@pytest.mark.parametrize("mutant", [BaseNotShown, CostsSwapped, UnchangedIsRefused, ZeroMeansUnset])
def test_what_is_found_takes_the_requests_of_what_is_made_up(mutant: type[Mutant]) -> None:
    assert judged(mutant()).requests <= MOST + TO_CONFIRM


def test_every_requirement_has_a_mutant(requirements: dict[str, Level]) -> None:
    found = frozenset[str]().union(*(mutant.trips for mutant in MUTANTS))
    assert found == {id for id, level in requirements.items() if level is not OPEN}


def test_names_of_mutants_are_unique() -> None:
    names = [mutant.__name__ for mutant in MUTANTS]
    assert sorted(names) == sorted(set(names))


def test_document_is_fresh() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == matrix(), "write it again: python -m tests.mutants.matrix"
