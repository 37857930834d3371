"""The options of `respan-mock`, and how its commands print.

Nothing that they print can control a terminal, and every stream can encode it.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any, TypeVar

from contract.errors import visible
from contract.place import normal_base_path
from mock_server.clock import clock_of
from mock_server.http.origin import admin_origin, cors_origin, host_name
from mock_server.settings import DEFAULT_LIMITS, TOKEN_VARIABLE, Limits, Settings

T = TypeVar("T")

DEFAULTS = Settings()
LOG_LEVELS = ("debug", "info", "warning", "error")

_EXAMPLES = """\
examples:
  respan-mock                                  serve the packaged contract at http://127.0.0.1:8000
  respan-mock --port 0 --quiet                 listen on a free port and print only the address
  respan-mock --contract altered.yaml          serve another contract
  respan-mock --cors-origin http://localhost:5173 --delay 100..500 --fail 10%:503
                                               only that page may send requests; responses are slow, and some fail
  respan-mock token                            print a dashboard token (see respan-mock token --help)
"""


def parse(arguments: Sequence[str] | None = None) -> Settings:
    """Return the settings of the command line and the environment. Exits with 2 if they are wrong."""
    parser = ArgumentParser(
        prog="respan-mock",
        description="A mock server of the Respan custom models endpoint, as openapi.yaml describes it.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    _add_serving(parser.add_argument_group("server and contract"))
    _add_behaviour(parser.add_argument_group("behaviour"))
    _add_admin(parser.add_argument_group("journal and admin API"))
    add_limits(parser.add_argument_group("limits"))
    _add_output(parser.add_argument_group("output"))
    options = parser.parse_args(arguments)
    if options.state_sync and options.state is None:
        parser.error("--state-sync needs --state FILE, which names the file to save to")
    return Settings(
        hosts=tuple(dict.fromkeys(options.host)) or DEFAULTS.hosts,
        port=options.port,
        contract=options.contract,
        base_path=options.base_path,
        fixtures=options.fixtures,
        delay=options.delay,
        failures=tuple(options.fail),
        faults=options.faults,
        seed=options.seed,
        clock=options.clock,
        scenario=options.scenario,
        state=options.state,
        state_sync=options.state_sync,
        max_model_bytes=options.max_model_bytes,
        max_state_bytes=options.max_state_bytes,
        check_responses=options.check_responses,
        cors_origins=tuple(dict.fromkeys(options.cors_origin or ["*"])),
        log_level="error" if options.quiet else options.log_level,
        quiet=options.quiet,
        journal=options.journal,
        journal_bytes=options.journal_bytes,
        admin=not options.no_admin,
        admin_token=options.admin_token,
        admin_hosts=tuple(dict.fromkeys(options.admin_host)),
        admin_origins=tuple(dict.fromkeys(options.admin_origin)),
        limits=limits_of(options),
    )


def _add_serving(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    where = f"address to listen on; repeatable (default: {DEFAULTS.hosts[0]})"
    add("--host", metavar="HOST", action="append", default=[], help=where)
    add("--port", default=DEFAULTS.port, type=_port, help="port to listen on, 0 for a free one (default: %(default)s)")
    add("--contract", metavar="FILE", type=Path, help="OpenAPI document to serve (default: the bundled one)")
    under = "serve the API under PATH, / for none (default: the path of the contract's first server)"
    add("--base-path", metavar="PATH", type=_readable(normal_base_path), help=under)
    add("--fixtures", metavar="FILE", type=Path, help="organizations, keys and built-in models (default: bundled)")
    add(
        "--cors-origin",
        metavar="ORIGIN",
        type=_readable(cors_origin),
        action="append",
        help="origin whose pages may send requests; repeatable (default: any)",
    )


def _add_behaviour(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    waits = "delay of each response of the API, fixed or random"
    add("--delay", metavar="MS[..MS]", type=_readable(delay), help=waits)
    fails = "let requests fail: with a status, reset, truncate or malform; repeatable"
    add("--fail", metavar="[N%:]HOW", type=_readable(fail), action="append", default=[], help=fails)
    add("--faults", metavar="FILE", type=Path, help="fault rules, in YAML or JSON")
    add("--seed", metavar="N", type=int, help="seed of all random choices (default: another one at each start)")
    scenario = (
        "models, fixtures, faults, clock and seed to start from and to reset to, in YAML or JSON, never written; "
        "--state, --fixtures, --faults, --clock and --seed override its parts"
    )
    add("--scenario", metavar="FILE", type=Path, help=scenario)
    add("--state", metavar="FILE", type=Path, help="file that keeps the models from one run to the next")
    add("--state-sync", action="store_true", help="with --state: save each change before its response is sent")
    model = "maximum size of a model, as JSON (default: %(default)s)"
    add("--max-model-bytes", metavar="N", default=DEFAULTS.max_model_bytes, type=_size, help=model)
    state = "maximum size of all models together (default: %(default)s)"
    add("--max-state-bytes", metavar="N", default=DEFAULTS.max_state_bytes, type=_size, help=state)
    clock = "time of created and updated models, and its step for each write"
    add("--clock", metavar="TIME[+STEP]", type=_readable(_clock), help=clock)
    add(
        "--check-responses",
        action="store_true",
        help="return 500 in place of a response that the contract does not allow",
    )


def _add_admin(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    kept = "maximum number of requests in the journal, 0 for none (default: %(default)s)"
    add("--journal", metavar="N", default=DEFAULTS.journal, type=_count, help=kept)
    size = "maximum size of the journal in memory (default: %(default)s)"
    add("--journal-bytes", metavar="N", default=DEFAULTS.journal_bytes, type=_size, help=size)
    add("--no-admin", action="store_true", help="do not serve the admin API and the console, and keep no journal")
    token = f"token that the admin API requires (default: ${TOKEN_VARIABLE}, or none)"
    default = os.environ.get(TOKEN_VARIABLE) or None
    add("--admin-token", metavar="TOKEN", default=default, type=_readable(_token), help=token)
    hosts, origins = "host name under which it can be used; repeatable", "origin whose pages may use it; repeatable"
    add("--admin-host", metavar="NAME", type=_readable(host_name), action="append", default=[], help=hosts)
    add("--admin-origin", metavar="ORIGIN", type=_readable(admin_origin), action="append", default=[], help=origins)


def _add_output(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add(
        "--log-level", choices=LOG_LEVELS, default=DEFAULTS.log_level, help="lowest level to log (default: %(default)s)"
    )
    add("--quiet", action="store_true", help="print only the address, and log only errors")


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 0 to 65535")
    return int(text)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= 1_000_000):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 1000000")
    return int(text)


def _size(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 10**12):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of bytes from 1 to 999999999999")
    return int(text)


def _token(text: str) -> str:
    """Return a token that clients can send (RFC 6750, section 2.1). Raises ValueError."""
    if not re.fullmatch(r"[A-Za-z0-9._~+/-]+=*", text):
        raise ValueError("a token may contain only letters, digits and -._~+/, and may end with =")
    return text


def _clock(text: str) -> str:
    clock_of(text)
    return text


def _readable(read: Callable[[str], T]) -> Callable[[str], T]:
    """Return `read` with errors that argparse prints as they are."""

    def reading(text: str) -> T:
        try:
            return read(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return reading


_DELAY = re.compile(r"(\d+(?:\.\d+)?)(?:\.\.(\d+(?:\.\d+)?))?", re.ASCII)
_FAIL = re.compile(r"(?:(\d+(?:\.\d+)?)%:)?(?:([45]\d\d)|(reset|truncate|malform))", re.ASCII)
_LONGEST_DELAY = 3_600_000


def delay(text: str) -> dict[str, Any]:
    """Return a fault rule that delays each response of the API, in milliseconds. Raises ValueError.

    >>> delay("100..500")
    {'id': 'delay', 'latency': {'min': 100.0, 'max': 500.0}}
    """
    match = _DELAY.fullmatch(text)
    shortest = float(match[1]) if match else -1
    longest = float(match[2]) if match and match[2] else shortest
    if not 0 <= shortest <= longest <= _LONGEST_DELAY:
        raise ValueError(
            f"{text!r} is not a number of milliseconds from 0 to {_LONGEST_DELAY}, and not a range such as 100..500"
        )
    return {"id": "delay", "latency": {"min": shortest, "max": longest}}


def fail(text: str) -> dict[str, Any]:
    """Return a fault rule for all requests, or for a percentage of them. Raises ValueError.

    >>> fail("10%:503"), fail("reset")
    ({'probability': 0.1, 'status': 503}, {'reset': True})
    """
    match = _FAIL.fullmatch(text)
    if not match or float(match[1] or 0) > 100:
        raise ValueError(
            f"{text!r} is not a fault such as 503 or 10%:503: a status from 400 to 599, reset, truncate or malform"
        )
    share = {"probability": float(match[1]) / 100} if match[1] else {}
    if match[2]:
        return {**share, "status": int(match[2])}
    return {**share, match[3]: 0 if match[3] == "truncate" else True}


_LARGEST_LIMIT = 2**31
_LONGEST_TIME = 86_400
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
    """Add the options of limits."""
    for option, name, unit, text in _SIZES:
        _add_limit(group, option, name, unit, _limit, text)
    for option, name, text in _TIMES:
        _add_limit(group, option, name, "SECONDS", _seconds, text)


def limits_of(options: argparse.Namespace) -> Limits:
    """Return the limits of the command line."""
    names = [name for _, name, *_ in (*_SIZES, *_TIMES)]
    return Limits(**{name: getattr(options, name) for name in names})


def _add_limit(
    group: argparse._ArgumentGroup, option: str, name: str, unit: str, kind: Callable[[str], object], text: str
) -> None:
    default = getattr(DEFAULT_LIMITS, name)
    group.add_argument(option, metavar=unit, dest=name, type=kind, default=default, help=f"{text} (default: {default})")


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:20]) <= _LARGEST_LIMIT):
        raise argparse.ArgumentTypeError(f"{text!r} is not an integer from 1 to {_LARGEST_LIMIT}")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not 0 < seconds <= _LONGEST_TIME:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0, up to {_LONGEST_TIME}")
    return seconds


def printable(text: str, stream: IO[str]) -> str:
    """Return `text` with escapes for control characters, except line breaks, and for what the stream cannot encode."""
    if text.isascii() and text.isprintable():
        return text
    escaped = "\n".join(map(visible, text.split("\n")))
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return escaped.encode(encoding, "backslashreplace").decode(encoding)


def tell(text: str) -> None:
    """Print to stdout and flush, so that the program that started the command can read it at once."""
    sys.stdout.write(printable(text, sys.stdout) + "\n")
    sys.stdout.flush()


def complain(text: str) -> None:
    """Print to stderr."""
    sys.stderr.write(printable(text, sys.stderr) + "\n")


class ArgumentParser(argparse.ArgumentParser):
    """A parser whose messages cannot control a terminal, although they repeat arguments."""

    def _print_message(self, message: str, file: Any = None) -> None:
        stream = file or sys.stderr
        super()._print_message(printable(message, stream), stream)
