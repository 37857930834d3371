"""Starts the mock as its users do, as a process, and keeps what it writes."""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any, TypeAlias

from tests import prefork

Process: TypeAlias = "subprocess.Popen[str] | prefork.Command"
ROOT = Path(__file__).parents[2]
SECONDS = 30
"""How long anything may take before a test gives up."""


class MockProcess:
    """A running mock."""

    def __init__(self, process: Process, errors: IO[str]) -> None:
        assert process.stdout is not None
        self.process = process
        self._stdout = process.stdout
        self._errors = errors
        self.printed = self._printed_when_ready()
        """What it wrote to stdout, in one go, when it was ready."""

    @property
    def url(self) -> str:
        """Base URL, without a slash at its end."""
        found = re.search(r"http://[^/\s]+", self.printed)
        assert found
        return found[0]

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

    @property
    def processor_seconds(self) -> float:
        """How much processor time it has used."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self, with_signal: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """End it. Exit code, and what else it wrote to stdout."""
        self.process.send_signal(with_signal)
        code = self.process.wait(timeout=SECONDS)
        return code, self._stdout.read()

    def _printed_when_ready(self) -> str:
        with selectors.DefaultSelector() as selector:
            selector.register(self._stdout, selectors.EVENT_READ)
            printed = os.read(self._stdout.fileno(), 65536).decode() if selector.select(SECONDS) else ""
        assert printed, f"the mock printed nothing; stderr:\n{self.stderr}"
        return printed


@contextlib.contextmanager
def started(*options: str, **environment: str) -> Iterator[MockProcess]:
    """A mock on a free port."""
    with tempfile.TemporaryFile("w+") as errors, started_with(errors, *options, **environment) as process:
        yield MockProcess(process, errors)


@contextlib.contextmanager
def started_with(stderr: IO[Any], *options: str, **environment: str) -> Iterator[Process]:
    """A mock on a free port as a bare process, which writes its log to `stderr`."""
    with _process({**os.environ, **environment}, stderr, "--port", "0", *options) as process:
        try:
            yield process
        finally:
            process.kill()


def _process(environment: Mapping[str, str], stderr: IO[Any], *options: str) -> Process:
    if prefork.can_be_copied(environment):
        return prefork.Command("mock_server", *options, cwd=str(ROOT), env=environment, stderr=stderr)
    command = [sys.executable, "-m", "mock_server", *options]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=stderr, text=True)


def run(*options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A mock that ends by itself."""
    command, variables = [sys.executable, "-m", "mock_server", *options], {**os.environ, **environment}
    if prefork.can_be_copied(variables):
        return prefork.run("mock_server", *options, cwd=str(ROOT), env=variables, timeout=SECONDS)
    return subprocess.run(
        command, cwd=ROOT, env=variables, capture_output=True, text=True, timeout=SECONDS, check=False
    )
