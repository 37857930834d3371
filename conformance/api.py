"""Runs the installed checks under pytest, shut off from the pytest settings around the user."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from conformance.options import new_seed
from conformance.plugin import Given
from conformance.results.about import check_versions, command_of
from conformance.results.result import Result
from conformance.runner.run import Run
from conformance.settings import Settings, from_environment, from_python
from conformance.target.application import App, path_of

PACKAGE = Path(__file__).parent
UNUSED = ("cacheprovider", "faulthandler", "logging", "terminal", "threadexception", "unraisableexception", "warnings")
"""Plugins of pytest that a run does without; `unraisableexception` would collect garbage five times at the end."""


class NoResult(Exception):
    """The checks could not be run, or stopped before anything was judged."""


def run_checks(
    settings: Settings, plugins: Sequence[object] = (), arguments: Sequence[str] = (), app: App | None = None
) -> int:
    """Run the checks, on `app` where there is one, and return the exit code of pytest.

    Raises ValueError or ContractError for settings that no run can be made of.
    """
    check_versions()
    seed = new_seed() if settings["seed"] is None else settings["seed"]
    run = Run(settings, seed)
    if app is not None:
        run.repeat_with(command_of(run.settings, run.secrets(), path_of(app) or ""))
    given = Given(run, app)
    ours = ["-c", str(PACKAGE / "pytest.ini"), "--rootdir", str(PACKAGE), "-p", "conformance.plugin"]
    ours += [*(word for name in UNUSED for word in ("-p", f"no:{name}"))]
    with _shut_off():
        return int(pytest.main([*ours, *arguments, str(PACKAGE / "checks")], plugins=[given, *plugins]))


def check(target: str | App, **options: Any) -> Result:
    """Check the implementation at a URL, or a WSGI or ASGI application in this process.

    `options` are those of the command with underscores for hyphens: `check(app, api_key="...", only=["IDM"])`.
    Raises NoResult where the target is not there, takes no key, or nothing could be judged, ValueError where an option
    is wrong, ContractError where the contract is, and TypeError where there is no such option.
    """
    listener = _Listener()
    url = {"url": target} if isinstance(target, str) else {}
    settings = Settings.gather(from_environment(), from_python({**options, **url}))
    code = run_checks(settings, [listener], app=None if isinstance(target, str) else target)
    if listener.result is None:
        raise NoResult(f"the checks could not be run (exit code {code} of pytest)")
    if listener.result.stopped is not None and not any(judged.cases for judged in listener.result.judged.values()):
        raise NoResult(listener.result.stop_reason)
    return listener.result


class _Listener:
    def __init__(self) -> None:
        self.result: Result | None = None

    def pytest_respan_result(self, result: Result) -> None:
        self.result = result


@contextmanager
def _shut_off() -> Iterator[None]:
    """Without what the environment says to pytest."""
    before = dict(os.environ)
    for variable in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS"):
        os.environ.pop(variable, None)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
