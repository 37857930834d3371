"""The installed distribution: the whole of the project, or a part of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.metadata import Distribution

DISTRIBUTION = "respan-contract"
DISTRIBUTIONS = (DISTRIBUTION, "respan-contract-suite", "respan-contract-mock")


def installed_version() -> str:
    """Return the version, or "unknown" for a checkout that is not installed."""
    found = installed()
    return "unknown" if found is None else found.version


def installed() -> Distribution | None:
    """Return the distribution, or None for a checkout that is not installed."""
    from importlib.metadata import PackageNotFoundError, distribution

    for name in DISTRIBUTIONS:
        try:
            return distribution(name)
        except PackageNotFoundError:
            continue
    return None
