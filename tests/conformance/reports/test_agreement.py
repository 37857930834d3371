"""Every report says the same about a requirement: its verdict, and the finding that comes first."""

from __future__ import annotations

import re
from itertools import permutations

from conformance.reports import as_html
from conformance.reports.document import document
from conformance.reports.junit import found_elsewhere
from conformance.reports.markdown import as_markdown
from conformance.results.finding import Finding
from conformance.results.result import Result
from conformance.results.verdict import Verdict
from conformance.terminal import show
from conformance.terminal.finding import StringConsole, Unmet
from tests.conformance.reports.runs import exchange, finding, nothing_found, record, told
from tests.conformance.reports.test_junit import Read, property_of
from tests.servers.plain import PlainServer

ONE, TWO = (exchange(500, "{}"),), (exchange(200, "{}"), exchange(500, "{}"))
FINDINGS = (
    finding("STA-01", "own, in one step", "b", exchanges=ONE),
    finding("STA-01", "own, in two steps", "b", exchanges=TWO),
    finding("STA-01", "of another test", "b", exchanges=ONE, found_in="IDM-01"),
    finding("STA-01", "without exchanges", "b", exchanges=()),
    finding("STA-01", "once and not again", "b", exchanges=ONE, verdict=Verdict.UNSTABLE),
)
"""In the order that they are told in."""


def _result(*findings: Finding) -> Result:
    result = nothing_found()
    for one in findings:
        result.add(record("IDM-01", Verdict.PASS, one))
    return result


def test_the_finding_with_the_shortest_evidence_is_first() -> None:
    for arrived in permutations(FINDINGS):
        found = told(document(_result(*arrived)), "STA-01")["findings"]
        assert [one["expected"] for one in found] == [one.expected for one in FINDINGS]


def test_every_report_has_the_same_facts() -> None:
    result, first = _result(*reversed(FINDINGS)), FINDINGS[0].expected
    unmet = Unmet.of(result, "STA-01")
    assert unmet.finding is not None
    assert unmet.finding.expected == first
    [report] = found_elsewhere(result)
    assert f"expected {first};" in report.longreprtext
    assert f"- Expected `{first}`" in as_markdown(result)
    compared, *_others = as_html(result).split("<dt>Expected</dt>")[1:]
    assert first in compared.partition("</dd>")[0]


def test_every_report_counts_requests_alike() -> None:
    result, console = nothing_found(), StringConsole()
    for requests, words in ((1, "1 request"), (1498, "1,498 requests")):
        result.requests = requests
        show(result, console)
        reports = (as_markdown(result), as_html(result), "\n".join(console.lines))
        assert all(re.search(rf"\b{words}\b", report) for report in reports)


def test_what_the_contract_leaves_open_neither_passes_nor_fails_in_any_report() -> None:
    junit = Read(PlainServer(), only=["SEM-12", "STA-25"], verbose=True)
    result, console = junit.result, StringConsole()
    show(result, console)
    report, page = document(result), as_html(result)
    for id in ("SEM-12", "STA-25"):
        assert any(line.startswith(f"  ◇ {id} OPEN ") for line in console.lines)
        assert told(report, id)["verdict"] == "observed"
        assert set(told(report, id)["cases"].values()) == {"observed"}
        assert {property_of(case, "verdict") for case in junit.of(id)} == {"observed"}
    assert "2 observed ◇ in " in "\n".join(console.lines)
    assert report["summary"] == dict.fromkeys(Verdict, 0) | {"observed": 2, "not-selected": len(result.judged) - 2}
    for text in ("\n".join(console.lines), page.partition("<script>")[0].partition("</style>")[2], as_markdown(result)):
        assert "✓" not in text
