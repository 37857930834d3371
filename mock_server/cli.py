"""The command `respan-mock`."""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Sequence

from mock_server.options import parse
from mock_server.settings import Settings

WRONG_USE = 2
INTERRUPTED = 130
"""What a shell gives for a program that Ctrl-C ended."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the mock. Gives the exit code: 0 stopped, 2 wrong use, 130 interrupted."""
    settings = parse(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        return _run(settings)
    except KeyboardInterrupt:
        return INTERRUPTED


def _run(settings: Settings) -> int:
    # Imported here, so that --help and a mistyped option are answered at once.
    from contract import ContractError, load
    from mock_server.exposure import ExposedError, check_exposure
    from mock_server.faults.file import FaultsError
    from mock_server.fixtures import FixturesError, load_fixtures
    from mock_server.serving import AddressError, listen, serve, url_of
    from mock_server.setup import app_of, control_of

    try:
        contract = load(settings.contract)
        fixtures = load_fixtures(contract, settings.fixtures)
        listener = listen(settings.host, settings.port)
        check_exposure(settings, listener.getsockname()[0])
        control = control_of(settings, contract, fixtures)
    except (ContractError, FixturesError, FaultsError, AddressError, ExposedError) as error:
        sys.stderr.write(f"respan-mock: {error}\n")
        return WRONG_USE

    from mock_server.banner import banner
    from mock_server.log_format import log_to_stderr

    log_to_stderr(settings.log_level)
    for problem in fixtures.left_out:
        logging.getLogger("mock_server").warning("left out of the packaged fixtures: %s", problem)
    app = app_of(settings, control)
    url = url_of(listener)
    text = url if settings.quiet else banner(url, contract, fixtures, admin=settings.admin)
    serve(app, listener, ready=lambda: _tell(text))
    return 0


def _tell(text: str) -> None:
    """Print at once, so that a program that started the mock can read where it is."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
