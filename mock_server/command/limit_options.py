"""The options of `respan-mock` that limit what a client may send, and how long the mock waits for it."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from mock_server.http.limits import DEFAULTS, Limits

_LARGEST = 2**31
_LONGEST = 86_400
_SIZES = (
    ("--max-request-line", "request_line", "BYTES", "maximum size of a request target; more is 414"),
    ("--max-header-bytes", "header_bytes", "BYTES", "maximum size of all headers of a request; more is 431"),
    ("--max-headers", "header_count", "N", "maximum number of headers of a request; more is 431"),
    ("--max-trailer-bytes", "trailer_bytes", "BYTES", "maximum size of all trailers of a request; more is 431"),
    ("--max-connections", "connections", "N", "maximum number of open connections; more is 503"),
)
_TIMES = (
    ("--request-timeout", "request_seconds", "maximum time for a request to arrive; more is 408"),
    ("--response-timeout", "response_seconds", "maximum time for a client that does not read its response"),
    ("--idle-timeout", "idle_seconds", "maximum time between two requests on a connection"),
    ("--grace-period", "grace_seconds", "time to finish requests when the mock stops"),
)


def add_limits(group: argparse._ArgumentGroup) -> None:
    """Add the options."""
    for option, name, unit, text in _SIZES:
        _add(group, option, name, unit, _size, text)
    for option, name, text in _TIMES:
        _add(group, option, name, "SECONDS", _seconds, text)


def limits_of(given: argparse.Namespace) -> Limits:
    """Return the limits that the command line gives."""
    names = [name for _, name, *_ in (*_SIZES, *_TIMES)]
    return Limits(**{name: getattr(given, name) for name in names})


def _add(
    group: argparse._ArgumentGroup, option: str, name: str, unit: str, kind: Callable[[str], object], text: str
) -> None:
    default = getattr(DEFAULTS, name)
    group.add_argument(option, metavar=unit, dest=name, type=kind, default=default, help=f"{text} (default: {default})")


def _size(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:20]) <= _LARGEST):
        raise argparse.ArgumentTypeError(f"{text!r} is not an integer from 1 to {_LARGEST}")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not 0 < seconds <= _LONGEST:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0, up to {_LONGEST}")
    return seconds
