"""The report of a run, as it is printed."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from syrupy.assertion import SnapshotAssertion

from conformance.output import visible
from conformance.requirements.registry import load_checks
from conformance.requirements.requirement import REGISTRY
from conformance.results.record import Stop
from conformance.results.result import Result
from conformance.results.verdict import RunVerdict, Verdict
from conformance.results.waivers import Terms
from conformance.terminal import Detail, PatientConsole, show
from conformance.terminal.finding import StringConsole
from conformance.terminal.report import record_lines, summary_lines
from contract import load
from tests.conformance.reports.runs import all_kinds, finding, nothing_found, record
from tests.conformance.terminal.runs import RUNS, WIDTHS, printed


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", RUNS)
def test_reports_look_as_they_did(name: str, width: int, snapshot: SnapshotAssertion) -> None:
    assert printed(name, width) == snapshot


@pytest.mark.parametrize("width", WIDTHS)
def test_lines_keep_to_the_width_but_for_what_is_pasted(width: int) -> None:
    lines = printed("failing", width).splitlines()
    assert [line for line in lines if len(line) > width and "curl" not in line] == []


@pytest.mark.parametrize("detail", Detail)
def test_what_is_left_on_the_target_is_printed_in_every_detail(detail: Detail) -> None:
    result, console = nothing_found(), StringConsole()
    result.warnings.append("2 models could not be deleted")
    show(result, console, detail)
    assert "2 models could not be deleted" in console.lines


@pytest.mark.parametrize("detail", Detail)
def test_of_a_run_that_reached_nothing_only_the_reason_is_printed(detail: Detail) -> None:
    load_checks()
    result = Result.begin(load(), REGISTRY.values(), set(REGISTRY), "http://127.0.0.1:9", 7, Terms())
    result.expect(list(REGISTRY))
    result.stop(Stop(RunVerdict.UNREACHABLE, "nothing listens there"))
    console = StringConsole()
    show(result, console, detail)
    assert console.lines == ["UNREACHABLE: nothing listens there"]
    assert [line for line in summary_lines(result, quiet=detail is Detail.QUIET) if line] == console.lines


def _colours(monkeypatch: pytest.MonkeyPatch, **environment: str) -> str:
    for name in ("NO_COLOR", "FORCE_COLOR", "COLORTERM", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    text = io.StringIO()
    monkeypatch.setattr("sys.stdout", text)
    show(nothing_found(), PatientConsole(), Detail.NORMAL)
    return text.getvalue()


def test_colour_is_for_those_who_ask_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b[" not in _colours(monkeypatch)
    assert "\x1b[32m✓" in _colours(monkeypatch, FORCE_COLOR="1", TERM="xterm")
    assert "\x1b[32m" not in _colours(monkeypatch, FORCE_COLOR="1", NO_COLOR="1", TERM="xterm")


def test_where_nobody_watches_each_requirement_keeps_to_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = _colours(monkeypatch, COLUMNS="40").splitlines()
    assert len([line for line in lines if line.startswith("  ✓ ")]) == 2
    assert max(map(len, lines)) > 80


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("plain, ä, 模型", "plain, ä, 模型"),
        ("\x1b[2J", "\\u001b[2J"),
        ("\u202e", "\\u202e"),
        ("a\nb", "a\nb"),
        ("\r", "\\u000d"),
    ],
)
def test_a_target_cannot_play_with_the_terminal(sent: str, shown: str) -> None:
    assert visible(sent) == shown


def test_a_command_is_printed_as_it_is() -> None:
    command = """curl http://127.0.0.1:9000 -d '{"model_name": "a:100:b", "x": "[red]:smile:[/]"}'"""
    result = nothing_found()
    result.add(record("IDM-01", Verdict.FAIL, finding("IDM-01", "one", "other", reproduce=(command,))))
    console = StringConsole()
    show(result, console)
    assert f"    {command}" in console.lines


def test_a_test_is_reported_with_its_time_and_exchanges() -> None:
    exchanges = ("POST /api/models/ {} -> 201 {} (3 ms)",)
    one = record("IDM-01", case="display_name", seconds=0.0123, exchanges=exchanges)
    assert [line.plain for line in record_lines(one)] == [
        "✓ IDM-01 display_name  12 ms",
        "    POST /api/models/ {} -> 201 {} (3 ms)",
    ]


def test_a_test_that_could_not_be_judged_has_its_reason() -> None:
    one = record("TEN-01", Verdict.NOT_TESTABLE, reason="needs a key", seconds=2.0)
    assert [line.plain for line in record_lines(one)] == ["○ TEN-01  2.0 s  not testable: needs a key"]


def test_the_failures_come_last_the_gravest_at_the_end() -> None:
    text = io.StringIO()
    show(all_kinds(), Console(file=text, width=200, highlight=False, markup=False))
    heads = [line.split()[2] for line in text.getvalue().splitlines() if line[:1] in ("✗", "~", "?", "!")]
    assert heads == ["DEVIATES", "UNSTABLE", "ERROR", "FAIL", "FAIL", "FAIL"]
