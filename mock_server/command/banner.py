"""What the mock prints when it is ready: where it is, who may call it, and a first request."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from contract import Contract
from contract.errors import visible
from mock_server.admin.app import PREFIX
from mock_server.callers.fixtures import Fixtures
from mock_server.console.files import HOME
from mock_server.first_request import first_request
from mock_server.pages import SWAGGER_UI
from mock_server.served import RULES, served_operations

ADMIN = PREFIX.decode() + "info"


_WIDTH = 12
"""Characters of a label and the space behind it."""


def banner(urls: Sequence[str], contract: Contract, fixtures: Fixtures, *, admin: bool, seed: str = "") -> str:
    """Return the whole text, several lines. `urls` are the addresses, one for each host."""
    return "\n".join(map(visible, _lines(urls, contract, fixtures, admin, seed)))


def _lines(urls: Sequence[str], contract: Contract, fixtures: Fixtures, admin: bool, seed: str) -> Iterator[str]:
    yield f"{contract.title} {contract.version}, a mock of {contract.file.name}"
    yield ""
    url = urls[0]
    yield _labelled("API", f"{url}{contract.base_path}{contract.upsert.operation.path}")
    if contract.base_path:
        yield _labelled("Base path", f"{contract.base_path} (--base-path changes it)")
    if admin:
        yield _labelled("Console", f"{url}{HOME}")
    yield _labelled("Swagger UI", f"{url}{SWAGGER_UI}")
    if admin:
        yield _labelled("Admin API", f"{url}{ADMIN}")
    for other in urls[1:]:
        yield _labelled("Also at", other)
    yield ""
    yield from _operations(contract, seed)
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


def _labelled(label: str, text: str) -> str:
    return f"  {label:<{_WIDTH}}{text}"


def _operations(contract: Contract, seed: str) -> Iterator[str]:
    """List the operations and where their answers come from, unless the rules decide all of them."""
    operations = served_operations(contract, seed)
    if all(each.origin == RULES for each in operations):
        return
    yield "Operations"
    width = max(len(f"{each.method} {each.path}") for each in operations)
    for each in operations:
        origin = "by the rules of x-upsert" if each.status is None else f"{each.status}, {each.origin}"
        yield f"  {f'{each.method} {each.path}':<{width}}  {origin}"
    yield ""


def _curl(url: str, contract: Contract, fixtures: Fixtures) -> str:
    """A command that creates a model."""
    first = first_request(contract, fixtures)
    words = ["curl", "-X", first.method, url + first.path]
    for name, value in first.headers.items():
        words += ["-H", f"{name}: {value}"]
    return shlex.join([*words, "-d", first.body])
