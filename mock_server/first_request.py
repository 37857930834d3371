"""A request to try the mock with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from contract import Contract
from mock_server.callers.fixtures import Fixtures


@dataclass(frozen=True, slots=True)
class FirstRequest:
    """A request that creates a model."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: str


def first_request(contract: Contract, fixtures: Fixtures) -> FirstRequest:
    """The request, with the first example of the contract and the first key that may write."""
    operation = contract.upsert.operation
    token = next((token for token, caller in fixtures.keys.items() if caller.may_write), "YOUR_TOKEN")
    media_type, body = _first_example(contract)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": media_type}
    return FirstRequest(operation.method, contract.base_path + operation.path, headers, json.dumps(body))


def _first_example(contract: Contract) -> tuple[str, object]:
    operation = contract.document["paths"][contract.upsert.operation.path][contract.upsert.operation.method.lower()]
    media_type, body = next(iter(operation["requestBody"]["content"].items()))
    examples = [example["value"] for example in body.get("examples", {}).values() if "value" in example]
    return media_type, examples[0] if examples else {contract.upsert.key: "my-first-model"}
