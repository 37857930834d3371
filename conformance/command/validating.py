"""Looks at the settings before a run begins, at what no option can tell by itself."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from conformance.command.errors import UsageError
from conformance.kinds import OUTPUT
from conformance.options import OPTIONS
from conformance.settings import Settings


def check_settings(settings: Settings) -> None:
    """Return where a run can begin with the settings. Raises UsageError."""
    if settings["url"] and settings["app"]:
        raise UsageError("give a URL or --app, not both")
    if settings["app"]:
        _check_app(settings["app"])
    for option in OPTIONS:
        if option.kind is OUTPUT and settings[option.name]:
            _check_output(f"{settings.origins[option.name]} {settings[option.name]}", Path(settings[option.name]))


def _check_output(written: str, file: Path) -> None:
    folder = file.resolve().parent
    if file.is_dir():
        raise UsageError(f"{written}: it is a folder; name a file")
    if not (folder.is_dir() and os.access(folder, os.W_OK)):
        raise UsageError(f"{written}: {folder} is no folder that can be written to")
    if file.exists() and not os.access(file, os.W_OK):
        raise UsageError(f"{written}: the file cannot be written to")


def _check_app(path: str) -> None:
    from conformance.run import load_app

    sys.path.insert(0, str(Path.cwd()))
    try:
        load_app(path)
    except (ImportError, AttributeError) as error:
        raise UsageError(f"--app {path}: {error}; write it as module:application") from None
