"""No verdict is fooled by what stands between the suite and a correct server, nor by what becomes of either."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.conformance.surroundings.outcome import Outcome, complaints, run_at, run_in
from tests.conformance.surroundings.row import CONFORMANT, Surroundings
from tests.conformance.surroundings.table import MORTAL, QUIET, ROWS
from tests.servers.running import running


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_surroundings_that_change_or_interfere(row: Surroundings, tmp_path: Path) -> None:
    outcome = run_in(row, tmp_path)
    _measure(row, outcome)
    assert complaints(row, outcome) == []


@pytest.mark.parametrize("row", QUIET, ids=lambda row: row.name)
def test_a_proxy_that_only_forwards_changes_no_verdict(row: Surroundings, tmp_path: Path) -> None:
    outcome = run_in(row, tmp_path)
    _measure(row, outcome)
    assert complaints(row, outcome) == []


def test_a_process_that_ends(tmp_path: Path) -> None:
    with running([sys.executable, "-m", "tests.conformance.surroundings.servers"]) as url:
        ran, reports, seconds = run_at(url, MORTAL, tmp_path)
    outcome = Outcome(ran, reports, seconds)
    _measure(MORTAL, outcome)
    assert complaints(MORTAL, outcome) == []


def test_each_row_has_a_name_of_its_own_and_says_why_it_is_not_conformant() -> None:
    assert len({row.name for row in ROWS}) == len(ROWS)
    assert [row.name for row in ROWS if row.verdicts != (CONFORMANT,) and not row.says] == []


def _measure(row: Surroundings, outcome: Outcome) -> None:
    """Print what a run took, for `pytest -rP`."""
    took = f"{outcome.seconds:.1f} s, {outcome.requests} requests"
    print(f"{row.name}: exit code {outcome.ran.code}, {took}")  # noqa: T201  a figure, to be read and not judged
