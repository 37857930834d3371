"""The whole registry of requirements, with every check imported."""

from __future__ import annotations

import importlib
from pathlib import Path

from conformance.configuration.settings import Settings
from conformance.requirements.selection import profile_of, selected
from contract import Contract

CHECKS = Path(__file__).parents[1] / "checks"


def load_checks() -> None:
    """Import every file of checks, which fills the registry."""
    for file in sorted(CHECKS.glob("test_*.py")):
        importlib.import_module(f"conformance.checks.{file.stem}")


def choose(contract: Contract, settings: Settings) -> set[str]:
    """IDs of the requirements to judge, with every check imported. Raises ValueError."""
    load_checks()
    return selected(contract, settings, profile_of(settings))
