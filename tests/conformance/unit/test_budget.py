"""What a run may use up, and how requests are paced."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from conformance.judge.outcome import NotTestable
from conformance.subject.budget import OCTETS, PATIENCE, SHORT, WAITING, Budget, Restraint
from conformance.subject.pace import Pace


def test_without_a_limit_there_are_always_more_requests() -> None:
    budget = Budget(None, 30)
    for _ in range(10_000):
        budget.request()
    assert budget.spent is None


def test_requests_are_used_up_by_all_threads_together() -> None:
    budget = Budget(100, 30)

    def take(_: int) -> bool:
        try:
            budget.request()
        except NotTestable:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(take, range(400))) == 100
    assert budget.spent == "--max-requests 100 are used up"


def test_answers_in_good_time_use_nothing_up() -> None:
    budget = Budget(None, 30)
    for _ in range(10_000):
        budget.answer(0.9, SHORT)
    assert budget.spent is None


def test_requests_without_an_answer_use_the_patience_up() -> None:
    budget = Budget(None, 30)
    for _ in range(PATIENCE):
        budget.answer(30, 0)
        budget.request()
    budget.answer(30, 0)
    with pytest.raises(NotTestable, match="wait for more than 120 s in all; if it is as slow as that, raise --timeout"):
        budget.request()


def test_slow_answers_use_it_up_too() -> None:
    budget = Budget(None, 10)
    for _ in range(6):
        budget.answer(9, 0)
    assert budget.spent is not None


def test_long_answers_are_counted() -> None:
    budget = Budget(None, 30)
    for _ in range(OCTETS // (2 * SHORT)):
        assert budget.spent is None
        budget.answer(0, 2 * SHORT)
    assert budget.spent == "the target sent more than 4 MiB in long answers"


def test_a_busy_target_is_waited_for_so_long_and_no_longer() -> None:
    budget = Budget(None, 30)
    assert budget.wait(WAITING - 1) == WAITING - 1
    assert budget.spent is None
    assert budget.wait(60) == 1
    with pytest.raises(NotTestable, match="busy for 300 s in all; --rate-limit asks for less"):
        budget.request()


@pytest.mark.parametrize(
    ("restraint", "why"),
    [
        (Restraint(), None),
        (Restraint(concurrency=2, requests=7), None),
        (Restraint(concurrency=1), "--concurrency 1"),
        (Restraint(rate=1000), "--rate-limit"),
    ],
)
def test_what_forbids_races(restraint: Restraint, why: str | None) -> None:
    assert (restraint.forbids_races or "").startswith(why or "")
    assert (restraint.forbids_races is None) == (why is None)


def test_a_pace_holds_over_all_threads() -> None:
    pace, moments = Pace(200), []

    def run(_: int) -> None:
        pace.wait()
        moments.append(time.monotonic())

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(run, range(21)))
    assert max(moments) - min(moments) >= 19 / 200


def test_without_a_pace_nobody_waits() -> None:
    pace, began = Pace(None), time.monotonic()
    for _ in range(1000):
        pace.wait()
    assert time.monotonic() - began < 1
