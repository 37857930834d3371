"""One run of the mock: read the files, listen, print the banner, serve, log, and save at the end.

It formats its log itself: a line takes rich's handler several times as long as an upsert.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TextIO

from contract import Contract, ContractError
from contract.command import complain, printable, tell
from contract.errors import visible
from mock_server.control import RULES, Control, first_request, left_out, served_operations
from mock_server.errors import (
    DifferentStartError,
    MissingPackageError,
    StoreAddressError,
    UnavailableError,
    WorkersError,
)
from mock_server.faults.rule import RuleError
from mock_server.faults.rules import FaultsError
from mock_server.fixtures import Fixtures, FixturesError, redaction_for
from mock_server.journal.recorder import WriteLine
from mock_server.mock import app_of, control_of, seed_of
from mock_server.pages import CONSOLE, SWAGGER_UI
from mock_server.scenario import BasePathError, ScenarioError, Start, start_of
from mock_server.server import AddressError, ExposedError, Listeners, check_exposure, listen, serve
from mock_server.settings import ADMIN_PREFIX, Settings
from mock_server.state.document import StateReader
from mock_server.state.file import FollowingSaver, Saver, StateFileError, state_file

UNSAVED = WORKERS_ENDED = 1
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
            opened = _prepare(settings, stack)
        except _USAGE_ERRORS as error:
            complain(f"respan-mock: {error}")
            return WRONG_USE
        try:
            opened = replace(opened, write_line=_log(opened))
            if settings.workers > 1:
                _supervise(opened)
            else:
                _serve(opened, lambda: tell(_greeting(opened)))
        except WorkersError as error:
            complain(f"respan-mock: {error}")
            return WORKERS_ENDED
        finally:
            if opened.saver and not opened.saver.finish():
                sys.exit(UNSAVED)
        return 0


@dataclass(frozen=True, slots=True)
class _Opened:
    """What a run needs, when all files are read."""

    settings: Settings
    start: Start
    listeners: Listeners
    control: Control
    saver: Saver | FollowingSaver | None = None
    redis: subprocess.Popen[bytes] | None = None
    """The redis-server of the workers."""
    write_line: WriteLine | None = None
    """Writes a line of the log about a request."""


def _prepare(settings: Settings, stack: contextlib.ExitStack) -> _Opened:
    """Read the files, and listen. Raises one of _USAGE_ERRORS."""
    start = start_of(settings)
    try:
        return _open(settings, start, stack)
    except _USAGE_ERRORS as error:
        hide = redaction_for(start.contract, start.fixtures, settings.admin_token).hide
        raise _UsageError(hide(str(error))) from None


def _open(settings: Settings, start: Start, stack: contextlib.ExitStack) -> _Opened:
    listeners = stack.enter_context(listen(settings.hosts, settings.port))
    check_exposure(settings, listeners.addresses)
    file = stack.enter_context(state_file(settings.state)) if settings.state else None
    if file and (saved := file.read(StateReader(start.contract, start.fixtures))) is not None:
        start = replace(start, models=saved)
    redis = None
    if settings.workers > 1 and settings.store is None:
        from mock_server.shared.private import private_redis

        address, redis = stack.enter_context(private_redis())
        settings = replace(settings, store=address)
    control = control_of(settings, start)
    saver: Saver | FollowingSaver | None = None
    if control.sharing:
        asyncio.run(control.sharing.begin())
        if file:
            mark, _ = asyncio.run(control.sharing.changed(None))
            saver = FollowingSaver(file, control.sharing.changed, mark)
    elif file:
        saver = Saver(file, control.store, sync=settings.state_sync)
        control.on_change = saver.changed
    return _Opened(settings, start, listeners, control, saver, redis)


def _log(opened: _Opened) -> WriteLine:
    """Log from now on, at first what the mock leaves out. Return what writes a line about a request."""
    control = opened.control
    write_line = log_to_stderr(opened.settings.log_level, control.redaction.hide)
    for problem in control.fixtures.left_out:
        logging.getLogger("mock_server").warning("left out of the bundled fixtures: %s", problem)
    for sentence in left_out(control.contract, admin=opened.settings.admin):
        logging.getLogger("mock_server").warning("not served as the contract says: %s", sentence)
    return write_line


_THRESHOLDS = 10_000, 10, 10
"""After how many new objects Python looks for garbage. The requests of 100 connections are a few thousand objects."""


def _serve(opened: _Opened, ready: Callable[[], None], must_stop: Callable[[], bool] | None = None) -> None:
    app = app_of(opened.settings, opened.control, write_line=opened.write_line)
    opened.control.url = opened.listeners.urls[0]

    def begin() -> None:
        gc.freeze()  # the parts of the mock are never garbage: do not look through them again
        gc.set_threshold(*_THRESHOLDS)
        gc.enable()
        ready()

    serve(app, opened.listeners.sockets, begin, opened.settings.limits, must_stop)


def _supervise(opened: _Opened) -> None:
    """Serve with several workers. Raises WorkersError."""
    from mock_server.workers import Supervisor

    parent = os.getpid()

    def work(ready: Callable[[], None]) -> None:
        # A worker has parts of its own: copies would make the same random choices.
        own = replace(opened, control=control_of(opened.settings, opened.start))
        _serve(own, ready, must_stop=lambda: os.getppid() != parent)

    def tick() -> None:
        if opened.redis and (code := opened.redis.poll()) is not None:
            raise WorkersError(f"the redis-server of the workers has ended with the exit code {code}")
        if isinstance(opened.saver, FollowingSaver):
            opened.saver.follow()

    gc.enable()  # each look for changes leaves some
    settings = opened.settings
    Supervisor(settings.workers, work, settings.limits.grace_seconds, tick).run(lambda: tell(_greeting(opened)))


def _greeting(opened: _Opened) -> str:
    """Return what to print: with --quiet the base URL of the API at each host, else the banner."""
    settings, control, urls = opened.settings, opened.control, opened.listeners.urls
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
        text = super().format(record)
        if "\n" in text:
            text = text.replace("\n", f"\n{_INDENTED}")
        return self.coloured(printable(self._hide(text), sys.stderr), record.levelno, getattr(record, "status", 0))

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: ARG002, N802
        """Return the time of day."""
        return self._time_of(record.created)

    def line(self, text: str, status: int) -> str:
        """Return the line about a request. Secrets are hidden in its text."""
        return self.coloured(printable(f"{self._time_of(time.time())} {text}", sys.stderr), logging.INFO, status)

    def coloured(self, text: str, level: int, status: int) -> str:  # noqa: ARG002 - for a subclass
        """Return the text in the colour of its level or its status."""
        return text

    def _time_of(self, moment: float) -> str:
        """Return the time of day, formatted once per second."""
        second = int(moment)
        if self._time[0] != second:
            self._time = second, time.strftime("%H:%M:%S", time.localtime(second))
        return self._time[1]


class ColourFormatter(PlainFormatter):
    """Colours a line by the status of the response, or by its level."""

    def coloured(self, text: str, level: int, status: int) -> str:
        """Return the text in the colour of its level or its status."""
        if level >= logging.ERROR or status >= 500:
            return f"{_RED}{text}{_RESET}"
        if level >= logging.WARNING or status >= 400:
            return f"{_YELLOW}{text}{_RESET}"
        return f"{_GREEN}{text}{_RESET}" if status else text


def _is_coloured(stream: TextIO) -> bool:
    """Return whether to write colours: as NO_COLOR and FORCE_COLOR say, else on a terminal that has them."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (stream.isatty() and os.environ.get("TERM") != "dumb")


def log_to_stderr(level: str, hide: Callable[[str], str]) -> WriteLine:
    """Log records of the mock of at least `level` to stderr, and warnings of its libraries.

    `hide` removes known secrets from every text. Return what writes a line about a request: as a record, it would take
    longer than an upsert.
    """
    # Do not look up caller, thread and process: that costs time, and is not printed (see Python's "Logging HOWTO").
    logging._srcfile = None
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    stream = sys.stderr
    handler = logging.StreamHandler(stream)
    formatter = (ColourFormatter if _is_coloured(stream) else PlainFormatter)(hide)
    handler.setFormatter(formatter)
    logging.getLogger().addHandler(handler)
    logging.getLogger("mock_server").setLevel(level.upper())
    logging.getLogger().setLevel(max(logging.WARNING, logging.getLogger("mock_server").level))

    def write(text: str, status: int, _: object) -> None:
        try:
            stream.write(f"{formatter.line(text, status)}\n")
            stream.flush()
        except (OSError, ValueError):  # as with logging, the mock goes on when the terminal is gone
            pass

    return write
