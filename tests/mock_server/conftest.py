"""The mocks that the tests share, and what they know of the contract."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest

from contract import Contract, Upsert, load
from tests.mock_server.process import MockProcess, started
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
