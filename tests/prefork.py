"""Starts the commands as copies of a process that has imported them, for most of a start is imports.

The process is the fork server of `multiprocessing`, one to each process that runs tests. A copy becomes what
`python -m MODULE` would be: its own arguments, folder, environment and streams, and an exit code as `subprocess` tells
it. What depends on how Python itself is started is started for real.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from multiprocessing import reduction
from multiprocessing.forkserver import ensure_running
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).parents[1]
_COMMANDS = multiprocessing.get_context("forkserver")
_COMMANDS.set_forkserver_preload([
    "mock_server.run", "mock_server.server", "mock_server.shared.sharing", "redis.asyncio",
    "conformance.cli", "conformance.command.run",
    "conformance.api", "schemathesis", "pytest",
])  # fmt: skip


class Command:
    """A running command, with what tests need of `subprocess.Popen`."""

    def __init__(
        self,
        module: str,
        *arguments: str,
        cwd: str,
        env: Mapping[str, str],
        stdout: int | IO[Any] = subprocess.PIPE,
        stderr: IO[Any],
    ) -> None:
        ours, theirs = os.pipe() if stdout == subprocess.PIPE else (None, None)
        streams = [_File(_number(theirs if theirs is not None else stdout)), _File(stderr.fileno())]
        self._process = _COMMANDS.Process(
            target=_become, args=(module, arguments, (cwd, dict(env), _umask()), streams), daemon=True
        )
        with contextlib.chdir(ROOT), _importable():
            ensure_running()
            self._process.start()
        if theirs is not None:
            os.close(theirs)
        self.stdout = None if ours is None else open(ours, encoding="utf-8")  # noqa: PTH123, SIM115
        assert self._process.pid is not None
        self.pid = self._process.pid

    @property
    def returncode(self) -> int | None:
        """The exit code, or minus the signal that ended it; None while it runs."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """Return the exit code, as above."""
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end. Raises subprocess.TimeoutExpired."""
        self._process.join(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired(self._process.name, timeout or 0)
        return self.returncode

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal, unless it has ended."""
        if self.returncode is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def __enter__(self) -> Command:
        return self

    def __exit__(self, *_: object) -> None:
        if self.stdout is not None:
            self.stdout.close()
        self.wait()


def run(
    module: str, *arguments: str, cwd: str, env: Mapping[str, str], timeout: float
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end. Raises subprocess.TimeoutExpired, and kills it then."""
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        with Command(module, *arguments, cwd=cwd, env=env, stdout=stdout, stderr=stderr) as process:
            try:
                code = process.wait(timeout)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        return subprocess.CompletedProcess((module, *arguments), code, _text(stdout), _text(stderr))


def can_be_copied(env: Mapping[str, str]) -> bool:
    """Whether Python would be started as it was here."""
    ours, theirs = (
        {name: value for name, value in variables.items() if name.startswith(("PYTHON", "LC_", "LANG", "COVERAGE"))}
        for variables in (os.environ, env)
    )
    return ours == theirs and "COVERAGE_PROCESS_CONFIG" not in env  # coverage measures what Python starts, not copies


@contextlib.contextmanager
def _importable() -> Iterator[None]:
    """Have a copy find this module, whatever way pytest imports the tests."""
    sys.path.insert(0, str(ROOT))
    try:
        yield
    finally:
        sys.path.remove(str(ROOT))


class _File:
    """A file descriptor that goes to the copy."""

    def __init__(self, number: int) -> None:
        self._number = number

    def __reduce__(self) -> tuple[Callable[[Any], int], tuple[Any]]:
        return _arrived, (reduction.DupFd(self._number),)


def _arrived(sent: Any) -> int:
    return int(sent.detach())


def _become(
    module: str, arguments: tuple[str, ...], place: tuple[str, dict[str, str], int], streams: list[int]
) -> None:
    gc.freeze()  # a collection would copy all memory that the fork server and the copy still share
    cwd, env, umask = place
    os.umask(umask)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    sys.path[0:0] = [] if cwd in sys.path else [cwd]
    for number, standard in zip(streams, (1, 2), strict=True):
        os.dup2(number, standard)
        os.close(number)
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", errors="backslashreplace", buffering=1, closefd=False)  # noqa: SIM115
    sys.argv = [module, *arguments]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    finally:
        atexit._run_exitfuncs()
        sys.stdout.flush()


def _umask() -> int:
    umask = os.umask(0)
    os.umask(umask)
    return umask


def _number(stream: int | IO[Any]) -> int:
    return stream if isinstance(stream, int) else stream.fileno()


def _text(stream: IO[bytes]) -> str:
    stream.seek(0)
    return stream.read().decode("utf-8").replace("\r\n", "\n")
