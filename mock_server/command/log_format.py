"""How the log looks: plain lines on stderr, in colour where that is a terminal. Nothing in it drives the terminal."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable

from contract.errors import visible
from mock_server.command.output import printable

_RED, _YELLOW, _GREEN, _RESET = "\x1b[31m", "\x1b[33m", "\x1b[32m", "\x1b[0m"
_INDENTED = "  "


class PlainFormatter(logging.Formatter):
    """Writes a record as one line, and below it, indented, the traceback if there is one."""

    def __init__(self, hide: Callable[[str], str]) -> None:
        super().__init__("%(asctime)s %(message)s", datefmt="%H:%M:%S")
        self._hide = hide
        self._time = 0, ""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """Return the line. A line break in a message would begin another, which nobody logged."""
        return visible(super().formatMessage(record))

    def format(self, record: logging.LogRecord) -> str:
        """Return the whole text."""
        text = super().format(record)
        if "\n" in text:
            text = text.replace("\n", f"\n{_INDENTED}")
        elif getattr(record, "hidden", False):
            return printable(text, sys.stderr)
        return printable(self._hide(text), sys.stderr)

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802 - logging's name
        """Return the time of day. It is the same in all records of a second."""
        second = int(record.created)
        if self._time[0] != second:
            self._time = second, super().formatTime(record, datefmt)
        return self._time[1]


class ColourFormatter(PlainFormatter):
    """Colours a line by the status of the answer, or by its level."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the whole text in colour."""
        line = super().format(record)
        status = getattr(record, "status", None)
        if record.levelno >= logging.ERROR or (status is not None and status >= 500):
            return f"{_RED}{line}{_RESET}"
        if record.levelno >= logging.WARNING or (status is not None and status >= 400):
            return f"{_YELLOW}{line}{_RESET}"
        return f"{_GREEN}{line}{_RESET}" if status else line


def log_to_stderr(level: str, hide: Callable[[str], str]) -> None:
    """Log the mock's own records of at least `level` to stderr, and of its libraries the warnings.

    `hide` takes known secrets out of every text.
    """
    # What costs time and is not shown, as Python's "Logging HOWTO" advises: the caller, thread and process.
    logging._srcfile = None
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    handler = logging.StreamHandler(sys.stderr)
    coloured = sys.stderr.isatty() and "NO_COLOR" not in os.environ
    handler.setFormatter((ColourFormatter if coloured else PlainFormatter)(hide))
    logging.getLogger().addHandler(handler)
    logging.getLogger("mock_server").setLevel(level.upper())
    logging.getLogger().setLevel(max(logging.WARNING, logging.getLogger("mock_server").level))
