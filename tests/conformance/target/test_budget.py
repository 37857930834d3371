"""What a run may use up, and how requests are paced."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from conformance.judge.outcome import Disrupted
from conformance.target.budget import BYTES, CLEANING, SHORT, Budget, Limits, Trouble
from conformance.target.client import RateLimiter


class Clock:
    """A clock that moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("conformance.target.budget.time", clock)
    return clock


def test_without_a_limit_there_are_always_more_requests() -> None:
    budget = Budget()
    for _ in range(10_000):
        budget.request()
    assert budget.disruption is None


def test_requests_are_used_up_by_all_threads_together() -> None:
    budget = Budget(100)

    def take(_: int) -> bool:
        try:
            budget.request()
        except Disrupted:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(take, range(400))) == 100
    assert budget.exhausted == "the limit of --max-requests 100 is reached"


def test_requests_that_delete_do_not_count() -> None:
    budget = Budget(1)
    budget.request()
    for _ in range(3):
        budget.request(counts=False)
    assert budget.disruption is None
    with pytest.raises(Disrupted):
        budget.request()


@pytest.mark.parametrize("seconds", [0.5, 20.0, 600.0])
def test_a_run_judges_as_long_as_its_time_budget_allows_and_keeps_a_part_for_deleting(
    seconds: float, clock: Clock
) -> None:
    budget = Budget(seconds=seconds)
    clock.now += seconds * (1 - CLEANING) * 0.99
    budget.request()
    clock.now += seconds * (1 - CLEANING) * 0.02
    for attempt in (budget.request, budget.check_time):
        with pytest.raises(
            Disrupted, match=f"the time budget of {seconds:g} s is exhausted; raise it with --time-budget"
        ):
            attempt()
    assert budget.disruption is not None
    assert budget.disruption.trouble is Trouble.SLOW
    assert budget.seconds_left == 0


def test_the_time_that_a_busy_target_took_is_reported(clock: Clock) -> None:
    budget = Budget(seconds=100)
    budget.wait(60, 429)
    clock.now += 50
    with pytest.raises(Disrupted, match=r"is exhausted, 60 s of it by waiting for a target that throttled \(429\)"):
        budget.request()


def test_a_wait_longer_than_the_time_that_is_left_is_not_begun(clock: Clock) -> None:
    budget, began = Budget(seconds=100), clock.now
    with pytest.raises(Disrupted, match="it returned 503 and asked for a wait of 95 s, longer than what is left"):
        budget.wait(95, 503)
    assert clock.now == began
    assert budget.disruption is not None
    assert budget.disruption.trouble is Trouble.THROTTLED


def test_long_responses_are_counted() -> None:
    budget = Budget()
    for _ in range(BYTES // (2 * SHORT)):
        assert budget.exhausted is None
        budget.response(SHORT)
        budget.response(2 * SHORT)
    assert budget.exhausted == "the target sent more than 4 MiB in long responses"


def test_the_first_reason_to_stop_is_reported() -> None:
    budget = Budget()
    budget.end(Trouble.CHANGED, "the key expired")
    budget.end(Trouble.GONE, "nothing responds")
    with pytest.raises(Disrupted, match="the key expired"):
        budget.request()


@pytest.mark.parametrize(
    ("restraint", "why"),
    [
        (Limits(), None),
        (Limits(concurrency=2, requests=7), None),
        (Limits(concurrency=1), "--concurrency 1"),
        (Limits(rate=1000), "--rate-limit"),
    ],
)
def test_what_forbids_races(restraint: Limits, why: str | None) -> None:
    assert (restraint.forbids_races or "").startswith(why or "")
    assert (restraint.forbids_races is None) == (why is None)


def test_a_pace_holds_over_all_threads() -> None:
    pace, moments = RateLimiter(200), []

    def run(_: int) -> None:
        pace.wait()
        moments.append(time.monotonic())

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(run, range(21)))
    assert max(moments) - min(moments) >= 15 / 200, "of 20 waits a thread that is slow to start may hide some"


def test_without_a_pace_nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conformance.target.client.time", None)
    RateLimiter(None).wait()
