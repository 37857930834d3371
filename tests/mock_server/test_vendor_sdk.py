"""The vendor's own SDK works on the mock: over a socket, sync and async, with its typed models and errors."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from respan import AsyncRespanClient, RespanClient
from respan.core.api_error import ApiError

from tests.mock_server.conftest import Names
from tests.mock_server.process import MockProcess
from tests.mock_server.wire import KEY

NAMES = ["plain", "openai/plain", "with space", "a/b c/d", "emoji-🚀", "größe"]


Call = Callable[..., Any]
"""Calls a method of the SDK's models by its name."""


def sync_call(url: str, key: str, method: str, **arguments: Any) -> Any:
    with httpx.Client() as client:
        sdk = RespanClient(base_url=url, authorization="", respan_api_key=key, httpx_client=client)
        return getattr(sdk.models, method)(**arguments)


def async_call(url: str, key: str, method: str, **arguments: Any) -> Any:
    async def call() -> Any:
        async with httpx.AsyncClient() as client:
            sdk = AsyncRespanClient(base_url=url, authorization="", respan_api_key=key, httpx_client=client)
            return await getattr(sdk.models, method)(**arguments)

    return asyncio.run(call())


@pytest.fixture(params=[sync_call, async_call])
def sdk(request: pytest.FixtureRequest, mock: MockProcess) -> Call:
    return lambda method, key=KEY, **arguments: request.param(mock.url, key, method, **arguments)


@pytest.mark.parametrize("suffix", NAMES)
def test_a_model_is_created_updated_retrieved_and_deleted(sdk: Call, new_name: Names, suffix: str) -> None:
    name = f"{new_name()}-{suffix}"
    created = sdk("create_custom_model", model_name=name, base_model_name="gpt-4o", input_cost=0.5)
    assert (created.model_name, created.input_cost, created.output_cost) == (name, 0.5, 10)
    updated = sdk("create_custom_model", model_name=name, display_name="New", custom_provider_id="my-vllm")
    assert (updated.display_name, updated.input_cost) == ("New", 0.5)
    assert updated.provider.provider_id == "my-vllm"
    assert updated.created_at == created.created_at
    shown = updated.model_dump(exclude_none=True)
    assert sdk("retrieve_custom_model", model_name=name).model_dump(exclude_none=True) == shown
    assert sdk("delete_custom_model", model_name=name) is None
    with pytest.raises(ApiError) as gone:
        sdk("retrieve_custom_model", model_name=name)
    assert gone.value.status_code == 404


def test_every_field_goes_there_and_back(sdk: Call, new_name: Names) -> None:
    sent = {
        "display_name": "All",
        "input_cost": 1.5,
        "output_cost": 2.5,
        "cache_hit_input_cost": 0.25,
        "cache_creation_input_cost": 0.75,
        "max_context_window": 4096,
        "streaming_support": 1,
        "function_call": 0,
        "image_support": 1,
    }
    override = {"temperature": {"min": 0, "max": 1}}
    shown = sdk("create_custom_model", model_name=new_name(), supported_params_override=override, **sent)
    assert {field: getattr(shown, field) for field in sent} == sent
    assert shown.supported_params == override


REJECTED = {
    400: (KEY, {"model_name": ""}),
    401: ("no-such-key", {"model_name": "m"}),
    403: (KEY, {"model_name": "gpt-4o"}),
    404: (KEY, {"model_name": "m", "base_model_name": "no-such-model"}),
}


@pytest.mark.parametrize("status", REJECTED)
def test_a_rejection_comes_out_as_a_typed_error(sdk: Call, status: int) -> None:
    key, arguments = REJECTED[status]
    with pytest.raises(ApiError) as rejected:
        sdk("create_custom_model", key, **arguments)
    assert rejected.value.status_code == status
    assert rejected.value.body


def test_none_for_an_argument_is_sent_as_null_and_rejected(sdk: Call, new_name: Names) -> None:
    with pytest.raises(ApiError) as rejected:
        sdk("create_custom_model", model_name=new_name(), display_name=None)
    assert rejected.value.status_code == 400
