"""openapi-core as judge of bodies: what it has to let pass, and what it has to find, and where."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from conformance.judge.responses import (
    SchemaError,
    SchemaJudge,
    has_error_body,
    returned_model,
    without_null,
)
from conformance.wire.exchange import Exchange, Request, Response
from contract import Contract
from tests.conformance.parts import JSON_TYPE, answered, upsert_request
from tests.contract.altered import drop, put

MODEL: dict[str, Any] = {
    "id": "a",
    "model_name": "a",
    "input_cost": 0.5,
    "max_context_window": 4096,
    "streaming_support": 1,
    "source": "db",
    "is_called_by_custom_name": True,
    "supported_params": {"a": None},
    "throughput": None,
    "provider": {"id": "p", "provider_id": "p", "created_at": None},
    "created_at": "2026-02-01T12:00:00Z",
    "updated_at": None,
}


@pytest.fixture(scope="module")
def judge(contract: Contract) -> SchemaJudge:
    return SchemaJudge(contract)


def _answer(contract: Contract, body: Any, status: int = 200) -> Exchange:
    return answered(upsert_request(contract, {"model_name": "a"}), status, body)


def _faults(
    judge: SchemaJudge, contract: Contract, body: Any, *, drop_null: bool = True, status: int = 200
) -> list[SchemaError]:
    return judge.errors(_answer(contract, body, status), drop_null=drop_null)


@pytest.mark.parametrize("drop_null", [True, False])
@pytest.mark.parametrize(
    "change",
    [
        {},
        {"max_context_window": 4096.0},
        {"streaming_support": 1.0},
        {"throughput": {"number_of_requests": 3.0, "average_tps": 2}},
        {"input_cost": 2},
        {"input_cost": 1e300},
        {"an_unknown_field": [1]},
        {"model_name": "openai/gpt-4o-mini", "id": "openai/gpt-4o-mini"},
        {"created_at": "2026-02-01T12:00:00.123456+01:00"},
        {"created_at": "2016-12-31T23:59:60Z"},
    ],
    ids=str,
)
def test_what_the_contract_allows_is_no_fault(
    judge: SchemaJudge, contract: Contract, change: dict[str, Any], drop_null: bool
) -> None:
    assert _faults(judge, contract, {**MODEL, **change}, drop_null=drop_null) == []


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"input_cost": "0.5"}, ("input_cost",)),
        ({"input_cost": True}, ("input_cost",)),
        ({"max_context_window": 0.5}, ("max_context_window",)),
        ({"max_context_window": "4096"}, ("max_context_window",)),
        ({"streaming_support": 2}, ("streaming_support",)),
        ({"streaming_support": True}, ("streaming_support",)),
        ({"source": "cache"}, ("source",)),
        ({"is_called_by_custom_name": 1}, ("is_called_by_custom_name",)),
        ({"id": 7}, ("id",)),
        ({"supported_params": []}, ("supported_params",)),
        ({"throughput": {"number_of_requests": 1.5}}, ("throughput", "number_of_requests")),
        ({"provider": {"extra_kwargs": "none"}}, ("provider", "extra_kwargs")),
        ({"provider": {"provider_id": 1}}, ("provider", "provider_id")),
    ],
    ids=str,
)
def test_a_wrong_value_is_reported_where_it_stands(
    judge: SchemaJudge, contract: Contract, change: dict[str, Any], path: tuple[str, ...]
) -> None:
    faults = _faults(judge, contract, {**MODEL, **change})
    assert {fault.path for fault in faults} == {path}
    assert not any(fault.date_time for fault in faults)
    assert str(faults[0]).startswith(f"{'.'.join(path)}: ")


def test_several_faults_are_each_reported(judge: SchemaJudge, contract: Contract) -> None:
    faults = _faults(judge, contract, {**MODEL, "source": 1, "id": None, "provider": {"provider_name": 1}})
    assert {fault.path for fault in faults} >= {("source",), ("provider", "provider_name")}


def _with_field(altered: Callable[..., Contract], schema: dict[str, Any]) -> Contract:
    source = {"value": None, "x-known": "open"}
    field = {**schema, "nullable": True, "x-known": "stated", "x-source": source}
    return altered(put("#/components/schemas/Model/properties/field", field))


@pytest.mark.parametrize(("number", "is_multiple"), [(4.1, True), (0.07, True), (1e22, True), (4.105, False)])
def test_a_multiple_is_one_of_the_decimal_as_written(
    altered: Callable[..., Contract], number: float, is_multiple: bool
) -> None:
    contract = _with_field(altered, {"type": "number", "multipleOf": 0.01})
    assert (_faults(SchemaJudge(contract), contract, MODEL | {"field": number}) == []) is is_multiple


@pytest.mark.parametrize(("text", "is_base64"), [("YQ==", True), ("YQ", False), ("modèle", False)])
def test_base64_may_be_any_text(altered: Callable[..., Contract], text: str, is_base64: bool) -> None:
    contract = _with_field(altered, {"type": "string", "format": "byte"})
    assert (_faults(SchemaJudge(contract), contract, MODEL | {"field": text}) == []) is is_base64


@pytest.mark.parametrize("missing", ["id", "model_name"])
def test_a_missing_field_is_a_fault_of_the_whole(judge: SchemaJudge, contract: Contract, missing: str) -> None:
    [fault] = _faults(judge, contract, {name: value for name, value in MODEL.items() if name != missing})
    assert fault.path == ()
    assert missing in str(fault)


@pytest.mark.parametrize("body", [[], "a", 1, None, b"<html>", b""], ids=repr)
def test_what_is_no_object_is_a_fault(judge: SchemaJudge, contract: Contract, body: Any) -> None:
    assert _faults(judge, contract, body) != []


@pytest.mark.parametrize("written", ["2026-02-01", "yesterday", "2026-02-01T12:00:00", "2026-02-30T12:00:00Z"])
@pytest.mark.parametrize("place", ["created_at", "provider"])
def test_an_invalid_date_time_is_recognized(judge: SchemaJudge, contract: Contract, written: str, place: str) -> None:
    change = {place: written} if place == "created_at" else {place: {"created_at": written}}
    [fault] = _faults(judge, contract, {**MODEL, **change})
    assert fault.date_time
    assert fault.path[-1] == "created_at"


def test_a_number_for_a_date_time_is_a_wrong_type(judge: SchemaJudge, contract: Contract) -> None:
    faults = _faults(judge, contract, {**MODEL, "created_at": 1769947200})
    assert [fault.date_time for fault in faults if fault.path == ("created_at",)].count(False) == 1


@pytest.mark.parametrize("name", ["display_name", "input_cost", "streaming_support", "supported_params", "provider"])
def test_null_for_an_optional_is_a_fault_only_as_sent(judge: SchemaJudge, contract: Contract, name: str) -> None:
    body = {**MODEL, name: None}
    assert _faults(judge, contract, body, drop_null=True) == []
    assert {fault.path for fault in _faults(judge, contract, body, drop_null=False)} == {(name,)}


def test_null_for_a_required_field_is_always_a_fault(judge: SchemaJudge, contract: Contract) -> None:
    assert _faults(judge, contract, {**MODEL, "id": None}, drop_null=True) != []
    assert _faults(judge, contract, {**MODEL, "id": None}, drop_null=False) != []


def test_one_exchange_is_judged_both_ways_in_turn(judge: SchemaJudge, contract: Contract) -> None:
    exchange = _answer(contract, {**MODEL, "display_name": None})
    found = [judge.errors(exchange, drop_null=drop_null) for drop_null in (True, False, False, True)]
    assert [bool(faults) for faults in found] == [False, True, True, False]


@pytest.mark.parametrize(("status", "body"), [(400, {"any": ["field"]}), (401, {"detail": "no"}), (404, {}), (415, {})])
def test_an_error_in_its_shape_is_no_fault(judge: SchemaJudge, contract: Contract, status: int, body: Any) -> None:
    assert _faults(judge, contract, body, status=status) == []


@pytest.mark.parametrize("status", [401, 403, 404])
def test_an_error_in_another_shape_is_a_fault(judge: SchemaJudge, contract: Contract, status: int) -> None:
    assert _faults(judge, contract, {"detail": ["no"]}, status=status)[0].path == ("detail",)


def test_a_body_without_a_declared_schema_has_no_fault(altered: Callable[..., Contract]) -> None:
    contract = altered(drop("#/paths/~1api~1models~1/post/responses/403/content"))
    assert _faults(SchemaJudge(contract), contract, {"detail": ["no"]}, status=403) == []


def test_without_null_goes_through_objects_and_lists() -> None:
    value = {"a": None, "b": {"c": None, "d": 0}, "e": [None, {"f": None}], "g": False, "h": ""}
    assert without_null(value) == {"b": {"d": 0}, "e": [None, {}], "g": False, "h": ""}


@pytest.mark.parametrize(("status", "declared"), [(200, True), (201, True), (400, True), (204, False), (422, False)])
def test_declared_statuses(judge: SchemaJudge, contract: Contract, status: int, declared: bool) -> None:
    assert judge.declares(_answer(contract, {}, status)) is declared


def test_a_request_outside_the_contract_has_no_declared_status(judge: SchemaJudge) -> None:
    assert not judge.declares(answered(Request("GET", "/"), 200, {}))


def _read(contract: Contract, status: int, **request: Any) -> Exchange:
    asked = {"method": "GET", "target": "/api/models/a/", "operation_id": "getModel", **request}
    return Exchange(Request(**asked), Response(status, JSON_TYPE, b"{}", 0.0))


@pytest.mark.parametrize(
    ("status", "request_", "judged"),
    [
        (200, {}, True),
        (404, {}, True),
        (204, {"method": "DELETE", "operation_id": "deleteModel"}, False),
        (403, {"method": "DELETE", "operation_id": "deleteModel"}, True),
        (429, {}, False),
        (503, {}, False),
        (500, {}, False),
        (200, {"may_be_intercepted": True}, False),
        (200, {"method": "HEAD"}, False),
        (200, {"operation_id": None}, False),
    ],
)
def test_which_bodies_are_judged(
    judge: SchemaJudge, contract: Contract, status: int, request_: dict[str, Any], judged: bool
) -> None:
    exchange = _read(contract, status, **request_)
    assert judge.has_judged_body(exchange) is judged
    assert has_error_body(exchange, judge) is (judged and status >= 300)


def test_only_a_success_returns_a_model(judge: SchemaJudge, contract: Contract) -> None:
    assert returned_model(_answer(contract, MODEL), judge) == MODEL
    assert returned_model(_answer(contract, {"id": ["wrong"]}, 400), judge) is None
    assert returned_model(_answer(contract, [MODEL]), judge) == {}
    assert returned_model(_answer(contract, b"{"), judge) is None


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            {"source": "x"},
            'source: "x" is not one of ["db", "hardcoded"] (#/components/schemas/Model/properties/source/enum)',
        ),
        (
            {"streaming_support": True},
            "streaming_support: true is not of type integer (#/components/schemas/Flag/type)",
        ),
        (
            {"throughput": []},
            "throughput: [] is not of type object (#/components/schemas/Model/properties/throughput/type)",
        ),
        (
            {"provider": {"provider_id": 7}},
            "provider.provider_id: 7 is not of type string (#/components/schemas/Provider/properties/provider_id/type)",
        ),
    ],
)
def test_a_fault_names_what_it_breaks_and_spells_json(
    judge: SchemaJudge, contract: Contract, change: dict[str, Any], told: str
) -> None:
    assert str(_faults(judge, contract, {**MODEL, **change}, status=201)[0]) == told


@pytest.mark.parametrize("status", [200, 201])
def test_a_clause_is_that_of_the_response_that_is_judged(judge: SchemaJudge, contract: Contract, status: int) -> None:
    assert judge.clause(_answer(contract, MODEL, status)) == f"#/paths/~1api~1models~1/post/responses/{status}"


@pytest.mark.parametrize("status", [405, 413, 415])
def test_bodies_of_what_any_server_sends_are_not_judged(judge: SchemaJudge, contract: Contract, status: int) -> None:
    assert not judge.has_judged_body(_answer(contract, b"<html>", status))


def test_a_missing_member_is_named_without_those_that_are_there(judge: SchemaJudge, contract: Contract) -> None:
    faults = _faults(judge, contract, {"id": "a"}, status=201)
    assert [str(fault) for fault in faults] == ["model_name missing (#/components/schemas/Model/required)"]
