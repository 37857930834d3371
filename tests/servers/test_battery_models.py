"""What every correct server does with models, whatever its stack."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from tests.servers.fixtures import BUILT_IN_MODELS, OTHER_ORGANIZATION_KEY, PROVIDER

if TYPE_CHECKING:
    from tests.servers.api import Api

EVERYTHING: dict[str, Any] = {
    "display_name": "Zephyr 7B (β, 新)",
    "input_cost": 0.000001,
    "output_cost": 1000,
    "cache_hit_input_cost": 0,
    "cache_creation_input_cost": 3.75,
    "max_context_window": 10_000_000,
    "streaming_support": 1,
    "function_call": 0,
    "image_support": 1,
}
OVERRIDE = {"temperature": {"min": 0, "max": 1.5, "default": None}, "stop": {"type": "array"}}
INHERITED = EVERYTHING.keys() - {"display_name"}


def test_the_first_is_a_create_and_every_later_one_an_update(api: Api) -> None:
    name = api.name()
    assert [api.upsert(model_name=name).status_code for _ in range(4)] == [201, 200, 200, 200]


def test_sent_values_are_returned(api: Api) -> None:
    name = api.name("/with.all_of-it")
    model = api.created(model_name=name, **EVERYTHING, supported_params_override=OVERRIDE)
    assert model["id"] == model["model_name"] == name
    assert {field: model[field] for field in EVERYTHING} == EVERYTHING
    assert {param: model["supported_params"][param] for param in OVERRIDE} == OVERRIDE


def test_zeros_win_over_earlier_values(api: Api) -> None:
    name = api.name()
    api.created(model_name=name, **EVERYTHING)
    zeros = dict.fromkeys(INHERITED - {"max_context_window"}, 0)
    model = api.updated(model_name=name, **zeros)
    assert {field: model[field] for field in zeros} == zeros


def test_constants_are_those_of_custom_models(api: Api) -> None:
    model = api.created(model_name=api.name())
    constants = {"affiliation_category": "custom", "source": "db", "model_type": "chat"}
    assert {field: model.get(field, value) for field, value in constants.items()} == constants


@pytest.mark.rests_on("IDM-06")
def test_omitted_fields_keep_their_values(api: Api) -> None:
    name = api.name()
    api.created(model_name=name, **EVERYTHING, supported_params_override=OVERRIDE)
    api.updated(model_name=name, input_cost=7.25)
    model = api.updated(model_name=name)
    assert {field: model[field] for field in EVERYTHING} == {**EVERYTHING, "input_cost": 7.25}
    assert model["supported_params"].keys() >= OVERRIDE.keys()


@pytest.mark.reads
def test_models_are_read_and_deleted_at_their_path(api: Api) -> None:
    name = api.name("/sub model/ü🙂%2F?")
    api.created(model_name=name, **EVERYTHING)
    model = api.read(name).json()
    assert model["id"] == model["model_name"] == name
    assert {field: model[field] for field in EVERYTHING} == EVERYTHING
    assert api.delete(name).status_code == 204
    assert [api.read(name).status_code, api.delete(name).status_code] == [404, 404]
    assert api.created(model_name=name).get("input_cost") != EVERYTHING["input_cost"]


@pytest.mark.reads
def test_built_in_models_are_read_but_not_deleted(api: Api) -> None:
    for name in BUILT_IN_MODELS:
        model = api.read(name).json()
        assert model["id"] == name
        assert model.get("affiliation_category", "respan") == "respan"
        assert api.delete(name).status_code == 403


@pytest.mark.rests_on("STA-18")
def test_built_in_names_are_reserved(api: Api) -> None:
    assert [api.upsert(model_name=name).status_code for name in BUILT_IN_MODELS] == [403, 403]


def test_values_are_inherited(api: Api) -> None:
    base, variant = api.name(), api.name()
    api.created(model_name=base, **EVERYTHING)
    model = api.created(model_name=variant, base_model_name=base, output_cost=0)
    assert model["base_model_name"] == base
    assert {field: model[field] for field in INHERITED} == {
        **{field: EVERYTHING[field] for field in INHERITED},
        "output_cost": 0,
    }


def test_values_of_built_in_models_are_inherited(api: Api) -> None:
    model = api.created(model_name=api.name(), base_model_name="gpt-4o", input_cost=0)
    assert (model["input_cost"], model["output_cost"], model["max_context_window"]) == (0, 10, 128000)
    assert "logprobs" in model["supported_params"]


@pytest.mark.rests_on("SEM-03")
def test_bases_have_bases(api: Api) -> None:
    names = [api.name() for _ in range(4)]
    api.created(model_name=names[0], **EVERYTHING)
    for base, name in pairwise(names):
        api.created(model_name=name, base_model_name=base)
    model = api.updated(model_name=names[3], base_model_name=names[2])
    assert {field: model[field] for field in INHERITED} == {field: EVERYTHING[field] for field in INHERITED}


def test_cycles_of_base_models_get_a_response(api: Api) -> None:
    first, second = api.name(), api.name()
    api.created(model_name=first, input_cost=1)
    api.created(model_name=second, base_model_name=first)
    assert api.upsert(model_name=first, input_cost=1, base_model_name=second).status_code in {200, 400}
    assert api.upsert(model_name=second, base_model_name=second).status_code in {200, 400}
    assert api.updated(model_name=second, base_model_name=first)["input_cost"] == 1


@pytest.mark.rests_on("SEM-06", "SEM-07")
def test_the_override_lies_over_the_base_entry_by_entry(api: Api) -> None:
    base = api.name()
    api.created(model_name=base, supported_params_override={"a": {"x": 1}, "b": {"x": 1, "y": 2}, "c": 3})
    override = {"b": {"x": 2}, "c": None, "d": False}
    params = api.created(model_name=api.name(), base_model_name=base, supported_params_override=override)[
        "supported_params"
    ]
    assert {name: params.get(name) for name in "abcd"} == {"a": {"x": 1}, "b": {"x": 2}, "c": None, "d": False}
    assert "c" not in params


def test_either_spelling_attaches_the_provider(api: Api) -> None:
    for spelling in ("custom_provider_id", "provider_id"):
        provider = api.created(model_name=api.name(), **{spelling: PROVIDER}).get("provider")
        if provider is not None:  # it may be absent
            assert provider["id"] == provider["provider_id"] == PROVIDER, spelling
            assert provider["provider_name"] == "In-house vLLM"


def test_organizations_do_not_see_each_other(api: Api) -> None:
    name, base = api.name(), api.name()
    api.created(model_name=name, input_cost=1)
    api.created(model_name=base, **EVERYTHING)
    other = api.created(OTHER_ORGANIZATION_KEY, model_name=name, output_cost=2)
    assert other.get("input_cost") != 1
    assert api.updated(model_name=name, input_cost=1).get("output_cost") != 2
    inheriting = api.upsert(OTHER_ORGANIZATION_KEY, model_name=api.name(), base_model_name=base)
    assert inheriting.status_code in {201, 400, 404}
    assert inheriting.json().get("input_cost") != EVERYTHING["input_cost"]


@pytest.mark.reads
def test_organizations_cannot_delete_each_others_models(api: Api) -> None:
    name = api.name()
    api.created(model_name=name)
    assert api.read(name, OTHER_ORGANIZATION_KEY).status_code == 404
    assert api.delete(name, OTHER_ORGANIZATION_KEY).status_code == 404
    assert api.read(name).status_code == 200


def test_providers_are_those_of_the_organization(api: Api) -> None:
    provider = api.created(OTHER_ORGANIZATION_KEY, model_name=api.name(), provider_id=PROVIDER).get("provider")
    assert provider is None or provider["provider_name"] == "Globex vLLM"


@pytest.mark.rests_on("IDM-16")
def test_times_do_not_go_back(api: Api) -> None:
    name = api.name()
    created, first = times_of(api.created(model_name=name))
    still_created, second = times_of(api.updated(model_name=name, input_cost=1))
    assert created == still_created
    moments = [moment for moment in (created, first, second) if moment]
    assert moments == sorted(moments)


def times_of(model: dict[str, Any]) -> list[datetime | None]:
    """When a model was created and updated, as far as it says."""
    texts = (model.get("created_at"), model.get("updated_at"))
    moments = [text and datetime.fromisoformat(text.upper()) for text in texts]
    assert all(moment.tzinfo for moment in moments if moment)
    return moments


def test_racing_creates_make_one_model(api: Api) -> None:
    racers = 8
    barrier = threading.Barrier(racers)

    def race(name: str) -> int:
        barrier.wait()
        return api.upsert(model_name=name).status_code

    with ThreadPoolExecutor(racers) as pool:
        for _ in range(5):
            statuses = sorted(pool.map(race, [api.name()] * racers))
            assert statuses == [200] * (racers - 1) + [201]
