"""From the records of tests to verdicts: of each requirement and of the run, by default and strict."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.judge.outcome import Cause, Obstacle
from conformance.reports.document import document
from conformance.requirements.level import MUST, OPEN, SHOULD
from conformance.requirements.requirement import Requirement
from conformance.results.finding import Finding
from conformance.results.record import Closing, Record, Stop
from conformance.results.result import Result
from conformance.results.verdict import EXIT_OF, Exit, RunVerdict, Verdict, worst
from conformance.results.waivers import Terms
from conformance.target.budget import Disruption, Trouble
from contract import Contract
from tests.conformance.parts import drawn

M = Requirement("IDM-01", MUST, "x-clauses/returned", "A must.")
N = Requirement("IDM-02", MUST, "x-clauses/returned", "Another must.")
S = Requirement("IDM-05", SHOULD, "x-clauses/read-back", "A should.")
O = Requirement("SEM-12", OPEN, "x-clauses/unknown-fields", "Left open.")  # noqa: E741
L = Requirement("IDM-09", MUST, "x-clauses/read-back", "A must on an assumption.")
ALL = (M, N, S, O, L)
PASS, FAIL, NOT_TESTABLE = Verdict.PASS, Verdict.FAIL, Verdict.NOT_TESTABLE
UNSTABLE, ERROR, DEVIATES, NOT_SELECTED = Verdict.UNSTABLE, Verdict.ERROR, Verdict.DEVIATES, Verdict.NOT_SELECTED
WAIVED, OBSERVED = Verdict.WAIVED, Verdict.OBSERVED


def _finding(id: str, verdict: Verdict = FAIL, case: str = "", cause: Cause | None = None) -> Finding:
    return Finding(
        requirement=id,
        found_in=id,
        case=case,
        verdict=verdict,
        expected="status 200",
        observed="status 500",
        cause=cause,
        reproduce=("curl",),
    )


def _record(requirement: Requirement, verdict: Verdict = PASS, *findings: Finding, **more: Any) -> Record:
    """The result of a test of `requirement`, with its own finding if it is not met."""
    case = more.pop("case", "")
    own = [_finding(requirement.id, verdict, case)] if verdict in (FAIL, UNSTABLE) else []
    return Record(requirement.id, case, verdict, requests=2, findings=(*own, *findings), **more)


def _disrupted(result: Result, *disruptions: Disruption) -> None:
    """End the run with these disruptions."""
    result.close(Closing("http://target", (), (), 0, (), disruptions))


def _result(
    contract: Contract, records: Iterable[Record], *, selected: Iterable[Requirement] = ALL, strict: bool = False
) -> Result:
    result = Result.begin(contract, ALL, {r.id for r in selected}, "http://target", 7, Terms(strict=strict))
    for record in records:
        result.add(record)
    return result


@given(st.lists(st.sampled_from(Verdict), min_size=1))
@drawn
def test_the_worst_is_one_of_them_and_none_is_worse(verdicts: list[Verdict]) -> None:
    order = [NOT_SELECTED, Verdict.NOT_REACHED, PASS, OBSERVED, NOT_TESTABLE, DEVIATES, WAIVED, UNSTABLE, FAIL, ERROR]
    assert order.index(worst(verdicts)) == max(map(order.index, verdicts))


def test_the_worst_of_nothing_is_not_selected() -> None:
    assert worst([]) is NOT_SELECTED


@pytest.mark.parametrize(
    ("requirement", "verdicts", "default", "strict"),
    [
        (M, [PASS, PASS], PASS, PASS),
        (M, [PASS, FAIL], FAIL, FAIL),
        (M, [PASS, NOT_TESTABLE], NOT_TESTABLE, NOT_TESTABLE),
        (M, [UNSTABLE, NOT_TESTABLE], UNSTABLE, UNSTABLE),
        (M, [UNSTABLE, FAIL], FAIL, FAIL),
        (M, [FAIL, ERROR], ERROR, ERROR),
        (M, [], NOT_SELECTED, NOT_SELECTED),
        (S, [PASS], PASS, PASS),
        (S, [FAIL], DEVIATES, FAIL),
        (S, [UNSTABLE], UNSTABLE, UNSTABLE),
        (S, [ERROR], ERROR, ERROR),
        (L, [FAIL], DEVIATES, FAIL),
        (O, [PASS], OBSERVED, OBSERVED),
        (O, [FAIL], OBSERVED, OBSERVED),
        (O, [UNSTABLE], OBSERVED, OBSERVED),
        (O, [NOT_TESTABLE], NOT_TESTABLE, NOT_TESTABLE),
        (O, [ERROR], ERROR, ERROR),
    ],
)
def test_verdicts_of_a_requirement(
    contract: Contract, requirement: Requirement, verdicts: list[Verdict], default: Verdict, strict: Verdict
) -> None:
    result = _result(contract, [_record(requirement, v, case=str(i)) for i, v in enumerate(verdicts)])
    assert result.verdicts(strict=False)[requirement.id] is default
    assert result.verdicts(strict=True)[requirement.id] is strict


@pytest.mark.parametrize(
    ("records", "default", "strict"),
    [
        ([], RunVerdict.INCONCLUSIVE, RunVerdict.INCONCLUSIVE),
        ([_record(M), _record(S)], RunVerdict.CONFORMANT, RunVerdict.CONFORMANT),
        (
            [_record(M, NOT_TESTABLE, reason="needs --provider"), _record(N)],
            RunVerdict.CONFORMANT,
            RunVerdict.CONFORMANT,
        ),
        ([_record(M, NOT_TESTABLE, reason="needs --provider")], RunVerdict.INCONCLUSIVE, RunVerdict.INCONCLUSIVE),
        ([_record(M, NOT_TESTABLE), _record(S)], RunVerdict.INCONCLUSIVE, RunVerdict.INCONCLUSIVE),
        ([_record(M, FAIL)], RunVerdict.NON_CONFORMANT, RunVerdict.NON_CONFORMANT),
        ([_record(M), _record(S, FAIL)], RunVerdict.CONFORMANT, RunVerdict.NON_CONFORMANT),
        ([_record(M), _record(O, FAIL)], RunVerdict.CONFORMANT, RunVerdict.CONFORMANT),
        ([_record(O)], RunVerdict.INCONCLUSIVE, RunVerdict.INCONCLUSIVE),
        ([_record(M, UNSTABLE)], RunVerdict.INCONCLUSIVE, RunVerdict.INCONCLUSIVE),
        ([_record(M, UNSTABLE), _record(N, FAIL)], RunVerdict.NON_CONFORMANT, RunVerdict.NON_CONFORMANT),
        ([_record(M, ERROR)], RunVerdict.ERROR, RunVerdict.ERROR),
        ([_record(M, ERROR), _record(S, FAIL)], RunVerdict.ERROR, RunVerdict.NON_CONFORMANT),
        ([_record(M, ERROR), _record(N, FAIL)], RunVerdict.NON_CONFORMANT, RunVerdict.NON_CONFORMANT),
        ([_record(M, ERROR), _record(N, UNSTABLE)], RunVerdict.ERROR, RunVerdict.ERROR),
    ],
)
def test_verdict_of_a_run(contract: Contract, records: list[Record], default: RunVerdict, strict: RunVerdict) -> None:
    assert _result(contract, records).verdict() is default
    assert _result(contract, records).verdict(strict=True) is strict
    assert _result(contract, records, strict=True).verdict() is strict


def _obstacle(blocked_by: str | None) -> Record:
    return _record(M, NOT_TESTABLE, reason="a step went wrong", blocked_by=blocked_by)


@pytest.mark.parametrize(
    ("records", "verdict"),
    [
        ([_obstacle(None), _record(N)], RunVerdict.CONFORMANT),
        ([_obstacle("IDM-02"), _record(N, FAIL)], RunVerdict.NON_CONFORMANT),
        ([_obstacle("IDM-02"), _record(N, PASS)], RunVerdict.INCONCLUSIVE),
        ([_obstacle("IDM-05"), _record(N), _record(S, FAIL)], RunVerdict.CONFORMANT),
        ([_obstacle("STA-99")], RunVerdict.INCONCLUSIVE),
    ],
    ids=["of the user", "reported", "not found by its requirement", "a deviation", "of no requirement"],
)
def test_an_obstacle_that_nothing_explains_leaves_the_run_inconclusive(
    contract: Contract, records: list[Record], verdict: RunVerdict
) -> None:
    assert _result(contract, records).verdict() is verdict


def test_an_obstacle_of_what_is_not_selected_leaves_the_run_inconclusive(contract: Contract) -> None:
    result = _result(contract, [_obstacle("IDM-02")], selected=[M])
    assert result.verdict() is RunVerdict.INCONCLUSIVE
    assert result.blocked_without_finding() == ["IDM-01"]


@pytest.mark.parametrize(
    ("obstacle", "verdict"),
    [
        (Obstacle.DOES_NOT_APPLY, RunVerdict.CONFORMANT),
        (Obstacle.NOT_PROVIDED, RunVerdict.CONFORMANT),
        (Obstacle.BLOCKED, RunVerdict.INCONCLUSIVE),
        (Obstacle.DISRUPTED, RunVerdict.INCONCLUSIVE),
    ],
)
def test_only_allowed_omissions_leave_a_run_conformant(
    contract: Contract, obstacle: Obstacle, verdict: RunVerdict
) -> None:
    result = _result(contract, [_record(M, NOT_TESTABLE, reason="because", obstacle=obstacle), _record(N)])
    assert result.verdict() is verdict


def test_what_binds_nobody_may_stay_unjudged(contract: Contract) -> None:
    records = [_record(M), _record(S, NOT_TESTABLE, reason="throttled", obstacle=Obstacle.DISRUPTED)]
    assert _result(contract, records).verdict() is RunVerdict.CONFORMANT
    assert _result(contract, records).verdict(strict=True) is RunVerdict.INCONCLUSIVE


def test_a_case_that_does_not_apply_leaves_the_others_to_decide(contract: Contract) -> None:
    lacking: dict[str, Any] = {"reason": "the key has no such neighbour", "obstacle": Obstacle.DOES_NOT_APPLY}
    one, other = _record(M, case="one"), _record(M, NOT_TESTABLE, case="other", **lacking)
    assert _result(contract, [one, other]).verdicts()["IDM-01"] is PASS
    assert _result(contract, [other]).verdicts()["IDM-01"] is NOT_TESTABLE
    for obstacle in (Obstacle.NOT_PROVIDED, Obstacle.BLOCKED, Obstacle.DISRUPTED):
        another = _record(M, NOT_TESTABLE, case="another", reason="because", obstacle=obstacle)
        assert _result(contract, [one, other, another]).verdicts()["IDM-01"] is NOT_TESTABLE


def test_what_passed_while_the_surroundings_were_not_what_they_were_is_taken_back(contract: Contract) -> None:
    void = (("IDM-01", "one"), ("IDM-02", ""))
    result = _result(contract, [_record(M, case="one"), _record(N, FAIL), _record(S, void=void)])
    assert result.verdicts()["IDM-01"] is NOT_TESTABLE
    assert result.verdicts()["IDM-02"] is NOT_TESTABLE
    assert result.not_judged() == ["IDM-01", "IDM-02"]


def test_a_disruption_is_reported_with_the_requirements_not_judged(contract: Contract) -> None:
    result = _result(contract, [_record(M, NOT_TESTABLE, reason="it expired", obstacle=Obstacle.DISRUPTED), _record(N)])
    _disrupted(result, *[Disruption(Trouble.CHANGED, "the key expired")] * 2)
    assert list(result.ruling().reasons) == [
        "changed: the key expired",
        "not judged: 1 of 2 MUST requirements: IDM-01",
    ]
    assert document(result)["disruptions"] == [{"kind": "changed", "text": "the key expired"}]


def test_not_reached_and_not_selected_are_distinguished(contract: Contract) -> None:
    result = _result(contract, [_record(M)], selected=[M, N])
    result.expect(["IDM-01", "IDM-02"])
    result.stop(Stop(RunVerdict.UNREACHABLE, "it is gone"))
    assert result.verdicts()["IDM-02"] is Verdict.NOT_REACHED
    assert result.verdicts()["IDM-05"] is NOT_SELECTED
    assert list(result.ruling().reasons) == ["it is gone", "not judged: 1 of 2 MUST requirements: IDM-02"]


@pytest.mark.parametrize(
    ("records", "conclusion"),
    [
        ([_record(M), _record(N)], "All 2 MUST requirements are met."),
        (
            [_record(M, NOT_TESTABLE, obstacle=Obstacle.NOT_PROVIDED), _record(N)],
            "1 of 2 MUST requirements is met, 1 not testable.",
        ),
    ],
)
def test_a_conformant_verdict_states_what_was_judged(
    contract: Contract, records: list[Record], conclusion: str
) -> None:
    assert _result(contract, records, selected=[M, N]).conclusion() == conclusion


UNPROCESSABLE = Cause("status", "400", "422")


def test_findings_of_one_cause_are_reported_as_one_change(contract: Contract) -> None:
    undeclared, absent = Cause("status", "", "422"), Cause("member", "id", "absent")
    found = [_finding("IDM-01", cause=UNPROCESSABLE), _finding("IDM-02", cause=undeclared)]
    others = [
        _finding("IDM-05", cause=UNPROCESSABLE),
        _finding("IDM-05", cause=absent),
        _finding("IDM-09", cause=absent),
    ]
    causes = _result(contract, [_record(M, PASS, *found), _record(S, PASS, *others)]).causes()
    assert [f"{group.change}: {group.effect}" for group in causes] == [
        "respond with 400 instead of 422: fixes IDM-01, IDM-02 and partly fixes IDM-05",
        "include id in the response: fixes IDM-09 and partly fixes IDM-05",
    ]


def test_a_cause_of_one_requirement_is_no_group(contract: Contract) -> None:
    assert _result(contract, [_record(M, PASS, _finding("IDM-01", cause=UNPROCESSABLE))]).causes() == []


def test_a_finding_counts_for_its_own_requirement(contract: Contract) -> None:
    result = _result(contract, [_record(M, PASS, _finding("IDM-02")), _record(N)])
    assert result.verdicts()["IDM-01"] is PASS
    assert result.verdicts()["IDM-02"] is FAIL


def test_a_finding_on_what_is_not_selected_is_left_out(contract: Contract) -> None:
    result = _result(contract, [_record(M, PASS, _finding("IDM-02"))], selected=[M])
    assert result.verdicts()["IDM-02"] is NOT_SELECTED
    assert result.verdict() is RunVerdict.CONFORMANT


def test_a_requirement_whose_clause_the_contract_has_not_is_not_judged(contract: Contract) -> None:
    elsewhere = Requirement("IDM-03", MUST, "x-clauses/no-such-clause", "A text.")
    result = Result.begin(contract, [*ALL, elsewhere], {"IDM-01", "IDM-03"}, "http://target", 7, Terms())
    assert "IDM-03" not in result.judged
    result.add(_record(M, PASS, _finding("IDM-03")))
    assert result.verdict() is RunVerdict.CONFORMANT


def test_what_stopped_a_run_is_its_verdict(contract: Contract) -> None:
    result = _result(contract, [_record(M, FAIL)])
    result.stop(Stop(RunVerdict.UNREACHABLE, "it is gone"))
    assert result.verdict() is RunVerdict.UNREACHABLE
    assert document(result)["stop_reason"] == "it is gone"


def test_the_json_report_has_all_of_it(contract: Contract) -> None:
    result = _result(
        contract,
        [
            _record(M, FAIL, case="one"),
            _record(M, NOT_TESTABLE, case="two", reason="no read"),
            _record(M, NOT_TESTABLE, case="three", reason="no read"),
            _record(S, FAIL),
            _record(O, PASS, observed=("ignored",)),
        ],
    )
    report = json.loads(json.dumps(document(result)))
    assert (report["verdict"], report["strict_verdict"]) == ("non-conformant", "non-conformant")
    assert (report["target"], report["run"]["seed"], report["run"]["requests"]) == ("http://target", 7, 10)
    assert report["contract"]["sha256"] == contract.digest
    by_id = {requirement["id"]: requirement for requirement in report["requirements"]}
    assert list(by_id) == sorted(by_id)
    assert by_id["IDM-01"]["cases"] == {"one": "fail", "two": "not-testable", "three": "not-testable"}
    assert by_id["IDM-01"]["reasons"] == ["no read"]
    assert [finding["case"] for finding in by_id["IDM-01"]["findings"]] == ["one"]
    assert (by_id["IDM-05"]["verdict"], by_id["IDM-05"]["strict_verdict"]) == ("deviates", "fail")
    assert (by_id["IDM-05"]["level"], by_id["IDM-05"]["clause"]["provenance"]) == ("SHOULD", "assumed")
    assert by_id["IDM-09"]["level"] == "SHOULD"
    assert by_id["SEM-12"]["observed"] == ["ignored"]


def test_every_verdict_of_a_run_has_an_exit_code() -> None:
    assert EXIT_OF.keys() == set(RunVerdict)
    assert [verdict for verdict, code in EXIT_OF.items() if code == 0] == [RunVerdict.CONFORMANT]
    assert {code.value for code in Exit} == {0, 1, 2, 3, 4, 130}


def test_a_reason_that_names_its_case_is_given_once_for_all_of_them(contract: Contract) -> None:
    cases = {"input_cost": "no input_cost", "a": "no read", "output_cost": "no output_cost", "b": "no read"}
    result = _result(contract, [_record(M, NOT_TESTABLE, case=case, reason=reason) for case, reason in cases.items()])
    assert result.judged["IDM-01"].reasons == ["no input_cost and output_cost", "no read"]
