"""The admin API shows a model as the API does, and says where its values come from."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.mock_server.conftest import Names
from tests.mock_server.wire import MODELS

MODEL = "/_mock/model"


def shown(client: httpx2.Client, name: str, organization: str = "acme") -> dict[str, Any]:
    answer = client.get(MODEL, params={"organization": organization, "name": name})
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def test_it_shows_what_the_api_shows_and_leaves_no_trace(client: httpx2.Client, new_name: Names) -> None:
    name = f"{new_name()}/é"
    created = client.post(MODELS, json={"model_name": name, "base_model_name": "gpt-4o"}).json()
    total = client.get("/_mock/requests").json()["total"]
    assert shown(client, name)["shown"] == created
    assert shown(client, "gpt-4o") == {"shown": client.get(f"{MODELS}gpt-4o/").json(), "givers": {}}
    assert client.get("/_mock/requests").json()["total"] == total + 1


def test_each_value_comes_from_the_nearest_that_has_one(client: httpx2.Client, new_name: Names) -> None:
    base, name = new_name(), new_name()
    client.post(MODELS, json={"model_name": base, "base_model_name": "gpt-4o", "output_cost": 0})
    client.post(MODELS, json={"model_name": name, "base_model_name": base, "input_cost": 0, "provider_id": "my-vllm"})
    givers = shown(client, name)["givers"]
    assert givers["input_cost"] == givers["base_model_name"] == name
    assert givers["output_cost"] == base
    assert givers["max_context_window"] == givers["supported_params"] == "gpt-4o"
    assert givers.keys().isdisjoint({"created_at", "updated_at", "throughput", "display_name"})
    client.post(MODELS, json={"model_name": name, "supported_params_override": {"seed": None}})
    assert shown(client, name)["givers"]["supported_params"] == name


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
    answer = client.get(MODEL, params=query)
    assert answer.status_code == status
    assert told in str(answer.json())
