"""Selects the tests of the battery that a server must pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import httpx2

from tests.servers.catalogue import ServerProcess
from tests.servers.plain import PlainServer

Server: TypeAlias = ServerProcess | type[PlainServer]


def passes(server: Server, test: Callable[..., Any]) -> bool:
    """Return whether a server has what a test needs: requirements it does not deviate from, and reads (IDM-05)."""
    marks = getattr(test, "pytestmark", [])
    resting = {requirement for mark in marks if mark.name == "rests_on" for requirement in mark.args}
    deviates = frozenset() if isinstance(server, ServerProcess) else server.deviates
    reads = server.reads and "IDM-05" not in deviates
    return not resting & deviates and (reads or all(mark.name != "reads" for mark in marks))


def client_of(server: type[PlainServer]) -> httpx2.Client:
    """Return a client of a fresh server in this process."""
    return httpx2.Client(base_url="http://in-process", transport=httpx2.WSGITransport(app=server()))
