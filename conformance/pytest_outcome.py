"""Ends a test as pytest knows it: failed, skipped, expected to fail, or passed."""

from __future__ import annotations

import pytest

from conformance.requirement import MUST, OPEN, Requirement
from conformance.result import Record
from conformance.run import Run
from conformance.verdict import Verdict


def tell_pytest(record: Record, requirement: Requirement, run: Run) -> None:
    """Return where the requirement is met, else raise what pytest calls it."""
    verdict, reason = Verdict(record["verdict"]), record["reason"]
    if verdict is Verdict.NOT_TESTABLE:
        pytest.skip(reason)
    if verdict is Verdict.ERROR:
        pytest.fail(reason, pytrace=False)
    if verdict not in (Verdict.FAIL, Verdict.UNSTABLE):
        return
    found = next(f for f in record["findings"] if f["requirement"] == requirement.id)
    text = f"{requirement.id}: expected {found['expected']}; observed {found['observed']}"
    level = requirement.level_in(run.contract)
    if level is OPEN or (level is not MUST and not run.strict):
        pytest.xfail(text)
    pytest.fail("\n".join([text, *found["reproduce"]]), pytrace=False)
