"""What these tests share."""

from __future__ import annotations

import pytest

from contract import Contract, load


@pytest.fixture(scope="session")
def contract() -> Contract:
    """The contract that ships."""
    return load()
