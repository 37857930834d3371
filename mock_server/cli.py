"""The command `respan-mock`."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence

from mock_server.command.options import parse

INTERRUPTED = 130
"""What a shell gives for a program that Ctrl-C ended."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the mock, or mint a token.

    Gives the exit code: 0 stopped or printed, 1 stopped with models unsaved, 2 wrong use, 130 interrupted.
    """
    given = sys.argv[1:] if arguments is None else arguments
    if given[:1] == ["token"]:
        from mock_server.command.token import print_token

        return print_token(given[1:])
    settings = parse(given)
    for each in (signal.SIGTERM, signal.SIGHUP):  # the latter comes when a terminal is closed; nohup ignores it
        if signal.getsignal(each) is not signal.SIG_IGN:
            signal.signal(each, lambda *_: sys.exit(0))
    from mock_server.command.running import run  # not before, so that --help and a mistyped option are answered at once

    try:
        return run(settings)
    except KeyboardInterrupt:
        return INTERRUPTED
