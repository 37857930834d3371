"""The mock follows a contract that was altered, with no change in its code."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import httpx2
import pytest

from tests.mock_server.process import started
from tests.mock_server.wire import KEY, MODELS

Serve = Callable[..., AbstractContextManager[httpx2.Client]]

ONE_MORE_REQUEST_FIELD = (
    "        supported_params_override:\n          type: object\n",
    "        tier: {type: string, enum: [gold, silver], x-known: stated}\n",
)
ONE_MORE_RESPONSE_FIELD = (
    "        supported_params:\n          type: object\n",
    "        tier: {type: string, x-known: stated, x-source: {inherit: base_model_name, else: silver}}\n",
)


@pytest.fixture
def serve(contract_text: str, tmp_path: Path) -> Serve:
    """Serves the contract after replacements, each of which has to find its text."""

    @contextlib.contextmanager
    def serve(*replacements: tuple[str, str]) -> Iterator[httpx2.Client]:
        text = contract_text
        for old, new in replacements:
            assert old in text
            text = text.replace(old, new)
        file = tmp_path / "altered.yaml"
        file.write_text(text, encoding="utf-8")
        with started("--quiet", "--check-responses", "--contract", str(file)) as mock:
            with httpx2.Client(base_url=mock.url, headers={"Authorization": f"Bearer {KEY}"}) as client:
                yield client
            mock.stop()
            assert "Traceback" not in mock.stderr

    return serve


def test_one_more_field_is_accepted_stored_inherited_and_returned(serve: Serve) -> None:
    (request_place, request_field), (response_place, response_field) = ONE_MORE_REQUEST_FIELD, ONE_MORE_RESPONSE_FIELD
    altered = [(request_place, request_field + request_place), (response_place, response_field + response_place)]
    with serve(*altered) as client:
        assert client.post(MODELS, json={"model_name": "a"}).json()["tier"] == "silver"
        assert client.post(MODELS, json={"model_name": "a", "tier": "gold"}).json()["tier"] == "gold"
        assert client.post(MODELS, json={"model_name": "b", "base_model_name": "a"}).json()["tier"] == "gold"
        rejected = client.post(MODELS, json={"model_name": "a", "tier": "lead"})
        assert rejected.status_code == 400
        assert list(rejected.json()) == ["tier"]


def test_the_statuses_are_the_contracts(serve: Serve) -> None:
    with serve(("created: 201", "created: 200"), ("reserved: 403\n", "reserved: 400\n")) as client:
        assert client.post(MODELS, json={"model_name": "a"}).status_code == 200
        assert client.post(MODELS, json={"model_name": "a"}).status_code == 200
        assert client.post(MODELS, json={"model_name": "gpt-4o"}).status_code == 400


def test_omitted_fields_are_reset_if_the_contract_requires_it(serve: Serve) -> None:
    with serve(("omitted: keep", "omitted: reset")) as client:
        client.post(MODELS, json={"model_name": "a", "input_cost": 1, "output_cost": 2})
        shown = client.post(MODELS, json={"model_name": "a", "input_cost": 3}).json()
        assert shown["input_cost"] == 3
        assert "output_cost" not in shown


def test_an_enum_is_the_contracts(serve: Serve) -> None:
    with serve(("      enum: [0, 1]\n", "      enum: [0, 1, 2]\n")) as client:
        assert client.post(MODELS, json={"model_name": "a", "image_support": 2}).json()["image_support"] == 2
        assert client.post(MODELS, json={"model_name": "a", "image_support": 3}).status_code == 400


def test_the_limits_are_the_contracts(serve: Serve) -> None:
    with serve(("{bytes: 1048576, nesting: 64,", "{bytes: 100, nesting: 2,")) as client:
        assert client.post(MODELS, json={"model_name": "a" * 100}).status_code == 413
        assert client.post(MODELS, json={"model_name": "a", "supported_params_override": {"b": []}}).status_code == 400


def test_the_paths_and_the_key_are_the_contracts(serve: Serve) -> None:
    with serve(("/api/models/", "/v2/things/"), ("model_name", "the_name")) as client:
        assert client.post("/v2/things/", json={"the_name": "a/b"}).status_code == 201
        based = client.post("/v2/things/", json={"the_name": "c", "base_the_name": "a/b"}).json()
        assert (based["id"], based["the_name"], based["base_the_name"]) == ("c", "c", "a/b")
        assert client.get("/v2/things/a/b/").json()["the_name"] == "a/b"
        assert client.get("/v2/things/gpt-4o/").json()["the_name"] == "gpt-4o"
        assert client.post(MODELS, json={"model_name": "a"}).status_code == 404


def test_a_contract_without_read_and_delete_is_served_from_examples(serve: Serve) -> None:
    altered = [
        ("        read: getModel\n        delete: deleteModel\n", ""),
        ("          read: published\n          delete: published\n", ""),
    ]
    with serve(*altered) as client:
        assert client.post(MODELS, json={"model_name": "a"}).status_code == 201
        assert client.get(f"{MODELS}b/").json()["model_name"] == "llama-3.3-70b"
        assert client.delete(f"{MODELS}a/").status_code == 204
        assert list(client.get("/openapi.json").json()["paths"]) == [MODELS, f"{MODELS}{{model_name}}/"]


def test_a_contract_in_several_files_is_served_in_one_piece(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "cost.yaml").write_text("{type: number, x-known: stated}", encoding="utf-8")
    with serve(("allOf: [{$ref: '#/components/schemas/Cost'}]", "allOf: [{$ref: cost.yaml}]")) as client:
        assert "$ref" not in client.get("/openapi.json").text


def test_without_security_anyone_is_a_writer_of_the_first_organization(serve: Serve) -> None:
    with serve(("security:\n  - apiKey: []\n  - dashboardJwt: []\n", "")) as client:
        del client.headers["Authorization"]
        assert client.post(MODELS, json={"model_name": "a", "provider_id": "acme-azure"}).status_code == 201


def test_one_security_scheme_is_enough(serve: Serve) -> None:
    with serve(("  - apiKey: []\n  - dashboardJwt: []\n", "  - apiKey: []\n")) as client:
        assert client.post(MODELS, json={"model_name": "a"}).status_code == 201
        response = client.get(f"{MODELS}a/", headers={"Authorization": "Bearer a.b.c"})
        assert response.status_code == 401
        assert "form" in response.json()["detail"]
        assert "www-authenticate" in response.headers


def test_an_encoded_slash_is_in_a_name_without_format_path_too(serve: Serve) -> None:
    with serve(("{type: string, format: path, minLength: 1}", "{type: string, minLength: 1}")) as client:
        client.post(MODELS, json={"model_name": "a/b%2Fc"})
        for path in ("a%2Fb%252Fc", "a%2fb%252Fc"):
            assert client.get(f"{MODELS}{path}/").json()["model_name"] == "a/b%2Fc"
        assert client.get(f"{MODELS}a/b%252Fc/").status_code == 404
        client.post("/_mock/faults", json={"model": "a/b%2Fc", "status": 503})
        assert client.get(f"{MODELS}a%2Fb%252Fc/").status_code == 503
