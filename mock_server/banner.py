"""What the mock prints when it is ready: where it is, who may call it, and a first request."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator

from contract import Contract
from mock_server.admin.app import PREFIX
from mock_server.fixtures import Fixtures
from mock_server.pages import CONSOLE

ADMIN = PREFIX.decode() + "info"


def banner(url: str, contract: Contract, fixtures: Fixtures, *, admin: bool) -> str:
    """The whole text, several lines."""
    return "\n".join(_lines(url, contract, fixtures, admin))


def _lines(url: str, contract: Contract, fixtures: Fixtures, admin: bool) -> Iterator[str]:
    yield f"{contract.title} {contract.version}, a mock of {contract.file.name}"
    yield ""
    yield f"  API         {url}{contract.upsert.operation.path}"
    yield f"  Swagger UI  {url}{CONSOLE}"
    if admin:
        yield f"  Admin API   {url}{ADMIN}"
    yield ""
    yield "API keys"
    width = max(map(len, fixtures.keys), default=0)
    for token, caller in fixtures.keys.items():
        rights = "reads and writes" if caller.may_write else "only reads"
        yield f"  {token:<{width}}  {rights} the models of {caller.organization}"
    yield "  or a dashboard token, as `respan-mock token` prints one: a JWT signed by HS256 with the secret"
    yield f"  {fixtures.dashboard.secret!r} and the claim {fixtures.dashboard.organization_claim!r}"
    yield ""
    yield "Try it"
    yield f"  {_curl(url, contract, fixtures)}"
    yield ""
    yield "Ctrl-C stops it."


def _curl(url: str, contract: Contract, fixtures: Fixtures) -> str:
    """A command that creates a model, with the first example of the contract."""
    operation = contract.upsert.operation
    token = next((token for token, caller in fixtures.keys.items() if caller.may_write), "YOUR_TOKEN")
    media_type, body = _first_example(contract)
    words = ["curl", "-X", operation.method, url + operation.path]
    words += ["-H", f"Authorization: Bearer {token}", "-H", f"Content-Type: {media_type}", "-d", json.dumps(body)]
    return shlex.join(words)


def _first_example(contract: Contract) -> tuple[str, object]:
    operation = contract.document["paths"][contract.upsert.operation.path][contract.upsert.operation.method.lower()]
    media_type, body = next(iter(operation["requestBody"]["content"].items()))
    examples = [example["value"] for example in body.get("examples", {}).values() if "value" in example]
    return media_type, examples[0] if examples else {contract.upsert.key: "my-first-model"}
