"""`--dry-run`: shows what a run would send and change, and sends nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from conformance.api import run_checks
from conformance.judge.requests import EXAMPLE
from conformance.options import OPTIONS
from conformance.output import counted, visible
from conformance.results.result import Result
from conformance.settings import Settings, UsageError
from conformance.target.budget import MODELS, estimated_models
from conformance.target.cleanup import ledger_path
from conformance.target.connection import Connection, connection_of
from contract import Operation


class _Listener:
    def __init__(self) -> None:
        self.result: Result | None = None
        self.tests: int | None = None

    @pytest.hookimpl
    def pytest_respan_begin(self, result: Result, tests: int | None) -> None:
        self.result, self.tests = result, tests


def dry_run(settings: Settings) -> str:
    """Return what a run with the settings would do, as lines of text."""
    listener = _Listener()
    run_checks(settings, [listener], ["--collect-only"])
    if listener.result is None:
        raise UsageError("the checks could not be collected; see the messages above")
    return "\n".join(_lines(listener.result, listener.tests or 0, settings))


def _lines(result: Result, tests: int, settings: Settings) -> Iterator[str]:
    upsert = result.contract.upsert
    selected = [id for id, judged in result.judged.items() if judged.selected]
    keys = [option.environment for option in OPTIONS if option.secret and settings[option.name]]
    yield f"Target    {visible(settings['url'] or settings['app'] or 'the bundled mock, started for the run')}"
    number, sections = counted(len(selected), "requirement"), ", ".join(sorted({id[:3] for id in selected}))
    yield f"Checks    {number}, {counted(tests, 'test')} of {sections}"
    yield from _left_out(result)
    yield f"Sends     about {result.estimate:,} requests{_limits(connection_of(settings))}"
    yield f"          {', '.join(_spelled(o) for o in (upsert.operation, upsert.read, upsert.delete) if o is not None)}"
    yield f"Keys      {', '.join(keys) or 'none'}"
    example = upsert.request[upsert.key].schema.get(EXAMPLE)
    named = f"named like {example}" if example else "whose names start with rc- and eight hexadecimal digits"
    yield f"Writes    models {named}, random in each run"
    yield from _footprint(result, settings)
    for name in settings["builtin-model"]:
        yield f"          and {visible(name)}, with its name only, which the target must reject"
    yield from _end(result, settings)
    yield "Nothing was sent."


def _footprint(result: Result, settings: Settings) -> Iterator[str]:
    """Yield how many models exist at a time, and how many stay if the target has no delete."""
    if result.contract.upsert.delete is not None:
        most, left = min(settings["max-models"] or MODELS, MODELS), estimated_models(result.estimate)
        yield f"          at most about {most} at a time; if there is no delete, about {left:,} stay on the target"


def _left_out(result: Result) -> Iterator[str]:
    """Yield the requirements that do not apply, by what the contract lacks."""
    for reason in dict.fromkeys(result.inapplicable.values()):
        ids = [id for id, lacking in result.inapplicable.items() if lacking == reason]
        yield f"          not {', '.join(ids)}: {reason}"


def _limits(connection: Connection) -> str:
    limits = connection.limits
    parts = [f"at most {limits.rate:g} per second"] if limits.rate else []
    parts += [f"at most {limits.requests} in total"] if limits.requests else []
    parts += [f"at most {limits.concurrency} at a time"] if limits.concurrency else []
    parts += [f"through the proxy {connection.proxy}"] if connection.proxy else []
    return "".join(f", {part}" for part in parts)


def _end(result: Result, settings: Settings) -> Iterator[str]:
    if result.contract.upsert.delete is None:
        left = estimated_models(result.estimate)
        yield f"Deletes   nothing: the contract has no delete, so about {left:,} models stay on the target"
    else:
        yield "Deletes   each model as soon as no check needs it, if the target has a delete"
    if settings["names"]:
        yield f"Names     {settings['names']}; if there is no delete, the models in it are written to again"
    elif settings["url"] or settings["ledger"]:
        yield f"Ledger    {ledger_path(settings['ledger'], 'rc-...', '')}, while any models are left"


def _spelled(operation: Operation) -> str:
    return f"{operation.method} {operation.path}"
