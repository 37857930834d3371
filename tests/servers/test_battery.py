"""What every correct server does, whatever its stack: so that a wrong one is found before it accuses the suite."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from tests.servers.api import MODELS
from tests.servers.fixtures import BUILT_IN_MODELS, OTHER_ORGANIZATION_KEY, PROVIDER, READ_ONLY_KEY

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
OF_ANOTHER_TYPE: list[tuple[str, Any]] = [
    ("display_name", {}),
    ("input_cost", "free"),
    ("output_cost", []),
    ("max_context_window", "many"),
    ("max_context_window", 1.5),
    ("streaming_support", 2),
    ("function_call", -1),
    ("image_support", "yes"),
    ("supported_params_override", []),
    ("supported_params_override", "none"),
    ("base_model_name", []),
    ("custom_provider_id", {}),
]
COERCIBLE: list[tuple[str, Any]] = [
    ("display_name", 1),
    ("input_cost", "1.5"),
    ("input_cost", True),
    ("max_context_window", "7"),
    ("max_context_window", True),
    ("streaming_support", True),
    ("streaming_support", "1"),
]
ODD_VALUES: list[tuple[str, Any]] = [
    ("display_name", "  spaced\t"),
    ("display_name", "\0\u001f\u007f"),
    ("display_name", "e\u0301"),
    ("display_name", "x" * 10_000),
    ("input_cost", -0.0),
    ("input_cost", -1.5),
    ("input_cost", 5e-324),
    ("input_cost", 1.7976931348623157e308),
    ("max_context_window", 2**53 - 1),
    ("max_context_window", 2**63 - 1),
    ("max_context_window", -1),
]
ODD_MEMBERS = [
    b'"input_cost": NaN}',
    b'"input_cost": 1e400}',
    b'"input_cost": ' + b"9" * 400 + b"}",
    b'"input_cost": ' + b"9" * 5000 + b"}",
    b'"input_cost": -0.0}',
    b'"max_context_window": 99999999999999999999999}',
    b'"max_context_window": 9223372036854775807}',
    b'"supported_params_override": {"a": -Infinity}}',
    b'"supported_params_override": {"a": 1e400}}',
    b'"supported_params_override": {"a": 18446744073709551616}}',
    b'"supported_params_override": {"\\ud800": 1}}',
    b'"supported_params_override": {"__proto__": {"a": 1}, "constructor": 1}}',
    b'"supported_params_override": ' + b'{"a":' * 300 + b"1" + b"}" * 301,
    b'"other": ' + b"[" * 100_000,
    b'"display_name": "\\ud800"}',
    b'"display_name": "\\u0000 "}',
    b'"display_name": "\xff"}',
    b'"display_name": "1", "display_name": "2"}',
    b'"display_name": "' + b"x" * 10_000 + b'"}',
    b'"base_model_name": "\\ud800"}',
    b'"base_model_name": "__proto__"}',
]
ALMOST_EQUAL_NAMES = [("Case", "case"), (" a", "a"), ("a ", "a"), ("\u00e9", "e\u0301"), ("a%2Fb", "a/b"), ("a\n", "a")]
OVERRIDE = {"temperature": {"min": 0, "max": 1.5, "default": None}, "stop": {"type": "array"}}
INHERITED = EVERYTHING.keys() - {"display_name"}
TYPES = {"display_name": str, "max_context_window": int, "streaming_support": int}


def test_the_first_is_a_create_and_every_later_one_an_update(api: Api) -> None:
    name = api.name()
    assert [api.upsert(model_name=name).status_code for _ in range(4)] == [201, 200, 200, 200]


def test_what_is_sent_is_shown(api: Api) -> None:
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
    constants = {
        "affiliation_category": "custom",
        "source": "db",
        "is_called_by_custom_name": True,
        "model_type": "chat",
    }
    assert {field: model.get(field, value) for field, value in constants.items()} == constants


@pytest.mark.rests_on("IDM-06")
def test_omitted_fields_are_kept(api: Api) -> None:
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


def test_cycles_of_bases_are_answered(api: Api) -> None:
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


@pytest.mark.rests_on("STA-14")
def test_differing_providers_are_refused(api: Api) -> None:
    assert api.upsert(model_name=api.name(), custom_provider_id=PROVIDER, provider_id="other").status_code == 400


@pytest.mark.rests_on("STA-13")
def test_unknown_references_are_not_found(api: Api) -> None:
    name = api.name()
    for field in ("base_model_name", "custom_provider_id", "provider_id"):
        assert api.upsert(**{"model_name": name, field: api.name()}).status_code == 404, field
    assert api.upsert(model_name=name).status_code == 201


def test_bodies_that_are_no_request_are_refused(api: Api) -> None:
    bodies = (b"", b"{", b"model", b'"model"', b"[]", b"{}", b"null", b'{"model_name": "a"', b'{"model_name": {}}')
    answers = [api.post(body) for body in bodies]
    assert [answer.status_code for answer in answers] == [400] * len(bodies)
    assert all(isinstance(answer.json(), dict) for answer in answers)


def test_values_of_another_type_are_refused_and_create_nothing(api: Api) -> None:
    name = api.name()
    for field, value in OF_ANOTHER_TYPE:
        assert api.upsert(**{"model_name": name, "input_cost": 1, field: value}).status_code == 400, (field, value)
    assert api.upsert(model_name=name).status_code == 201


@pytest.mark.rests_on("STA-10")
def test_nothing_is_coerced(api: Api) -> None:
    for field, value in COERCIBLE:
        assert api.upsert(**{"model_name": api.name(), field: value}).status_code == 400, (field, value)


@pytest.mark.rests_on("STA-11")
def test_null_is_refused(api: Api) -> None:
    for field in (*EVERYTHING, "base_model_name", "provider_id", "supported_params_override"):
        assert api.upsert(**{"model_name": api.name(), field: None}).status_code == 400, field


@pytest.mark.rests_on("STA-12")
def test_an_empty_name_is_refused(api: Api) -> None:
    assert api.upsert(model_name="").status_code == 400


def test_odd_bodies_are_refused_or_taken_but_break_nothing(api: Api) -> None:
    for members in ODD_MEMBERS:
        response = api.post(f'{{"model_name": "{api.name()}", '.encode() + members)
        assert response.status_code in {201, 400, 404, 413}, (members[:50], response.text)
        assert isinstance(response.json(), dict)


@pytest.mark.rests_on("IDM-09")
def test_odd_values_are_taken_exactly_or_refused(api: Api) -> None:
    for field, value in ODD_VALUES:
        response = api.upsert(**{"model_name": api.name(), field: value})
        assert response.status_code in {201, 400, 413}, response.text
        if response.status_code == 201:
            assert repr(type(value)(response.json()[field])) == repr(value)  # tells -0.0 from 0.0


@pytest.mark.rests_on("IDM-09", "IDM-11")
def test_names_that_differ_are_different_models(api: Api) -> None:
    for names in ALMOST_EQUAL_NAMES:
        stem = api.name("-")
        responses = {stem + name: api.upsert(model_name=stem + name) for name in names}
        assert {response.status_code for response in responses.values()} <= {201, 400}, names
        shown = {name: response.json()["id"] for name, response in responses.items() if response.status_code == 201}
        assert all(name == identifier for name, identifier in shown.items()), names


def test_no_credentials_are_unauthorized(api: Api) -> None:
    response = api.send("POST", MODELS, None, json={"model_name": api.name()})
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"]


CREDENTIALS = ["", "Bearer", "Basic demo-acme", "demo-acme", "Bearer demo-acm", "Bearer demo-acmee"]
CREDENTIALS += ["Bearer DEMO-ACME", "Bearer demo-acme demo-acme", "Bearer demo-acme,demo-acme", "Bearer constructor"]


def test_other_credentials_are_refused(api: Api) -> None:
    name = api.name()
    for credentials in CREDENTIALS:
        response = api.send("POST", MODELS, json={"model_name": name}, headers={"Authorization": credentials})
        assert response.status_code == 403 or response.headers["WWW-Authenticate"], credentials
    assert api.upsert(model_name=name).status_code == 201


@pytest.mark.rests_on("AUT-03", "AUT-06")
def test_credentials_are_judged_first(api: Api) -> None:
    for credentials in CREDENTIALS:
        assert api.post(b"{", Authorization=credentials).status_code == 401, credentials


@pytest.mark.rests_on("AUT-05")
def test_a_token_in_the_query_does_not_count(api: Api) -> None:
    response = api.send("POST", "/api/models/?token=demo-acme", None, json={"model_name": api.name()})
    assert response.status_code == 401


def test_the_scheme_is_case_insensitive(api: Api) -> None:
    for scheme in ("bearer", "BEARER"):
        headers = {"Authorization": f"{scheme} demo-acme"}
        assert api.send("POST", MODELS, json={"model_name": api.name()}, headers=headers).status_code == 201


@pytest.mark.rests_on("AUT-09")
def test_a_read_only_key_is_forbidden_to_write(api: Api) -> None:
    name = api.name()
    assert api.upsert(READ_ONLY_KEY, model_name=name).status_code == 403
    assert api.upsert(model_name=name).status_code == 201
    assert api.upsert(READ_ONLY_KEY, model_name=name, input_cost=1).status_code == 403


@pytest.mark.reads
@pytest.mark.rests_on("AUT-09")
def test_a_read_only_key_reads(api: Api) -> None:
    name = api.name()
    api.created(model_name=name)
    assert api.read(name, READ_ONLY_KEY).status_code == 200
    assert api.delete(name, READ_ONLY_KEY).status_code == 403


def test_spellings_of_the_media_type_are_taken(api: Api) -> None:
    for content_type in ("Application/JSON", "application/json; charset=UTF-8", "application/json;charset=utf-8"):
        assert api.post(f'{{"model_name": "{api.name()}"}}'.encode(), content_type).status_code == 201, content_type


def test_other_media_types_are_refused_or_taken(api: Api) -> None:
    for content_type in (
        "",
        "text/plain",
        "application/json; charset=utf-16",
        "application/json; charset=x",
        "json",
        ";",
    ):
        status = api.post(f'{{"model_name": "{api.name()}"}}'.encode(), content_type).status_code
        assert status in {201, 400, 415}, content_type


def test_other_methods_are_told_what_is_allowed(api: Api) -> None:
    response = api.send("PUT", MODELS)
    assert response.status_code == 405
    assert "POST" in response.headers["Allow"]


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
