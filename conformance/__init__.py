"""Checks any implementation of the contract: a pytest plugin, its checks, and the command `respan-conformance`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conformance.api import NoResult, check
    from conformance.results.result import Result

__all__ = ["NoResult", "Result", "check"]


def __getattr__(name: str) -> Any:
    """Load pytest and the rest when they are needed, not for `--help`."""
    if name in __all__:
        from conformance import api as session

        return getattr(session, name)
    raise AttributeError(name)
