"""Starts and stops servers as processes on a free port of 127.0.0.1."""

from __future__ import annotations

import contextlib
import selectors
import subprocess
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).parents[2]
START_SECONDS = 240  # npm may have to fetch packages first, on a busy machine
STOP_SECONDS = 5


class DidNotStartError(Exception):
    """The process exited or printed no address in time; the message has its stderr."""


@contextlib.contextmanager
def running(command: Sequence[str]) -> Iterator[str]:
    """Start `command`, which prints its base URL as its first line once it listens, and yield that URL."""
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=errors, text=True)
        try:
            yield _address(process, errors)
        finally:
            _end(process)


def _address(process: subprocess.Popen[str], errors: IO[str]) -> str:
    assert process.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        address = process.stdout.readline().strip() if selector.select(START_SECONDS) else ""
    if not address.startswith("http://"):
        errors.seek(0)
        raise DidNotStartError(f"{process.args!r} printed {address!r} instead of an address; stderr:\n{errors.read()}")
    return address


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.communicate(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
