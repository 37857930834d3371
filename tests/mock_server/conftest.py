"""The mocks that the tests share, and what they know of the contract."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest

from contract import Contract, Upsert, load
from mock_server.shared.address import Address, address_of
from tests.mock_server.process import MockProcess, started
from tests.mock_server.redis_server import RedisServer, running
from tests.mock_server.wire import KEY


@pytest.fixture(scope="session")
def contract() -> Contract:
    return load()


@pytest.fixture(scope="session")
def rules(contract: Contract) -> Upsert:
    return contract.upsert


@pytest.fixture(scope="session")
def mock() -> Iterator[MockProcess]:
    """One mock for all tests of a worker. Whatever they send it, it must not fail, and all its responses are judged."""
    with started("--quiet", "--check-responses") as process:
        yield process
        assert process.process.poll() is None, process.stderr
        assert process.stderr == ""


@pytest.fixture(scope="session")
def address(mock: MockProcess) -> tuple[str, int]:
    return mock.address


@pytest.fixture
def client(mock: MockProcess) -> Iterator[httpx2.Client]:
    """A client with a key that may write."""
    with httpx2.Client(base_url=mock.url, headers={"Authorization": f"Bearer {KEY}"}) as client:
        yield client


class Names:
    """Gives names that no other test uses."""

    def __init__(self) -> None:
        self._prefix = f"test-{uuid4().hex[:12]}"
        self._numbers = count()

    def __call__(self) -> str:
        return f"{self._prefix}-{next(self._numbers)}"


@pytest.fixture
def new_name() -> Names:
    return Names()


@pytest.fixture(scope="session")
def contract_text(contract: Contract) -> str:
    return Path(contract.file).read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """One Redis for all tests of a worker. Each test has a prefix of its own."""
    with running() as server:
        yield server


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """The address of a Redis in which nothing is stored yet."""
    return f"{redis_server.url}?prefix={uuid4().hex}"


@pytest.fixture
def redis_address(redis_url: str) -> Address:
    return address_of(redis_url)
