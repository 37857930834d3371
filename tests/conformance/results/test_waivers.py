"""Waivers: what a file of them may say, and what a run makes of each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from pathlib import Path

import pytest

from conformance.requirements.requirement import Requirement
from conformance.results.record import Record
from conformance.results.result import Result
from conformance.results.verdict import RunVerdict, Verdict
from conformance.results.waivers import Terms, Use, Waiver, read_waivers
from conformance.settings import BadFile
from contract import Contract
from tests.conformance.results.test_result import ALL, FAIL, NOT_TESTABLE, PASS, UNSTABLE, M, N, O, S, _finding, _record

ENTRY = '[[waiver]]\nid = "IDM-03"\nreason = "slow cache"\nowner = "jane"\nexpires = 2027-01-31\n'
TODAY = dt.date(2027, 1, 31)
TOMORROW = TODAY + dt.timedelta(days=1)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, registry: object) -> Path:
    monkeypatch.chdir(tmp_path)
    return Path("waivers.toml")


def test_waivers_are_read(file: Path) -> None:
    file.write_text(ENTRY + ENTRY.replace("IDM-03", "aut-03").replace("jane", " joe "))
    assert read_waivers("waivers.toml") == {
        "IDM-03": Waiver("IDM-03", "slow cache", "jane", TODAY),
        "AUT-03": Waiver("AUT-03", "slow cache", "joe", TODAY),
    }


def test_no_waivers_are_none(file: Path) -> None:
    file.write_text("# none yet\n")
    assert read_waivers("waivers.toml") == {}


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("IDM-03", "IDM-3", "3: waiver 1 (IDM-3): id: there is no requirement IDM-3; did you mean IDM-03?"),
        ("IDM-03", "IDM", "3: waiver 1 (IDM): id: there is no requirement IDM; did you mean"),
        ('id = "IDM-03"\n', "", "2: waiver 1: id: is missing; give text in quotes"),
        ('"IDM-03"', "3", "3: waiver 1: id: give text in quotes, not a whole number"),
        ("reason =", "raeson =", "4: waiver 1 (IDM-03): raeson: unknown field; did you mean reason?"),
        ('reason = "slow cache"\n', "", "2: waiver 1 (IDM-03): reason: is missing"),
        ("slow cache", " ", "4: waiver 1 (IDM-03): reason: is empty; write a few words"),
        ('"jane"', '["jane"]', "5: waiver 1 (IDM-03): owner: give text in quotes, not a list"),
        ("2027-01-31", '"2027-01-31"', "6: waiver 1 (IDM-03): expires: give a date without quotes, such as 2027-01-31"),
        ("2027-01-31", "2027-01-31T00:00:00Z", "6: waiver 1 (IDM-03): expires: give a date without quotes"),
        ("2027-01-31", "2027-02-31", "6:11: invalid date"),
        ("[[waiver]]", "[[waivers]]", "2: unknown key waivers; write each waiver as a table [[waiver]]"),
        ("[[waiver]]", "[waiver]", "2: write each waiver as a table [[waiver]]"),
    ],
)
def test_an_error_names_the_line_and_the_entry(file: Path, old: str, new: str, says: str) -> None:
    file.write_text("\n" + ENTRY.replace(old, new))
    with pytest.raises(BadFile) as refusal:
        read_waivers("waivers.toml")
    assert str(refusal.value).startswith(f"waivers.toml:{says}")


def test_a_requirement_is_waived_once(file: Path) -> None:
    file.write_text(ENTRY + "\n" + ENTRY.lower())
    with pytest.raises(BadFile, match=r"waivers\.toml:8: IDM-03 is waived twice"):
        read_waivers("waivers.toml")


def _result(
    contract: Contract,
    records: Iterable[Record],
    *,
    today: dt.date = TODAY,
    strict: bool = False,
    waived: Requirement = M,
    selected: Iterable[Requirement] = ALL,
) -> Result:
    terms = Terms(strict, waivers={waived.id: Waiver(waived.id, "slow cache", "jane", TODAY)}, today=today)
    result = Result.begin(contract, ALL, {r.id for r in selected}, "http://target", 7, terms)
    for record in records:
        result.add(record)
    return result


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("waived", [M, S])
@pytest.mark.parametrize("found", [FAIL, UNSTABLE])
def test_a_waived_failure_does_not_decide(
    contract: Contract, found: Verdict, waived: Requirement, strict: bool
) -> None:
    result = _result(contract, [_record(N), _record(waived, found)], waived=waived, strict=strict)
    assert result.verdicts()[waived.id] is Verdict.WAIVED
    assert result.verdict() is RunVerdict.CONFORMANT
    assert result.judged[waived.id].use() is Use.NEEDED
    assert result.waiver_notes() == []


def test_a_finding_in_the_test_of_another_is_waived_too(contract: Contract) -> None:
    result = _result(contract, [_record(N, PASS, _finding("IDM-01")), _record(M)])
    assert result.verdicts()["IDM-01"] is Verdict.WAIVED
    assert result.verdict() is RunVerdict.CONFORMANT


def test_others_are_not_waived(contract: Contract) -> None:
    assert _result(contract, [_record(M, FAIL), _record(N, FAIL)]).verdict() is RunVerdict.NON_CONFORMANT


def test_what_a_waived_failure_was_in_the_way_of_is_explained(contract: Contract) -> None:
    result = _result(contract, [_record(M, FAIL), _record(N, NOT_TESTABLE, blocked_by="IDM-01", reason="no read")])
    assert result.verdict() is RunVerdict.CONFORMANT


def test_an_expired_waiver_fails_the_run_and_names_its_owner(contract: Contract) -> None:
    result = _result(contract, [_record(M, FAIL), _record(N)], today=TOMORROW)
    assert result.verdict() is RunVerdict.NON_CONFORMANT
    [note] = result.waiver_notes()
    assert note == "the waiver of IDM-01 (jane) expired on 2027-01-31: fix it, or agree on a later date (slow cache)"


def test_an_expired_waiver_fails_the_run_even_where_its_requirement_holds(contract: Contract) -> None:
    ruling = _result(contract, [_record(M), _record(N)], today=TOMORROW).ruling()
    assert ruling.verdict is RunVerdict.OUTDATED_WAIVERS
    assert ruling.reasons == ["the waiver of IDM-01 (jane) expired on 2027-01-31: it passes now; remove the waiver"]


@pytest.mark.parametrize(("strict", "verdict"), [(False, RunVerdict.CONFORMANT), (True, RunVerdict.OUTDATED_WAIVERS)])
@pytest.mark.parametrize(("waived", "why"), [(M, "it passes"), (O, "it is only observed")])
def test_a_waiver_that_is_not_needed_is_reported_and_fails_a_strict_run(
    contract: Contract, waived: Requirement, why: str, strict: bool, verdict: RunVerdict
) -> None:
    result = _result(contract, [_record(N), _record(M), _record(O, FAIL)], waived=waived, strict=strict)
    assert result.verdict() is verdict
    assert result.waiver_notes() == [f"the waiver of {waived.id} (jane) is no longer needed: {why}; remove the waiver"]


@pytest.mark.parametrize("today", [TODAY, TOMORROW])
@pytest.mark.parametrize("selected", [ALL, (N,)], ids=["not testable", "not selected"])
def test_a_waiver_of_what_is_not_judged_is_neither(
    contract: Contract, selected: Iterable[Requirement], today: dt.date
) -> None:
    records = [_record(M, NOT_TESTABLE, reason="no key")] if M in selected else []
    result = _result(contract, [_record(N), *records], selected=selected, today=today, strict=True)
    assert result.judged["IDM-01"].use() is Use.IDLE
    assert result.verdict() is RunVerdict.CONFORMANT
    assert result.waiver_notes() == []


def test_a_stopped_run_does_not_mention_waivers(contract: Contract) -> None:
    result = _result(contract, [_record(M)], today=TOMORROW)
    result.stopped = RunVerdict.INTERRUPTED
    assert result.waiver_notes() == []
