"""What pytest loads of respan-contract wherever it is installed, under a name that no other project has.

It imports nothing of ours until a run asks for it. A project may have packages of its own that are called
`conformance`, `contract` or `mock_server`: in its tests these are found as if respan-contract were not there.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import re
import shlex
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import pytest

if TYPE_CHECKING:
    from mock_server import MockServer

WHOLE, HALVES = "respan-contract", ("respan-contract-suite", "respan-contract-mock")
"""Distributions: the whole of the project, and parts of it that need fewer packages."""
HERE = Path(__file__).resolve().parent
SUITE, MOCK = ("conformance", "contract"), ("mock_server", "contract")
PLUGIN = "conformance.plugin"
SETTING = re.compile(r"^\s*(respan_\w+)\s*=", re.MULTILINE)


@pytest.hookimpl(tryfirst=True)  # before a conftest of the checks is loaded
def pytest_load_initial_conftests(early_config: pytest.Config, args: list[str]) -> None:
    """Load the plugin of the suite where the run asks for it, in time for its options to be read."""
    asked_by = _asked_by(early_config, args)
    if early_config.pluginmanager.has_plugin(PLUGIN) or early_config.pluginmanager.is_blocked(PLUGIN):
        return
    if asked_by is None and not _explains_itself(early_config):
        return
    obstacle = _obstacle(SUITE)
    if obstacle is None:
        early_config.pluginmanager.register(importlib.import_module(PLUGIN), PLUGIN)
    elif asked_by is not None:
        raise pytest.UsageError(f"{asked_by}: {obstacle}")


@pytest.fixture(scope="session")
def respan_mock_settings() -> dict[str, Any]:
    """The arguments of the MockServer; to be overridden in a conftest."""
    return {}


@pytest.fixture(scope="session")
def respan_mock_server(respan_mock_settings: dict[str, Any]) -> Iterator[MockServer]:
    """A mock for the whole session; of xdist each worker has its own."""
    if obstacle := _obstacle(MOCK):
        pytest.fail(f"respan_mock: {obstacle}", pytrace=False)
    from mock_server import MockServer

    with MockServer(**respan_mock_settings) as mock:
        yield mock


@pytest.fixture
def respan_mock(respan_mock_server: MockServer) -> MockServer:
    """A mock of the endpoint as at its start: no models, an empty journal, no faults but those of its settings."""
    respan_mock_server.reset()
    return respan_mock_server


def _asked_by(config: pytest.Config, args: Iterable[str]) -> str | None:
    """What asks for the suite: an option, a setting, or the package of the checks."""
    given = config.known_args_namespace
    options = [arg.partition("=")[0] for arg in args if arg.startswith("--respan-")]
    written = config.inipath.read_text(encoding="utf-8", errors="replace") if config.inipath else ""
    settings = SETTING.findall("\n".join([written, *(given.override_ini or ())]))
    carried = [name for name, value in vars(config.option).items() if name.startswith("respan_") and value]
    words = [arg for arg in args if not arg.startswith("-")]  # pytest 8 does not know the places after an option yet
    places = [*(given.file_or_dir or config.getini("testpaths")), *words]
    checks = [place for place in places if _is_ours(place, pyargs=given.pyargs)]
    return next(iter([*options, *settings, *checks, *carried]), None)


def _is_ours(place: str, *, pyargs: bool) -> bool:
    """Whether what is to be collected is of the suite: by its path, or by the name of its package."""
    place = place.partition("::")[0]
    package = HERE / "conformance"
    if pyargs and place.partition(".")[0] == package.name:
        return _found(package.name) in (None, package)
    return Path(place).resolve().is_relative_to(package)


def _explains_itself(config: pytest.Config) -> bool:
    """Whether pytest tells its options and marks, in a project that has no package of the names of ours."""
    given = config.known_args_namespace
    folders = {config.rootpath, config.invocation_params.dir, config.rootpath / "src"}
    own = any((folder / name).exists() or (folder / f"{name}.py").exists() for folder in folders for name in SUITE)
    return bool(given.help or getattr(given, "markers", False)) and (HERE in folders or not own)


def missing(package: str) -> str:
    """Return an error for a package that is not installed, with the commands that install the whole project."""
    for name in HALVES:
        try:
            half = distribution(name)
        except PackageNotFoundError:
            continue
        return (
            f"the package {package} is not installed: {name} is only a part of {WHOLE}; to install all of it, run: "
            f"pip uninstall -y {name} && pip install {_source(half)}"
        )
    return f"the package {package} is not installed; run: pip install {WHOLE}"


def _source(half: Distribution) -> str:
    """Return what `pip install` takes for the whole project, from the origin that pip recorded of a part (PEP 610)."""
    origin = json.loads(half.read_text("direct_url.json") or "{}")
    if control := origin.get("vcs_info"):
        revision = control.get("requested_revision") or control["commit_id"]
        return shlex.quote(f"{control['vcs']}+{origin['url']}@{revision}")
    if "dir_info" in origin:
        return shlex.quote(str(Path(unquote(urlsplit(origin["url"]).path)).parents[1]))
    return WHOLE


def _obstacle(names: Iterable[str]) -> str | None:
    """Return an error if a package of ours is not installed, or hidden by another; None if all of them are found."""
    for name in names:
        if not (HERE / name).exists():
            return missing(name)
        found = _found(name)
        if found not in (None, HERE / name):
            return (
                f"{found} hides the package {name} of respan-contract ({HERE / name}); rename it, or run `pytest` in "
                "place of `python -m pytest`, from a folder that it is not in"
            )
    return None


def _found(name: str) -> Path | None:
    """Where Python finds a package: its folder, or its file."""
    try:
        spec = importlib.util.find_spec(name)
    except ValueError:  # a module that a test put together by hand
        return Path(f"<{sys.modules[name]!r}>")
    if spec is None:
        return None
    if spec.submodule_search_locations:
        return Path(next(iter(spec.submodule_search_locations))).resolve()
    return Path(spec.origin or name).resolve()
