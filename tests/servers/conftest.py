"""Runs each test of the battery on every server that has what the test needs."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from functools import cache

import httpx2
import pytest

from tests.servers.api import Api
from tests.servers.catalogue import SERVERS, ServerProcess
from tests.servers.plain import PlainServer
from tests.servers.running import running
from tests.servers.selection import Server, client_of, passes

BATTERY_SERVERS: tuple[Server, ...] = (*SERVERS, PlainServer)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "rests_on(*requirements): for servers only that do not deviate from these")
    config.addinivalue_line("markers", "reads: for servers only that read and delete models at their path")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "api" in metafunc.fixturenames:
        servers = [server for server in BATTERY_SERVERS if passes(server, metafunc.function)]
        metafunc.parametrize("api", servers, indirect=True, ids=_name)


@pytest.fixture
def api(request: pytest.FixtureRequest, connect: Callable[[Server], httpx2.Client]) -> Api:
    return Api(connect(request.param))


@pytest.fixture(scope="session")
def connect() -> Iterator[Callable[[Server], httpx2.Client]]:
    """Start a server on first use; tests share it and use unique names."""
    with contextlib.ExitStack() as stack:

        @cache
        def connect(server: Server) -> httpx2.Client:
            if isinstance(server, ServerProcess):
                client = httpx2.Client(base_url=stack.enter_context(running(server.command)))
            else:
                client = client_of(server)
            return stack.enter_context(client)

        yield connect


def _name(server: Server) -> str:
    return server.name if isinstance(server, ServerProcess) else server.__name__
