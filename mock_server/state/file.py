"""A file that stores the state from one run to the next.

It is saved soon after each change of the state, and at the end. Each save replaces the whole file, so that a crash
leaves the previous save or the new one. A lock keeps two processes from using one file.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import os
import re
import secrets
import stat
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import orjson

from contract import Problem, UnusableFileError
from contract.files import NotReadable, check_regular, read_regular
from mock_server.errors import UnavailableError, rejected
from mock_server.state.document import StateError, StateReader, state_of
from mock_server.store import Scopes, Store
from mock_server.strict_json import UnreadableError, read_json

LARGEST = 256 * 1024 * 1024
"""Maximum bytes of a file that is read or written."""
_DEEPEST = 80
_UNFINISHED = ".respan-mock-unfinished"
"""The end of the names of files that are being written."""
_SCENARIO = "use --scenario FILE for models from a file that is only read"


class StateFileError(UnusableFileError):
    """The state file is invalid, or cannot be read, written or locked."""

    subject = "the state file"


@contextlib.contextmanager
def state_file(path: Path) -> Iterator[StateFile]:
    """Open the file at `path`, locked for this process. Raises StateFileError."""
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
    """A state file that this process has locked."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, reader: StateReader) -> Scopes | None:
        """Return the models in the file, or None if the file does not exist. Raises StateFileError."""
        try:
            return reader.read(read_json(read_regular(self._path, largest=LARGEST, follow=False), _DEEPEST))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unusable(self._path, error) from None
        except UnreadableError as error:
            hint = "correct the JSON, or remove the file"
            what = str(error).replace("The body", "The file")  # the reader is that of requests
            raise StateFileError(str(self._path), [Problem("#", what, hint)]) from None
        except StateError as error:
            raise StateFileError(str(self._path), error.problems) from None

    def write(self, state: Mapping[str, Any]) -> None:
        """Replace the whole file or nothing, even if the machine stops in between. Raises OSError.

        The file keeps its mode and owner. A new file gets the mode that the umask allows.
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
            self._move_into_place(name)
        except BaseException:
            name.unlink(missing_ok=True)
            raise
        _sync_directory(self._path.parent)

    def _move_into_place(self, name: Path) -> None:
        try:
            name.replace(self._path)
        except OSError as error:
            if error.errno != errno.EBUSY:
                raise
            raise OSError(errno.EBUSY, "the file itself is a mount point; mount its directory instead") from None

    def try_to_write(self) -> None:
        """Check that a file can be created beside this one, as each save does. Raises OSError."""
        handle, name = self._unfinished()
        os.close(handle)
        name.unlink()

    def remove_unfinished(self) -> None:
        """Remove the files of a mock that was killed during a save.

        No other process is writing such files: this process has the lock.
        """
        ours = re.compile(rf"\.{re.escape(self._path.name)}\.[0-9a-f]{{16}}{re.escape(_UNFINISHED)}")
        with os.scandir(self._path.parent) as entries:
            left = [Path(entry.path) for entry in entries if ours.fullmatch(entry.name) and not entry.is_dir()]
        for path in left:
            with contextlib.suppress(OSError):
                path.unlink()

    def _unfinished(self) -> tuple[int, Path]:
        """Create a file beside this one, with the mode and owner of this one if it exists. Raises OSError."""
        name = self._path.with_name(f".{self._path.name}.{secrets.token_hex(8)}{_UNFINISHED}")
        try:
            before = check_regular(self._path, follow=False)
        except FileNotFoundError:
            before = None
        handle = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if before else 0o666)
        try:
            if before:
                _copy_owner_and_mode(before, handle)
        except BaseException:
            os.close(handle)
            name.unlink(missing_ok=True)
            raise
        return handle, name


def _copy_owner_and_mode(before: os.stat_result, handle: int) -> None:
    """Set the owner and mode of an open file to those of another."""
    if not hasattr(os, "fchown"):
        return  # Windows: a file inherits the rights of its directory
    own = os.fstat(handle)
    if (own.st_uid, own.st_gid) != (before.st_uid, before.st_gid):
        try:
            os.fchown(handle, before.st_uid, before.st_gid)
        except PermissionError:
            raise PermissionError(
                errno.EPERM, "it belongs to another user or group, and the mock cannot give a new file to them"
            ) from None
    os.fchmod(handle, stat.S_IMODE(before.st_mode))


def _check_writable(path: Path) -> None:
    """Raise OSError if `path` must not be replaced."""
    try:
        if path.is_symlink():
            target = os.path.realpath(path)  # Path.resolve raises RuntimeError for circular links
            reason = f"it is a symbolic link, and the mock does not write through links; name the file itself: {target}"
            raise NotReadable(reason)
        mode = check_regular(path, follow=False).st_mode
    except FileNotFoundError:
        return
    if not mode & 0o222:  # root may write despite the mode
        raise PermissionError(errno.EACCES, "it is read-only")
    os.close(os.open(path, os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)))


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[None]:
    lock = path.with_name(path.name + ".lock")
    try:
        with locked(lock):
            yield
    except LockedError as error:
        what = f"is in use by another mock, process {error.holder}"
        raise StateFileError(str(path), [Problem("#", what, "stop that mock, or choose another file")]) from None
    except ForeignFileError:
        what = f"cannot be locked: {lock} exists, and is not a lock file of a mock"
        raise StateFileError(str(path), [Problem("#", what, "move that file away, or choose another file")]) from None


def _sync_directory(path: Path) -> None:
    """Write the entries of a directory to disk, where the system supports it."""
    if os.name == "nt":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _unusable(path: Path, error: OSError) -> StateFileError:
    what = f"cannot be used: {error.strerror}"
    hint = f"choose a regular file, and make sure that it and its directory are writable; {_SCENARIO}"
    return StateFileError(str(path), [Problem("#", what, hint)])


if sys.platform == "win32":
    import msvcrt

_LONGEST_ID = 20
_ID = re.compile(rb"[0-9]{0,20}")
"""The content of a lock file: the id of a process, or nothing yet."""
_LOCKED_BYTE = 1024
"""The locked byte. It is beyond the process id, so that others can read the id."""


class LockedError(Exception):
    """Another process holds the lock. `holder` is its id, or "unknown"."""

    def __init__(self, holder: str) -> None:
        super().__init__(holder)
        self.holder = holder


class ForeignFileError(Exception):
    """The file at the path of the lock was not written by a mock."""


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock on the file `path`, which contains the id of this process in the meantime.

    The system releases the lock however the process ends. A file that no mock has written stays unchanged. Raises
    LockedError, ForeignFileError or OSError.
    """
    while True:
        handle = _open(path)
        try:
            _acquire(handle)
            if _is_same_file(path, handle):
                os.ftruncate(handle, 0)
                os.write(handle, str(os.getpid()).encode())
                try:
                    yield
                finally:
                    with contextlib.suppress(OSError):  # Windows cannot delete an open file; the next mock reuses it
                        path.unlink(missing_ok=True)
                return
        finally:
            os.close(handle)


def _open(path: Path) -> int:
    """Open or create the lock file. Raises ForeignFileError for a file that is not one."""
    with contextlib.suppress(FileNotFoundError):
        _check(path.lstat())
    flags = (os.O_RDWR | os.O_CREAT, *(getattr(os, name, 0) for name in ("O_CLOEXEC", "O_NOFOLLOW", "O_NONBLOCK")))
    handle = os.open(path, sum(flags), 0o666)
    try:
        _check(os.fstat(handle))  # again: the file may have been replaced
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


def _is_same_file(path: Path, handle: int) -> bool:
    """Return whether `path` is still the open file, and not a newer one created after its holder removed it."""
    try:
        return os.path.samestat(path.lstat(), os.fstat(handle))
    except FileNotFoundError:
        return False


SOON = 0.2
"""Seconds to collect changes before a save."""

logger = logging.getLogger("mock_server")


class Saver:
    """Saves the store to a file after changes. Use it in the thread of one event loop, and after the loop has ended.

    With `sync`, a response can wait until its change is in the file. Concurrent changes are saved together.
    """

    def __init__(self, file: StateFile, store: Store, *, sync: bool = False) -> None:
        self._file = file
        self._store = store
        self._sync = sync
        self._task: asyncio.Task[None] | None = None
        self._unsaved = False
        self._waiting: list[asyncio.Future[None]] = []

    def changed(self) -> Awaitable[None] | None:
        """Schedule a save. With `sync`, return what to await before the response is sent."""
        loop = asyncio.get_running_loop()
        self._unsaved = True
        if self._task is None or self._task.done():
            self._task = loop.create_task(self._save_soon())
        if not self._sync:
            return None
        saved: asyncio.Future[None] = loop.create_future()
        self._waiting.append(saved)
        return saved

    def finish(self) -> bool:
        """Save the last changes, after the event loop has ended. Return whether everything is saved."""
        self._waiting.clear()  # no response waits any more
        if self._unsaved:
            asyncio.run(self._save())
        return not self._unsaved

    async def _save_soon(self) -> None:
        while self._unsaved:
            if not self._sync:
                await asyncio.sleep(SOON)
            if not await self._save() and not self._waiting:
                return  # the next change, or the end, tries again

    async def _save(self) -> bool:
        """Save the store, and return whether that succeeded. Changes during the save stay unsaved."""
        self._unsaved = False
        waiting, self._waiting = self._waiting, []
        models = await self._store.snapshot()
        try:
            await asyncio.to_thread(self._write, models)
        except BaseException as error:  # a cancelled save may not be in the file
            self._unsaved = True
            if not isinstance(error, OSError):
                raise
            logger.error("The state could not be saved: %s", error)  # noqa: TRY400 - not a bug of the mock
            for each in waiting:
                if not each.done():
                    each.set_exception(
                        rejected(500, f"The change is in memory, but could not be saved: {error.strerror}.")
                    )
            return False
        for each in waiting:
            if not each.done():
                each.set_result(None)
        return True

    def _write(self, models: Scopes) -> None:
        self._file.write(state_of(models))


Changed: TypeAlias = Callable[[object], Awaitable[tuple[object, Scopes | None]]]
"""Gets the mark of the models that are saved. Returns that of the present ones, and those if they are others."""


class FollowingSaver:
    """Saves models that other processes change. It looks for changes when it is told to, and needs no event loop."""

    def __init__(self, file: StateFile, changed: Changed, saved: object) -> None:
        self._file = file
        self._changed = changed
        self._saved = saved

    def follow(self) -> bool:
        """Save the models if they have changed. Return whether everything is saved."""
        try:
            mark, models = asyncio.run(self._look())
            if models is not None:
                self._file.write(state_of(models))
        except UnavailableError:
            return False  # it is in the log
        except OSError as error:
            logger.error("The state could not be saved: %s", error)  # noqa: TRY400 - not a bug of the mock
            return False
        self._saved = mark
        return True

    def finish(self) -> bool:
        """Save the last changes. Return whether everything is saved."""
        return self.follow()

    async def _look(self) -> tuple[object, Scopes | None]:
        return await self._changed(self._saved)
