"""Reports look as they did, to the letter."""

from __future__ import annotations

import pytest

from conformance.reports import WRITERS
from tests.conformance.reports.golden import FOLDER, GOLDEN, golden


@pytest.mark.parametrize("name", GOLDEN)
def test_a_report_looks_as_it_did(name: str) -> None:
    renew = "stale; run: python -m tests.conformance.reports.golden"
    assert golden(name) == (FOLDER / GOLDEN[name][0]).read_text(encoding="utf-8"), renew


def test_every_report_has_a_golden_file() -> None:
    assert GOLDEN.keys() == WRITERS.keys()
