"""Hooks that the plugin calls, for reports to listen to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conformance.results.judged import Record
    from conformance.results.result import Result


@pytest.hookspec
def pytest_respan_begin(result: Result, tests: int | None) -> None:
    """The checks are collected: `tests` of them will run; None where the workers of pytest-xdist collect them."""


@pytest.hookspec
def pytest_respan_met(expected: float) -> None:
    """The target was looked at; the checks take about so many seconds at the speed at which it responded."""


@pytest.hookspec
def pytest_respan_progress(result: Result, record: Record) -> None:
    """One more test was judged; `record` is what it came to."""


@pytest.hookspec
def pytest_respan_result(result: Result) -> None:
    """The run is over."""
