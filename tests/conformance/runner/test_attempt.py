"""Attempts: what repeats is a fault, what does not is unstable, and what is ours is an error."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, count, repeat
from typing import Any

import pytest

from conformance.judge.expect import expect_status
from conformance.judge.outcome import Failure, NotTestable, Obstacle, Reproduced
from conformance.judge.responses import SchemaJudge
from conformance.requirements.requirement import Requirement
from conformance.results.verdict import Verdict
from conformance.runner.attempt import CheckRunner
from conformance.target.subject import Subject
from conformance.wire.exchange import Exchange, NoResponse, Request
from contract import Contract
from tests.conformance.parts import requirement, subject_of, wsgi

OWN = requirement("STA-01")
RESPONDS = "STA-03"


def _answering(contract: Contract, *statuses: int) -> Subject:
    """A subject that responds with each status in turn, and with the last one for ever."""
    coming: Iterator[int] = chain(statuses, repeat(statuses[-1]))
    return subject_of(contract, wsgi(lambda *_: (next(coming), {})))


def _runner(subject: Subject, *judges: Requirement) -> CheckRunner:
    return CheckRunner(subject.contract, subject, judges)


def _is_created(subject: Subject) -> Callable[[], None]:
    return lambda: expect_status(subject.upsert(subject.minimal_body()), 201)


def _statuses(exchanges: tuple[Exchange, ...]) -> list[int]:
    return [exchange.response.status for exchange in exchanges]


def test_a_check_that_finds_nothing_passes_and_runs_once(contract: Contract) -> None:
    subject = _answering(contract, 201)
    attempt = _runner(subject).run(OWN, _is_created(subject))
    assert attempt.verdict is Verdict.PASS
    assert attempt.findings == {}
    assert subject.client.requests == 1
    assert _statuses(attempt.exchanges) == [201]


def test_a_failure_that_repeats_is_reported_as_it_was_the_second_time(contract: Contract) -> None:
    subject = _answering(contract, 200, 202)
    attempt = _runner(subject).run(OWN, _is_created(subject))
    assert attempt.verdict is Verdict.FAIL
    assert attempt.findings["STA-01"].failure.expected == "status 201"
    assert _statuses(attempt.findings["STA-01"].exchanges) == [202]
    assert subject.client.requests == 2


def test_a_failure_that_does_not_repeat_is_unstable_and_reported_with_both_exchanges(contract: Contract) -> None:
    subject = _answering(contract, 200, 201)
    attempt = _runner(subject).run(OWN, _is_created(subject))
    assert attempt.verdict is Verdict.UNSTABLE
    assert _statuses(attempt.findings["STA-01"].exchanges) == [200]
    assert _statuses(attempt.findings["STA-01"].again) == [201]


def test_a_fault_is_confirmed_once_a_run(contract: Contract) -> None:
    subject = _answering(contract, 200)
    runner = _runner(subject)
    assert [runner.run(OWN, _is_created(subject)).verdict for _ in range(3)] == [Verdict.FAIL] * 3
    assert subject.client.requests == 4


def test_what_was_unstable_is_tried_again_the_next_time(contract: Contract) -> None:
    subject = _answering(contract, 200, 201, 201, 200, 200)
    runner = _runner(subject)
    verdicts = [runner.run(OWN, _is_created(subject)).verdict for _ in range(2)]
    assert verdicts == [Verdict.UNSTABLE, Verdict.FAIL]


def test_a_fault_of_a_race_may_take_three_more_runs_to_repeat(contract: Contract) -> None:
    race = requirement("CON-01")
    third, never = _answering(contract, 200, 201, 201, 200), _answering(contract, 200, 201)
    assert _runner(third).run(race, _is_created(third)).verdict is Verdict.FAIL
    assert third.client.requests == 4
    assert _runner(never).run(race, _is_created(never)).verdict is Verdict.UNSTABLE
    assert never.client.requests == 5  # the last one replays the first


def test_evidence_is_collected_again_for_the_second_run(contract: Contract) -> None:
    subject = _answering(contract, 200, 201)

    def check() -> None:
        expect_status(subject.once("evidence", lambda: subject.upsert(subject.minimal_body())), 201)

    assert _runner(subject).run(OWN, check).verdict is Verdict.UNSTABLE
    assert subject.client.requests == 3  # the last one replays the first


def test_a_fault_that_the_second_run_cannot_see_is_seen_by_the_same_requests(contract: Contract) -> None:
    stored: dict[str, Any] = {}  # shared by all models of the process

    def answer(_: str, body: bytes) -> tuple[int, Any]:
        sent = json.loads(body)
        stored.update({name: value for name, value in sent.items() if name != contract.upsert.key})
        return 201, {contract.upsert.key: sent[contract.upsert.key], **stored}

    subject = subject_of(contract, wsgi(answer))

    def check() -> None:
        before = subject.upsert(subject.minimal_body()).response.members
        subject.upsert({**subject.minimal_body(), "display_name": "of another model"})
        after = subject.upsert(subject.minimal_body())
        if after.response.members.get("display_name") != before.get("display_name"):
            raise Failure("nothing of another model", "something", seen_in=[after.response])

    attempt = _runner(subject).run(OWN, check)
    assert attempt.verdict is Verdict.FAIL
    assert subject.client.requests == 9


@pytest.mark.parametrize(("broken", "verdict"), [({1}, Verdict.UNSTABLE), ({1, 3, 5}, Verdict.FAIL)])
def test_a_comparison_with_a_broken_response_counts_if_it_breaks_again(
    contract: Contract, broken: set[int], verdict: Verdict
) -> None:
    requests = count(1)

    def respond(_: str, body: bytes) -> tuple[int, Any]:
        return 201, "half a bod" if next(requests) in broken else json.loads(body)

    subject = subject_of(contract, wsgi(respond))

    def check() -> None:
        body = {**subject.minimal_body(), "display_name": "the same"}
        before, after = (subject.upsert(body).response for _ in range(2))
        if after.members.get("display_name") != before.members.get("display_name"):
            raise Failure("the same twice", "another", seen_in=[after])

    assert _runner(subject).run(OWN, check).verdict is verdict


def test_evidence_that_is_not_available_is_requested_once(contract: Contract) -> None:
    subject = _answering(contract, 400)

    def check() -> None:
        subject.once("evidence", lambda: subject.existing(subject.minimal_body()))

    runner = _runner(subject)
    first = runner.run(OWN, check)
    asked = subject.client.requests
    again = runner.run(OWN, check)
    assert first.verdict is again.verdict is Verdict.NOT_TESTABLE
    assert first.reason == again.reason
    assert subject.client.requests == asked


def test_a_finding_has_the_exchanges_that_its_failure_names(contract: Contract) -> None:
    subject = _answering(contract, 200)

    def check() -> None:
        subject.upsert(subject.minimal_body())
        raise Failure("one", "other", [subject.upsert(subject.minimal_body())])

    attempt = _runner(subject).run(OWN, check)
    assert len(attempt.findings["STA-01"].exchanges) == 1
    assert len(attempt.exchanges) == 2


def test_an_exception_in_a_check_is_an_error_of_ours(contract: Contract) -> None:
    subject = _answering(contract, 201)

    def check() -> None:
        subject.upsert(subject.minimal_body())
        raise KeyError("a mistake of ours")

    attempt = _runner(subject).run(OWN, check)
    assert attempt.verdict is Verdict.ERROR
    assert "a mistake of ours" in attempt.reason
    assert subject.client.requests == 1


def test_what_cannot_be_tested_has_a_reason_and_the_blocking_finding(contract: Contract) -> None:
    subject = _answering(contract, 400)

    def check() -> None:
        subject.existing(subject.minimal_body())

    attempt = _runner(subject).run(OWN, check)
    assert (attempt.verdict, attempt.blocked_by) == (Verdict.NOT_TESTABLE, "STA-17")
    assert "400" in attempt.reason


@pytest.mark.parametrize(("may_be_intercepted", "blocked_by"), [(False, RESPONDS), (True, None)])
def test_a_request_without_a_response_is_reported_at_the_requirement_of_responses(
    contract: Contract, may_be_intercepted: bool, blocked_by: str | None
) -> None:
    subject = _answering(contract, 201)
    request = Request("POST", "/", may_be_intercepted=may_be_intercepted)

    def check() -> None:
        raise NoResponse(request, "the connection broke")

    attempt = _runner(subject).run(OWN, check)
    assert attempt.lost is not None
    assert (attempt.verdict, attempt.blocked_by) == (Verdict.NOT_TESTABLE, blocked_by)
    assert attempt.findings.keys() == (set() if may_be_intercepted else {RESPONDS})


def _breaking(subject: Subject, *targets: str) -> Callable[[], None]:
    """A check of which each run sends a request to the next target that gets no response, and then one that does."""
    coming = iter(targets)

    def check() -> None:
        if target := next(coming, ""):
            raise NoResponse(Request("POST", target), "the connection broke")
        subject.upsert(subject.minimal_body())

    return check


def test_a_connection_that_breaks_once_is_flaky_and_the_check_is_judged(contract: Contract) -> None:
    subject = _answering(contract, 201)
    runner = _runner(subject)
    attempt = runner.run(OWN, _breaking(subject, "/"))
    assert attempt.verdict is Verdict.PASS
    assert attempt.findings == {}
    assert runner.flaky_requests == 1


def test_a_connection_that_breaks_here_and_there_judges_nothing(contract: Contract) -> None:
    subject = _answering(contract, 201)
    runner = _runner(subject)
    attempt = runner.run(OWN, _breaking(subject, "/a", "/b", "/c", "/d"))
    assert (attempt.verdict, attempt.obstacle) == (Verdict.NOT_TESTABLE, Obstacle.DISRUPTED)
    assert "flaky" in attempt.reason
    assert runner.flaky_requests == 4


def test_a_request_that_gets_no_response_again_and_again_is_a_fault(contract: Contract) -> None:
    subject = _answering(contract, 201)
    runner = _runner(subject)
    attempt = runner.run(OWN, _breaking(subject, "/b", "/a", "/a", "/a"))
    assert attempt.findings[RESPONDS].verdict is Verdict.FAIL
    assert runner.flaky_requests == 1


def _no_fives(exchange: Exchange, _: SchemaJudge, __: Contract) -> None:
    if exchange.response.status >= 500:
        raise Failure("no server error", str(exchange.response.status))


NO_FIVES = requirement("STA-03", judge=_no_fives)


def test_a_fault_on_every_exchange_is_reported_once_where_it_came_up_first(contract: Contract) -> None:
    subject = _answering(contract, 500, 502, 504, 505, 506, 507)

    def check() -> None:
        for _ in range(3):
            subject.upsert(subject.minimal_body())

    attempt = _runner(subject, NO_FIVES).run(OWN, check)
    assert attempt.verdict is Verdict.PASS
    assert attempt.findings.keys() == {"STA-03"}
    assert _statuses(attempt.findings["STA-03"].exchanges) == [505]


def test_a_fault_of_a_request_that_is_generated_once_a_run_is_confirmed_by_that_request_alone(
    contract: Contract,
) -> None:
    subject = subject_of(contract, wsgi(lambda _, body: ((500 if b'"input_cost":1' in body else 200), {})))

    def check() -> None:
        subject.once(
            "generated", lambda: [subject.upsert({**subject.minimal_body(), "input_cost": 1})], persistent=True
        )

    attempt = _runner(subject, NO_FIVES).run(OWN, check)
    assert attempt.findings["STA-03"].verdict is Verdict.FAIL
    assert subject.client.requests == 3


@pytest.mark.parametrize(("later", "verdict", "requests"), [(200, Verdict.FAIL, 3), (201, Verdict.UNSTABLE, 5)])
def test_a_failure_with_a_replay_is_confirmed_without_the_rest_of_its_check(
    contract: Contract, later: int, verdict: Verdict, requests: int
) -> None:
    subject = _answering(contract, 201, 200, later)

    def replay(sequence: Sequence[Request]) -> Reproduced | None:
        exchanges = [subject.send(request) for request in sequence]
        seen = exchanges[-1].response.status != 201
        return Reproduced(Failure("201", "another"), tuple(exchanges)) if seen else None

    def check() -> None:
        subject.upsert(subject.minimal_body())
        exchange = subject.upsert(subject.minimal_body())
        if exchange.response.status != 201:
            failure = Failure("201", "another", [exchange])
            failure.replay = replay
            raise failure

    attempt = _runner(subject).run(OWN, check)
    assert attempt.verdict is verdict
    assert subject.client.requests == requests


def test_only_the_requests_that_led_to_a_failure_are_printed(contract: Contract) -> None:
    def answer(method: str, body: bytes) -> tuple[int, Any]:
        return (500 if b'"input_cost":1' in body else 200), {}

    subject = subject_of(contract, wsgi(answer))

    def check() -> None:
        one, other = subject.minimal_body(), subject.minimal_body()
        for body in (one, other, one, {**one, "input_cost": 1}, other):
            subject.upsert(body)

    attempt = _runner(subject, NO_FIVES).run(OWN, check)
    assert _statuses(attempt.findings["STA-03"].exchanges) == [200, 200, 500]
    assert len({exchange.request.key for exchange in attempt.findings["STA-03"].exchanges}) == 1


def test_the_checks_own_finding_stands_beside_that_on_every_exchange(contract: Contract) -> None:
    subject = _answering(contract, 500)
    attempt = _runner(subject, NO_FIVES).run(OWN, _is_created(subject))
    assert attempt.findings.keys() == {"STA-01", "STA-03"}
    assert attempt.verdict is Verdict.FAIL


def test_observations_are_those_of_this_check(contract: Contract) -> None:
    subject = _answering(contract, 201)
    runner = _runner(subject)
    assert runner.run(OWN, lambda: subject.observe("one")).observed == ("one",)
    assert runner.run(OWN, lambda: None).observed == ()


def test_an_obstacle_beside_a_confirmed_fault_hides_neither(contract: Contract) -> None:
    subject = _answering(contract, 500)

    def check() -> None:
        subject.upsert(subject.minimal_body())
        raise NotTestable("no provider is known")

    attempt = _runner(subject, NO_FIVES).run(OWN, check)
    assert attempt.verdict is Verdict.NOT_TESTABLE
    assert attempt.findings["STA-03"].verdict is Verdict.FAIL
