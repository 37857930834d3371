"""A server as a process of its own: when it first answers, and how much memory it has taken."""

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
"""Seconds after which a server that does not answer is given up."""
_PAUSE = 0.002
"""Seconds between two tries to get the first answer."""


class DidNotAnswerError(Exception):
    """The process ended, or gave no success in time. The message holds what it wrote."""


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers."""

    url: str
    started: float
    """Seconds from the start of the process to its first answer."""
    answer: Any
    """That answer, to one upsert."""
    pid: int

    @property
    def peak_memory(self) -> float:
        """The most memory that the process has had resident so far, in MB."""
        lines = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii").splitlines()
        _, kibibytes, _ = next(line for line in lines if line.startswith("VmHWM:")).split()
        return int(kibibytes) * 1024 / 1e6

    @property
    def processor_time(self) -> float:
        """The processor time that the process has taken so far, of all its threads, in seconds."""
        _, _, fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")
        user, system = fields.split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def running(command: Sequence[str], port: int, folder: Path = ROOT) -> Iterator[Running]:
    """Run `command` in a folder until it answers at `port`. What it writes goes to a file. Raises DidNotAnswerError."""
    with tempfile.TemporaryFile("w+") as written:
        start = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, stdout=written, stderr=written, text=True)
        try:
            answer = _first_answer(process, port, written)
            yield Running(f"http://127.0.0.1:{port}", time.perf_counter() - start, answer, process.pid)
        finally:
            process.terminate()
            process.wait()


def free_port() -> int:
    """A port at which nobody listens now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _first_answer(process: subprocess.Popen[str], port: int, written: IO[str]) -> Any:
    deadline = time.perf_counter() + PATIENCE
    while process.poll() is None and time.perf_counter() < deadline:
        with contextlib.suppress(ConnectionError):
            return _ask(port)
        time.sleep(_PAUSE)
    written.seek(0)
    raise DidNotAnswerError(f"{' '.join(map(str, process.args))} did not answer:\n{written.read()}")  # type: ignore[arg-type]


def _ask(port: int) -> Any:
    """The answer to one upsert."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
        connection.request("POST", PATH, BODY % 0, headers)
        response = connection.getresponse()
        content = response.read()
        if not 200 <= response.status <= 299:
            raise DidNotAnswerError(f"an upsert was answered with {response.status}: {content!r}")
        return orjson.loads(content)
    finally:
        connection.close()
