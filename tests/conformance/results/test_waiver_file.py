"""Writing waivers: what a run found not met is accepted, what holds again is not, and nothing else is touched."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from pathlib import Path

import pytest

from conformance.results.record import Record
from conformance.results.result import Result
from conformance.results.waiver_file import DAYS, Words, write_waivers
from conformance.results.waivers import Terms, Waiver, read_waivers
from conformance.settings import BadFile
from contract import Contract
from tests.conformance.results.test_result import ALL, FAIL, NOT_TESTABLE, PASS, UNSTABLE, M, N, S, _record

TODAY = dt.date(2027, 1, 31)
UNTIL = TODAY + dt.timedelta(days=DAYS)
WORDS = Words("to be fixed", "jane")
LATER, EARLIER = TODAY + dt.timedelta(days=9), TODAY - dt.timedelta(days=9)


@pytest.fixture
def file(tmp_path: Path, registry: object) -> Path:
    return tmp_path / "waivers.toml"


def _result(contract: Contract, records: Iterable[Record], **terms: object) -> Result:
    result = Result.begin(
        contract,
        ALL,
        {r.id for r in ALL},
        "http://target",
        7,
        Terms(today=TODAY, **terms),  # type: ignore[arg-type]
    )
    for record in records:
        result.add(record)
    return result


def _entry(id: str, expires: dt.date) -> str:
    return f'[[waiver]]\nid = "{id}"  # a remark\nreason = "as agreed"\nowner = "kim"\nexpires = {expires}\n'


def test_what_binds_and_is_not_met_is_waived(contract: Contract, file: Path) -> None:
    result = _result(contract, [_record(M, FAIL), _record(N, UNSTABLE), _record(S, FAIL)])
    waived = write_waivers(str(file), result, WORDS)
    assert waived == read_waivers(str(file))
    assert waived == {id: Waiver(id, "to be fixed", "jane", UNTIL) for id in ("IDM-01", "IDM-02")}


def test_a_strict_run_waives_deviations_too(contract: Contract, file: Path) -> None:
    assert set(write_waivers(str(file), _result(contract, [_record(S, FAIL)], strict=True), WORDS)) == {"IDM-05"}


def test_where_nothing_fails_the_file_can_still_be_read(contract: Contract, file: Path) -> None:
    assert write_waivers(str(file), _result(contract, [_record(M)]), WORDS) == {}
    assert read_waivers(str(file)) == {}


@pytest.mark.parametrize("applied", [True, False], ids=["applied in the run", "only in the file"])
def test_waivers_that_are_still_needed_stay_as_they_are(contract: Contract, file: Path, applied: bool) -> None:
    file.write_text("# ours\n" + _entry("idm-01", LATER))
    terms = {"waivers": read_waivers(str(file))} if applied else {}
    write_waivers(str(file), _result(contract, [_record(M, FAIL)], **terms), WORDS)
    assert file.read_text() == "# ours\n" + _entry("idm-01", LATER)


def test_an_expired_one_holds_again_with_its_reason_and_remarks(contract: Contract, file: Path) -> None:
    file.write_text(_entry("IDM-01", EARLIER))
    write_waivers(str(file), _result(contract, [_record(M, FAIL)]), WORDS)
    assert file.read_text() == _entry("IDM-01", UNTIL)


def test_what_holds_now_is_taken_out_and_what_is_new_is_added(contract: Contract, file: Path) -> None:
    file.write_text(_entry("IDM-01", LATER))
    waived = write_waivers(str(file), _result(contract, [_record(M, PASS), _record(N, FAIL)]), WORDS)
    assert waived == read_waivers(str(file)) == {"IDM-02": Waiver("IDM-02", "to be fixed", "jane", UNTIL)}


@pytest.mark.parametrize("records", [[], [_record(M, NOT_TESTABLE)]], ids=["not run", "not testable"])
def test_what_was_not_judged_is_left_alone(contract: Contract, file: Path, records: list[Record]) -> None:
    file.write_text(_entry("IDM-01", EARLIER) + "\n" + _entry("AUT-03", LATER))
    before = file.read_text()
    write_waivers(str(file), _result(contract, records), WORDS)
    assert file.read_text() == before


def test_a_waiver_of_another_file_is_taken_over(contract: Contract, file: Path) -> None:
    other = Waiver("IDM-01", "as agreed", "kim", LATER)
    result = _result(contract, [_record(M, FAIL)], waivers={other.id: other})
    assert write_waivers(str(file), result, WORDS) == {"IDM-01": other}


@pytest.mark.parametrize("words", [Words('quotes " and \\ and\nlines'), Words("ä 模型", "o'hara")])
def test_any_words_can_be_read_back(contract: Contract, file: Path, words: Words) -> None:
    result = _result(contract, [_record(M, FAIL)])
    assert write_waivers(str(file), result, words) == read_waivers(str(file))


def test_a_file_that_is_none_of_waivers_is_left_alone(contract: Contract, file: Path) -> None:
    file.write_text("url = 'http://localhost'\n")
    with pytest.raises(BadFile):
        write_waivers(str(file), _result(contract, [_record(M, FAIL)]), WORDS)
    assert file.read_text() == "url = 'http://localhost'\n"
