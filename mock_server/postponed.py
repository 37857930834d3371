"""Packages that Connexion imports but the mock does not use. The command `respan-mock` starts without them.

Connexion needs requests to read documents from URLs, httpx to ask other servers about tokens, and Starlette's client
for tests. With what they import in turn, they take a third of its time to import. While the command imports Connexion,
`sys.modules` has stand-ins for them. Later imports get the real packages. Only Connexion keeps the stand-ins, and when
it calls a function of one, the function of the real package is called.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from types import ModuleType
from typing import Any

POSTPONED = ("requests", "httpx", "starlette.testclient")
"""Connexion only calls functions and classes of them, and not while it is imported."""


class _StandIn(ModuleType):
    """A module whose functions import the real module when they are called."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("__"):  # the import system asks for some
            raise AttributeError(name)

        def call(*arguments: Any, **options: Any) -> Any:
            return getattr(import_module(self.__name__), name)(*arguments, **options)

        return call


@contextlib.contextmanager
def postponed() -> Iterator[None]:
    """Let what is imported in this context do without the modules in POSTPONED that are not imported yet."""
    absent = [name for name in POSTPONED if name not in sys.modules]
    sys.modules.update((name, _StandIn(name)) for name in absent)
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]
