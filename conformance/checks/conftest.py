"""Runs the checks of this folder under pytest: fixtures, selection, and one record for each test."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from functools import partial
from typing import Any, NoReturn

import pytest

from conformance.checks import sample_requests
from conformance.judge.outcome import Disrupted
from conformance.plugin import ATTRIBUTE, NAME, run_of
from conformance.requirements.level import Stage
from conformance.requirements.requirement import Requirement, cases_of, requirement_of
from conformance.results.judged import of_requirement, of_verdict
from conformance.results.record import Record, Stop, to_json
from conformance.results.verdict import RunVerdict, Verdict
from conformance.runner.run import Run
from conformance.target.application import NoTarget
from conformance.target.preflight import BaselineRejected, KeyRejected
from conformance.target.subject import Subject
from conformance.terminal.finding import Unmet, in_full
from conformance.wire.exchange import Unreachable
from contract import Contract

MESSAGE = pytest.StashKey[Record | Stop]()
"""What the report of a test carries to the recorder."""
COLLECTED = pytest.StashKey[Sequence[str]]()
"""The requirement of each test that was collected."""
STOPPED = pytest.StashKey[str]()
"""Why no more checks run."""
STOPS: dict[type[Exception], RunVerdict] = {
    Unreachable: RunVerdict.UNREACHABLE,
    KeyRejected: RunVerdict.WRONG_USE,
    BaselineRejected: RunVerdict.WRONG_USE,
    Disrupted: RunVerdict.INCONCLUSIVE,
    NoTarget: RunVerdict.WRONG_USE,
}
ID = "respan_requirement"


def pytest_configure(config: pytest.Config) -> None:
    run_of(config)  # wrong options end the run of pytest here


@pytest.fixture(scope="session")
def subject(respan_target: Any, pytestconfig: pytest.Config) -> Subject:
    """Return the implementation under test."""
    return run_of(pytestconfig).meet(respan_target, partial(_give_notice, pytestconfig))


def _give_notice(config: pytest.Config, text: str) -> None:
    """Print it immediately: pytest captures what is printed during the set-up of a fixture."""
    with config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        config.hook.pytest_respan_notice(text=text)


@pytest.fixture(scope="session")
def contract(pytestconfig: pytest.Config) -> Contract:
    """Return the contract to check against."""
    return run_of(pytestconfig).contract


@pytest.fixture(scope="session")
def send_sample_requests(subject: Subject, pytestconfig: pytest.Config) -> Callable[[], None]:
    """Send the sample requests that no selected check covers."""
    return lambda: sample_requests.send_sample_requests(subject, run_of(pytestconfig).selected)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    requirement = requirement_of(metafunc.function)
    if requirement is not None:
        metafunc.fixturenames.append(ID)
        metafunc.parametrize(ID, [requirement.id])
    run = run_of(metafunc.config)
    applies = requirement is None or requirement.id in run.selected
    for argument, things in cases_of(metafunc.function):
        cases = things(run.contract) if applies else {"": None}  # an unselected one may have no case
        metafunc.parametrize(argument, list(cases.values()), ids=list(cases))


@pytest.hookimpl(tryfirst=True)  # before `-m` and `-k` select
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    run = run_of(config)
    kept: list[pytest.Item] = []
    left: list[pytest.Item] = []
    for item in items:
        requirement = _requirement(item)
        if requirement is not None and requirement.id in run.selected:
            item.add_marker(requirement.section.lower())
            item.add_marker(requirement.level_in(run.contract).lower())
            item.user_properties += of_requirement(requirement, run.contract, _case(item))
            _use_subject(item)
        (kept if requirement is None or requirement.id in run.selected else left).append(item)
    if left:
        config.hook.pytest_deselected(items=left)
    items[:] = sorted(kept, key=_stage)


def _use_subject(item: pytest.Item) -> None:
    """Have a check meet the target. As an autouse fixture, pytest 8 would give it to the tests of the user too."""
    names: list[str] = item.fixturenames  # type: ignore[attr-defined]
    if "subject" not in names:
        names.insert(0, "subject")


def pytest_collection_finish(session: pytest.Session) -> None:
    requirements = [requirement for item in session.items if (requirement := _requirement(item)) is not None]
    session.config.stash[COLLECTED] = [requirement.id for requirement in requirements]
    run_of(session.config).estimate_requests(Counter(requirement.section for requirement in requirements))
    recorder = session.config.pluginmanager.get_plugin(NAME)
    if recorder is not None:
        recorder.begin(session.config.stash[COLLECTED])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None]:
    try:
        return (yield)
    except tuple(STOPS) as reason:
        obstacle = reason
    _skip_if_stopped(item)
    _stop(item, obstacle)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    requirement = _requirement(pyfuncitem)
    if requirement is None:
        return None
    _skip_if_stopped(pyfuncitem)
    run = run_of(pyfuncitem.config)
    run.node = f"conformance.checks.{pyfuncitem.path.stem}::{pyfuncitem.name}"
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("default")  # a warning that the user turns into an error is not a finding
            record = run.judge(requirement, _case(pyfuncitem), lambda: pyfuncitem.obj(**arguments))
    except Unreachable as reason:
        _stop(pyfuncitem, reason)
    pyfuncitem.stash[MESSAGE] = record
    if record.exchanges:
        pyfuncitem.add_report_section("call", "exchanges", "\n".join(record.exchanges))
    pyfuncitem.user_properties += of_verdict(run.read(requirement, record.verdict))
    _tell_pytest(record, requirement, run)
    return True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed and MESSAGE not in item.stash and (requirement := _requirement(item)) is not None:
        reason = run_of(item.config).without_secrets(str(report.longrepr))
        item.stash[MESSAGE] = Record(requirement.id, _case(item), Verdict.ERROR, reason)  # no test may get lost
    if MESSAGE in item.stash:
        setattr(report, ATTRIBUTE, item.stash[MESSAGE])
        del item.stash[MESSAGE]
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    closing = run_of(session.config).close(session.config.stash.get(COLLECTED, []))
    recorder = session.config.pluginmanager.get_plugin(NAME)
    if recorder is not None:
        recorder.receive(closing)
    else:
        session.config.workeroutput[ATTRIBUTE] = to_json(closing)  # type: ignore[attr-defined]  # set by pytest-xdist


def _skip_if_stopped(item: pytest.Item) -> None:
    if STOPPED in item.config.stash:
        pytest.skip(f"not judged: {item.config.stash[STOPPED]}")


def _stop(item: pytest.Item, reason: Exception) -> NoReturn:
    """Fail this test and run no more checks: the obstacle is the same for all."""
    why = run_of(item.config).without_secrets(str(reason))
    item.config.stash[STOPPED] = why
    verdict = next(verdict for kind, verdict in STOPS.items() if isinstance(reason, kind))
    item.stash[MESSAGE] = Stop(verdict, why)
    pytest.fail(why, pytrace=False)


def _requirement(item: pytest.Item) -> Requirement | None:
    return requirement_of(item.function) if isinstance(item, pytest.Function) else None


def _stage(item: pytest.Item) -> Stage:
    requirement = _requirement(item)
    return Stage.DIRECTED if requirement is None else requirement.stage


def _case(item: pytest.Item) -> str:
    """Return the label of the case, without the ID of the requirement in front of it, and without pytest's escapes."""
    callspec = getattr(item, "callspec", None)
    label = callspec.id.partition("-")[2].partition("-")[2] if callspec else ""
    return str(label.encode("ascii", "backslashreplace").decode("unicode_escape"))


def _tell_pytest(record: Record, requirement: Requirement, run: Run) -> None:
    """Return if the requirement is met; otherwise raise pytest's exception for the verdict."""
    verdict = run.read(requirement, record.verdict)
    if verdict is Verdict.NOT_TESTABLE:
        pytest.skip(record.reason)
    if verdict is Verdict.ERROR:
        pytest.fail(record.reason, pytrace=False)
    finding = next((one for one in record.findings if one.requirement == requirement.id), None)
    if finding is None:
        return
    text = f"{requirement.id}: expected {finding.expected}; observed {finding.observed}"
    if verdict is Verdict.WAIVED:
        raise _expected(f"{text} ({run.terms.waivers[requirement.id]})")
    level = requirement.level_in(run.contract)
    if not run.terms.binds(level):
        raise _expected(text)
    unmet = Unmet(requirement, level, requirement.clause_in(run.contract), verdict, finding, run.seed)
    pytest.fail(f"{text}\n\n{in_full(unmet)}", pytrace=False)


def _expected(text: str) -> BaseException:
    """Return what pytest.xfail raises, without its traceback, which would show the suite and take pytest 10 ms."""
    return pytest.xfail.Exception(text, pytrace=False)
