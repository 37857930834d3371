"""The whole registry of requirements, with every check imported."""

from __future__ import annotations

import importlib
import pkgutil

import conformance.checks
from conformance.selection import profile_of, selected
from conformance.settings import Settings
from contract import Contract


def load_checks() -> None:
    """Import every file of checks, which fills the registry."""
    for module in pkgutil.iter_modules(conformance.checks.__path__):
        if module.name.startswith("test_"):
            importlib.import_module(f"conformance.checks.{module.name}")


def choose(contract: Contract, settings: Settings) -> set[str]:
    """IDs of the requirements to judge. Raises UnknownRequirement, or ValueError where nothing is left."""
    load_checks()
    chosen = selected(contract, settings, profile_of(settings))
    if not chosen:
        raise ValueError("--only and --skip leave nothing to judge; --list shows what there is")
    return chosen
