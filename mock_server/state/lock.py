"""Keeps two processes from using one file."""

from __future__ import annotations

import contextlib
import os
import re
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

if sys.platform == "win32":
    import msvcrt

_LONGEST_ID = 20
_ID = re.compile(rb"[0-9]{0,20}")
"""What a lock holds: the id of a process, or nothing yet."""
_LOCKED_BYTE = 1024
"""The byte that is locked: beyond the process id, which others read meanwhile."""


class LockedError(Exception):
    """Another process holds the lock; `holder` is its id, as far as it is known."""

    def __init__(self, holder: str) -> None:
        super().__init__(holder)
        self.holder = holder


class ForeignFileError(Exception):
    """Something that is no lock of ours stands where the lock belongs."""


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock that the file `path` stands for, in which the id of this process is written meanwhile.

    The system lets go of it when the process ends, however it ends. A file that a mock has not written is left as it
    is. Raises LockedError, ForeignFileError, or OSError.
    """
    while True:
        handle = _open(path)
        try:
            _acquire(handle)
            if _is_still(path, handle):
                os.ftruncate(handle, 0)
                os.write(handle, str(os.getpid()).encode())
                try:
                    yield
                finally:
                    with contextlib.suppress(OSError):  # Windows keeps a file that is open; the next mock takes it over
                        path.unlink(missing_ok=True)
                return
        finally:
            os.close(handle)


def _open(path: Path) -> int:
    """Open or create the file of the lock. Raises ForeignFileError where it is not one."""
    with contextlib.suppress(FileNotFoundError):
        _check(path.lstat())
    flags = (os.O_RDWR | os.O_CREAT, *(getattr(os, name, 0) for name in ("O_CLOEXEC", "O_NOFOLLOW", "O_NONBLOCK")))
    handle = os.open(path, sum(flags), 0o666)
    try:
        _check(os.fstat(handle))  # again: it may be another file by now
        _check_content(os.read(handle, _LONGEST_ID + 1))
        os.lseek(handle, 0, os.SEEK_SET)
    except BaseException:
        os.close(handle)
        raise
    return handle


def _check(found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
        raise ForeignFileError


def _check_content(content: bytes) -> None:
    if not _ID.fullmatch(content):
        raise ForeignFileError


def _acquire(handle: int) -> None:
    try:
        if sys.platform == "win32":
            os.lseek(handle, _LOCKED_BYTE, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
            os.lseek(handle, 0, os.SEEK_SET)
        else:
            os.lockf(handle, os.F_TLOCK, 0)
    except (BlockingIOError, PermissionError):
        os.lseek(handle, 0, os.SEEK_SET)
        raise LockedError(os.read(handle, _LONGEST_ID).decode(errors="replace") or "unknown") from None


def _is_still(path: Path, handle: int) -> bool:
    """Whether the file at `path` is the open one, and not one that came after its holder removed it."""
    try:
        return os.path.samestat(path.lstat(), os.fstat(handle))
    except FileNotFoundError:
        return False
