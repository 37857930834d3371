"""What is checked: a base URL, or a WSGI or ASGI application in this process."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

App = Callable[..., Any]
"""A WSGI or ASGI application."""


class Target:
    """Hands an application to the run, for one that no import path leads to. Registered as a plugin of pytest."""

    def __init__(self, app: App) -> None:
        self.app = app


class NoTarget(Exception):
    """The user did not say what to check."""

    def __init__(self) -> None:
        super().__init__(
            "there is no target: give --respan-url URL or --respan-app MODULE:APP, or define a fixture respan_target "
            "of session scope that returns a URL or an application"
        )


def load_app(path: str) -> App:
    """The application at `module:name`, the current directory included. Raises ImportError or AttributeError."""
    module, _, name = path.partition(":")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    app: App = getattr(importlib.import_module(module), name or "app")
    return app


def named(target: str | App) -> str:
    """The target as reports name it."""
    if isinstance(target, str):
        return target
    thing = target if hasattr(target, "__qualname__") else type(target)
    return f"{thing.__module__}:{thing.__qualname__} (in process)"
