"""Runs a mock as its settings say, from the first look at its files to the last save."""

from __future__ import annotations

import contextlib
import logging
import socket
import sys

from contract import Contract, ContractError, load
from mock_server.callers.fixtures import Fixtures, FixturesError, load_fixtures
from mock_server.command.banner import banner
from mock_server.command.exposure import ExposedError, check_exposure
from mock_server.command.log_format import log_to_stderr
from mock_server.command.output import complain, tell
from mock_server.command.serving import AddressError, listen, serve, url_of
from mock_server.control import Control
from mock_server.faults.file import FaultsError
from mock_server.journal.known_secrets import redaction_for
from mock_server.settings import Settings
from mock_server.setup import app_of, control_of
from mock_server.state.document import StateReader
from mock_server.state.file import StateFileError, state_file
from mock_server.state.saving import Saver

UNSAVED = 1
WRONG_USE = 2


class _WrongError(Exception):
    """The mock cannot start. The user is at fault; the message has no secret in it."""


_WRONG = (ContractError, FixturesError, FaultsError, StateFileError, AddressError, ExposedError, _WrongError)


def run(settings: Settings) -> int:
    """Serve until a signal comes. Gives the exit code."""
    with contextlib.ExitStack() as stack:
        try:
            listener, control, saver = _prepared(settings, stack)
        except _WRONG as error:
            complain(f"respan-mock: {error}")
            return WRONG_USE
        try:
            _serve(settings, control, listener)
        finally:
            if saver and not saver.finish():
                sys.exit(UNSAVED)
        return 0


def _prepared(settings: Settings, stack: contextlib.ExitStack) -> tuple[socket.socket, Control, Saver | None]:
    """Where to listen, the parts of the mock, and what saves its models. Raises what is in _WRONG."""
    contract = load(settings.contract)
    fixtures = load_fixtures(contract, settings.fixtures)
    try:
        return _opened(settings, contract, fixtures, stack)
    except _WRONG as error:
        raise _WrongError(redaction_for(contract, fixtures, settings.admin_token).hide(str(error))) from None


def _opened(
    settings: Settings, contract: Contract, fixtures: Fixtures, stack: contextlib.ExitStack
) -> tuple[socket.socket, Control, Saver | None]:
    listener = stack.enter_context(listen(settings.host, settings.port))
    check_exposure(settings, listener.getsockname()[0])
    if settings.state is None:
        return listener, control_of(settings, contract, fixtures), None
    file = stack.enter_context(state_file(settings.state))
    control = control_of(settings, contract, fixtures, file.read(StateReader(contract, fixtures)))
    saver = Saver(file, control.store)
    control.on_change = saver.changed
    return listener, control, saver


def _serve(settings: Settings, control: Control, listener: socket.socket) -> None:
    log_to_stderr(settings.log_level, control.redaction.hide)
    for problem in control.fixtures.left_out:
        logging.getLogger("mock_server").warning("left out of the packaged fixtures: %s", problem)
    app = app_of(settings, control)
    url = control.url = url_of(listener)
    text = url if settings.quiet else banner(url, control.contract, control.fixtures, admin=settings.admin)
    serve(app, listener, ready=lambda: tell(text))
