"""The ledger: written before anything is created, read back whole, and gone when nothing is left."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from conformance.target.ledger import BadLedger, Entry, Ledger, LedgerRun, read_ledger, write_ledger

ONE, TWO = Entry("rc-00000001-1", "RESPAN_API_KEY"), Entry("rc-00000001-2", "RESPAN_OTHER_ORG_KEY")
TARGET, PREFIX = "https://target.example", "rc-00000001"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "ledger.jsonl"


def test_a_name_is_in_the_file_as_soon_as_it_is_noted(path: Path) -> None:
    ledger = Ledger(path, TARGET, PREFIX)
    assert read_ledger(path) == [LedgerRun(TARGET, PREFIX, ())]
    ledger.record(ONE)
    assert read_ledger(path) == [LedgerRun(TARGET, PREFIX, (ONE,))]
    ledger.record(ONE)
    ledger.record(TWO)
    assert read_ledger(path) == [LedgerRun(TARGET, PREFIX, (ONE, TWO))]
    ledger.close([])


def test_the_file_goes_when_nothing_is_left(path: Path) -> None:
    ledger = Ledger(path, TARGET, PREFIX)
    ledger.record(ONE)
    ledger.close([])
    assert not path.exists()


def test_what_is_left_stays(path: Path) -> None:
    ledger = Ledger(path, TARGET, PREFIX)
    ledger.record(ONE)
    ledger.record(TWO)
    ledger.close([TWO])
    assert read_ledger(path) == [LedgerRun(TARGET, PREFIX, (TWO,))]


def test_runs_that_share_a_file_keep_to_themselves(path: Path) -> None:
    earlier = LedgerRun("https://other.example", "rc-0000000f", (Entry("rc-0000000f-7", ""),))
    path.parent.mkdir()
    write_ledger(path, [earlier])
    ledger = Ledger(path, TARGET, PREFIX)
    ledger.record(ONE)
    assert read_ledger(path) == [earlier, LedgerRun(TARGET, PREFIX, (ONE,))]
    ledger.close([])
    assert read_ledger(path) == [earlier]


@pytest.mark.parametrize("name", ["", "a\nb", "\x00", '"', "模型", "\ud800"])
def test_any_name_can_stand_in_it(name: str, path: Path) -> None:
    path.parent.mkdir()
    run = LedgerRun(TARGET, PREFIX, (Entry(name, ""),))
    write_ledger(path, [run])
    assert read_ledger(path) == [run]


def test_a_truncated_last_line_is_ignored(path: Path) -> None:
    path.parent.mkdir()
    write_ledger(path, [LedgerRun(TARGET, PREFIX, (ONE, TWO))])
    path.write_text(path.read_text()[:-9])
    assert read_ledger(path) == [LedgerRun(TARGET, PREFIX, (ONE,))]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "the ledger contains no run"),
        ("models: {}\n", ":1: not a line of a ledger"),
        ('{"name": "gpt-4o", "caller": ""}\n', ":1: not a line of a ledger"),
        ('{"target": "http://a", "prefix": "gpt"}\n', ":1: not a line of a ledger"),
        ('{"target": "http://a", "prefix": "rc-00000001"}\n[]\n', ":2: not a line of a ledger"),
    ],
)
def test_another_file_is_no_ledger(text: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "ledger").write_text(text)
    with pytest.raises(BadLedger, match=says):
        read_ledger(tmp_path / "ledger")


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(BadLedger, match="No such file"):
        read_ledger(tmp_path / "ledger")


def test_a_device_takes_it_all_and_keeps_nothing() -> None:
    ledger = Ledger(Path(os.devnull), TARGET, PREFIX)
    ledger.record(ONE)
    ledger.close([ONE])
    assert Path(os.devnull).is_char_device()


def test_a_run_goes_on_behind_a_line_that_was_cut_short(path: Path) -> None:
    path.parent.mkdir()
    write_ledger(path, [LedgerRun(TARGET, PREFIX, (ONE, TWO))])
    path.write_text(path.read_text()[:-9])
    later = Entry("rc-00000002-1", "RESPAN_API_KEY")
    ledger = Ledger(path, TARGET, "rc-00000002")
    ledger.record(later)
    ledger.close([later])
    assert read_ledger(path) == [LedgerRun(TARGET, PREFIX, (ONE,)), LedgerRun(TARGET, "rc-00000002", (later,))]


def test_what_is_deleted_of_an_earlier_run_is_taken_out_and_the_rest_stays(path: Path) -> None:
    path.parent.mkdir()
    write_ledger(path, [LedgerRun(TARGET, PREFIX, (ONE, TWO))])
    ledger = Ledger(path, TARGET, "rc-00000002")
    ledger.record(ONE)
    ledger.close([], [ONE])
    assert read_ledger(path) == [LedgerRun(TARGET, PREFIX, (TWO,))]


def test_a_model_stands_under_the_run_that_named_it(path: Path) -> None:
    path.parent.mkdir()
    write_ledger(path, [LedgerRun(TARGET, PREFIX, (ONE,))])
    ledger, theirs = Ledger(path, TARGET, "rc-00000002"), Entry(ONE.name, "RESPAN_OTHER_ORG_KEY")
    own = Entry("rc-00000002-1", "RESPAN_API_KEY")
    for entry in (theirs, own):
        ledger.record(entry)
    told = [LedgerRun(TARGET, PREFIX, (ONE, theirs)), LedgerRun(TARGET, "rc-00000002", (own,))]
    assert read_ledger(path) == told
    ledger.close([ONE, theirs, own])
    assert read_ledger(path) == told


def test_no_other_file_is_written_to(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("mine\n")
    with pytest.raises(BadLedger, match=":1: not a line of a ledger"):
        Ledger(path, TARGET, PREFIX)
    assert path.read_text() == "mine\n"
