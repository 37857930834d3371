"""A mock for the tests of a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.mock_server.fuzz.connection import Mock


@pytest.fixture(scope="module")
def fuzzed() -> Iterator[Mock]:
    mock = Mock()
    yield mock
    mock.close()
