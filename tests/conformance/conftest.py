"""Fixtures that the tests of the suite share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from conformance.requirements.registry import load_checks
from conformance.requirements.requirement import REGISTRY, Requirement
from contract import Contract, load
from tests.conformance.fields_of_all_kinds import ALL_KINDS
from tests.conformance.judge.oracles import Oracles
from tests.contract.altered import Edit, write_altered


def pytest_configure(config: pytest.Config) -> None:
    """Let the checks be imported: their marks are known to the pytest that runs them, and here to ours."""
    config.addinivalue_line("markers", "requirement(requirement): the requirement that the test judges")
    config.addinivalue_line("markers", "each(argument, things): one test for each thing of the contract")


class _TextFile(SingleFileSnapshotExtension):
    """Keeps each snapshot as plain text in a file of its own, so that a reader sees what a user would."""

    _write_mode = WriteMode.TEXT
    file_extension = "txt"


@pytest.fixture
def snapshot(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """The text that was reviewed last; `pytest --snapshot-update` writes it again."""
    return snapshot.use_extension(_TextFile)


@pytest.fixture(scope="session")
def contract() -> Contract:
    """The contract that ships."""
    return load()


@pytest.fixture
def altered(tmp_path: Path) -> Callable[..., Contract]:
    """Loads the contract that ships, edited."""

    def load_edited(*edits: Edit) -> Contract:
        return load(write_altered(tmp_path, *edits))

    return load_edited


@pytest.fixture(scope="session")
def all_kinds(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    """A contract with fields of every kind beside those that ship."""
    return load(write_altered(tmp_path_factory.mktemp("contract"), ALL_KINDS))


@pytest.fixture(scope="session")
def oracles(all_kinds: Contract) -> Oracles:
    """Judges of its request bodies that are not the suite's."""
    return Oracles(all_kinds)


@pytest.fixture(scope="session")
def registry() -> dict[str, Requirement]:
    """Every requirement, by its ID."""
    load_checks()
    return REGISTRY
