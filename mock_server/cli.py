"""The command `respan-mock`."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from mock_server.settings import Settings

DEFAULTS = Settings()
WRONG_USE = 2
LOG_LEVELS = ("debug", "info", "warning", "error")
INTERRUPTED = 130
"""What a shell gives for a program that Ctrl-C ended."""

_EXAMPLES = """\
examples:
  respan-mock                                  serve the packaged contract at http://127.0.0.1:8000
  respan-mock --port 0 --quiet                 pick a free port and print the address alone
  respan-mock --contract altered.yaml          serve another contract
  respan-mock --cors-origin http://localhost:5173 --delay 300
                                               only that page may call it, and waits 300 ms for each answer
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the mock. Gives the exit code: 0 stopped, 2 wrong use, 130 interrupted."""
    settings = parse(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        return _run(settings)
    except KeyboardInterrupt:
        return INTERRUPTED


def parse(arguments: Sequence[str] | None = None) -> Settings:
    """The settings that the command line gives. Exits with 2 where it is wrong."""
    parser = argparse.ArgumentParser(
        prog="respan-mock",
        description="A mock of the Respan custom models endpoint: whatever openapi.yaml says, served over HTTP.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--host", default=DEFAULTS.host, help="where to listen (default: %(default)s)")
    add("--port", default=DEFAULTS.port, type=_port, help="0 picks a free one (default: %(default)s)")
    add("--contract", metavar="FILE", type=Path, help="the OpenAPI document to serve (default: the packaged one)")
    add("--fixtures", metavar="FILE", type=Path, help="organizations, keys and built-in models (default: packaged)")
    add(
        "--delay", metavar="MS", default=0.0, type=_milliseconds, help="how long each answer of the API takes, at least"
    )
    add("--cors-origin", metavar="ORIGIN", action="append", help="whose pages may call; repeatable (default: any)")
    add("--log-level", choices=LOG_LEVELS, default=DEFAULTS.log_level, help="what to log (default: %(default)s)")
    add("--quiet", action="store_true", help="print the address alone, and log nothing but errors")
    given = parser.parse_args(arguments)
    return Settings(
        host=given.host,
        port=given.port,
        contract=given.contract,
        fixtures=given.fixtures,
        delay=given.delay,
        cors_origins=tuple(given.cors_origin or ["*"]),
        log_level="error" if given.quiet else given.log_level,
        quiet=given.quiet,
    )


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"{text!r} is no port from 0 to 65535")
    return int(text)


def _milliseconds(text: str) -> float:
    try:
        milliseconds = float(text)
    except ValueError:
        milliseconds = -1
    if not 0 <= milliseconds <= 3_600_000:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of milliseconds from 0 to 3600000")
    return milliseconds


def _run(settings: Settings) -> int:
    # Imported here, so that --help and a mistyped option are answered at once.
    from contract import ContractError, load
    from mock_server.fixtures import FixturesError, load_fixtures
    from mock_server.serving import AddressError, listen, serve, url_of

    try:
        contract = load(settings.contract)
        fixtures = load_fixtures(contract, settings.fixtures)
        listener = listen(settings.host, settings.port)
    except (ContractError, FixturesError, AddressError) as error:
        sys.stderr.write(f"respan-mock: {error}\n")
        return WRONG_USE

    from mock_server.app import build_app
    from mock_server.banner import banner
    from mock_server.log_format import log_to_stderr
    from mock_server.stores import MemoryStore

    log_to_stderr(settings.log_level)
    for problem in fixtures.left_out:
        logging.getLogger("mock_server").warning("left out of the packaged fixtures: %s", problem)
    app = build_app(contract, fixtures, MemoryStore(), origins=settings.cors_origins, delay=settings.delay / 1000)
    url = url_of(listener)
    text = url if settings.quiet else banner(url, contract, fixtures)
    serve(app, listener, ready=lambda: _tell(text))
    return 0


def _tell(text: str) -> None:
    """Print at once, so that a program that started the mock can read where it is."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
