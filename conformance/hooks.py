"""Hooks that the plugin calls. Reports implement them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conformance.results.record import Record
    from conformance.results.result import Result


@pytest.hookspec
def pytest_respan_begin(result: Result, tests: int | None) -> None:
    """Handle the begin of a run with this many tests; None if the workers of pytest-xdist collect them."""


@pytest.hookspec
def pytest_respan_notice(text: str) -> None:
    """Handle a warning that the user should see before the run continues."""


@pytest.hookspec
def pytest_respan_progress(result: Result, record: Record) -> None:
    """Handle the record of a test."""


@pytest.hookspec
def pytest_respan_result(result: Result) -> None:
    """Handle the result at the end of a run."""
