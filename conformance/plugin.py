"""The pytest plugin: its options, its markers, the target, and the recorder of results.

It does nothing else until a check is collected, because unrelated runs of pytest may load it too. Whatever only the
checks need is in `conformance/checks/conftest.py`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING, Any, Literal

import pytest

from conformance import hooks
from conformance.options import OPTIONS, Option, Sources, new_seed, no_place_for
from conformance.requirements.level import SECTIONS, Level
from conformance.results.verdict import RunVerdict
from conformance.settings import BadSetting, Settings, gather
from conformance.target.application import App, NoTarget, load_app
from conformance.target.budget import expired

if TYPE_CHECKING:
    from conformance.results.record import Message
    from conformance.results.result import Result
    from conformance.runner.run import Run


RUN: pytest.StashKey[Run] = pytest.StashKey()
SEED = pytest.StashKey[int]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("respan", "conformance with the Respan custom-model contract")
    for option in OPTIONS:
        if option.secret:
            group.addoption(f"--respan-{option.name}", dest=option.dest, nargs="?", const="", help=argparse.SUPPRESS)
        else:
            taken = {"action": "store_true"} if option.flag else {"metavar": option.metavar}
            many = {"action": "append"} if option.multiple else {}
            group.addoption(
                f"--respan-{option.name}", dest=option.dest, default=None, help=option.help, **taken, **many
            )
            parser.addini(option.dest, option.help or "", type=_ini_type(option), default=None)


def _ini_type(option: Option) -> Literal["bool", "linelist", "string"]:
    if option.flag:
        return "bool"
    return "linelist" if option.multiple else "string"


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    pluginmanager.add_hookspecs(hooks)


def pytest_configure(config: pytest.Config) -> None:
    for option in OPTIONS:
        if option.secret and config.getoption(option.dest, None) is not None:
            raise pytest.UsageError(no_place_for(f"--respan-{option.name}", option.environment))
    for level in Level:
        config.addinivalue_line("markers", f"{level.lower()}: a requirement of level {level} (respan-conformance)")
    for section, title in SECTIONS.items():
        config.addinivalue_line("markers", f"{section.lower()}: {title} (respan-conformance)")
    if not _is_worker(config):
        config.pluginmanager.register(Recorder(config, lambda: run_of(config)), "respan-recorder")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Give the workers of pytest-xdist the same seed and the same prefix of names."""
    node.workerinput["respan_seed"] = _seed(node.config)
    node.workerinput["respan_prefix"] = run_of(node.config).prefix


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable() -> Generator[None, dict[str, Any] | None, dict[str, Any] | None]:
    """Write what a report carries to the recorder as text: pytest-xdist takes plain data only."""
    data = yield
    if data is not None and ATTRIBUTE in data:
        from conformance.results.record import to_json

        data[ATTRIBUTE] = to_json(data[ATTRIBUTE])
    return data


@pytest.fixture(scope="session")
def respan_target(pytestconfig: pytest.Config) -> str | App:
    """Return the target of the checks: a base URL, or a WSGI or ASGI application. Override it to supply your own."""
    given = _given(pytestconfig)
    if given is not None and given.app is not None:
        return given.app
    settings = run_of(pytestconfig).settings
    if settings["url"]:
        return str(settings["url"])
    if settings["app"]:
        return load_app(settings["app"])
    raise NoTarget(
        "there is no target; give --respan-url URL or --respan-app MODULE:APP, or define a session-scoped fixture "
        "respan_target that returns a URL or an application"
    )


def run_of(config: pytest.Config) -> Run:
    """Return the run of the checks in this process: the given one, or one that is created on first use."""
    if RUN not in config.stash:
        given = _given(config)
        config.stash[RUN] = given.run if given else _run(config)
    return config.stash[RUN]


def _given(config: pytest.Config) -> Given | None:
    return next((plugin for plugin in config.pluginmanager.get_plugins() if isinstance(plugin, Given)), None)


def _run(config: pytest.Config) -> Run:
    from conformance.results.about import pytest_command_of
    from conformance.runner.run import Run
    from contract import ContractError

    worker = getattr(config, "workerinput", {})
    from conformance.results.about import check_versions

    try:
        check_versions()
        settings = _settings(config)
        drawn = worker.get("respan_seed") or _seed(config)
        seed = drawn if settings["seed"] is None else settings["seed"]
        name, share = worker.get("workerid", "").removeprefix("gw"), int(worker.get("workercount", 1))
        run = Run(settings, seed, name, share, worker.get("respan_prefix"))
    except (ValueError, ContractError) as error:
        raise pytest.UsageError(str(error)) from None
    run.repeat_with(pytest_command_of(run.settings, run.secrets(), config.invocation_params.args))
    return run


def _settings(config: pytest.Config) -> Settings:
    """Return the settings: the command line overrides the environment, which overrides the configuration of pytest."""
    return gather(
        {option.name: config.getoption(option.dest, None) for option in OPTIONS},
        Sources(argument=lambda option: f"--respan-{option.name}", file=lambda option: _place(config, option)),
        {option.name: _setting(config, option) for option in OPTIONS if not option.secret},
    )


def _setting(config: pytest.Config, option: Option) -> Any:
    """Return what the configuration of pytest sets. Raises BadSetting."""
    try:
        return config.getini(option.dest)
    except (ValueError, pytest.UsageError) as error:  # pytest 8 raises the first, pytest 9 the second
        if option.dest in str(error):
            raise
        raise BadSetting(f"{_place(config, option)}: the value is not {option.expected}") from None


def _place(config: pytest.Config, option: Option) -> str:
    """Name a setting: in the file with the configuration of pytest, or in its option `-o`."""
    return f"{config.inipath or '-o'}: {option.dest}"


def _seed(config: pytest.Config) -> int:
    """Return the seed to use if the user gave none."""
    return config.stash.setdefault(SEED, new_seed())


def _is_worker(config: pytest.Config) -> bool:
    """Return whether this process is a worker of pytest-xdist."""
    return hasattr(config, "workerinput")


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Given:
    """A run, and the application to check, if it is an object. Registered as a plugin of pytest."""

    run: Run
    app: App | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_pycollect_makeitem(self, obj: object) -> list[pytest.Item] | None:
        """Collect nothing for a check that is not selected: making all tests takes longer than running a few.

        In a run of the user's own, pytest deselects these checks, and says how many they are.
        """
        from conformance.requirements.requirement import requirement_of

        requirement = requirement_of(obj) if isinstance(obj, FunctionType) else None
        return None if requirement is None or requirement.id in self.run.selected else []


PACKAGE = Path(__file__).parent
NAME = "respan-recorder"
ATTRIBUTE = "respan"
"""The attribute of test reports, and the key in the output of workers, with a message for the recorder."""
OUT_OF_TIME = "slow: the time budget was exhausted while a response was judged; raise it with --time-budget"
NOT_GREEN = (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)


class Recorder:
    """Collects the messages of tests into the result. It is idle until a check is collected or reported."""

    def __init__(self, config: pytest.Config, run: Callable[[], Run]) -> None:
        self._config = config
        self._run = run
        self._started = time.monotonic()
        self._errors: list[str] = []
        """Errors of the suite, apart from those of single checks."""
        self.result: Result | None = None

    def begin(self, tests: Sequence[str] | None) -> Result:
        """Begin the result of the run; `tests` has the requirement of each test, or is None if they are unknown."""
        from conformance.requirements.requirement import REGISTRY
        from conformance.results.result import Result

        run = self._run()
        self.result = Result.begin(run.contract, REGISTRY.values(), run.selected, run.target, run.seed, run.terms)
        self.result.about, self.result.errors = run.about, self._errors
        self.result.prefix, self.result.names = run.prefix, run.names
        self.result.estimate, self.result.proxy = run.estimate, run.proxy
        self.result.expect(tests or ())
        self._config.hook.pytest_respan_begin(result=self.result, tests=None if tests is None else len(tests))
        return self.result

    def receive(self, message: Message) -> None:
        """Add a message from a process that runs tests to the result."""
        from conformance.results.record import Closing, Record

        if isinstance(message, Closing):
            if self.result is not None:
                self.result.close(message)
            return
        result = self.result or self.begin(None)
        if isinstance(message, Record):
            result.add(message)
            self._config.hook.pytest_respan_progress(result=result, record=message)
        else:
            result.stop(message)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        file = self._config.rootpath / report.nodeid.partition("::")[0]
        if report.failed and file.resolve().is_relative_to(PACKAGE):
            error = f"{report.nodeid} could not be collected: {report.longreprtext.strip()}"
            if error not in self._errors:  # pytest 8 reports it for each file that it is asked for
                self._errors.append(error)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if (message := getattr(report, ATTRIBUTE, None)) is not None:
            self.receive(_read(message) if isinstance(message, str) else message)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """Receive the last message of a worker of pytest-xdist; one that died sent none."""
        if error:
            self._errors.append(f"a process that ran tests died: {error}")
        if (text := getattr(node, "workeroutput", {}).get(ATTRIBUTE)) is not None:
            self.receive(_read(text))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        if self.result is None or self._config.option.collectonly:
            return
        if exitstatus == pytest.ExitCode.INTERNAL_ERROR:
            self._errors.append("the suite itself failed during the run")
        if exitstatus == pytest.ExitCode.INTERRUPTED and not (self.result.stopped or self._errors):
            self.result.stopped = RunVerdict.INCONCLUSIVE if expired() else RunVerdict.INTERRUPTED
            self.result.stop_reason = OUT_OF_TIME if expired() else ""
        self.result.seconds = time.monotonic() - self._started
        self._config.hook.pytest_respan_result(result=self.result)
        if self.result.verdict() is not RunVerdict.CONFORMANT and exitstatus in NOT_GREEN:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.result is None or self._config.option.collectonly:
            return
        from conformance.terminal.report import summary_lines

        terminalreporter.section(f"Respan custom models: {self.result.verdict()}")
        for line in summary_lines(self.result, quiet=bool(self._run().settings["quiet"])):
            terminalreporter.write_line(line)


def _read(text: str) -> Message:
    from conformance.results.record import from_json

    return from_json(text)
