"""How the log looks: plain lines on stderr, in colour where that is a terminal."""

from __future__ import annotations

import logging
import os
import sys

_RED, _YELLOW, _GREEN, _RESET = "\x1b[31m", "\x1b[33m", "\x1b[32m", "\x1b[0m"


class ColourFormatter(logging.Formatter):
    """Colours a line by the status of the answer, or by its level."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of one record."""
        line = super().format(record)
        status = getattr(record, "status", None)
        if record.levelno >= logging.ERROR or (status is not None and status >= 500):
            return f"{_RED}{line}{_RESET}"
        if record.levelno >= logging.WARNING or (status is not None and status >= 400):
            return f"{_YELLOW}{line}{_RESET}"
        return f"{_GREEN}{line}{_RESET}" if status else line


def log_to_stderr(level: str) -> None:
    """Log the mock's own records of at least `level` to stderr, and of its libraries the warnings."""
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False  # they cost time, and are not shown
    handler = logging.StreamHandler(sys.stderr)
    coloured = sys.stderr.isatty() and "NO_COLOR" not in os.environ
    formatter = ColourFormatter if coloured else logging.Formatter
    handler.setFormatter(formatter("%(asctime)s %(message)s", datefmt="%H:%M:%S"))
    logging.getLogger().addHandler(handler)
    logging.getLogger("mock_server").setLevel(level.upper())
    logging.getLogger().setLevel(max(logging.WARNING, logging.getLogger("mock_server").level))
