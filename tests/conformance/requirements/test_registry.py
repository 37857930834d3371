"""The registry of requirements: each stands once, on a clause of the contract that carries its level."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

import conformance
from conformance.checks.sample_requests import SAMPLE_REQUESTS
from conformance.judge.prerequisite import Prerequisite
from conformance.options import OPTIONS
from conformance.requirements.level import MUST, OPEN, SECTIONS, SHOULD
from conformance.requirements.requirement import REGISTRY, Requirement, requirement
from contract import Contract, Provenance
from tests.contract.altered import Edit, put

CONFORMANCE = Path(conformance.__file__).parent
HELP = {"cli.py", "options.py"}
"""Modules that name a requirement as an example of an argument."""
Altered = Callable[..., Contract]
RANK = {OPEN: 0, SHOULD: 1, MUST: 2}


def _all_known(word: str) -> Edit:
    """Marks everything as known so well."""

    def mark(node: Any) -> None:
        if isinstance(node, dict):
            for name, child in node.items():
                if name == "x-known":
                    node[name] = dict.fromkeys(child, word) if isinstance(child, dict) else word
                else:
                    mark(child)
        elif isinstance(node, list):
            for child in node:
                mark(child)

    return mark


def test_ids_are_well_formed_and_each_section_has_some(registry: Mapping[str, Requirement]) -> None:
    assert all(re.fullmatch(r"[A-Z]{3}-\d{2}", id) for id in registry)
    assert Counter(r.section for r in registry.values()).keys() == SECTIONS.keys()
    assert all(id == r.id for id, r in registry.items())


def test_each_id_stands_at_its_check_and_nowhere_else(registry: Mapping[str, Requirement]) -> None:
    found = [
        (id, file.relative_to(CONFORMANCE).as_posix())
        for file in sorted(CONFORMANCE.rglob("*.py"))
        if file.name not in HELP
        for id in re.findall(rf"\b(?:{'|'.join(SECTIONS)})-\d{{2}}\b", file.read_text(encoding="utf-8"))
    ]
    assert Counter(id for id, _ in found) == Counter(registry.keys())
    assert [at for at in found if not at[1].startswith(f"checks/test_{at[0][:3].lower()}")] == []


def test_each_prerequisite_is_judged_by_one_requirement(registry: Mapping[str, Requirement]) -> None:
    judged = [r.prerequisite for r in registry.values() if r.prerequisite is not None]
    assert sorted(judged, key=lambda it: it.value) == list(Prerequisite)


def test_each_sample_request_is_covered_by_one_requirement(registry: Mapping[str, Requirement]) -> None:
    assert Counter(sample for r in registry.values() for sample in r.covers) == Counter(SAMPLE_REQUESTS)


def test_no_text_stands_at_two_requirements(registry: Mapping[str, Requirement]) -> None:
    texts = Counter(r.text for r in registry.values())
    assert [text for text, times in texts.items() if times > 1] == []
    assert all(len(text) > 20 and text.endswith(".") for text in texts)


def test_every_clause_is_one_of_the_contract(registry: Mapping[str, Requirement], contract: Contract) -> None:
    assert all(r.clause_in(contract).name in contract.clauses for r in registry.values())


def test_every_requirement_applies_to_the_contract_that_ships(
    registry: Mapping[str, Requirement], contract: Contract
) -> None:
    assert {r.id: reason for r in registry.values() if (reason := r.inapplicable(contract)) is not None} == {}


def test_of_several_clauses_the_least_known_counts(registry: Mapping[str, Requirement], altered: Altered) -> None:
    known = "#/components/schemas/ModelUpsert/properties/custom_provider_id/x-reference/x-known"
    clause = registry["STA-13"].clause_in(altered(put(known, "open")))
    assert (clause.name, clause.provenance) == ("custom_provider_id/x-reference", Provenance.OPEN)


def test_no_level_is_higher_than_its_clause_carries(registry: Mapping[str, Requirement], contract: Contract) -> None:
    assert [r.id for r in registry.values() if r.level is MUST and not r.provenance(contract).binds] == []
    assert [r.id for r in registry.values() if r.level is SHOULD and r.provenance(contract) is Provenance.OPEN] == []
    assert [r.id for r in registry.values() if r.level_in(contract) is not r.level] == []


def test_every_need_is_an_option(registry: Mapping[str, Requirement]) -> None:
    needs = {need for r in registry.values() for need in r.needs}
    assert needs
    assert needs <= {option.name for option in OPTIONS}


@pytest.mark.parametrize(("word", "highest"), [("assumed", SHOULD), ("open", OPEN)])
def test_a_contract_that_knows_less_lowers_every_level(
    registry: Mapping[str, Requirement], altered: Altered, word: str, highest: Any
) -> None:
    weaker = altered(_all_known(word))
    levels = {r.level_in(weaker) for r in registry.values()}
    assert max(levels, key=RANK.__getitem__) is highest
    assert all(RANK[r.level_in(weaker)] <= RANK[r.level] for r in registry.values())


def test_a_contract_that_knows_more_raises_no_level(registry: Mapping[str, Requirement], altered: Altered) -> None:
    surer = altered(_all_known("stated"))
    assert [r.id for r in registry.values() if r.level_in(surer) is not r.level] == []


def _check() -> None:
    """A text of two
    lines.

    Remarks.
    """


def _other() -> None:
    """Another text."""


@pytest.fixture
def empty_registry(monkeypatch: pytest.MonkeyPatch) -> dict[str, Requirement]:
    registry: dict[str, Requirement] = {}
    monkeypatch.setattr("conformance.requirements.requirement.REGISTRY", registry)
    return registry


def test_the_text_is_the_first_paragraph_of_the_docstring(empty_registry: dict[str, Requirement]) -> None:
    requirement("IDM-98", MUST, clause="x-clauses/returned")(_check)
    assert empty_registry["IDM-98"].text == "A text of two lines."
    assert "IDM-98" not in REGISTRY


def test_an_id_at_two_checks_is_rejected(empty_registry: dict[str, Requirement]) -> None:
    requirement("IDM-98", MUST, clause="x-clauses/returned")(_check)
    with pytest.raises(ValueError, match="two checks have the requirement ID IDM-98"):
        requirement("IDM-98", MUST, clause="x-clauses/returned")(_other)


@pytest.mark.parametrize("id", ["IDM-1", "IDM-001", "idm-01", "XYZ-01", "IDM01", ""])
def test_an_id_of_another_form_is_rejected(empty_registry: dict[str, Requirement], id: str) -> None:
    with pytest.raises(ValueError, match="invalid requirement ID"):
        requirement(id, MUST, clause="x-clauses/returned")(_check)


def test_a_check_without_a_docstring_is_rejected(empty_registry: dict[str, Requirement]) -> None:
    with pytest.raises(ValueError, match="has no docstring"):
        requirement("IDM-98", MUST, clause="x-clauses/returned")(lambda: None)
