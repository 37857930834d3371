"""Ends a test as pytest knows it: failed, skipped, expected to fail, or passed."""

from __future__ import annotations

import pytest

from conformance.requirements.requirement import Requirement
from conformance.results.judged import Record
from conformance.results.verdict import Verdict
from conformance.running.run import Run
from conformance.terminal.story import Story, story_text


def tell_pytest(record: Record, requirement: Requirement, run: Run) -> None:
    """Return where the requirement is met, else raise what pytest calls it."""
    verdict, reason = run.read(requirement, Verdict(record["verdict"])), record["reason"]
    if verdict is Verdict.NOT_TESTABLE:
        pytest.skip(reason)
    if verdict is Verdict.ERROR:
        pytest.fail(reason, pytrace=False)
    found = next((f for f in record["findings"] if f["requirement"] == requirement.id), None)
    if found is None:
        return
    text = f"{requirement.id}: expected {found['expected']}; observed {found['observed']}"
    if verdict is Verdict.WAIVED:
        raise _expected(f"{text} ({run.terms.waivers[requirement.id]})")
    level = requirement.level_in(run.contract)
    if not run.terms.binds(level):
        raise _expected(text)
    clause = requirement.clause_in(run.contract)
    story = Story(requirement, level, clause, verdict, found, run.seed, run.target)
    pytest.fail(f"{text}\n\n{story_text(story)}", pytrace=False)


def _expected(text: str) -> BaseException:
    """What pytest.xfail raises, without the traceback: it leads through the suite, and takes pytest 10 ms to write."""
    return pytest.xfail.Exception(text, pytrace=False)
