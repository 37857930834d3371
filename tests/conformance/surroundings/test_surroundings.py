"""No verdict is fooled by what stands between the suite and a correct server, nor by what becomes of either."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.conformance.surroundings.outcome import Outcome, complaints, run_at, run_in
from tests.conformance.surroundings.row import CONFORMANT, Surroundings
from tests.conformance.surroundings.table import MORTAL, QUIET, ROWS
from tests.servers.running import running

WHOLE = bool(os.environ.get("SURROUNDINGS"))
"""The environment `surroundings` of tox tries them all."""
BY_DEFAULT = frozenset(
    {
        "key-expires", "key-loses-the-right-to-write", "other-key-expires", "read-only-key-expires", "key-unknown-once",
        "502-page-for-three-seconds", "500-for-a-second", "502-page-for-good", "502-from-the-start", "502-now-and-then",
        "restart-during-a-request", "connection-refused-for-good", "429-retry-at-once-for-good", "429-for-good",
        "429-politely", "503-for-good", "ban-after-bad-requests", "ban-by-silence", "quota-of-5", "quota-of-50-by-402",
        "quota-used-up-before", "reset-before-the-server", "truncated-body", "cut-body", "one-response-never-ends",
        "two-seconds-a-response", "responses-drip", "half-a-megabyte", "replica-50-ms-behind", "no-reads", "no-deletes",
        "404-as-a-page", "without-www-authenticate-waived", "portal-page", "portal-redirect-of-reads",
        "names-of-a-pattern",
    }
)  # fmt: skip
"""One or two of each kind."""


@pytest.mark.parametrize("row", [row for row in ROWS if WHOLE or row.name in BY_DEFAULT], ids=lambda row: row.name)
def test_surroundings_that_change_or_interfere(row: Surroundings, tmp_path: Path) -> None:
    outcome = run_in(row, tmp_path)
    _measure(row, outcome)
    assert complaints(row, outcome) == []


@pytest.mark.parametrize("row", QUIET if WHOLE else QUIET[:1], ids=lambda row: row.name)
def test_a_proxy_that_only_forwards_changes_no_verdict(row: Surroundings, tmp_path: Path) -> None:
    outcome = run_in(row, tmp_path)
    _measure(row, outcome)
    assert complaints(row, outcome) == []


def test_a_process_that_ends(tmp_path: Path) -> None:
    row = MORTAL
    with running([sys.executable, "-m", "tests.conformance.surroundings.servers"]) as url:
        ran, reports, seconds = run_at(url, row, tmp_path)
    outcome = Outcome(ran, reports, seconds)
    _measure(row, outcome)
    assert complaints(row, outcome) == []


def test_each_row_has_a_unique_name_and_a_reason_if_not_conformant() -> None:
    names = {row.name for row in ROWS}
    assert len(names) == len(ROWS)
    assert names > BY_DEFAULT
    assert [row.name for row in ROWS if row.verdicts != (CONFORMANT,) and not (row.says or row.fails)] == []


def _measure(row: Surroundings, outcome: Outcome) -> None:
    """Print what a run took, for `pytest -rP`."""
    took = f"{outcome.seconds:.1f} s, {outcome.requests} requests"
    print(f"{row.name}: exit code {outcome.ran.code}, {took}")  # noqa: T201  a figure, to be read and not judged
