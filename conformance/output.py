"""Where the suite writes: standard output and error, files of reports, and text of a target made fit to be shown.

Standard streams may be of an encoding with few characters, closed, or a pipe that breaks. A file that cannot be
written is reported before the run, if that can be known.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TextIO

from contract.errors import visible as without_controls

STDOUT = "-"


class CannotWrite(Exception):
    """A report cannot be written where it was asked for. The user has to act; the text says what is in the way."""


def check_places(places: Mapping[str, str]) -> None:
    """Raise CannotWrite where a report could not be written; `places` are files, by what names each: `--json`."""
    taken: dict[str, str] = {}
    for option, place in places.items():
        key = place if place == STDOUT else str(Path(place).resolve())
        if key in taken:
            raise CannotWrite(f"{option} {place}: {taken[key]} goes there too; give each report its own file")
        taken[key] = option
        if place != STDOUT:
            _check(f"{option} {place}", Path(place).resolve())


def _check(asked: str, file: Path) -> None:
    if file.is_dir():
        raise CannotWrite(f"{asked}: it is a folder; name a file in it")
    if file.exists() and not os.access(file, os.W_OK):
        raise CannotWrite(f"{asked}: the file cannot be written to")
    if not _is_special(file) and not (file.parent.is_dir() and os.access(file.parent, os.W_OK)):
        raise CannotWrite(f"{asked}: {file.parent} is no folder that can be written to")


def write(place: str, text: str) -> None:
    """Write a report, whole or not at all. Raises CannotWrite."""
    octets = text.encode("utf-8", "backslashreplace")  # a target may send half of a surrogate pair
    try:
        if place == STDOUT:
            sys.stdout.buffer.write(octets)
            sys.stdout.flush()
        elif _is_special(Path(place)):
            Path(place).write_bytes(octets)
        else:
            _replace(Path(place).resolve(), octets)
    except OSError as error:
        raise CannotWrite(f"{place}: {error.strerror or error}") from None


def _is_special(file: Path) -> bool:
    """Whether it is a device or a pipe, which nothing may be put in place of."""
    return file.exists() and not file.is_file()


def _replace(file: Path, octets: bytes) -> None:
    part = part_of(file)
    try:
        part.write_bytes(octets)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def part_of(file: Path) -> Path:
    """A new file beside `file`, to be put in its place when it is whole."""
    import tempfile

    handle, name = tempfile.mkstemp(prefix=f".{file.name}.", suffix=".part", dir=file.parent)
    os.close(handle)
    part = Path(name)
    part.chmod(0o666 & ~_umask())  # as any new file; mkstemp makes it the owner's alone
    return part


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def goes_to_stdout(places: Iterable[str]) -> bool:
    """Whether a report takes standard output, so that nothing else may be printed there."""
    return any(place == STDOUT or os.path.realpath(place) == os.path.realpath("/dev/stdout") for place in places)


def prepare_streams() -> None:
    """Let what is printed never end the command: characters that an encoding lacks are replaced."""
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        stream = getattr(sys, name)
        if stream is None:  # closed before the command began; the first file or socket would take its number
            if not _is_open(number):
                os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free: this one
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115
        elif isinstance(stream, io.TextIOWrapper) and mode == "w":
            stream.reconfigure(errors="replace")


def flush_streams() -> None:
    """Write what is not written yet, as far as anybody reads it."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            silence(stream)


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def silence(stream: TextIO) -> None:
    """Send nowhere what is still written to a stream that nobody reads, also when Python ends."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, stream.fileno())
    os.close(devnull)


KEPT = "\n\t\u200d"
"""Shown as they are, though not printable; the last holds emoji together."""


def visible(text: str) -> str:
    """Escape every hidden character, such as `\\u202e`: one may turn a text around, or end it."""
    return without_controls(text, KEPT)
