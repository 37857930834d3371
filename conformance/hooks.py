"""Hooks that the plugin calls, for reports to listen to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conformance.results.record import Record
    from conformance.results.result import Result


@pytest.hookspec
def pytest_respan_begin(result: Result, tests: int | None) -> None:
    """The checks are collected: `tests` of them will run; None where the workers of pytest-xdist collect them."""


@pytest.hookspec
def pytest_respan_notice(text: str) -> None:
    """The target was looked at, and this is what the user had better know before the run goes on."""


@pytest.hookspec
def pytest_respan_progress(result: Result, record: Record) -> None:
    """One more test was judged; `record` is what it came to."""


@pytest.hookspec
def pytest_respan_result(result: Result) -> None:
    """The run is over."""
