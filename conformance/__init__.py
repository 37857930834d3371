"""The conformance suite: a pytest plugin, its checks, and the command `respan-conformance`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conformance.api import CheckOptions, NoResult, check
    from conformance.results.finding import Finding
    from conformance.results.result import Result
    from conformance.results.verdict import RunVerdict, Verdict

__all__ = ["CheckOptions", "Finding", "NoResult", "Result", "RunVerdict", "Verdict", "check"]


def __getattr__(name: str) -> Any:
    """Import pytest and the rest on first use: `--help` does not need them."""
    if name in __all__:
        from conformance import api

        return getattr(api, name)
    raise AttributeError(name)
