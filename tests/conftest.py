"""What the tests of several subjects share."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from conformance.options import OPTIONS

# No property is bounded by the clock: a busy machine would fail it.
settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """More workers than there are cores: most tests wait for a process or a clock now and then."""
    return (os.cpu_count() or 1) * 4


def pytest_configure() -> None:
    """Take interrupts: a job in the background of a script ignores them, and so would what the tests start."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def _state_of_our_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the ledgers of runs out of the home of the user who runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
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
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    missing = "Chromium is not installed"
    if os.environ.get("CI"):
        pytest.fail(f"{missing}: .ci/run installs it")
    pytest.skip(missing)
