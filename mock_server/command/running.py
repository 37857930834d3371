"""Runs a mock as its settings say, from the first look at its files to the last save."""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import Sequence
from dataclasses import replace

from contract import ContractError
from mock_server.callers.fixtures import FixturesError
from mock_server.command.banner import banner
from mock_server.command.exposure import ExposedError, check_exposure
from mock_server.command.listening import AddressError, Listeners, listen
from mock_server.command.log_format import log_to_stderr
from mock_server.command.output import complain, tell
from mock_server.command.serving import serve
from mock_server.control import Control
from mock_server.faults.file import FaultsError
from mock_server.faults.rule import RuleError
from mock_server.journal.known_secrets import redaction_for
from mock_server.scenario.source import ScenarioError
from mock_server.scenario.start import BasePathError, Start, start_of
from mock_server.served import left_out
from mock_server.settings import Settings
from mock_server.setup import app_of, control_of, seed_of
from mock_server.state.document import StateReader
from mock_server.state.file import StateFileError, state_file
from mock_server.state.saving import Saver

UNSAVED = 1
WRONG_USE = 2


class _WrongError(Exception):
    """The mock cannot start. The user is at fault; the message has no secret in it."""


_WRONG = (
    ContractError,
    BasePathError,
    ScenarioError,
    FixturesError,
    FaultsError,
    RuleError,
    StateFileError,
    AddressError,
    ExposedError,
    _WrongError,
)


def run(settings: Settings) -> int:
    """Serve until a signal comes. Gives the exit code."""
    with contextlib.ExitStack() as stack:
        try:
            listeners, control, saver = _prepared(settings, stack)
        except _WRONG as error:
            complain(f"respan-mock: {error}")
            return WRONG_USE
        try:
            _serve(settings, control, listeners)
        finally:
            if saver and not saver.finish():
                sys.exit(UNSAVED)
        return 0


def _prepared(settings: Settings, stack: contextlib.ExitStack) -> tuple[Listeners, Control, Saver | None]:
    """Where to listen, the parts of the mock, and what saves its models. Raises what is in _WRONG."""
    start = start_of(settings)
    try:
        return _opened(settings, start, stack)
    except _WRONG as error:
        hide = redaction_for(start.contract, start.fixtures, settings.admin_token).hide
        raise _WrongError(hide(str(error))) from None


def _opened(settings: Settings, start: Start, stack: contextlib.ExitStack) -> tuple[Listeners, Control, Saver | None]:
    listeners = stack.enter_context(listen(settings.hosts, settings.port))
    check_exposure(settings, listeners.addresses)
    if settings.state is None:
        return listeners, control_of(settings, start), None
    file = stack.enter_context(state_file(settings.state))
    kept = file.read(StateReader(start.contract, start.fixtures))
    control = control_of(settings, start if kept is None else replace(start, models=kept))
    saver = Saver(file, control.store, sync=settings.state_sync)
    control.on_change = saver.changed
    return listeners, control, saver


def _serve(settings: Settings, control: Control, listeners: Listeners) -> None:
    log_to_stderr(settings.log_level, control.redaction.hide)
    for problem in control.fixtures.left_out:
        logging.getLogger("mock_server").warning("left out of the packaged fixtures: %s", problem)
    for sentence in left_out(control.contract, admin=settings.admin):
        logging.getLogger("mock_server").warning("not served as the contract says: %s", sentence)
    app = app_of(settings, control)
    control.url = listeners.urls[0]
    text = _greeting(settings, control, listeners.urls)
    serve(app, listeners.sockets, ready=lambda: tell(text), limits=settings.limits)


def _greeting(settings: Settings, control: Control, urls: Sequence[str]) -> str:
    """Return what to print: the base URL of the API at each host, or the banner."""
    contract = control.contract
    if settings.quiet:
        return "\n".join(url + contract.base_path for url in urls)
    return banner(urls, contract, control.fixtures, admin=settings.admin, seed=seed_of(control))
