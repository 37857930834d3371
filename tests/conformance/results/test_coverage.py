"""What a run met of the contract, whatever fields and statuses the contract has."""

from __future__ import annotations

import json

from conformance.results.coverage import Coverage, report
from contract import Contract
from tests.conformance.parts import answered, upsert_request


def _of(coverage: Coverage, contract: Contract, kind: str) -> dict[str, dict[str, int]]:
    return {field["name"]: field for field in report(coverage, contract)[kind]}


def test_every_field_of_any_contract_is_reported(all_kinds: Contract) -> None:
    assert _of(Coverage(), all_kinds, "request_fields").keys() == all_kinds.upsert.request.keys()
    assert _of(Coverage(), all_kinds, "response_fields").keys() > all_kinds.upsert.response.keys()
    statuses = report(Coverage(), all_kinds)["operations"][0]["statuses"]
    assert {one["status"] for one in statuses} == all_kinds.upsert.operation.statuses
    assert not any(one["seen"] for one in statuses)


def test_what_was_sent_and_shown_is_counted(contract: Contract) -> None:
    sent = {"model_name": "a", "input_cost": 1, "unknown": 2}
    shown = {"model_name": "a", "provider": {"id": "p", "created_at": None}, "throughput": None}
    coverage = Coverage()
    coverage.note([answered(upsert_request(contract, sent), 201, shown)], contract)
    coverage.note([answered(upsert_request(contract, sent), 400, {"provider": 1})], contract)
    request = _of(coverage, contract, "request_fields")
    assert (request["input_cost"]["sent"], request["input_cost"]["taken"]) == (2, 1)
    assert request["output_cost"]["sent"] == 0
    response = _of(coverage, contract, "response_fields")
    assert response["provider.id"]["shown"] == response["provider"]["shown"] == 1
    assert response["throughput"] == {"name": "throughput", "shown": 0, "null": 1}
    assert response["provider.created_at"]["null"] == 1


def test_what_is_no_object_is_no_field(contract: Contract) -> None:
    coverage = Coverage()
    request = upsert_request(contract, {})
    coverage.note([answered(request, 200, [1]), answered(request, 200, b"\xff")], contract)
    assert not any(field["shown"] for field in report(coverage, contract)["response_fields"])


def test_counts_travel_between_processes(contract: Contract) -> None:
    worker, whole = Coverage(), Coverage()
    for _ in range(2):
        worker.note([answered(upsert_request(contract, {"model_name": "a"}), 201, {"id": "a"})], contract)
        whole.add(json.loads(json.dumps(worker.take())))
    assert worker.take() == {}
    assert _of(whole, contract, "response_fields")["id"]["shown"] == 2
