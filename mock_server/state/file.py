"""A file in which the state is kept from one run to the next.

It is saved soon after the state has changed, and once more at the end. A lock keeps two processes from using one file.
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
from collections.abc import Awaitable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from contract import Problem, UnusableFileError
from contract.files import NotReadable, check_regular, read_regular
from mock_server.errors import rejected
from mock_server.state.document import StateError, StateReader, state_of
from mock_server.store import Scopes, Store
from mock_server.strict_json import UnreadableError, read_json

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
            hint = "correct the JSON, or remove the file"
            raise StateFileError(str(self._path), [Problem("#", str(error), hint)]) from None
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
    hint = f"choose a regular file in a directory, both of which can be written; {_SCENARIO}"
    return StateFileError(str(path), [Problem("#", what, hint)])


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


SOON = 0.2
"""Seconds in which changes are gathered before they are written."""

logger = logging.getLogger("mock_server")


class Saver:
    """Keeps a file as the store is. To be used in the thread of one event loop, and after its end.

    With `sync` each change can be waited for until it is in the file; changes that come together are written together.
    """

    def __init__(self, file: StateFile, store: Store, *, sync: bool = False) -> None:
        self._file = file
        self._store = store
        self._sync = sync
        self._task: asyncio.Task[None] | None = None
        self._unsaved = False
        self._waiting: list[asyncio.Future[None]] = []

    def changed(self) -> Awaitable[None] | None:
        """The store has changed: have it saved soon. With `sync` gives what to wait for before a response is sent."""
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
        """Save what is not saved yet, now that nothing changes any more. Whether everything is saved."""
        self._waiting.clear()  # nobody waits any more
        if self._unsaved:
            asyncio.run(self._save())
        return not self._unsaved

    async def _save_soon(self) -> None:
        while self._unsaved:
            if not self._sync:
                await asyncio.sleep(SOON)
            if not await self._save() and not self._waiting:
                return  # the next change, or the end, is another occasion

    async def _save(self) -> bool:
        """Whether it could be written. What changed meanwhile is unsaved again."""
        self._unsaved = False
        waiting, self._waiting = self._waiting, []
        models = await self._store.snapshot()
        try:
            await asyncio.to_thread(self._write, models)
        except BaseException as error:  # a cancelled save may be none
            self._unsaved = True
            if not isinstance(error, OSError):
                raise
            logger.error("The state could not be saved: %s", error)  # noqa: TRY400 - no fault of the mock
            for each in waiting:
                if not each.done():
                    each.set_exception(rejected(500, f"The change is made, but could not be saved: {error.strerror}."))
            return False
        for each in waiting:
            if not each.done():
                each.set_result(None)
        return True

    def _write(self, models: Scopes) -> None:
        self._file.write(state_of(models))
