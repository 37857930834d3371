"""A file in which the state is kept from one run to the next."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from contract import Problem, UnusableFileError
from contract.files import NotReadable, check_regular, read_regular
from mock_server.core.stores import Scopes
from mock_server.http.strict_json import UnreadableError, read_json
from mock_server.state.document import StateError, StateReader
from mock_server.state.lock import ForeignFileError, LockedError, locked

LARGEST = 256 * 1024 * 1024
"""Bytes of the largest file that is read and written."""
_DEEPEST = 80
_UNFINISHED = ".respan-mock-unfinished"
"""How the names of files end that are written and not yet in their place."""
_SCENARIO = "--scenario FILE starts with models from a file that is only read"


class StateFileError(UnusableFileError):
    """The file cannot be used."""

    subject = "the state file"


@contextlib.contextmanager
def state_file(path: Path) -> Iterator[StateFile]:
    """The file at `path`, which this process alone uses meanwhile. Raises StateFileError."""
    with contextlib.ExitStack() as stack:
        try:
            _check_writable(path)
            stack.enter_context(_lock(path))
            file = StateFile(path)
            file.remove_unfinished()
            file.try_to_write()
        except OSError as error:
            raise _unusable(path, error) from None
        yield file


class StateFile:
    """The file, once this process has it for itself."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, reader: StateReader) -> Scopes | None:
        """The models in it; None where there is no such file yet. Raises StateFileError."""
        try:
            return reader.read(read_json(read_regular(self._path, largest=LARGEST, follow=False), _DEEPEST))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unusable(self._path, error) from None
        except UnreadableError as error:
            mend = "correct the JSON, or remove the file"
            raise StateFileError(str(self._path), [Problem("#", str(error), mend)]) from None
        except StateError as error:
            raise StateFileError(str(self._path), error.problems) from None

    def write(self, state: Mapping[str, Any]) -> None:
        """Replace what is in it, wholly or not at all, even if the machine stops meanwhile. Raises OSError.

        Its mode and its owner stay what they are. A new file gets the mode that the umask allows.
        """
        content = orjson.dumps(state, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
        if len(content) > LARGEST:
            raise OSError(errno.EFBIG, f"the models take more than {LARGEST // 1024 // 1024} MiB")
        handle, name = self._unfinished()
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            self._take_place(name)
        except BaseException:
            name.unlink(missing_ok=True)
            raise
        _sync_directory(self._path.parent)

    def _take_place(self, name: Path) -> None:
        try:
            name.replace(self._path)
        except OSError as error:
            if error.errno != errno.EBUSY:
                raise
            raise OSError(errno.EBUSY, "it is mounted by itself; mount the directory that it is in") from None

    def try_to_write(self) -> None:
        """Find out whether a file can be written beside this one, to take its place later. Raises OSError."""
        handle, name = self._unfinished()
        os.close(handle)
        name.unlink()

    def remove_unfinished(self) -> None:
        """Remove what a mock left that was killed while it saved.

        Nobody else writes such files now: this process has the lock.
        """
        ours = re.compile(rf"\.{re.escape(self._path.name)}\.[0-9a-f]{{16}}{re.escape(_UNFINISHED)}")
        with os.scandir(self._path.parent) as entries:
            left = [Path(entry.path) for entry in entries if ours.fullmatch(entry.name) and not entry.is_dir()]
        for path in left:
            with contextlib.suppress(OSError):
                path.unlink()

    def _unfinished(self) -> tuple[int, Path]:
        """A new file beside this one, with its mode and its owner, if it exists. Raises OSError."""
        name = self._path.with_name(f".{self._path.name}.{secrets.token_hex(8)}{_UNFINISHED}")
        try:
            before = check_regular(self._path, follow=False)
        except FileNotFoundError:
            before = None
        handle = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if before else 0o666)
        try:
            if before:
                _be_like(before, handle)
        except BaseException:
            os.close(handle)
            name.unlink(missing_ok=True)
            raise
        return handle, name


def _be_like(before: os.stat_result, handle: int) -> None:
    """Give an open file the owner and the mode of another."""
    if not hasattr(os, "fchown"):
        return  # Windows: a file has the rights of its directory
    own = os.fstat(handle)
    if (own.st_uid, own.st_gid) != (before.st_uid, before.st_gid):
        try:
            os.fchown(handle, before.st_uid, before.st_gid)
        except PermissionError:
            raise PermissionError(
                errno.EPERM, "it belongs to another user or group, which a new file cannot be given to"
            ) from None
    os.fchmod(handle, stat.S_IMODE(before.st_mode))


def _check_writable(path: Path) -> None:
    """Raise OSError where `path` is something that must not be replaced."""
    try:
        if path.is_symlink():
            target = os.path.realpath(path)  # Path.resolve would raise RuntimeError where links lead in a circle
            reason = f"it is a symbolic link, which is not followed for writing; name the file itself: {target}"
            raise NotReadable(reason)
        mode = check_regular(path, follow=False).st_mode
    except FileNotFoundError:
        return
    if not mode & 0o222:  # root may write whatever the mode says
        raise PermissionError(errno.EACCES, "it is read-only")
    os.close(os.open(path, os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)))


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[None]:
    lock = path.with_name(path.name + ".lock")
    try:
        with locked(lock):
            yield
    except LockedError as error:
        what = f"is used by another mock, the process {error.holder}"
        raise StateFileError(str(path), [Problem("#", what, "stop that one, or choose another file")]) from None
    except ForeignFileError:
        what = f"cannot be locked: {lock} is in the way, and no mock has written it"
        raise StateFileError(str(path), [Problem("#", what, "move that away, or choose another file")]) from None


def _sync_directory(path: Path) -> None:
    """Have the system write down which files are there, where it can."""
    if os.name == "nt":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _unusable(path: Path, error: OSError) -> StateFileError:
    what = f"cannot be used: {error.strerror}"
    mend = f"choose a regular file in a directory, both of which can be written; {_SCENARIO}"
    return StateFileError(str(path), [Problem("#", what, mend)])
