"""Reads files that a user names: regular ones only, and none without an end."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

LARGEST = 64 * 1024 * 1024
"""Bytes of the largest file that is read."""

_OWN_DESCRIPTOR = re.compile(r"/dev/stdin|/(?:dev|proc/self)/fd/[0-9]+")
"""Files that this process was started with, such as `<(command)` of a shell. They may be pipes."""
_KINDS = {
    stat.S_ISDIR: "a directory",
    stat.S_ISFIFO: "a named pipe",
    stat.S_ISSOCK: "a socket",
    stat.S_ISCHR: "a device",
    stat.S_ISBLK: "a device",
    stat.S_ISLNK: "a symbolic link",
}


class NotReadable(OSError):
    """A file is not one to be read; `strerror` says what it is instead."""

    def __init__(self, reason: str) -> None:
        super().__init__(None, reason)


def read_regular(path: Path, *, largest: int = LARGEST, follow: bool = True) -> bytes:
    """Return the content of `path`; of a symbolic link only where `follow` is set.

    Raises OSError, and NotReadable for what is no regular file or larger than `largest`. It waits for nobody: the
    kind of file is looked at before it is opened, and opening does not wait for a writer of a pipe.
    """
    if _OWN_DESCRIPTOR.fullmatch(str(path)):
        with path.open("rb") as file:
            return _within(file.read(largest + 1), largest)
    check_regular(path, follow=follow)
    flags = os.O_RDONLY | _flag("O_NONBLOCK") | _flag("O_CLOEXEC") | _flag("O_BINARY")
    handle = os.open(path, flags | (0 if follow else _flag("O_NOFOLLOW")))
    with os.fdopen(handle, "rb") as file:
        _check(os.fstat(handle))  # again: it may be another file by now
        return _within(file.read(largest + 1), largest)


def check_regular(path: Path, *, follow: bool = True) -> os.stat_result:
    """Return what the system knows about the regular file at `path`. Raises OSError or NotReadable."""
    return _check(path.stat() if follow else path.lstat())


def _check(found: os.stat_result) -> os.stat_result:
    if stat.S_ISREG(found.st_mode):
        return found
    kind = next((kind for test, kind in _KINDS.items() if test(found.st_mode)), "something else")
    raise NotReadable(f"it is {kind}, not a regular file")


def _within(content: bytes, largest: int) -> bytes:
    if len(content) > largest:
        raise NotReadable(f"it is larger than {largest // 1024 // 1024} MiB")
    return content


def _flag(name: str) -> int:
    """Return a flag of `os.open`, or 0 on systems that have no such flag."""
    return int(getattr(os, name, 0))
