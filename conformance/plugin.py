"""The pytest plugin: options, fixtures, selection, and one record for each test. pytest does the running."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from typing import Any

import pytest

from conformance import hooks
from conformance.checks.situations import meet
from conformance.options import OPTIONS, Option
from conformance.outcome import Unreachable
from conformance.requirement import MUST, OPEN, REGISTRY, Requirement, cases_of, requirement_of
from conformance.result import Record, Result
from conformance.run import Run
from conformance.session import Target
from conformance.settings import BadSetting, Settings, from_arguments, from_environment
from conformance.subject.smoke import WrongKey
from conformance.subject.subject import Subject
from conformance.verdict import EXIT_OF, RunVerdict, Verdict
from contract import Contract

RUN = pytest.StashKey[Run]()
RESULT = pytest.StashKey[Result]()
RECORD = pytest.StashKey[Record]()
STARTED = pytest.StashKey[float]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("respan", "conformance with the Respan custom-model contract")
    for option in OPTIONS:
        if not option.secret:
            group.addoption(f"--respan-{option.name}", dest=option.dest, help=option.help, **_how(option))


def _how(option: Option) -> dict[str, Any]:
    if option.flag:
        return {"action": "store_true", "default": None}
    return {"metavar": option.kind.metavar, "action": "append" if option.repeatable else "store"}


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    pluginmanager.add_hookspecs(hooks)


def pytest_configure(config: pytest.Config) -> None:
    given = {option.name: config.getoption(option.dest, None) for option in OPTIONS}
    try:
        settings = Settings.gather(from_environment(), from_arguments(given, lambda option: f"--respan-{option.name}"))
    except BadSetting as error:
        raise pytest.UsageError(str(error)) from None
    worker = getattr(config, "workerinput", {}).get("workerid", "").removeprefix("gw")
    targets = [plugin.app for plugin in config.pluginmanager.get_plugins() if isinstance(plugin, Target)]
    config.stash[RUN] = Run(settings, worker and f"{worker}-", targets[0] if targets else None)
    config.stash[STARTED] = time.monotonic()
    config.pluginmanager.register(_Recorder(config), "respan-recorder")


@pytest.fixture(scope="session")
def subject(request: pytest.FixtureRequest) -> Subject:
    """The implementation under test."""
    return request.config.stash[RUN].subject


@pytest.fixture(scope="session")
def contract(request: pytest.FixtureRequest) -> Contract:
    """The contract that it is judged by."""
    return request.config.stash[RUN].contract


@pytest.fixture(scope="session")
def everyday(request: pytest.FixtureRequest) -> Callable[[], None]:
    """Meets every everyday situation, once a run: the requirements on every exchange judge what is exchanged."""
    return lambda: meet(request.config.stash[RUN].subject)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    for argument, things in cases_of(metafunc.function):
        cases = things(metafunc.config.stash[RUN].contract)
        metafunc.parametrize(argument, list(cases.values()), ids=list(cases))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    run = config.stash[RUN]
    kept: list[pytest.Item] = []
    left: list[pytest.Item] = []
    for item in items:
        requirement = _requirement(item)
        (kept if requirement is None or requirement.id in run.selected else left).append(item)
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = kept


def pytest_collection_finish(session: pytest.Session) -> None:
    run = session.config.stash[RUN]
    result = Result.begin(run.contract, REGISTRY.values(), run.selected, run.target, run.seed, run.strict)
    result.about = run.about
    session.config.stash[RESULT] = result
    session.config.hook.pytest_respan_begin(result=result, tests=len(session.items))


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    requirement = _requirement(pyfuncitem)
    if requirement is None:
        return None
    run = pyfuncitem.config.stash[RUN]
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    try:
        record = run.judge(requirement, _case(pyfuncitem), lambda: pyfuncitem.obj(**arguments))
    except Unreachable as reason:
        _stop(pyfuncitem.config, RunVerdict.UNREACHABLE, reason)
    pyfuncitem.stash[RECORD] = record
    _tell_pytest(record, requirement, run)
    return True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None]:
    try:
        yield
    except Unreachable as reason:
        _stop(item.config, RunVerdict.UNREACHABLE, reason)
    except WrongKey as reason:
        _stop(item.config, RunVerdict.WRONG_USE, reason)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if call.when == "call" and RECORD in item.stash:
        record = item.stash[RECORD]
        report.respan = record  # type: ignore[attr-defined]  # pytest-xdist carries it to the controller
        report.user_properties += [("requirement", record["requirement"]), ("verdict", record["verdict"])]
    return report


class _Recorder:
    """Takes in the records, in the process that reports: under pytest-xdist no test runs there."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        record = getattr(report, "respan", None)
        if record is not None:
            self._config.stash[RESULT].add(record)
            self._config.hook.pytest_respan_progress(result=self._config.stash[RESULT])


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    run, result = session.config.stash[RUN], session.config.stash.get(RESULT, None)
    run.tidy()
    if result is None:
        return
    if result.stopped is None and exitstatus == pytest.ExitCode.INTERRUPTED:
        result.stopped = RunVerdict.INTERRUPTED
    if result.stopped is None and exitstatus == pytest.ExitCode.INTERNAL_ERROR:
        result.stopped, result.stopped_because = RunVerdict.ERROR, "the suite itself failed in the midst of the run"
    result.notes = run.notes
    result.requests += run.uncounted()
    result.seconds = time.monotonic() - session.config.stash[STARTED]
    session.config.hook.pytest_respan_result(result=result)


def _tell_pytest(record: Record, requirement: Requirement, run: Run) -> None:
    """End the test as pytest knows it: failed, skipped, expected to fail, or passed."""
    verdict, reason = Verdict(record["verdict"]), record["reason"]
    if verdict is Verdict.NOT_TESTABLE:
        pytest.skip(reason)
    if verdict is Verdict.ERROR:
        pytest.fail(reason, pytrace=False)
    if verdict not in (Verdict.FAIL, Verdict.UNSTABLE):
        return
    found = next(f for f in record["findings"] if f["requirement"] == requirement.id)
    text = f"{requirement.id}: expected {found['expected']}; observed {found['observed']}"
    level = requirement.level_in(run.contract)
    if level is OPEN or (level is not MUST and not run.strict and verdict is Verdict.FAIL):
        pytest.xfail(text)
    pytest.fail("\n".join([text, *found["reproduce"]]), pytrace=False)


def _stop(config: pytest.Config, verdict: RunVerdict, error: Exception) -> None:
    reason = config.stash[RUN].told(str(error))
    result = config.stash[RESULT]
    result.stopped, result.stopped_because = verdict, reason
    pytest.exit(reason, returncode=EXIT_OF[verdict])


def _requirement(item: pytest.Item) -> Requirement | None:
    return requirement_of(item.function) if isinstance(item, pytest.Function) else None


def _case(item: pytest.Function) -> str:
    callspec = getattr(item, "callspec", None)
    return callspec.id if callspec else ""
