"""The target of a run: a base URL, or a WSGI or ASGI application in this process."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from importlib.machinery import PathFinder
from importlib.util import find_spec
from itertools import repeat
from operator import is_
from pathlib import Path
from typing import Any

App = Callable[..., Any]
"""A WSGI or ASGI application."""


class NoTarget(Exception):
    """No target was given, or the application cannot be loaded. The text says what to do."""


def load_app(path: str) -> App:
    """Import the application at `module:name`, also from the current directory. Raises NoTarget."""
    module, _, name = path.partition(":")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        app: App = getattr(importlib.import_module(module), name or "app")
    except (ImportError, AttributeError) as error:
        raise NoTarget(f"{path}: {error}; write it as module:application") from None
    except Exception as error:  # the user's own code may raise anything
        raise NoTarget(f"{path}: importing it failed with {type(error).__name__}: {error}") from error
    return app


def path_of(app: App) -> str | None:
    """Return a `module:name` at which another process can import an application; None if there is none."""
    for name, module in list(sys.modules.items()):
        if name in ("__main__", "conftest") or not getattr(module, "__file__", None):
            continue
        members = vars(module).copy()
        if not any(map(is_, members.values(), repeat(app))):  # fast: all modules have 100,000 members
            continue
        found = next(key for key, value in members.items() if value is app)
        if not found.startswith("__") and _is_importable(name, str(module.__file__)):
            return f"{name}:{found}"
    return None


def _is_importable(module: str, file: str) -> bool:
    """Return whether a new process, started in the current directory, would import the module from that file."""
    here = str(Path.cwd())
    try:
        spec = PathFinder.find_spec(module, [here, *sys.path]) if "." not in module else find_spec(module)
    except (ImportError, ValueError):
        return False
    return spec is not None and spec.origin is not None and Path(spec.origin).resolve() == Path(file).resolve()


def target_name(target: str | App) -> str:
    """Return the name of the target in reports."""
    if isinstance(target, str):
        return target
    thing = target if hasattr(target, "__qualname__") else type(target)
    return f"{thing.__module__}:{thing.__qualname__} (in process)"
