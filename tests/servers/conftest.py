"""Gives each test of the battery every server that has what the test rests on."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
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
def api(request: pytest.FixtureRequest, base_url: Callable[[ServerProcess], str]) -> Iterator[Api]:
    server: Server = request.param
    if isinstance(server, ServerProcess):
        client = httpx2.Client(base_url=base_url(server))
    else:
        client = httpx2.Client(base_url="http://in-process", transport=httpx2.WSGITransport(app=server()))
    with client:
        yield Api(client)


@pytest.fixture(scope="session")
def base_url() -> Iterator[Callable[[ServerProcess], str]]:
    """Starts a server when it is first asked for."""
    urls: dict[str, str] = {}
    with contextlib.ExitStack() as processes:

        def url_of(server: ServerProcess) -> str:
            if server.name not in urls:
                urls[server.name] = processes.enter_context(running(server.command))
            return urls[server.name]

        yield url_of


def _can(server: Server, test: pytest.Item) -> bool:
    resting = {requirement for mark in test.iter_markers("rests_on") for requirement in mark.args}
    deviates = frozenset() if isinstance(server, ServerProcess) else server.deviates
    return not resting & deviates and (server.reads or not test.get_closest_marker("reads"))


def _name(server: Server) -> str:
    return server.name if isinstance(server, ServerProcess) else server.__name__
