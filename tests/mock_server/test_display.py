"""How models are shown: inheritance, overlays, look-ups and times, computed on each read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract import Inherited, load
from mock_server.display import BuiltInModel, Display, Model, Related

BORN = datetime(2026, 2, 1, tzinfo=UTC)
RULES = load().upsert
DISPLAY = Display(RULES)
INHERITED = [name for name, field in RULES.response.items() if isinstance(field.source, Inherited)]
SET = [name for name in INHERITED if name in RULES.request]
PARAMS = st.dictionaries(st.sampled_from("abc"), st.none() | st.integers(0, 3), max_size=3)


def custom(name: str, **values: Any) -> Model:
    from mock_server.upsert import StoredModel

    return StoredModel({"model_name": name, **values}, BORN, BORN)


def show(name: str, providers: dict[str, Any] | None = None, /, **models: Model) -> dict[str, Any]:
    return DISPLAY.render(name, Related(models, providers or {}))


def test_a_bare_model_returns_its_name_its_times_and_the_defaults() -> None:
    assert show("m", m=custom("m")) == {
        "id": "m",
        "model_name": "m",
        "affiliation_category": "custom",
        "is_called_by_custom_name": True,
        "source": "db",
        "model_type": "chat",
        "supported_params": {},
        "throughput": None,
        "created_at": BORN,
        "updated_at": BORN,
    }


@pytest.mark.parametrize("field", SET)
def test_a_value_is_inherited_through_a_chain_unless_the_model_has_one(field: str) -> None:
    base, middle = custom("b", **{field: 1}), custom("c", base_model_name="b")
    assert show("m", m=custom("m", base_model_name="c"), c=middle, b=base)[field] == 1
    assert show("m", m=custom("m", base_model_name="c", **{field: 0}), c=middle, b=base)[field] == 0


def test_a_built_in_base_passes_on_the_inherited_fields_only() -> None:
    base = BuiltInModel({**dict.fromkeys(INHERITED, 1), "display_name": "Base", "source": "hardcoded"})
    shown = show("m", m=custom("m", base_model_name="b"), b=base)
    assert {field: shown[field] for field in INHERITED} == dict.fromkeys(INHERITED, 1)
    assert "display_name" not in shown
    assert shown["source"] == "db"


def test_a_deleted_base_passes_on_nothing() -> None:
    assert "input_cost" not in show("m", m=custom("m", base_model_name="b"))


@given(st.lists(st.integers(0, 4), min_size=5, max_size=5), st.lists(st.none() | st.integers(), min_size=5, max_size=5))
def test_cycles_are_cut(bases: list[int], costs: list[int | None]) -> None:
    models = {}
    for index, (base, cost) in enumerate(zip(bases, costs, strict=True)):
        values = {} if cost is None else {"input_cost": cost}
        models[str(index)] = custom(str(index), base_model_name=str(bases[index]), **values)
        assert base == bases[index]
    expected, seen, index = None, set[int](), 0
    while index not in seen and expected is None:
        seen.add(index)
        expected, index = costs[index], bases[index]
    assert show("0", **models).get("input_cost") == expected


@given(PARAMS, PARAMS, PARAMS)
def test_parameters_are_overlaid_entry_by_entry(
    built_in: dict[str, Any], middle: dict[str, Any], own: dict[str, Any]
) -> None:
    shown = show(
        "m",
        m=custom("m", base_model_name="c", supported_params_override=own),
        c=custom("c", base_model_name="b", supported_params_override=middle),
        b=BuiltInModel({"supported_params": {name: value for name, value in built_in.items() if value is not None}}),
    )["supported_params"]
    for name in "abc":
        given_by = [layer[name] for layer in (own, middle, built_in) if name in layer]
        assert shown.get(name) == (given_by[0] if given_by else None)
        assert (name in shown) == bool(given_by and given_by[0] is not None)


def test_nulls_inside_an_entry_stay() -> None:
    params = {"temperature": {"min": None}}
    assert show("m", m=custom("m", supported_params_override=params))["supported_params"] == params


def test_the_provider_is_looked_up_and_not_inherited() -> None:
    provider = {"id": "p", "provider_id": "p"}
    assert show("m", {"p": provider}, m=custom("m", custom_provider_id="p"))["provider"] == provider
    assert "provider" not in show("m", {}, m=custom("m", custom_provider_id="p"))
    base = custom("b", custom_provider_id="p")
    assert "provider" not in show("m", {"p": provider}, m=custom("m", base_model_name="b"), b=base)


def test_a_built_in_model_returns_its_values_in_the_order_of_the_contract() -> None:
    shown = show("b", b=BuiltInModel({"source": "hardcoded", "model_name": "b", "id": "b"}))
    assert list(shown.items()) == [
        ("id", "b"),
        ("model_name", "b"),
        ("source", "hardcoded"),
        ("throughput", None),
        ("created_at", None),
        ("updated_at", None),
    ]
