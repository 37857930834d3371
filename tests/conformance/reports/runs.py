"""Runs that reports are written of: all that a result can hold, made by hand, and what real servers come to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from conformance.judge.outcome import Obstacle
from conformance.requirements.registry import load_checks
from conformance.requirements.requirement import REGISTRY
from conformance.results.about import About, Command
from conformance.results.finding import UNSTABLE, Finding, RedactedExchange, RedactedRequest, RedactedResponse
from conformance.results.record import Record
from conformance.results.result import Result
from conformance.results.verdict import Verdict
from conformance.results.waivers import Terms, Waiver
from contract import load

HOSTILE = (
    "</pre></details><script>alert(1)</script><img src=x onerror=alert(2)>```` | * _ \u202e \x00 ::error::%0A &amp;"
)
"""Text that a target may send, to break out of whatever it is shown in."""
TODAY = date(2026, 2, 1)
NAME = 'rc-0a1b2c3d-7"><b>'


def exchange(
    status: int,
    body: str,
    sent: str = '{"model_name":"rc-0a1b2c3d-7"}',
    model: str = "rc-0a1b2c3d-7",
    race: int | None = None,
) -> RedactedExchange:
    """An exchange as a finding holds it."""
    json = (("Content-Type", "application/json"),)
    authorization = ("Authorization", "Bearer $RESPAN_API_KEY")
    request = RedactedRequest("POST", "/api/models/", (*json, authorization), sent)
    return RedactedExchange(model, race, request, RedactedResponse(status, json, body))


def finding(id: str, expected: str, observed: str, **more: Any) -> Finding:
    """A finding that a run with seed 7 has made."""
    plain = Finding(
        requirement=id,
        found_in=id,
        case="",
        verdict=Verdict.FAIL,
        expected=expected,
        observed=observed,
        reproduce=(
            "RUN=rc-$(date +%s)-$$",
            "curl -sS -i -X POST http://127.0.0.1:9000/api/models/ --data-binary '{}'",
        ),
        rerun=f"respan-conformance http://127.0.0.1:9000 --only {id} --seed 7",
        exchanges=(exchange(500, '{"detail":"no"}'),),
    )
    if more.get("verdict") is Verdict.UNSTABLE:
        plain = replace(plain, reproduce=(), not_reproduced=UNSTABLE)
    return replace(plain, **more)


def record(id: str, verdict: Verdict = Verdict.PASS, *findings: Finding, **more: Any) -> Record:
    """The result of a test that sent three requests."""
    return Record(id, more.pop("case", ""), verdict, findings=findings, requests=3, **more)


def _records() -> list[Record]:
    fail, deviates, unstable = Verdict.FAIL, Verdict.FAIL, Verdict.UNSTABLE
    shown = finding(
        "IDM-02",
        'display_name: "Value 2" in the response to the update',
        'display_name: "Value 1"',
        case="display_name",
        difference=('- display_name: "Value 2"', '+ display_name: "Value 1"'),
        exchanges=(
            exchange(201, '{"model_name":"rc-0a1b2c3d-7","display_name":"Value 1","supported_params":{"a":[1,2]}}'),
            exchange(200, '{"model_name":"rc-0a1b2c3d-7","display_name":"Value 1","supported_params":{"a":[1,2]}}'),
        ),
    )
    hostile = finding(
        "STA-05",
        "status 400 for a truncated body",
        f"200 {HOSTILE}",
        case="truncated",
        exchanges=(exchange(200, HOSTILE, sent='{"model_name":'), exchange(200, f'{{"a":"{NAME}"}}')),
        reproduce=(f"curl -sS -i http://127.0.0.1:9000/api/models/ --data-binary '{HOSTILE}'",),
    )
    elsewhere = finding("SCH-09", "a date-time such as 2026-02-01T12:00:00Z", "created_at: 'now'", found_in="IDM-03")
    shaky = finding(
        "CON-01",
        "exactly one 201",
        "two of 201",
        verdict=Verdict.UNSTABLE,
        exchanges=(exchange(201, "{}", model="rc-0a1b2c3d-1"), *[exchange(201, "{}", race=1)] * 2),
        second_attempt=(exchange(201, "{}", race=2), exchange(200, "{}", race=2)),
    )
    error = 'Traceback (most recent call last):\n  File "reading.py", line 7, in read\nKeyError: <b>\n'
    coverage = {
        "status of upsertModel": {"200": 40, "201": 30, "400": 12, "401": 2, "202": 1},
        "status of getModel": {"200": 5},
        "sent": {"model_name": 80, "display_name": 12},
        "accepted": {"model_name": 70, "display_name": 12},
        "returned": {"id": 70, "model_name": 70, "display_name": 12, "provider": 1, "provider.id": 1},
        "null": {"throughput": 70},
    }
    return [
        record("STA-01", coverage=coverage),
        record("IDM-01", case="input_cost"),
        record("IDM-02", fail, shown, case="display_name"),
        record("IDM-02", case="input_cost"),
        record("STA-05", fail, hostile, case="truncated"),
        record("IDM-03", Verdict.PASS, elsewhere),
        record("SCH-09"),
        record(
            "STA-10",
            deviates,
            finding("STA-10", "status 400", "201 {}", case="input_cost: true"),
            case="input_cost: true",
        ),
        record("AUT-04", fail, finding("AUT-04", "a header WWW-Authenticate", "no header WWW-Authenticate")),
        record("CON-01", unstable, shaky),
        record("TEN-01", Verdict.NOT_TESTABLE, reason="needs RESPAN_OTHER_ORG_KEY", obstacle=Obstacle.NOT_PROVIDED),
        record(
            "SEM-01",
            Verdict.NOT_TESTABLE,
            case="input_cost",
            reason="a step went wrong",
            blocked_by="IDM-02",
            obstacle=Obstacle.BLOCKED,
        ),
        record("SEM-12", observed=("a field that the contract does not name is ignored",)),
        record("MOD-01", Verdict.ERROR, reason=error),
    ]


def all_kinds(**changes: Any) -> Result:
    """A run with a requirement of each verdict, and a target that sends markup. The same in every process."""
    load_checks()
    records = _records()
    selected = {r.requirement for r in records}
    waiver = Waiver("AUT-04", "the gateway drops the header", "jane", TODAY)
    terms = Terms(waivers={waiver.id: waiver}, today=TODAY)
    result = Result.begin(load(), REGISTRY.values(), selected, "http://127.0.0.1:9000", 7, terms)
    result.about = About(
        "Acme <Gateway>", "2.4.1", "default", {"provider": ["my-vllm"]}, ["api-key"],
        datetime(2026, 2, 1, 12, 0, tzinfo=UTC), Command("respan-conformance http://127.0.0.1:9000 --provider my-vllm"),
    )  # fmt: skip
    for one in records:
        result.add(one)
    result.notes = ["the target has a read", "the target has no delete"]
    result.seconds = 4.2
    for name, value in changes.items():
        setattr(result, name, value)
    return result


def nothing_found() -> Result:
    """A run in which everything passes."""
    load_checks()
    result = Result.begin(load(), REGISTRY.values(), {"STA-01", "IDM-01"}, "http://127.0.0.1:9000", 7, Terms())
    for id in ("STA-01", "IDM-01"):
        result.add(record(id))
    return result


def one_fault() -> Result:
    """A run of all requirements in which one fails, with twelve exchanges and as many cases."""
    load_checks()
    result = Result.begin(load(), REGISTRY.values(), set(REGISTRY), "http://127.0.0.1:9000", 7, Terms())
    for id in REGISTRY:
        if id != "IDM-02":
            result.add(record(id))
    exchanges = (exchange(201, '{"model_name":"rc-0a1b2c3d-0007","display_name":"Value 1"}'),) * 12
    for number in range(12):
        case = f"display_name {number}"
        found = finding("IDM-02", "Value 2", "Value 1", case=case, exchanges=exchanges)
        result.add(record("IDM-02", Verdict.FAIL, found, case=case))
    return result


def told(report: Mapping[str, Any], id: str) -> dict[str, Any]:
    """What a report says of one requirement."""
    found: dict[str, Any] = next(r for r in report["requirements"] if r["id"] == id)
    return found
