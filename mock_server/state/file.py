"""A file in which the state is kept from one run to the next."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from contract import Problem, UnusableFileError
from mock_server.core.stores import Scopes
from mock_server.http.strict_json import UnreadableError, read_json
from mock_server.state.document import StateError, StateReader
from mock_server.state.lock import LockedError, locked

_DEEPEST = 80


class StateFileError(UnusableFileError):
    """The file cannot be used."""

    subject = "the state file"


@contextlib.contextmanager
def state_file(path: Path) -> Iterator[StateFile]:
    """The file at `path`, which this process alone uses meanwhile. Raises StateFileError."""
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(locked(path.with_name(path.name + ".lock")))
        except LockedError as error:
            what = f"is used by another mock, the process {error.holder}"
            raise StateFileError(str(path), [Problem("#", what, "stop that one, or choose another file")]) from None
        except OSError as error:
            raise _unusable(path, error) from None
        yield StateFile(path)


class StateFile:
    """The file, once this process has it for itself."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, reader: StateReader) -> Scopes:
        """The models in it; none where there is no such file yet. Raises StateFileError."""
        try:
            return reader.read(read_json(self._path.read_bytes(), _DEEPEST))
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise _unusable(self._path, error) from None
        except UnreadableError as error:
            mend = "correct the JSON, or remove the file"
            raise StateFileError(str(self._path), [Problem("#", str(error), mend)]) from None
        except StateError as error:
            raise StateFileError(str(self._path), error.problems) from None

    def write(self, state: Mapping[str, Any]) -> None:
        """Replace what is in it, wholly or not at all, even if the machine stops meanwhile. Raises OSError."""
        handle, name = tempfile.mkstemp(prefix=f".{self._path.name}.", dir=self._path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(orjson.dumps(state, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(0o644)
            Path(name).replace(self._path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        _sync_directory(self._path.parent)


def _sync_directory(path: Path) -> None:
    """Have the system write down which files are there."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _unusable(path: Path, error: OSError) -> StateFileError:
    what = f"cannot be used: {error.strerror}"
    return StateFileError(str(path), [Problem("#", what, "choose a file in a directory that can be written")])
