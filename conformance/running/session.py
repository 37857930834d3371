"""Runs the installed checks under pytest, shut off from the pytest settings around the user."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from conformance.configuration.options import OPTIONS
from conformance.configuration.settings import Settings, as_arguments, as_environment, from_environment, from_python
from conformance.results.result import Result
from conformance.running.target import App, Target

PACKAGE = Path(__file__).parents[1]
UNUSED = ("cacheprovider", "terminal", "unraisableexception")
"""Plugins of pytest that a run does without. The last one would collect garbage five times at the end."""


class NoResult(Exception):
    """The checks could not be run, or stopped before anything was judged."""


def run_checks(settings: Settings, plugins: Sequence[object], arguments: Sequence[str] = ()) -> int:
    """Run the checks, and return the exit code of pytest."""
    ours = ["-c", str(PACKAGE / "pytest.ini"), "--rootdir", str(PACKAGE), "-p", "conformance.plugin"]
    ours += [*(word for name in UNUSED for word in ("-p", f"no:{name}"))]
    ours += [*arguments, *as_arguments(settings), str(PACKAGE / "checks")]
    with _environment(settings):
        return int(pytest.main(ours, plugins=list(plugins)))


def check(target: str | App, **options: Any) -> Result:
    """Check the implementation at a URL, or a WSGI or ASGI application in this process.

    `options` are those of the command with underscores for hyphens: `check(app, api_key="...", only=["IDM"])`.
    Raises NoResult where the target is not there, takes no key, or nothing could be judged.
    """
    listener = _Listener()
    given, plugins = (options | {"url": target}, []) if isinstance(target, str) else (options, [Target(target)])
    code = run_checks(Settings.gather(from_environment(), from_python(given)), [listener, *plugins])
    if listener.result is None:
        raise NoResult(f"the checks could not be run (exit code {code} of pytest)")
    if listener.result.stopped is not None and not any(judged.cases for judged in listener.result.judged.values()):
        raise NoResult(listener.result.stopped_because)
    return listener.result


class _Listener:
    def __init__(self) -> None:
        self.result: Result | None = None

    def pytest_respan_result(self, result: Result) -> None:
        self.result = result


@contextmanager
def _environment(settings: Settings) -> Iterator[None]:
    """The environment of the run: the secrets in it, all other settings and those of other pytest runs out of it."""
    before = dict(os.environ)
    for variable in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", *(option.environment for option in OPTIONS)):
        os.environ.pop(variable, None)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    os.environ.update(as_environment(settings))
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
