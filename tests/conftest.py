"""What the tests of several subjects share."""

from __future__ import annotations

import os
import shutil

import pytest


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
