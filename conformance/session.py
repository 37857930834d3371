"""Runs the installed checks under pytest, shut off from the pytest settings around the user."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from conformance.options import OPTIONS, as_arguments
from conformance.result import Result

HERE = Path(__file__).parent
App = Callable[..., Any]
"""A WSGI or ASGI application."""


class Target:
    """Hands an application to the run, for one that no import path leads to."""

    def __init__(self, app: App) -> None:
        self.app = app


class NoResult(Exception):
    """The checks could not be run, or stopped before anything was judged."""


def run_checks(values: Mapping[str, Any], plugins: Sequence[object], arguments: Sequence[str] = ()) -> int:
    """Run the checks with the options `values`, and return the exit code of pytest."""
    ours = ["-c", str(HERE / "pytest.ini"), "--rootdir", str(HERE), "-p", "conformance.plugin"]
    ours += ["-p", "no:cacheprovider", "-p", "no:terminal", *arguments, *as_arguments(values), str(HERE / "checks")]
    with _environment(values):
        return int(pytest.main(ours, plugins=list(plugins)))


def check(target: str | App, **options: Any) -> Result:
    """Check the implementation at a URL, or a WSGI or ASGI application in this process.

    `options` are those of the command with underscores for hyphens: `check(app, api_key="...", only=["IDM"])`.
    Raises NoResult where the target is not there, takes no key, or nothing could be judged.
    """
    values = {option.name: options.pop(option.name.replace("-", "_"), None) for option in OPTIONS}
    if options:
        raise TypeError(f"there is no option {', '.join(options)}")
    listener = _Listener()
    if isinstance(target, str):
        code = run_checks({**values, "url": target}, [listener])
    else:
        code = run_checks({**values, "app": "(in process)"}, [listener, Target(target)])
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
def _environment(values: Mapping[str, Any]) -> Iterator[None]:
    """The environment of the run: secrets in it, the settings of other pytest runs out of it."""
    before = dict(os.environ)
    for variable in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS"):
        os.environ.pop(variable, None)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    os.environ.update({o.environment: str(values[o.name]) for o in OPTIONS if o.secret and values[o.name]})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
