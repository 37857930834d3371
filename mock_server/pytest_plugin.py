"""The pytest plugin, as pytest loads it wherever this package is installed: three fixtures, and nothing else.

What they need is loaded when a test asks for one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from mock_server import MockServer


@pytest.fixture(scope="session")
def respan_mock_settings() -> dict[str, Any]:
    """The arguments of the MockServer; to be overridden in a conftest."""
    return {}


@pytest.fixture(scope="session")
def respan_mock_server(respan_mock_settings: dict[str, Any]) -> Iterator[MockServer]:
    """A mock for the whole session; of xdist each worker has its own."""
    from mock_server import MockServer

    with MockServer(**respan_mock_settings) as mock:
        yield mock


@pytest.fixture
def respan_mock(respan_mock_server: MockServer) -> MockServer:
    """A mock of the endpoint as at its start: no models, an empty journal, no faults but those of its settings."""
    respan_mock_server.reset()
    return respan_mock_server
