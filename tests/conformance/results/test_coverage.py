"""How much of the contract a run covers, whatever fields and statuses the contract has."""

from __future__ import annotations

from conformance.results.coverage import Coverage, Covered, RequestField, ResponseField
from contract import Contract
from tests.conformance.parts import answered, upsert_request


def _fields(coverage: Coverage, contract: Contract) -> tuple[dict[str, RequestField], dict[str, ResponseField]]:
    covered = Covered.of(coverage, contract)
    return {it.name: it for it in covered.request_fields}, {it.name: it for it in covered.response_fields}


def test_every_field_of_any_contract_is_reported(all_kinds: Contract) -> None:
    request, response = _fields(Coverage(), all_kinds)
    assert request.keys() == all_kinds.upsert.request.keys()
    assert response.keys() > all_kinds.upsert.response.keys()
    statuses = Covered.of(Coverage(), all_kinds).operations[0].statuses
    assert {one.status for one in statuses} == all_kinds.upsert.operation.statuses
    assert not any(one.responses for one in statuses)


def test_what_was_sent_and_returned_is_counted(contract: Contract) -> None:
    sent = {"model_name": "a", "input_cost": 1, "unknown": 2}
    returned = {"model_name": "a", "provider": {"id": "p", "created_at": None}, "throughput": None}
    coverage = Coverage()
    coverage.note([answered(upsert_request(contract, sent), 201, returned)], contract)
    coverage.note([answered(upsert_request(contract, sent), 400, {"provider": 1})], contract)
    request, response = _fields(coverage, contract)
    assert request["input_cost"] == RequestField("input_cost", sent=2, accepted=1)
    assert request["output_cost"].sent == 0
    assert response["provider.id"].returned == response["provider"].returned == 1
    assert response["throughput"] == ResponseField("throughput", returned=0, null=1)
    assert response["provider.created_at"].null == 1


def test_what_is_no_object_is_no_field(contract: Contract) -> None:
    coverage = Coverage()
    request = upsert_request(contract, {})
    coverage.note([answered(request, 200, [1]), answered(request, 200, b"\xff")], contract)
    assert not any(field.returned for field in Covered.of(coverage, contract).response_fields)


def test_counts_of_processes_are_added(contract: Contract) -> None:
    worker, whole = Coverage(), Coverage()
    for _ in range(2):
        worker.note([answered(upsert_request(contract, {"model_name": "a"}), 201, {"id": "a"})], contract)
        whole.add(worker.take())
    assert worker.take() == {}
    assert _fields(whole, contract)[1]["id"].returned == 2
