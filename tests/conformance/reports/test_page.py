"""The parts of the HTML page that need no browser."""

from __future__ import annotations

import subprocess

import pytest

from conformance.reports.document import document
from conformance.reports.page import coded, command, field_of, is_sentence, names, page
from conformance.results.result import Result
from conformance.results.terms import Terms
from tests.conformance.reports.runs import all_kinds, nothing_found


def _with(**changes: object) -> Result:
    result = nothing_found()
    for name, value in changes.items():
        setattr(result, name, value)
    return result


def test_the_run_can_be_made_again() -> None:
    told = document(all_kinds())
    assert command(told) == ("respan-conformance http://127.0.0.1:9000 --provider my-vllm --profile default --seed 7")
    strict = document(_with(terms=Terms(strict=True), seed=0))
    assert command(strict) == "respan-conformance http://127.0.0.1:9000 --profile default --seed 0 --strict"


def test_a_command_holds_what_is_odd_as_one_word() -> None:
    told = document(all_kinds())
    told["run"]["options"] = {"provider": ["a b", "$(exit 1)"]}
    printed = subprocess.run(
        ["bash", "-c", command(told).replace("respan-conformance", "printf '%s\\n'", 1)],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert printed.splitlines()[1:5] == ["--provider", "a b", "--provider", "$(exit 1)"]


def test_a_run_in_this_process_has_no_command() -> None:
    told = document(_with(target="app:app (in process)"))
    assert command(told) == ""
    assert "Run it again" not in page(told)


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
    assert field_of({"observed": observed, "expected": expected}) == field


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
