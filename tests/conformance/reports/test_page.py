"""The parts of the HTML page that need no browser."""

from __future__ import annotations

import pytest

from conformance.reports.page import as_html, coded, field_of, is_sentence, names
from tests.conformance.reports.runs import all_kinds, finding


def test_the_run_can_be_made_again() -> None:
    assert "respan-conformance http://127.0.0.1:9000 --provider my-vllm --seed 7" in as_html(all_kinds())


@pytest.mark.parametrize(
    ("observed", "expected", "field"),
    [
        ("input_cost: 0.0", "input_cost: 1", "input_cost"),
        ("supported_params.temperature: 2", "", "temperature"),
        ("a response without input_cost", "input_cost: 1 in the response", "input_cost"),
        ("201 {}", "status 400", ""),
    ],
)
def test_the_field_that_a_finding_is_about(observed: str, expected: str, field: str) -> None:
    assert field_of(finding("IDM-01", expected, observed)) == field


def test_the_line_of_a_field() -> None:
    assert names('  "input_cost": 0,', "input_cost")
    assert not names('  "cache_hit_input_cost": 0,', "input_cost")


@pytest.mark.parametrize(
    ("text", "markup"),
    [
        ("`a` is <b>", "<code>a</code> is &lt;b&gt;"),
        ("no code", "no code"),
        ("one ` alone", "one ` alone"),
        ("`<i>`", "<code>&lt;i&gt;</code>"),
    ],
)
def test_what_stands_between_backticks_is_code(text: str, markup: str) -> None:
    assert coded(text) == markup


def test_a_setting_is_no_sentence() -> None:
    assert is_sentence("A cycle is cut.")
    assert not is_sentence("reserved: 403")
