"""A server as a process: its start-up time, memory and processor time."""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import orjson

from benchmarks.throughput.load import BODY, KEY, PATH

ROOT = Path(__file__).parents[2]
PATIENCE = 60
"""Seconds to wait for the first response."""
_PAUSE = 0.002
"""Seconds between two attempts."""


class DidNotRespondError(Exception):
    """The process exited or returned no success in time. The message has its output."""


@dataclass(frozen=True, slots=True)
class Running:
    """A server that responds."""

    url: str
    started: float
    """Seconds from the start of the process to its first response."""
    response: Any
    """That response, to one upsert."""
    pid: int

    @property
    def peak_memory(self) -> float:
        """The peak resident memory of the process, in MB."""
        return self._memory("VmHWM:")

    @property
    def memory(self) -> float:
        """The resident memory of the process, in MB."""
        return self._memory("VmRSS:")

    def _memory(self, kind: str) -> float:
        lines = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii").splitlines()
        _, kibibytes, _ = next(line for line in lines if line.startswith(kind)).split()
        return int(kibibytes) * 1024 / 1e6

    @property
    def processor_time(self) -> float:
        """The processor time of all threads of the process, in seconds."""
        _, _, fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")
        user, system = fields.split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def running(command: Sequence[str], port: int, folder: Path = ROOT) -> Iterator[Running]:
    """Start `command` in a folder and wait until it responds on `port`. Raises DidNotRespondError."""
    with tempfile.TemporaryFile("w+") as written:
        start = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, stdout=written, stderr=written, text=True)
        try:
            response = _first_response(process, port, written)
            yield Running(f"http://127.0.0.1:{port}", time.perf_counter() - start, response, process.pid)
        finally:
            process.terminate()
            process.wait()


def free_port() -> int:
    """Return a free port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _first_response(process: subprocess.Popen[str], port: int, written: IO[str]) -> Any:
    deadline = time.perf_counter() + PATIENCE
    while process.poll() is None and time.perf_counter() < deadline:
        with contextlib.suppress(ConnectionError):
            return _ask(port)
        time.sleep(_PAUSE)
    written.seek(0)
    raise DidNotRespondError(f"{' '.join(map(str, process.args))} did not respond:\n{written.read()}")  # type: ignore[arg-type]


def _ask(port: int) -> Any:
    """Return the response to one upsert."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
        connection.request("POST", PATH, BODY % 0, headers)
        response = connection.getresponse()
        content = response.read()
        if not 200 <= response.status <= 299:
            raise DidNotRespondError(f"an upsert returned {response.status}: {content!r}")
        return orjson.loads(content)
    finally:
        connection.close()
