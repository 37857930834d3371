"""Fixed runs, and what their reports look like on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta

from conformance.requirements.registry import load_checks
from conformance.requirements.requirement import REGISTRY
from conformance.results.record import Record, Stop
from conformance.results.result import Result
from conformance.results.verdict import RunVerdict, Verdict
from conformance.results.waivers import Terms, Waiver
from conformance.terminal import Detail, show
from conformance.terminal.finding import StringConsole
from contract import load
from tests.conformance.reports.runs import TODAY, all_kinds, exchange, finding, nothing_found, record

WIDTHS = (80, 120)


def _of(*records: Record, terms: Terms | None = None) -> Result:
    load_checks()
    selected = {one.requirement for one in records}
    result = Result.begin(load(), REGISTRY.values(), selected, "http://127.0.0.1:9000", 7, terms or Terms())
    for one in records:
        result.add(one)
    return result


def _unstable() -> Result:
    shaky = finding(
        "CON-01",
        "exactly one 201",
        "two of 201",
        verdict=Verdict.UNSTABLE,
        second_attempt=(exchange(201, "{}"), exchange(200, "{}")),
    )
    return _of(record("STA-01"), record("CON-01", Verdict.UNSTABLE, shaky))


def _stopped() -> Result:
    result = _of(record("STA-01"))
    result.stop(Stop(RunVerdict.UNREACHABLE, "the target stopped responding"))
    return result


def _not_testable() -> Result:
    return _of(
        record("STA-01"),
        record("TEN-01", Verdict.NOT_TESTABLE, reason="needs RESPAN_OTHER_ORG_KEY"),
        record("AUT-09", Verdict.NOT_TESTABLE, reason="needs RESPAN_READ_ONLY_KEY"),
    )


def _waived() -> Result:
    """A strict run with a waiver of each use."""
    uses = {"STA-01": (TODAY, "jane"), "AUT-04": (TODAY, "joe"), "IDM-02": (TODAY - timedelta(days=1), "kim")}
    waivers = {id: Waiver(id, "the gateway is being replaced", who, until) for id, (until, who) in uses.items()}
    return _of(
        record("STA-01"),
        record("AUT-04", Verdict.FAIL, finding("AUT-04", "a WWW-Authenticate header", "none")),
        record("IDM-02"),
        terms=Terms(strict=True, waivers=waivers, today=TODAY),
    )


def _different() -> Result:
    """A run with failures whose differences are shown, one of them in many cases."""
    cases = ["supported_params_override", *(f"field_{number}" for number in range(12))]
    found = [
        finding(
            "IDM-01",
            'supported_params: {"stop": {"list": true, "max": 4}, "top_p": {"max": 0.95}} in the response',
            'supported_params: {"stop": {"list": true, "max": 3}}',
            case=case,
            difference=("  {", '-     "max": 4', '+     "max": 3', "  }"),
        )
        for case in cases
    ]
    return _of(*(record("IDM-01", Verdict.FAIL, one, case=one.case) for one in found))


RUNS: Mapping[str, tuple[Callable[[], Result], Detail]] = {
    "conformant": (nothing_found, Detail.NORMAL),
    "conformant-quiet": (nothing_found, Detail.QUIET),
    "failing": (all_kinds, Detail.NORMAL),
    "failing-quiet": (all_kinds, Detail.QUIET),
    "different": (_different, Detail.NORMAL),
    "unstable": (_unstable, Detail.NORMAL),
    "stopped": (_stopped, Detail.NORMAL),
    "waived": (_waived, Detail.NORMAL),
    "waived-quiet": (_waived, Detail.QUIET),
    "not-testable": (_not_testable, Detail.NORMAL),
}


def _with_fixed_texts(result: Result) -> Result:
    """The result with a text for each requirement that does not change when its own does."""
    for id, judged in result.judged.items():
        text = f"The text of {id}, which is long enough to go on in the next line of a narrow terminal."
        judged.requirement = replace(judged.requirement, text=text)
    return result


def printed(name: str, width: int) -> str:
    """The report of a fixed run, on a terminal of a width."""
    make, detail = RUNS[name]
    console = StringConsole(width)
    show(_with_fixed_texts(make()), console, detail)
    return "\n".join(console.lines) + "\n"
