"""The version of the installed distribution."""

from __future__ import annotations

DISTRIBUTION = "respan-contract"


def installed_version() -> str:
    """Return the version, or "unknown" for a checkout that is not installed."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return "unknown"
