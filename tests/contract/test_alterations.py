"""An altered contract is loaded as it says."""

from __future__ import annotations

import pytest

from contract import Contract, FromRequest, Omitted, Provenance
from tests.contract.altered import Edit, drop, put
from tests.contract.conftest import LoadAltered

POST = "#/paths/~1api~1models~1/post"
UPSERT = POST + "/x-upsert"
SCHEMAS = "#/components/schemas"
REQUEST = SCHEMAS + "/ModelUpsert"
RESPONSE = SCHEMAS + "/Model"


def test_one_more_field(load_altered: LoadAltered) -> None:
    field = {"type": "string", "enum": ["eu", "us"], "x-known": "published"}
    contract = load_altered(put(REQUEST + "/properties/region", field), put(RESPONSE + "/properties/region", field))
    assert contract.upsert.request["region"].schema == {"type": "string", "enum": ["eu", "us"]}
    assert contract.upsert.response["region"].source == FromRequest("region")
    assert contract.upsert.response["region"].source_provenance is Provenance.PUBLISHED


def test_one_more_field_by_composition(load_altered: LoadAltered) -> None:
    more = {"required": ["region"], "properties": {"region": {"type": "string", "x-source": {"value": "eu"}}}}
    composed = {"type": "object", "allOf": [{"$ref": "#/components/schemas/Plain"}, more]}
    contract = load_altered(
        lambda document: document["components"]["schemas"].update(Plain=document["components"]["schemas"]["Model"]),
        put(RESPONSE, composed),
        *(put(f"#/components/examples/{name}/value/region", "eu") for name in EXAMPLES),
    )
    assert len(contract.upsert.response) == 22
    assert {field.name for field in contract.upsert.response.values() if field.required} == {
        "id",
        "model_name",
        "region",
    }
    assert contract.upsert.response["region"].pointer == f"{RESPONSE}/allOf/1/properties/region"
    assert contract.upsert.response["id"].pointer == f"{SCHEMAS}/Plain/properties/id"


EXAMPLES = ("createdModel", "updatedModel", "inheritingModel", "builtInModel")


@pytest.mark.parametrize(
    ("edit", "name", "value"),
    [
        (put(UPSERT + "/created", 200), "created", 200),
        (put(UPSERT + "/omitted", "reset"), "omitted", Omitted.RESET),
        (put(UPSERT + "/reserved", 404), "reserved", 404),
        (drop(UPSERT + "/read"), "read", None),
        (drop(UPSERT + "/delete"), "delete", None),
    ],
)
def test_the_upsert_means_something_else(edit: Edit, name: str, value: object, load_altered: LoadAltered) -> None:
    assert getattr(load_altered(edit).upsert, name) == value


def test_another_enum(load_altered: LoadAltered) -> None:
    contract = load_altered(put(SCHEMAS + "/Flag/enum", [0, 1, 2]))
    assert contract.upsert.request["function_call"].schema["enum"] == [0, 1, 2]
    assert contract.upsert.response["function_call"].schema["enum"] == [0, 1, 2]


def test_limits(load_altered: LoadAltered) -> None:
    limits = load_altered(put(POST + "/requestBody/x-limits", {"bytes": 100, "nesting": 3})).upsert.limits
    assert (limits.bytes, limits.nesting) == (100, 3)


def test_limits_that_nobody_gave(load_altered: LoadAltered) -> None:
    contract = load_altered(drop(POST + "/requestBody/x-limits"))
    assert (contract.upsert.limits.bytes, contract.upsert.limits.nesting) == (1_048_576, 64)
    assert "requestBody/x-limits" not in contract.clauses


def test_names_that_look_like_extensions_are_names(load_altered: LoadAltered) -> None:
    field = {"type": "string"}
    contract = load_altered(
        put(REQUEST + "/properties/x-team", field),
        put(RESPONSE + "/properties/x-team", field),
        put("#/components/responses/Unauthorized/headers/x-request-id", {"schema": {"type": "string"}}),
        put("#/components/schemas/x-spare", {"type": "string"}),
        put("#/components/examples/createdModel/value/supported_params", {"x-top": {"x-low": 1}}),
    )
    assert "x-team" in contract.upsert.request


def test_equal_contracts_have_equal_digests(shipped: Contract, load_altered: LoadAltered) -> None:
    assert load_altered().digest == shipped.digest
    assert load_altered(put(UPSERT + "/omitted", "reset")).digest != shipped.digest
