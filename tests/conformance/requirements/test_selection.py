"""Selection: by ID and by section, without regard to case; an unknown name suggests the nearest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from conformance.options import PROFILES
from conformance.requirements.level import MUST, SECTIONS
from conformance.requirements.registry import UnknownRequirement, choose, profile_of, selected
from conformance.requirements.requirement import Requirement
from conformance.settings import Settings, gather
from contract import Contract
from tests.contract.altered import drop

Registry = Mapping[str, Requirement]


def _settings(**given: Any) -> Settings:
    return gather(given)


def _chosen(contract: Contract, **given: Any) -> set[str]:
    settings = _settings(**given)
    return selected(contract, settings, profile_of(settings))


def test_all_are_selected_by_default(registry: Registry, contract: Contract) -> None:
    assert _chosen(contract) == set(registry)


@pytest.mark.parametrize("section", SECTIONS)
def test_a_section_selects_its_own(registry: Registry, contract: Contract, section: str) -> None:
    assert _chosen(contract, only=[section.lower()]) == {id for id in registry if id.startswith(f"{section}-")}


def test_only_and_skip_narrow_each_other(registry: Registry, contract: Contract) -> None:
    assert _chosen(contract, only=["idm-01,IDM-02", "AUT-01"]) == {"IDM-01", "IDM-02", "AUT-01"}
    assert _chosen(contract, only=["IDM-01", "AUT-01"], skip=["AUT"]) == {"IDM-01"}
    assert _chosen(contract, skip=["IDM-01"]) == set(registry) - {"IDM-01"}


def test_an_empty_selection_is_rejected(contract: Contract) -> None:
    with pytest.raises(ValueError, match="select no requirement"):
        choose(contract, _settings(only=["IDM-01"], skip=["IDM"]))


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("idm01", "IDM-01"),
        ("aut_03", "AUT-03"),
        ("MOD-002", "MOD-02"),
        ("STAT", "STA"),
        ("SHC", "SCH"),
        ("IDN-3", "IDM-03"),
        ("IDM-99", "IDM-"),
    ],
)
@pytest.mark.parametrize("option", ["only", "skip"])
def test_an_unknown_name_suggests_the_near_one(
    registry: Registry, contract: Contract, name: str, near: str, option: str
) -> None:
    with pytest.raises(UnknownRequirement, match=f"section {name}; did you mean {near}"):
        _chosen(contract, **{option: [name]})


@pytest.mark.parametrize("name", ["performance", "*", "FOO-01"])
def test_a_name_near_to_nothing_points_to_the_list(registry: Registry, contract: Contract, name: str) -> None:
    says = f"section {name.replace('*', '[*]')}; respan-conformance --list shows them all"
    with pytest.raises(UnknownRequirement, match=says):
        _chosen(contract, only=[name])


def test_a_requirement_whose_clause_the_contract_has_not_is_left_out(
    registry: Registry, altered: Callable[..., Contract]
) -> None:
    contract = altered(drop("#/paths/~1api~1models~1/post/x-clauses/racing-creates"))
    left_out = {id for id, r in registry.items() if r.clause == "x-clauses/racing-creates"}
    assert left_out
    assert set(registry) - _chosen(contract) == left_out


def test_the_quick_profile_judges_some_musts_and_nothing_else(registry: Registry, contract: Contract) -> None:
    quick = _chosen(contract, profile="quick")
    assert {registry[id].level for id in quick} == {MUST}
    assert 20 < len(quick) < len(registry) / 2
    assert {registry[id].section for id in quick} >= {"SCH", "STA", "IDM", "SEM", "TEN", "AUT"}


def test_what_is_named_is_judged_whatever_the_profile(registry: Registry, contract: Contract) -> None:
    assert _chosen(contract, profile="quick", only=["CON-01"]) == {"CON-01"}


def test_the_quick_profile_includes_what_is_quick_and_a_must(registry: Registry, contract: Contract) -> None:
    quick = {id for id, requirement in registry.items() if requirement.quick and requirement.level is MUST}
    assert _chosen(contract, profile="quick") == quick
    assert 0 < len(quick) < len(registry)


def test_a_time_limit_on_a_profile_of_fixed_length_is_rejected() -> None:
    with pytest.raises(ValueError, match="--time-limit needs --profile thorough; the profile is default"):
        profile_of(_settings(time_limit=9))


def test_a_time_limit_is_that_of_the_profile() -> None:
    assert profile_of(_settings(profile="thorough", time_limit="2.5")).seconds == 2.5
    assert profile_of(_settings(profile="thorough")).seconds == PROFILES["thorough"].seconds
    assert profile_of(_settings()) is PROFILES["default"]
