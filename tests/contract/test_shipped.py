"""The packaged contract says what the vendor's reference page says."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from contract import (
    Alias,
    Constant,
    Contract,
    ContractError,
    FromKey,
    FromRequest,
    Inherited,
    LookedUp,
    Omitted,
    Overlaid,
    Provenance,
    Reference,
    Source,
    Timestamp,
    load,
)
from contract.document import digest_of
from contract.load import RECORD, default_file

REQUEST = {
    "model_name": "string",
    "base_model_name": "string",
    "display_name": "string",
    "custom_provider_id": "string",
    "provider_id": "string",
    "input_cost": "number",
    "output_cost": "number",
    "cache_hit_input_cost": "number",
    "cache_creation_input_cost": "number",
    "max_context_window": "integer",
    "streaming_support": "integer",
    "function_call": "integer",
    "image_support": "integer",
    "supported_params_override": "object",
}
RESPONSE = {
    "id": "string",
    "model_name": "string",
    "display_name": "string",
    "base_model_name": "string",
    "affiliation_category": "string",
    "is_called_by_custom_name": "boolean",
    "input_cost": "number",
    "output_cost": "number",
    "cache_hit_input_cost": "number",
    "cache_creation_input_cost": "number",
    "max_context_window": "integer",
    "streaming_support": "integer",
    "function_call": "integer",
    "image_support": "integer",
    "source": "string",
    "model_type": "string",
    "supported_params": "object",
    "throughput": "object",
    "provider": "object",
    "created_at": "string",
    "updated_at": "string",
}
ENUMS = {
    "affiliation_category": ["respan", "custom"],
    "streaming_support": [0, 1],
    "function_call": [0, 1],
    "image_support": [0, 1],
    "source": ["db", "hardcoded"],
    "model_type": ["chat", "embedding", "audio"],
}
COSTS = ("input_cost", "output_cost", "cache_hit_input_cost", "cache_creation_input_cost")
FLAGS = ("streaming_support", "function_call", "image_support")
BASE = "base_model_name"
SOURCES: dict[str, Source] = {
    "id": FromKey(),
    "model_name": FromRequest("model_name"),
    "display_name": FromRequest("display_name"),
    "base_model_name": FromRequest("base_model_name"),
    "affiliation_category": Constant("custom"),
    "is_called_by_custom_name": Constant(True),
    **{name: Inherited(name, BASE) for name in (*COSTS, "max_context_window", *FLAGS)},
    "source": Constant("db"),
    "model_type": Inherited("model_type", BASE, "chat", has_default=True),
    "supported_params": Overlaid("supported_params_override", BASE),
    "throughput": Constant(None),
    "provider": LookedUp("providers", "custom_provider_id"),
    "created_at": Timestamp("created"),
    "updated_at": Timestamp("updated"),
}


def test_request_fields(shipped: Contract) -> None:
    assert {name: field.schema["type"] for name, field in shipped.upsert.request.items()} == REQUEST


def test_response_fields(shipped: Contract) -> None:
    assert {name: field.schema["type"] for name, field in shipped.upsert.response.items()} == RESPONSE


def test_only_the_name_is_required_in_the_request(shipped: Contract) -> None:
    assert [field.name for field in shipped.upsert.request.values() if field.required] == ["model_name"]


def test_id_and_name_are_always_returned(shipped: Contract) -> None:
    assert [field.name for field in shipped.upsert.response.values() if field.required] == ["id", "model_name"]


def test_no_request_field_is_nullable(shipped: Contract) -> None:
    assert not [field.name for field in shipped.upsert.request.values() if field.schema.get("nullable")]


def test_nullable_response_fields(shipped: Contract) -> None:
    nullable = {field.name for field in shipped.upsert.response.values() if field.nullable}
    assert nullable == {"throughput", "created_at", "updated_at"}


def test_enums(shipped: Contract) -> None:
    shown = {name: field.schema["enum"] for name, field in shipped.upsert.response.items() if "enum" in field.schema}
    taken = {name: field.schema["enum"] for name, field in shipped.upsert.request.items() if "enum" in field.schema}
    assert shown == ENUMS
    assert taken == {name: [0, 1] for name in FLAGS}


def test_request_integers_fit_into_64_bits(shipped: Contract) -> None:
    schema = shipped.upsert.request["max_context_window"].schema
    assert (schema["minimum"], schema["maximum"]) == (-(2**63), 2**63 - 1)


def test_a_response_may_have_any_integer(shipped: Contract) -> None:
    """A server may accept integers of more than 64 bits, and so return them."""
    schema = shipped.upsert.response["max_context_window"].schema
    assert not {"minimum", "maximum", "format"} & set(schema)


@pytest.mark.parametrize("name", COSTS)
def test_costs_are_doubles_in_dollars_per_million_tokens(name: str, shipped: Contract) -> None:
    for schema in (shipped.upsert.request[name].schema, shipped.upsert.response[name].schema):
        assert schema["format"] == "double"
        assert "USD per 1 million tokens" in schema["description"]
        assert not {"minimum", "maximum"} & set(schema)


def test_times_are_date_times(shipped: Contract) -> None:
    for name in ("created_at", "updated_at"):
        assert shipped.upsert.response[name].schema["format"] == "date-time"


def test_members_of_throughput(shipped: Contract) -> None:
    members = shipped.upsert.response["throughput"].schema["properties"]
    assert {name: schema["type"] for name, schema in members.items()} == {
        "average_tps": "number",
        "average_ttft": "number",
        "average_latency": "number",
        "number_of_requests": "integer",
    }


def test_members_of_the_provider(shipped: Contract) -> None:
    members = shipped.upsert.response["provider"].schema["properties"]
    assert {name: (schema["type"], schema.get("nullable", False)) for name, schema in members.items()} == {
        "id": ("string", False),
        "provider_id": ("string", False),
        "provider_name": ("string", False),
        "extra_kwargs": ("object", False),
        "created_at": ("string", True),
        "updated_at": ("string", True),
    }


def test_sources(shipped: Contract) -> None:
    assert {name: field.source for name, field in shipped.upsert.response.items()} == SOURCES


def test_how_well_sources_are_known(shipped: Contract) -> None:
    known = {name: field.source_provenance for name, field in shipped.upsert.response.items()}
    assert {name for name, mark in known.items() if mark is Provenance.OPEN} == {
        "is_called_by_custom_name",
        "model_type",
        "throughput",
    }
    assert {name for name, mark in known.items() if mark is Provenance.ASSUMED} == {"created_at", "updated_at"}
    assert known["id"] is Provenance.STATED
    assert known["source"] is Provenance.PUBLISHED


def test_references(shipped: Contract) -> None:
    references = {name: field.reference for name, field in shipped.upsert.request.items() if field.reference}
    assert references == {
        "base_model_name": Reference("models", 404, Provenance.ASSUMED),
        "custom_provider_id": Reference("providers", 404, Provenance.ASSUMED),
    }


def test_both_spellings_of_the_provider_have_one_stored_value(shipped: Contract) -> None:
    alias = shipped.upsert.request["provider_id"]
    assert alias.alias == Alias("custom_provider_id", 400, Provenance.STATED, Provenance.ASSUMED)
    assert alias.storage_name == shipped.upsert.request["custom_provider_id"].storage_name == "custom_provider_id"


def test_only_the_override_is_merged(shipped: Contract) -> None:
    assert [field.name for field in shipped.upsert.request.values() if field.merges] == ["supported_params_override"]


def test_upsert(shipped: Contract) -> None:
    upsert = shipped.upsert
    assert (upsert.operation.method, upsert.operation.path) == ("POST", "/api/models/")
    assert upsert.operation.statuses == {200, 201, 400, 401, 403, 404, 413, 415}
    assert (upsert.key, upsert.scope, upsert.omitted) == ("model_name", "organization", Omitted.KEEP)
    assert (upsert.created, upsert.updated, upsert.invalid) == (201, 200, 400)
    assert (upsert.reserved, upsert.forbidden) == (403, 403)
    assert (upsert.limits.bytes, upsert.limits.nesting) == (1_048_576, 64)


def test_read_and_delete(shipped: Contract) -> None:
    read, delete = shipped.upsert.read, shipped.upsert.delete
    assert read is not None
    assert delete is not None
    assert (read.method, delete.method) == ("GET", "DELETE")
    assert read.path == delete.path == "/api/models/{model_name}/"
    assert read.statuses == {200, 401, 404}
    assert delete.statuses == {204, 401, 403, 404}


def test_two_bearer_schemes_are_alternatives(shipped: Contract) -> None:
    document = shipped.document
    assert document["security"] == [{"apiKey": []}, {"dashboardJwt": []}]
    schemes = document["components"]["securitySchemes"]
    assert {scheme["type"] for scheme in schemes.values()} == {"http"}
    assert {scheme["scheme"] for scheme in schemes.values()} == {"bearer"}


def test_fields_point_to_where_they_are_written(shipped: Contract) -> None:
    request, response = shipped.upsert.request["input_cost"], shipped.upsert.response["input_cost"]
    assert request.pointer == "#/components/schemas/ModelUpsert/properties/input_cost"
    assert response.pointer == "#/components/schemas/Model/properties/input_cost"


def test_the_document_holds_no_references(shipped: Contract) -> None:
    assert "'$ref'" not in repr(shipped.document)


def test_it_is_read_once_in_a_process() -> None:
    assert load() is load()
    assert load(default_file()) is not load()


def test_its_digest_is_recorded() -> None:
    recorded = RECORD.read_text(encoding="ascii").strip()
    assert recorded == digest_of(default_file().read_bytes()), "run: python -m contract"


def test_a_recorded_contract_equals_a_validated_one() -> None:
    assert replace(load(default_file()), file=load().file) == load()


def test_a_recorded_contract_is_not_validated_again() -> None:
    """Loading it must stay cheap: the packages that validate take most of the time and memory of a start."""
    code = "import sys, contract; contract.load(); print({each.partition('.')[0] for each in sys.modules})"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert "jsonschema_rs" in run.stdout
    assert "openapi_spec_validator" not in run.stdout
    assert "openapi_schema_validator" not in run.stdout


def test_a_packaged_contract_with_another_digest_is_validated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "openapi.yaml"
    file.write_text(default_file().read_text(encoding="utf-8").replace("x-upsert:", "x-upsrt:"), encoding="utf-8")
    module = sys.modules["contract.load"]
    monkeypatch.setattr(module, "default_file", lambda: file)
    with pytest.raises(ContractError, match="x-upsrt is not a known extension"):
        module._shipped.__wrapped__()
