"""Every fact of the packaged contract has a provenance, and becomes a clause with that provenance."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from contract import Contract, Provenance, default_file, read_mapping
from contract.pointer import Tokens, descriptions, to_pointer
from tests.contract.altered import drop, put
from tests.contract.conftest import LoadAltered

POST = "#/paths/~1api~1models~1/post"

WRITTEN = read_mapping(default_file())


SECTIONS = ("properties", "headers", "schemas", "securitySchemes", "parameters", "responses")


def facts() -> Iterator[tuple[Tokens, dict[str, Any]]]:
    """Each node that states a fact: an operation, its body, or a thing of one of the sections."""
    for tokens, node in descriptions(WRITTEN):
        operation = {"operationId", "responses"} <= set(node)
        if operation or tokens[-1:] == ("requestBody",) or (tokens[-2:-1] and tokens[-2] in SECTIONS):
            yield tokens, node


def extensions() -> Iterator[tuple[Tokens, dict[str, Any]]]:
    for tokens, node in descriptions(WRITTEN):
        for key, value in node.items():
            if key.startswith("x-") and key not in ("x-known", "x-clauses"):
                yield (*tokens, key), value


FACTS = {to_pointer(tokens): node for tokens, node in facts() if "$ref" not in node}
EXTENSIONS = {to_pointer(tokens): node for tokens, node in extensions()}
CLAUSES = WRITTEN["paths"]["/api/models/"]["post"]["x-clauses"]


def test_there_are_facts_of_every_kind() -> None:
    assert len([pointer for pointer in FACTS if "ModelUpsert/properties" in pointer]) == 14
    assert len([pointer for pointer in FACTS if "Model/properties" in pointer and pointer.count("/") == 5]) == 21
    assert POST in FACTS
    assert POST + "/requestBody" in FACTS
    assert POST + "/responses/201" in FACTS
    assert "#/components/securitySchemes/apiKey" in FACTS


@pytest.mark.parametrize("pointer", FACTS)
def test_a_fact_is_marked(pointer: str) -> None:
    assert FACTS[pointer]["x-known"] in Provenance.words()


@pytest.mark.parametrize("pointer", EXTENSIONS)
def test_an_extension_is_marked_as_a_whole_or_member_by_member(pointer: str) -> None:
    mark = EXTENSIONS[pointer]["x-known"]
    if isinstance(mark, dict):
        assert set(mark) == set(EXTENSIONS[pointer]) - {"x-known"}
    else:
        assert mark in Provenance.words()


@pytest.mark.parametrize("name", CLAUSES)
def test_a_clause_is_marked(name: str, shipped: Contract) -> None:
    clause = shipped.clauses[f"x-clauses/{name}"]
    assert clause.provenance is Provenance[CLAUSES[name]["x-known"].upper()]
    assert clause.text == CLAUSES[name]["text"]
    assert clause.pointer == f"{POST}/x-clauses/{name}"


@pytest.mark.parametrize(
    ("name", "known", "pointer"),
    [
        ("x-upsert/created", Provenance.PUBLISHED, POST + "/x-upsert/created"),
        ("x-upsert/omitted", Provenance.ASSUMED, POST + "/x-upsert/omitted"),
        ("responses/200", Provenance.STATED, POST + "/responses/200"),
        ("responses/401", Provenance.STATED, POST + "/responses/401"),
        ("responses/413", Provenance.STANDARD, POST + "/responses/413"),
        ("requestBody", Provenance.STATED, POST + "/requestBody"),
        ("requestBody/x-limits", Provenance.OPEN, POST + "/requestBody/x-limits"),
        ("security", Provenance.STATED, "#/security"),
        ("provider_id/x-alias", Provenance.STATED, "#/components/schemas/ModelUpsert/properties/provider_id/x-alias"),
        (
            "provider_id/x-alias/differing",
            Provenance.ASSUMED,
            "#/components/schemas/ModelUpsert/properties/provider_id/x-alias/differing",
        ),
        (
            "base_model_name/x-reference",
            Provenance.ASSUMED,
            "#/components/schemas/ModelUpsert/properties/base_model_name/x-reference",
        ),
        ("model_type/x-source", Provenance.OPEN, "#/components/schemas/Model/properties/model_type/x-source"),
    ],
)
def test_what_is_marked_is_a_clause(name: str, known: Provenance, pointer: str, shipped: Contract) -> None:
    clause = shipped.clauses[name]
    assert (clause.name, clause.provenance, clause.pointer) == (name, known, pointer)
    assert clause.text


def test_what_has_no_mark_counts_as_stated(load_altered: LoadAltered) -> None:
    contract = load_altered(drop(POST + "/x-upsert/x-known"), drop(POST + "/responses/413/x-known"))
    assert contract.clauses["x-upsert/omitted"].provenance is Provenance.STATED
    assert contract.clauses["responses/413"].provenance is Provenance.STATED


def test_security_is_as_well_known_as_its_least_known_scheme(load_altered: LoadAltered) -> None:
    contract = load_altered(put("#/components/securitySchemes/dashboardJwt/x-known", "open"))
    assert contract.clauses["security"].provenance is Provenance.OPEN


def test_security_of_the_operation_goes_before_that_of_the_document(load_altered: LoadAltered) -> None:
    contract = load_altered(
        put(POST + "/security", [{"apiKey": []}]), put("#/components/securitySchemes/dashboardJwt/x-known", "open")
    )
    assert contract.clauses["security"].provenance is Provenance.STATED
    assert contract.clauses["security"].pointer == POST + "/security"


@pytest.mark.parametrize("known", Provenance)
def test_what_binds(known: Provenance) -> None:
    assert known.binds is (known.word in ("stated", "published", "standard"))
