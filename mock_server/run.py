"""One run of the mock: read the files, listen, print the banner, serve, log, and save at the end.

It formats its log itself: a line takes rich's handler several times as long as an upsert.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TextIO

from contract import Contract, ContractError
from contract.command import complain, printable, tell
from contract.errors import visible
from mock_server.control import RULES, Control, first_request, left_out, served_operations
from mock_server.errors import DifferentStartError, UnavailableError
from mock_server.faults.rule import RuleError
from mock_server.faults.rules import FaultsError
from mock_server.fixtures import Fixtures, FixturesError, redaction_for
from mock_server.mock import app_of, control_of, seed_of
from mock_server.pages import CONSOLE, SWAGGER_UI
from mock_server.scenario import BasePathError, ScenarioError, Start, start_of
from mock_server.server import AddressError, ExposedError, Listeners, check_exposure, listen, serve
from mock_server.settings import ADMIN_PREFIX, Settings
from mock_server.shared.address import AddressError as StoreAddressError
from mock_server.shared.address import MissingPackageError
from mock_server.state.document import StateReader
from mock_server.state.file import Saver, StateFileError, state_file

UNSAVED = 1
WRONG_USE = 2


class _UsageError(Exception):
    """The mock cannot start with these settings. The message contains no secret."""


_USAGE_ERRORS = (
    ContractError,
    BasePathError,
    ScenarioError,
    FixturesError,
    FaultsError,
    RuleError,
    StateFileError,
    AddressError,
    ExposedError,
    StoreAddressError,
    MissingPackageError,
    DifferentStartError,
    UnavailableError,
    _UsageError,
)


def run(settings: Settings) -> int:
    """Serve until a signal comes. Return the exit code."""
    with contextlib.ExitStack() as stack:
        try:
            listeners, control, saver = _prepare(settings, stack)
        except _USAGE_ERRORS as error:
            complain(f"respan-mock: {error}")
            return WRONG_USE
        try:
            _serve(settings, control, listeners)
        finally:
            if saver and not saver.finish():
                sys.exit(UNSAVED)
        return 0


def _prepare(settings: Settings, stack: contextlib.ExitStack) -> tuple[Listeners, Control, Saver | None]:
    """Return the sockets, the parts of the mock, and what saves its models. Raises one of _USAGE_ERRORS."""
    start = start_of(settings)
    try:
        return _open(settings, start, stack)
    except _USAGE_ERRORS as error:
        hide = redaction_for(start.contract, start.fixtures, settings.admin_token).hide
        raise _UsageError(hide(str(error))) from None


def _open(settings: Settings, start: Start, stack: contextlib.ExitStack) -> tuple[Listeners, Control, Saver | None]:
    listeners = stack.enter_context(listen(settings.hosts, settings.port))
    check_exposure(settings, listeners.addresses)
    if settings.state is None:
        control = control_of(settings, start)
        if control.sharing:
            asyncio.run(control.sharing.begin())
        return listeners, control, None
    file = stack.enter_context(state_file(settings.state))
    saved = file.read(StateReader(start.contract, start.fixtures))
    control = control_of(settings, start if saved is None else replace(start, models=saved))
    saver = Saver(file, control.store, sync=settings.state_sync)
    control.on_change = saver.changed
    return listeners, control, saver


def _serve(settings: Settings, control: Control, listeners: Listeners) -> None:
    log_to_stderr(settings.log_level, control.redaction.hide)
    for problem in control.fixtures.left_out:
        logging.getLogger("mock_server").warning("left out of the bundled fixtures: %s", problem)
    for sentence in left_out(control.contract, admin=settings.admin):
        logging.getLogger("mock_server").warning("not served as the contract says: %s", sentence)
    app = app_of(settings, control)
    control.url = listeners.urls[0]
    text = _greeting(settings, control, listeners.urls)
    serve(app, listeners.sockets, ready=lambda: tell(text), limits=settings.limits)


def _greeting(settings: Settings, control: Control, urls: Sequence[str]) -> str:
    """Return what to print: with --quiet the base URL of the API at each host, else the banner."""
    contract = control.contract
    if settings.quiet:
        return "\n".join(url + contract.base_path for url in urls)
    return banner(urls, contract, control.fixtures, admin=settings.admin, seed=seed_of(control))


ADMIN = f"{ADMIN_PREFIX}info"


_WIDTH = 12
"""The width of a label and the spaces after it."""


def banner(urls: Sequence[str], contract: Contract, fixtures: Fixtures, *, admin: bool, seed: str = "") -> str:
    """Return the text that is printed at the start. `urls` are the addresses, one for each host."""
    return "\n".join(map(visible, _lines(urls, contract, fixtures, admin, seed)))


def _lines(urls: Sequence[str], contract: Contract, fixtures: Fixtures, admin: bool, seed: str) -> Iterator[str]:
    yield f"{contract.title} {contract.version}, a mock of {contract.file.name}"
    yield ""
    url = urls[0]
    yield _labelled("API", f"{url}{contract.base_path}{contract.upsert.operation.path}")
    if contract.base_path:
        yield _labelled("Base path", f"{contract.base_path} (--base-path changes it)")
    if admin:
        yield _labelled("Console", f"{url}{CONSOLE}")
    yield _labelled("Swagger UI", f"{url}{SWAGGER_UI}")
    if admin:
        yield _labelled("Admin API", f"{url}{ADMIN}")
    for other in urls[1:]:
        yield _labelled("Also at", other)
    yield ""
    yield from _operations(contract, seed)
    yield "API keys"
    width = max(map(len, fixtures.keys), default=0)
    for token, caller in fixtures.keys.items():
        rights = "reads and writes" if caller.may_write else "only reads"
        yield f"  {token:<{width}}  {rights} the models of {caller.organization}"
    yield "  or a dashboard token from `respan-mock token`: a JWT signed by HS256 with the secret"
    yield f"  {fixtures.dashboard.secret!r} and the claim {fixtures.dashboard.organization_claim!r}"
    yield ""
    yield "Try it"
    yield f"  {_curl(url, contract, fixtures)}"
    yield ""
    yield "Ctrl-C stops it."


def _labelled(label: str, text: str) -> str:
    return f"  {label:<{_WIDTH}}{text}"


def _operations(contract: Contract, seed: str) -> Iterator[str]:
    """Yield the operations with the origin of their responses, unless x-upsert decides all of them."""
    operations = served_operations(contract, seed)
    if all(each.origin == RULES for each in operations):
        return
    yield "Operations"
    width = max(len(f"{each.method} {each.path}") for each in operations)
    for each in operations:
        origin = "by the rules of x-upsert" if each.status is None else f"{each.status}, {each.origin}"
        yield f"  {f'{each.method} {each.path}':<{width}}  {origin}"
    yield ""


def _curl(url: str, contract: Contract, fixtures: Fixtures) -> str:
    """Return a command that creates a model."""
    first = first_request(contract, fixtures)
    words = ["curl", "-X", first.method, url + first.path]
    for name, value in first.headers.items():
        words += ["-H", f"{name}: {value}"]
    return shlex.join([*words, "-d", first.body])


_RED, _YELLOW, _GREEN, _RESET = "\x1b[31m", "\x1b[33m", "\x1b[32m", "\x1b[0m"
_INDENTED = "  "


class PlainFormatter(logging.Formatter):
    """Formats a record as one line, followed by the indented traceback if there is one."""

    def __init__(self, hide: Callable[[str], str]) -> None:
        super().__init__("%(asctime)s %(message)s", datefmt="%H:%M:%S")
        self._hide = hide
        self._time = 0, ""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """Return the line. Line breaks are escaped, so that a message cannot forge another line."""
        return visible(super().formatMessage(record))

    def format(self, record: logging.LogRecord) -> str:
        """Return the whole text."""
        if getattr(record, "hidden", False):  # a line about a request: there are many, and secrets are hidden in them
            return printable(f"{self.formatTime(record)} {record.msg}", sys.stderr)
        text = super().format(record)
        if "\n" in text:
            text = text.replace("\n", f"\n{_INDENTED}")
        return printable(self._hide(text), sys.stderr)

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802 - logging's name
        """Return the time of day, formatted once per second."""
        second = int(record.created)
        if self._time[0] != second:
            self._time = second, super().formatTime(record, datefmt or self.datefmt)
        return self._time[1]


class ColourFormatter(PlainFormatter):
    """Colours a line by the status of the response, or by its level."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the whole text in colour."""
        line = super().format(record)
        status = getattr(record, "status", None)
        if record.levelno >= logging.ERROR or (status is not None and status >= 500):
            return f"{_RED}{line}{_RESET}"
        if record.levelno >= logging.WARNING or (status is not None and status >= 400):
            return f"{_YELLOW}{line}{_RESET}"
        return f"{_GREEN}{line}{_RESET}" if status else line


def _is_coloured(stream: TextIO) -> bool:
    """Return whether to write colours: as NO_COLOR and FORCE_COLOR say, else on a terminal that has them."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (stream.isatty() and os.environ.get("TERM") != "dumb")


def log_to_stderr(level: str, hide: Callable[[str], str]) -> None:
    """Log records of the mock of at least `level` to stderr, and warnings of its libraries.

    `hide` removes known secrets from every text.
    """
    # Do not look up caller, thread and process: that costs time, and is not printed (see Python's "Logging HOWTO").
    logging._srcfile = None
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter((ColourFormatter if _is_coloured(sys.stderr) else PlainFormatter)(hide))
    logging.getLogger().addHandler(handler)
    logging.getLogger("mock_server").setLevel(level.upper())
    logging.getLogger().setLevel(max(logging.WARNING, logging.getLogger("mock_server").level))
