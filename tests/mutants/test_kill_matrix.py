"""The kill matrix, both ways: every mutant is killed, and only by the requirements that it declares."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from conformance.requirements.level import MUST, OPEN, Level
from conformance.results.verdict import RunVerdict, Verdict
from tests.mutants import races
from tests.mutants.catalogue import MUTANTS
from tests.mutants.inheritance import BaseNotReturned
from tests.mutants.judging import NETS, advise, explain, failed_requirements, judged
from tests.mutants.matrix import DOCUMENT, levels, matrix
from tests.mutants.statuses import UnchangedUpdateReturns400
from tests.mutants.updates import CostsSwapped, ZeroMeansUnset
from tests.servers.plain import PlainServer

if TYPE_CHECKING:
    from conformance.results.result import Result
    from tests.mutants.mutant import Mutant


@pytest.fixture(scope="module")
def requirements() -> dict[str, Level]:
    return levels()


SEEDS = os.environ.get("MUTANT_SEEDS", "").split()
"""`tox -e proof` uses three."""
WHOLE = frozenset(MUTANTS if SEEDS else {mutant.__module__: mutant for mutant in MUTANTS}.values())
"""The mutants on which every requirement runs: by default one of each module, which has bugs of one kind."""
MAX_REQUESTS = 1500
"""Maximum requests of a run without findings."""
MAX_TO_CONFIRM = 150
"""Additional requests that confirming and minimizing the findings may take."""

RACE_RUNS = 3
"""Runs of a race mutant, of which one must show the race."""


def _run_until_killed(mutant: type[Mutant], seed: str) -> Result:
    """Run the suite; repeat for a race mutant whose requests did not meet, as can happen on a busy machine."""
    for _ in range(RACE_RUNS if mutant.__module__ == races.__name__ else 1):
        result = _run(mutant, seed)
        if failed_requirements(result) >= mutant.kills:
            break
    return result


def _run(mutant: type[Mutant], seed: str) -> Result:
    """Run only the declared requirements where that is enough, else all of them."""
    if mutant not in WHOLE:
        result = judged(mutant(), seed, only=mutant.kills)
        if not _unexpected(mutant, result):
            return result
    return judged(mutant(), seed, skip=NETS - mutant.kills)


def _unexpected(mutant: type[Mutant], result: Result) -> frozenset[str]:
    """Return the requirements that fail and should not, or should fail and do not."""
    return (failed_requirements(result) ^ mutant.kills) - mutant.may_also_fail


@pytest.mark.parametrize("seed", SEEDS or ("1",))
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_mutant_is_killed_by_what_it_declares(mutant: type[Mutant], seed: str, requirements: dict[str, Level]) -> None:
    result = _run_until_killed(mutant, seed)
    unexpected = _unexpected(mutant, result)
    assert not unexpected, advise(result, unexpected, mutant.kills)

    verdicts = result.verdicts(strict=True)
    unstable = {id for id, verdict in verdicts.items() if verdict in (Verdict.ERROR, Verdict.UNSTABLE)}
    assert unstable <= mutant.flaky, explain(result, unstable)

    binding = any(requirements[id] is MUST for id in mutant.kills)
    assert (result.verdict(strict=False) is RunVerdict.NON_CONFORMANT) == binding
    assert result.verdict(strict=True) is RunVerdict.NON_CONFORMANT


def test_server_without_a_bug_has_no_finding() -> None:
    result = judged(PlainServer())
    assert not failed_requirements(result), explain(result, failed_requirements(result))
    assert result.verdict(strict=True) is RunVerdict.CONFORMANT
    assert result.requests <= MAX_REQUESTS


@pytest.mark.parametrize("mutant", [BaseNotReturned, CostsSwapped, UnchangedUpdateReturns400, ZeroMeansUnset])
def test_findings_take_few_requests(mutant: type[Mutant]) -> None:
    assert judged(mutant()).requests <= MAX_REQUESTS + MAX_TO_CONFIRM


def test_every_requirement_has_a_mutant(requirements: dict[str, Level]) -> None:
    found = frozenset[str]().union(*(mutant.kills for mutant in MUTANTS))
    can_fail = {id for id, level in requirements.items() if level is not OPEN}
    without = sorted(can_fail - found)
    assert not without, f"no mutant has {', '.join(without)} in its kills; add one to a file in tests/mutants/"
    wrong = sorted(found - can_fail)
    assert not wrong, f"kills of a mutant name {', '.join(wrong)}, which the suite does not have or never judges"


def test_names_of_mutants_are_unique() -> None:
    names = [mutant.__name__ for mutant in MUTANTS]
    assert sorted(names) == sorted(set(names))


def test_kill_matrix_is_current() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == matrix(), "stale; run: python -m tests.mutants.matrix"
