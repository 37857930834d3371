"""Hooks that the plugin calls, for reports to listen to."""

from __future__ import annotations

import pytest

from conformance.result import Result


@pytest.hookspec
def pytest_respan_begin(result: Result, tests: int) -> None:
    """The checks are collected: `tests` of them will run."""


@pytest.hookspec
def pytest_respan_progress(result: Result) -> None:
    """One more test was judged."""


@pytest.hookspec
def pytest_respan_result(result: Result) -> None:
    """The run is over."""
