"""Pastes shell commands into a real bash, where a `curl` found first on the path says what it was called with."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

SPY = """#!/bin/bash
printf '%s\\0' "$#" "$@"
[[ "${!#}" == @- ]] && cat
exit 0
"""
BASH = shutil.which("bash") or "/bin/bash"


@dataclass(frozen=True, slots=True)
class Called:
    """What curl was called with, as it would send it."""

    method: str
    url: bytes
    headers: tuple[bytes, ...]
    body: bytes | None
    path_as_is: bool


class Shell:
    """A bash with a spy in place of curl, which lives in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        spy = folder / "curl"
        spy.write_text(SPY)
        spy.chmod(0o755)

    def run(self, script: str, variables: Mapping[str, str] | None = None) -> bytes:
        """The output of `script`."""
        environment = {**(variables or {}), "PATH": f"{self._folder}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8"}
        ran = subprocess.run([BASH, "-eu"], input=script.encode(), capture_output=True, env=environment, check=False)
        assert (ran.returncode, ran.stderr) == (0, b""), ran
        return ran.stdout

    def paste(self, command: str, variables: Mapping[str, str] | None = None) -> Called:
        """What `command` calls curl with."""
        count, _, rest = self.run(command, variables).partition(b"\0")
        *arguments, stdin = rest.split(b"\0", int(count))
        return _called(arguments, stdin)


def _called(arguments: list[bytes], stdin: bytes) -> Called:
    method, url, path_as_is = "GET", b"", False
    body: bytes | None = None
    headers: list[bytes] = []
    words = iter(arguments)
    for word in words:
        if word == b"-X":
            method = next(words).decode()
        elif word == b"-H":
            headers.append(next(words))
        elif word == b"--data-binary":
            data = next(words)
            assert data == b"@-" or not data.startswith(b"@"), f"curl would read the file {data[1:]!r}"
            body = stdin if data == b"@-" else data
        elif word == b"-w":
            assert next(words) == b"\\n"
        elif word == b"--path-as-is":
            path_as_is = True
        elif word not in (b"-sS", b"-i"):
            assert not url, f"{word!r} is neither option nor the only URL"
            url = word
    return Called(method, url, tuple(headers), body, path_as_is)
