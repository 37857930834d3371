"""Starts the mock as its users do, as a process, and keeps what it writes."""

from __future__ import annotations

import contextlib
import selectors
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[2]
SECONDS = 30
"""How long anything may take before a test gives up."""


class MockProcess:
    """A running mock."""

    def __init__(self, process: subprocess.Popen[str], errors: IO[str]) -> None:
        self.process = process
        self._errors = errors
        self.first_line = self._first_line()

    @property
    def url(self) -> str:
        """Base URL, without a slash at its end."""
        return self.first_line

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        host, port = self.url.removeprefix("http://").rsplit(":", 1)
        return host.strip("[]"), int(port)

    @property
    def stderr(self) -> str:
        """What it has written to stderr until now."""
        self._errors.seek(0)
        return self._errors.read()

    def stop(self, with_signal: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """End it. Exit code, and what it wrote to stdout after the first line."""
        self.process.send_signal(with_signal)
        code = self.process.wait(timeout=SECONDS)
        assert self.process.stdout is not None
        return code, self.process.stdout.read()

    def _first_line(self) -> str:
        assert self.process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            line = self.process.stdout.readline().strip() if selector.select(SECONDS) else ""
        assert line, f"the mock printed nothing; stderr:\n{self.stderr}"
        return line


@contextlib.contextmanager
def started(*options: str) -> Iterator[MockProcess]:
    """A mock on a free port."""
    command = [sys.executable, "-m", "mock_server", "--port", "0", *options]
    with (
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=errors, text=True) as process,
    ):
        try:
            yield MockProcess(process, errors)
        finally:
            process.kill()


def run(*options: str) -> subprocess.CompletedProcess[str]:
    """A mock that ends by itself."""
    command = [sys.executable, "-m", "mock_server", *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False)
