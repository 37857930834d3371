"""Fixtures of the tests of the contract."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from contract import Contract, ContractError, Problem, load
from tests.contract.altered import Edit, write_altered

LoadAltered: TypeAlias = Callable[..., Contract]
ProblemsOf: TypeAlias = Callable[[Path], list[Problem]]


@pytest.fixture(scope="session")
def shipped() -> Contract:
    """Return the packaged contract."""
    return load()


@pytest.fixture
def load_altered(tmp_path: Path) -> LoadAltered:
    """Return a function that edits the packaged contract and loads it."""

    def load_edited(*edits: Edit) -> Contract:
        return load(write_altered(tmp_path, *edits))

    return load_edited


@pytest.fixture
def problems_of() -> ProblemsOf:
    """Return a function that loads an invalid contract and returns its problems."""

    def problems(file: Path) -> list[Problem]:
        with pytest.raises(ContractError) as caught:
            load(file)
        assert caught.value.file == str(file)
        assert str(caught.value).startswith(f"{file}: the contract has ")
        return caught.value.problems

    return problems
