"""No verdict is fooled by what stands between the suite and a correct server, nor by what becomes of either."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from _pytest.mark.structures import ParameterSet

from tests.conformance.surroundings.outcome import Outcome, complaints, run_at, run_in
from tests.conformance.surroundings.row import CONFORMANT, Surroundings
from tests.conformance.surroundings.table import MORTAL, QUIET, ROWS
from tests.servers.running import running

NOT_YET: frozenset[str] = frozenset()
OLD = frozenset(
    {
        "404-as-a-page",
        "429-for-good",
        "429-for-the-other-key",
        "429-from-the-start",
        "429-retry-at-once-for-good",
        "429-retry-in-an-hour",
        "500-for-a-second",
        "502-during-races",
        "502-empty-for-a-second",
        "502-empty-for-good",
        "502-every-other-time",
        "502-from-the-start",
        "502-json-for-a-second",
        "502-now-and-then",
        "502-once",
        "502-page-for-good",
        "502-page-for-three-seconds",
        "503-for-good",
        "504-for-a-second",
        "504-for-good",
        "ban-after-bad-requests",
        "ban-by-403",
        "ban-by-closing",
        "ban-by-silence",
        "cached-reads",
        "connection-refused-for-good",
        "ever-slower",
        "firewall-refuses-bodies-by-403",
        "half-a-megabyte",
        "key-expires",
        "key-expires-in-a-default-run",
        "key-is-revoked",
        "key-loses-the-right-to-write",
        "key-unknown-for-a-second",
        "key-unknown-once",
        "names-of-a-pattern",
        "nothing-happens-default",
        "nothing-happens-strict",
        "one-response-never-ends",
        "other-key-expires",
        "portal-page",
        "portal-page-from-the-start",
        "portal-redirect",
        "portal-redirect-from-the-start",
        "portal-redirect-of-reads",
        "process-ends",
        "quota-of-5",
        "quota-of-50-by-402",
        "quota-of-50-by-403",
        "quota-of-50-by-409",
        "quota-of-50-by-429",
        "quota-of-creates",
        "quota-used-up-before",
        "read-only-key-expires",
        "reset-after-the-server",
        "reset-before-the-server",
        "reset-during-races",
        "reset-within-the-response",
        "responses-drip",
        "restart-during-a-request-on-a-new-connection",
        "truncated-body",
        "two-seconds-a-response",
    }
)
"""Rows that ask more of the suite than it does yet."""


def _params(rows: Iterable[Surroundings]) -> list[ParameterSet]:
    """Parameters of a test, of which some are expected to fail."""
    reason = "the suite does not do this yet"
    marks = {True: [pytest.mark.xfail(reason=reason, strict=False)], False: []}
    return [pytest.param(row, id=row.name, marks=marks[row.name in NOT_YET]) for row in rows]


@pytest.mark.parametrize("row", _params(ROWS))
def test_surroundings_that_change_or_interfere(row: Surroundings, tmp_path: Path) -> None:
    outcome = run_in(row, tmp_path)
    _measure(row, outcome)
    assert complaints(row, outcome) == []


@pytest.mark.parametrize("row", _params(QUIET))
def test_a_proxy_that_only_forwards_changes_no_verdict(row: Surroundings, tmp_path: Path) -> None:
    outcome = run_in(row, tmp_path)
    _measure(row, outcome)
    assert complaints(row, outcome) == []


@pytest.mark.parametrize("row", _params([MORTAL]))
def test_a_process_that_ends(row: Surroundings, tmp_path: Path) -> None:
    with running([sys.executable, "-m", "tests.conformance.surroundings.servers"]) as url:
        ran, reports, seconds = run_at(url, row, tmp_path)
    outcome = Outcome(ran, reports, seconds)
    _measure(row, outcome)
    assert complaints(row, outcome) == []


def test_each_row_has_a_name_of_its_own_and_says_why_it_is_not_conformant() -> None:
    assert len({row.name for row in ROWS}) == len(ROWS)
    assert [row.name for row in ROWS if row.verdicts != (CONFORMANT,) and not (row.says or row.fails)] == []


def _measure(row: Surroundings, outcome: Outcome) -> None:
    """Print what a run took, for `pytest -rP`."""
    took = f"{outcome.seconds:.1f} s, {outcome.requests} requests"
    print(f"{row.name}: exit code {outcome.ran.code}, {took}")  # noqa: T201  a figure, to be read and not judged
