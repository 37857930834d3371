"""The JSON report: of the schema that ships, whatever a run came to, and with all that a reader needs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

import conformance.reports
from conformance import check
from conformance.reports import as_json
from conformance.reports.document import SCHEMA_VERSION
from conformance.results.about import About
from conformance.results.verdict import RunVerdict
from conformance.settings import gather
from tests.conformance.reports.runs import all_kinds, nothing_found, told
from tests.mutants.authentication import NoChallenge
from tests.mutants.inheritance import OwnZeroLoses
from tests.mutants.judging import judged
from tests.mutants.responses import ByteOrderMark, NaiveTimes
from tests.mutants.statuses import AlwaysCreated
from tests.servers.plain import PlainServer

SCHEMA = json.loads((Path(conformance.reports.__file__).parent / "report.schema.json").read_text(encoding="utf-8"))


def _faults(report: Any) -> list[str]:
    validator = jsonschema_rs.Draft202012Validator(SCHEMA, validate_formats=True)
    return [f"{'/'.join(map(str, fault.instance_path))}: {fault.message}" for fault in validator.iter_errors(report)]


def _open_objects(schema: Any, place: str = "#") -> list[str]:
    """Places in the schema where an object may have members that it does not name."""
    if isinstance(schema, list):
        return [found for index, part in enumerate(schema) for found in _open_objects(part, f"{place}/{index}")]
    if not isinstance(schema, dict):
        return []
    loose = schema.get("type") == "object" and "additionalProperties" not in schema
    return [place] * loose + [
        found for name, part in schema.items() for found in _open_objects(part, f"{place}/{name}")
    ]


def test_the_schema_is_one_and_strict() -> None:
    jsonschema_rs.meta.validate(SCHEMA)
    assert _open_objects(SCHEMA) == []
    assert SCHEMA["properties"]["schema_version"]["const"] == SCHEMA_VERSION
    assert SCHEMA["$id"].endswith(f":{SCHEMA_VERSION}")
    assert set(SCHEMA["required"]) == set(SCHEMA["properties"])


@pytest.mark.parametrize("server", [PlainServer, ByteOrderMark, NaiveTimes, AlwaysCreated, OwnZeroLoses, NoChallenge])
def test_reports_on_real_servers_are_of_the_schema(server: Callable[[], PlainServer]) -> None:
    report = json.loads(as_json(judged(server(), skip=["CON", "MOD"])))
    assert _faults(report) == []
    assert report["verdict"] == ("conformant" if server is PlainServer else "non-conformant")


def test_a_report_with_every_verdict_is_of_the_schema() -> None:
    result = all_kinds()
    result.judged["STA-02"].selected, result.judged["STA-02"].reached = True, False
    report = json.loads(as_json(result))
    assert _faults(report) == []
    assert {requirement["verdict"] for requirement in report["requirements"]} == set(SCHEMA["$defs"]["verdict"]["enum"])
    assert report["summary"]["fail"] == 3
    assert sum(report["summary"].values()) == len(report["requirements"])


@pytest.mark.parametrize("stopped", [RunVerdict.UNREACHABLE, RunVerdict.WRONG_USE, RunVerdict.INTERRUPTED])
def test_a_report_of_a_run_that_was_stopped_is_of_the_schema(stopped: RunVerdict) -> None:
    report = json.loads(as_json(all_kinds(stopped=stopped, stop_reason="it is gone")))
    assert _faults(report) == []
    assert (report["verdict"], report["stop_reason"]) == (stopped.value, "it is gone")
    assert report["exit_code"] != 0


def test_the_schema_rejects_unknown_members() -> None:
    report = json.loads(as_json(nothing_found()))
    assert _faults(report) == []
    for place in (report, report["run"], report["requirements"][0], report["coverage"]["operations"][0]):
        place["more"] = 1
        assert _faults(report)
        del place["more"]


def test_the_report_names_the_run() -> None:
    report = json.loads(as_json(all_kinds()))
    assert report["implementation"] == {"name": "Acme <Gateway>", "version": "2.4.1"}
    assert report["suite"]["name"] == "respan-conformance"
    assert report["run"] == {
        "started_at": "2026-02-01T12:00:00+00:00",
        "seconds": 4.2,
        "requests": 42,
        "seed": 7,
        "command": "respan-conformance http://127.0.0.1:9000 --provider my-vllm --seed 7",
        "profile": "default",
        "options": {"provider": ["my-vllm"]},
        "credentials": ["api-key"],
    }


def test_the_report_carries_waivers_and_the_grounds_of_the_verdict() -> None:
    report = json.loads(as_json(all_kinds()))
    assert told(report, "AUT-04")["verdict"] == told(report, "AUT-04")["strict_verdict"] == "waived"
    assert told(report, "AUT-04")["waiver"] == {
        "reason": "the gateway drops the header",
        "owner": "jane",
        "expires": "2026-02-01",
        "use": "needed",
    }
    assert told(report, "IDM-02")["waiver"] is None
    assert report["reasons"] == ["not met: IDM-02, SCH-09, STA-05"]


def test_a_finding_names_its_test_and_has_both_attempts_if_unstable() -> None:
    report = json.loads(as_json(all_kinds()))
    [elsewhere] = told(report, "SCH-09")["findings"]
    assert (told(report, "SCH-09")["verdict"], elsewhere["found_in"]) == ("fail", "IDM-03")
    [shaky] = told(report, "CON-01")["findings"]
    assert [len(shaky[tries]) for tries in ("exchanges", "second_attempt")] == [3, 2]
    assert told(report, "IDM-02")["cases"] == {"display_name": "fail", "input_cost": "pass"}


def test_the_run_counts_what_it_met_of_the_contract() -> None:
    report = json.loads(as_json(check(PlainServer(), api_key="demo-acme", only=["STA-01", "STA-19", "AUT-01"])))
    met = report["coverage"]
    operations = {operation["id"]: operation["statuses"] for operation in met["operations"]}
    seen = {id: {s["status"] for s in statuses if s["responses"]} for id, statuses in operations.items()}
    assert seen["upsertModel"] == {201, 401}
    assert seen["getModel"] == {200, 404}
    assert {404} < {s["status"] for s in operations["deleteModel"]}
    sent = {field["name"]: field for field in met["request_fields"]}
    assert sent["model_name"]["sent"] > sent["model_name"]["accepted"] > 0
    assert sent["provider_id"]["sent"] == 0
    returned = {field["name"]: field for field in met["response_fields"]}
    assert returned["id"]["returned"] > 0
    assert (returned["throughput"]["returned"], returned["throughput"]["null"] > 0) == (0, True)
    assert returned["provider.provider_id"]["returned"] == 0


def test_a_status_that_the_contract_has_not_is_counted_as_such() -> None:
    operation = json.loads(as_json(all_kinds()))["coverage"]["operations"][0]
    assert {"status": 202, "declared": False, "responses": 1} in operation["statuses"]
    assert {"status": 413, "declared": True, "responses": 0} in operation["statuses"]


def test_options_are_told_but_not_their_secrets() -> None:
    given = {"api_key": "sk-secret", "only": ["IDM"], "seed": 3, "implementation": "Acme"}
    about = About.of(gather(given), "quick")
    assert (about.implementation, about.profile) == ("Acme", "quick")
    assert about.options == {"only": ["IDM"]}
    assert about.credentials == ["api-key"]
    assert "sk-secret" not in repr(about)
