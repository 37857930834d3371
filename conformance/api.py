"""The checks as a function: a run of pytest of its own, isolated from the pytest settings of the caller."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, TypedDict, Unpack

import pytest

from conformance import plugin
from conformance.options import new_seed
from conformance.plugin import Given
from conformance.requirements.registry import files_of
from conformance.results.about import check_versions
from conformance.results.finding import Finding
from conformance.results.result import Result
from conformance.results.verdict import RunVerdict, Verdict
from conformance.runner.run import Run
from conformance.settings import Settings, gather, suggestion
from conformance.target.application import App

__all__ = ["CheckOptions", "Finding", "NoResult", "Result", "RunVerdict", "Verdict", "check", "run_checks"]

PACKAGE = Path(__file__).parent
UNUSED = (
    "assertion", "cacheprovider", "doctest", "faulthandler", "legacypath", "logging", "monkeypatch", "pastebin",
    "recwarn", "setuponly", "setupplan", "stepwise", "subtests", "terminal", "threadexception", "tmpdir", "unittest",
    "unraisableexception", "warnings",
)  # fmt: skip
"""Plugins of pytest that no check needs. They would take longer than the checks of one requirement."""
StrPath = str | os.PathLike[str]


class NoResult(Exception):
    """The checks could not run, or stopped before anything was judged."""


class CheckOptions(TypedDict, total=False):
    """The options of `check`: those of the command, with underscores for hyphens. None is the same as no option.

    Only the options for output are missing: reports are written from the result, which also has everything that the
    command prints. `conformance.options` explains each option.
    """

    api_key: str | None
    api_key_file: StrPath | None
    other_org_key: str | None
    other_org_key_file: StrPath | None
    read_only_key: str | None
    read_only_key_file: StrPath | None
    builtin_model: Sequence[str] | None
    provider: Sequence[str] | None
    name_pattern: str | None
    fixtures: StrPath | None
    contract: StrPath | None
    only: Sequence[str] | None
    skip: Sequence[str] | None
    profile: Literal["quick", "default", "thorough"] | None
    time_limit: float | None
    seed: int | None
    strict: bool | None
    require_all: bool | None
    waivers: StrPath | None
    timeout: float | None
    time_budget: float | None
    rate_limit: float | str | None
    max_requests: int | None
    max_models: int | None
    concurrency: int | None
    proxy: str | None
    proxy_auth: str | None
    proxy_auth_file: StrPath | None
    header: Sequence[str] | None
    ca: StrPath | None
    insecure: bool | None
    cert: StrPath | None
    key: StrPath | None
    key_passphrase: str | None
    key_passphrase_file: StrPath | None
    ledger: StrPath | None
    names: StrPath | None
    implementation: str | None
    implementation_version: str | None


def run_checks(
    settings: Settings, plugins: Sequence[object] = (), arguments: Sequence[str] = (), app: App | None = None
) -> int:
    """Run the checks, on `app` if there is one, and return the exit code of pytest.

    Raises ValueError or ContractError if no run is possible with the settings.
    """
    check_versions()
    seed = new_seed() if settings["seed"] is None else settings["seed"]
    run = Run(settings, seed)
    if app is not None:
        run.repeat_on(app)
    given = Given(run, app)
    ours = ["-c", str(PACKAGE / "pytest.ini"), "--rootdir", str(PACKAGE)]
    ours += [*(word for name in UNUSED for word in ("-p", f"no:{name}"))]
    with _isolated():
        return int(
            pytest.main([*ours, *arguments, *map(str, files_of(run.selected))], plugins=[plugin, given, *plugins])
        )


def check(target: str | App, **options: Unpack[CheckOptions]) -> Result:
    """Check the server at a URL, or a WSGI or ASGI application in this process.

    Options that are not given come from environment variables, as for the command. Raises NoResult if the target cannot
    be reached, does not accept the key, or nothing could be judged; ValueError if the value of an option is invalid;
    ContractError if the contract is; TypeError if there is no such option.
    """
    known = CheckOptions.__annotations__
    for unknown in options.keys() - known.keys():
        raise TypeError(f"unknown option {unknown}{suggestion(unknown, known)}")
    listener = _Listener()
    url = {"url": target} if isinstance(target, str) else {}
    settings = gather({**options, **url})
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
def _isolated() -> Iterator[None]:
    """Hide the environment variables of pytest."""
    before = dict(os.environ)
    for variable in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS"):
        os.environ.pop(variable, None)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
