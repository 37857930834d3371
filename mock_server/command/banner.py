"""What the mock prints when it is ready: where it is, who may call it, and a first request."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from contract import Contract
from contract.visible import visible
from mock_server.admin.app import PREFIX
from mock_server.callers.fixtures import Fixtures
from mock_server.console.files import HOME
from mock_server.first_request import first_request
from mock_server.pages import SWAGGER_UI

ADMIN = PREFIX.decode() + "info"


def banner(url: str, contract: Contract, fixtures: Fixtures, *, admin: bool) -> str:
    """The whole text, several lines."""
    return "\n".join(map(visible, _lines(url, contract, fixtures, admin)))


def _lines(url: str, contract: Contract, fixtures: Fixtures, admin: bool) -> Iterator[str]:
    yield f"{contract.title} {contract.version}, a mock of {contract.file.name}"
    yield ""
    yield f"  API         {url}{contract.upsert.operation.path}"
    if admin:
        yield f"  Console     {url}{HOME}"
    yield f"  Swagger UI  {url}{SWAGGER_UI}"
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
    """A command that creates a model."""
    first = first_request(contract, fixtures)
    words = ["curl", "-X", first.method, url + first.path]
    for name, value in first.headers.items():
        words += ["-H", f"{name}: {value}"]
    return shlex.join([*words, "-d", first.body])
