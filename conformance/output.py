"""Output: standard output and error, report files, and text from a target with its hidden characters escaped.

Standard streams may have a limited encoding, be closed, or be a pipe that breaks. A file that cannot be written is
reported before the run, if the suite can know it. (The atomic files of click replace a report even if writing fails.)
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
    """A file cannot be written. The text says which one, and why."""


def check_files(files: Mapping[str, str]) -> None:
    """Raise CannotWrite if an output file could not be written. The keys are the options: `--json`."""
    used: dict[str, str] = {}
    for option, file in files.items():
        key = file if file == STDOUT else str(Path(file).resolve())
        if key in used:
            raise CannotWrite(f"{option} {file}: {used[key]} writes to it too; give each its own file")
        used[key] = option
        if file != STDOUT:
            _check(f"{option} {file}", Path(file).resolve())


def _check(given: str, file: Path) -> None:
    if file.is_dir():
        raise CannotWrite(f"{given}: it is a folder; give a file in it")
    if file.exists() and not os.access(file, os.W_OK):
        raise CannotWrite(f"{given}: the file is not writable")
    if not _is_special(file) and not (file.parent.is_dir() and os.access(file.parent, os.W_OK)):
        raise CannotWrite(f"{given}: {file.parent} is not a writable folder")


def write(file: str, text: str) -> None:
    """Write a file, all of it or nothing; `-` is standard output. Raises CannotWrite."""
    data = text.encode("utf-8", "backslashreplace")  # a target may send half of a surrogate pair
    try:
        if file == STDOUT:
            sys.stdout.buffer.write(data)
            sys.stdout.flush()
        elif _is_special(Path(file)):
            Path(file).write_bytes(data)
        else:
            _replace(Path(file).resolve(), data)
    except OSError as error:
        raise CannotWrite(f"{file}: {error.strerror or error}") from None


def _is_special(file: Path) -> bool:
    """Return whether it is a device or a pipe, which must not be replaced by a file."""
    return file.exists() and not file.is_file()


def _replace(file: Path, data: bytes) -> None:
    part = file.with_name(f".{file.name}.{os.urandom(4).hex()}.part")
    try:
        part.touch(exist_ok=False)
        part.write_bytes(data)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def goes_to_stdout(files: Iterable[str]) -> bool:
    """Return whether a report goes to standard output, so that nothing else may be printed there."""
    return any(file == STDOUT or os.path.realpath(file) == os.path.realpath("/dev/stdout") for file in files)


def prepare_streams() -> None:
    """Make printing safe: replace characters that the encoding lacks, and reopen closed streams."""
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        stream = getattr(sys, name)
        if stream is None:  # closed before the command started; the next file or socket would get its number
            if not _is_open(number):
                os.open(os.devnull, os.O_RDWR)  # gets the lowest free number: this one
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115
        elif isinstance(stream, io.TextIOWrapper) and mode == "w":
            stream.reconfigure(errors="replace")


def flush_streams() -> None:
    """Flush the streams; a broken pipe and a full disk are ignored: Python would exit with 1, not conformant."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            silence(stream)


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def silence(stream: TextIO) -> None:
    """Discard everything that is still written to a stream that nobody reads, also when Python exits."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, stream.fileno())
    os.close(devnull)


KEPT = "\n\t\u200d"
"""Characters that are not printable, but kept; the last joins emoji."""


def visible(text: str) -> str:
    """Escape every hidden character, such as `\\u202e`, which could reverse or end a text."""
    return without_controls(text, KEPT)


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: 1 test, 440 tests."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
