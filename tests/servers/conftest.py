"""Gives each test of the battery every server that has what the test rests on."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from functools import cache
from typing import TypeAlias

import httpx2
import pytest

from tests.servers.api import Api
from tests.servers.catalogue import SERVERS, ServerProcess
from tests.servers.plain import PlainServer
from tests.servers.running import running
from tests.servers.variants import VARIANTS

Server: TypeAlias = ServerProcess | type[PlainServer]
ALL_SERVERS: tuple[Server, ...] = (*SERVERS, PlainServer, *VARIANTS)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "rests_on(*requirements): for servers only that do not deviate from these")
    config.addinivalue_line("markers", "reads: for servers only that read and delete models at their path")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "api" in metafunc.fixturenames:
        servers = [server for server in ALL_SERVERS if _can(server, metafunc.definition)]
        metafunc.parametrize("api", servers, indirect=True, ids=_name)


@pytest.fixture
def api(request: pytest.FixtureRequest, client_of: Callable[[Server], httpx2.Client]) -> Api:
    return Api(client_of(request.param))


@pytest.fixture(scope="session")
def client_of() -> Iterator[Callable[[Server], httpx2.Client]]:
    """Starts a server when it is first asked for; tests share it, under names of their own."""
    with contextlib.ExitStack() as stack:

        @cache
        def client_of(server: Server) -> httpx2.Client:
            if isinstance(server, ServerProcess):
                client = httpx2.Client(base_url=stack.enter_context(running(server.command)))
            else:
                client = httpx2.Client(base_url="http://in-process", transport=httpx2.WSGITransport(app=server()))
            return stack.enter_context(client)

        yield client_of


def _can(server: Server, test: pytest.Item) -> bool:
    resting = {requirement for mark in test.iter_markers("rests_on") for requirement in mark.args}
    deviates = frozenset() if isinstance(server, ServerProcess) else server.deviates
    return not resting & deviates and (server.reads or not test.get_closest_marker("reads"))


def _name(server: Server) -> str:
    return server.name if isinstance(server, ServerProcess) else server.__name__
