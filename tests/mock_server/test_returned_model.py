"""The admin API returns a model as the API does, and says where its values come from."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.mock_server.conftest import Names
from tests.mock_server.wire import MODELS

MODEL = "/_mock/model"


def read_model(client: httpx2.Client, name: str, organization: str = "acme") -> dict[str, Any]:
    response = client.get(MODEL, params={"organization": organization, "name": name})
    assert response.status_code == 200
    found: dict[str, Any] = response.json()
    return found


def test_it_returns_what_the_api_returns_and_leaves_no_trace(client: httpx2.Client, new_name: Names) -> None:
    name = f"{new_name()}/é"
    created = client.post(MODELS, json={"model_name": name, "base_model_name": "gpt-4o"}).json()
    built_in = client.get(f"{MODELS}gpt-4o/").json()
    assert read_model(client, name)["returned"] == created
    assert read_model(client, "gpt-4o") == {"returned": built_in, "origins": {}}
    (latest,) = client.get("/_mock/requests", params={"limit": 1}).json()["requests"]
    assert latest["path"] == f"{MODELS}gpt-4o/"


def test_each_value_comes_from_the_nearest_that_has_one(client: httpx2.Client, new_name: Names) -> None:
    base, name = new_name(), new_name()
    client.post(MODELS, json={"model_name": base, "base_model_name": "gpt-4o", "output_cost": 0})
    client.post(MODELS, json={"model_name": name, "base_model_name": base, "input_cost": 0, "provider_id": "my-vllm"})
    origins = read_model(client, name)["origins"]
    assert origins["input_cost"] == origins["base_model_name"] == name
    assert origins["output_cost"] == base
    assert origins["max_context_window"] == origins["supported_params"] == "gpt-4o"
    assert origins.keys().isdisjoint({"created_at", "updated_at", "throughput", "display_name"})
    client.post(MODELS, json={"model_name": name, "supported_params_override": {"seed": None}})
    assert read_model(client, name)["origins"]["supported_params"] == name


@pytest.mark.parametrize(
    ("query", "status", "told"),
    [
        ({"organization": "acme", "name": "none-such"}, 404, 'no model "none-such"'),
        ({"organization": "nobody", "name": "gpt-4o"}, 404, 'no organization "nobody"'),
        ({"organization": "acme"}, 400, "required"),
        ({"name": "gpt-4o"}, 400, "required"),
    ],
)
def test_what_is_not_there_is_rejected(client: httpx2.Client, query: dict[str, str], status: int, told: str) -> None:
    response = client.get(MODEL, params=query)
    assert response.status_code == status
    assert told in str(response.json())
