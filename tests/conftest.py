"""What the tests of several subjects share."""

from __future__ import annotations

import gc
import importlib.util
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from conformance.options import OPTIONS

# No property is bounded by the clock: a busy machine would fail it.
settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")

WAITING = {"test_kill_matrix.py", "test_verdicts.py"}
"""The files whose tests mostly wait, such as for a server that may be slow to show a change."""


def _find_benchmarks() -> None:
    """Make `benchmarks` importable without the checkout on the path, where it would hide what is installed."""
    spec = importlib.util.spec_from_file_location("benchmarks", Path(__file__).parents[1] / "benchmarks/__init__.py")
    if spec is None or spec.loader is None:
        raise ImportError("benchmarks/__init__.py is missing")
    sys.modules["benchmarks"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules["benchmarks"])


_find_benchmarks()


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """More workers than there are cores: most tests wait for a process or a clock now and then."""
    return (os.cpu_count() or 1) * 3


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests that mostly wait between the others, a few after each module, so that all processors are busy."""
    waiting = [item for item in reversed(items) if item.path.name in WAITING]  # the slowest are the last
    others = [item for item in items if item.path.name not in WAITING]
    modules = [[*tests] for _, tests in groupby(others, key=lambda item: item.path)]
    mixed: list[pytest.Item] = []
    for number, tests in enumerate(modules, 1):
        mixed += tests
        mixed += waiting[len(waiting) * (number - 1) // len(modules) : len(waiting) * number // len(modules)]
    items[:] = mixed if modules else waiting


def pytest_configure() -> None:
    """Handle the signals that a job in the background ignores: what the tests start would ignore them too."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_collection_finish() -> None:
    """Keep what was collected out of garbage collections, which took a tenth of each run of the suite here."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _state_of_our_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the ledgers of runs out of the home of the user who runs the tests, and the user's colours out of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("FORCE_COLOR", raising=False)
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the settings of the suite out of the environment."""
    for option in OPTIONS:
        monkeypatch.delenv(option.environment, raising=False)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser's executable. Where there is none, tests that need it are skipped, and in CI they fail."""
    # the first has no window: tests of pages take three fifths of the processor time
    for name in ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    missing = "Chromium is not installed"
    if os.environ.get("CI"):
        pytest.fail(f"{missing}: .ci/run installs it")
    pytest.skip(missing)
