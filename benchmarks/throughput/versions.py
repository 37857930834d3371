"""What a measurement depends on: the versions of Python and of the packages that serve, and the processors."""

from __future__ import annotations

import os
import sys
from importlib.metadata import version

_PACKAGES = ("connexion", "starlette", "uvicorn", "httptools", "uvloop", "jsonschema-rs", "orjson")


def versions() -> str:
    """Return the versions and the number of processors on one line."""
    packages = [f"{name} {version(name)}" for name in _PACKAGES]
    return f"{', '.join([f'Python {sys.version.split()[0]}', *packages])}; {os.cpu_count()} cores"
