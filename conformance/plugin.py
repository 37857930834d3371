"""The pytest plugin, as pytest loads it wherever this package is installed: its options, its marks, and the target.

It does nothing else before a check is collected, for it is loaded in every run of pytest. What belongs to the checks
stands in `conformance/checks/conftest.py`, so that no test but them ever meets it.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, Literal

import pytest

from conformance.configuration.options import OPTIONS, Option, new_seed
from conformance.configuration.refused import refusing
from conformance.configuration.settings import Settings, from_arguments, from_environment
from conformance.requirements.level import SECTIONS, Level
from conformance.running import hooks
from conformance.running.given import Given
from conformance.running.recorder import Recorder
from conformance.running.target import NoTarget, load_app

if TYPE_CHECKING:
    from conformance.running.run import Run

RUN: pytest.StashKey[Run] = pytest.StashKey()
SEED = pytest.StashKey[int]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("respan", "conformance with the Respan custom-model contract")
    for option in OPTIONS:
        if option.secret:
            refused = refusing(option, "--respan-")
            group.addoption(f"--respan-{option.name}", nargs="?", action=refused, help=argparse.SUPPRESS)
        else:
            group.addoption(f"--respan-{option.name}", dest=option.dest, help=option.help, **option.argument)
            parser.addini(option.dest, option.help, type=_ini_type(option), default=None)


def _ini_type(option: Option) -> Literal["bool", "linelist", "string"]:
    if option.flag:
        return "bool"
    return "linelist" if option.repeatable else "string"


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    pluginmanager.add_hookspecs(hooks)


def pytest_configure(config: pytest.Config) -> None:
    for level in Level:
        config.addinivalue_line("markers", f"{level.lower()}: a requirement of level {level} (respan-conformance)")
    for section, title in SECTIONS.items():
        config.addinivalue_line("markers", f"{section.lower()}: {title} (respan-conformance)")
    if not _is_worker(config):
        config.pluginmanager.register(Recorder(config, lambda: run_of(config)), "respan-recorder")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Let the workers of pytest-xdist make the same choices."""
    node.workerinput["respan_seed"] = _seed(node.config)
    node.workerinput["respan_prefix"] = run_of(node.config).prefix


@pytest.fixture(scope="session")
def respan_target(pytestconfig: pytest.Config) -> Any:
    """The target of the checks: a base URL, or a WSGI or ASGI application. Define it anew to supply your own."""
    given = _given(pytestconfig)
    if given is not None and given.app is not None:
        return given.app
    settings = run_of(pytestconfig).settings
    if settings["url"]:
        return settings["url"]
    if settings["app"]:
        return load_app(settings["app"])
    raise NoTarget(
        "there is no target: give --respan-url URL or --respan-app MODULE:APP, or define a fixture respan_target "
        "of session scope that returns a URL or an application"
    )


def run_of(config: pytest.Config) -> Run:
    """The run of the checks in this process: the one that was handed over, or one made when it is first asked for."""
    if RUN not in config.stash:
        given = _given(config)
        config.stash[RUN] = given.run if given else _run(config)
    return config.stash[RUN]


def _given(config: pytest.Config) -> Given | None:
    return next((plugin for plugin in config.pluginmanager.get_plugins() if isinstance(plugin, Given)), None)


def _run(config: pytest.Config) -> Run:
    from conformance.configuration.command import pytest_command_of
    from conformance.running.run import Run
    from contract import ContractError

    worker = getattr(config, "workerinput", {})
    from conformance.running.versions import check_versions

    try:
        check_versions()
        settings = _settings(config)
        drawn = worker.get("respan_seed") or _seed(config)
        seed = drawn if settings["seed"] is None else settings["seed"]
        name, share = worker.get("workerid", "").removeprefix("gw"), int(worker.get("workercount", 1))
        run = Run(settings, seed, name, share, worker.get("respan_prefix"))
    except (ValueError, ContractError) as error:
        raise pytest.UsageError(str(error)) from None
    run.repeated_by(pytest_command_of(run.settings, run.secrets(), config.invocation_params.args))
    return run


def _settings(config: pytest.Config) -> Settings:
    """What pytest's own configuration says, the environment over it, and the command line over both."""
    written = {option.name: config.getini(option.dest) for option in OPTIONS if not option.secret}
    given = {option.name: config.getoption(option.dest, None) for option in OPTIONS}
    return Settings.gather(
        from_arguments(written, lambda option: f"{config.inipath}: {option.dest}"),
        from_environment(),
        from_arguments(given, lambda option: f"--respan-{option.name}"),
    )


def _seed(config: pytest.Config) -> int:
    """The seed where the user gave none."""
    return config.stash.setdefault(SEED, new_seed())


def _is_worker(config: pytest.Config) -> bool:
    """Whether this process runs tests for a pytest-xdist that reports elsewhere."""
    return hasattr(config, "workerinput")
