"""The options of `respan-mock`."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from contract.place import normal_base_path
from mock_server.command import fault_options
from mock_server.command.limit_options import add_limits, limits_of
from mock_server.command.output import ArgumentParser
from mock_server.core.clock import clock_of
from mock_server.http.origin import admin_origin, cors_origin, host_name
from mock_server.settings import TOKEN_VARIABLE, Settings

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
  respan-mock token                            print a dashboard token; respan-mock token --help tells more
"""


def parse(arguments: Sequence[str] | None = None) -> Settings:
    """The settings that the command line and the environment give. Exits with 2 where they are wrong."""
    parser = ArgumentParser(
        prog="respan-mock",
        description="A mock of the Respan custom models endpoint: whatever openapi.yaml says, served over HTTP.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    _add_serving(parser.add_argument_group("server and contract"))
    _add_behaviour(parser.add_argument_group("behaviour"))
    _add_admin(parser.add_argument_group("journal and admin API"))
    add_limits(parser.add_argument_group("limits"))
    _add_output(parser.add_argument_group("output"))
    given = parser.parse_args(arguments)
    if given.state_sync and given.state is None:
        parser.error("--state-sync needs --state FILE, which names the file to save to")
    return Settings(
        hosts=tuple(dict.fromkeys(given.host)) or DEFAULTS.hosts,
        port=given.port,
        contract=given.contract,
        base_path=given.base_path,
        fixtures=given.fixtures,
        delay=given.delay,
        failures=tuple(given.fail),
        faults=given.faults,
        seed=given.seed,
        clock=given.clock,
        scenario=given.scenario,
        state=given.state,
        state_sync=given.state_sync,
        max_model_bytes=given.max_model_bytes,
        max_state_bytes=given.max_state_bytes,
        check_responses=given.check_responses,
        cors_origins=tuple(dict.fromkeys(given.cors_origin or ["*"])),
        log_level="error" if given.quiet else given.log_level,
        quiet=given.quiet,
        journal=given.journal,
        journal_bytes=given.journal_bytes,
        admin=not given.no_admin,
        admin_token=given.admin_token,
        admin_hosts=tuple(dict.fromkeys(given.admin_host)),
        admin_origins=tuple(dict.fromkeys(given.admin_origin)),
        limits=limits_of(given),
    )


def _add_serving(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    where = f"address to listen on; repeatable (default: {DEFAULTS.hosts[0]})"
    add("--host", metavar="HOST", action="append", default=[], help=where)
    add("--port", default=DEFAULTS.port, type=_port, help="port to listen on, 0 for a free one (default: %(default)s)")
    add("--contract", metavar="FILE", type=Path, help="OpenAPI document to serve (default: the bundled one)")
    under = "serve the API under PATH, / for none (default: the path of the contract's first server)"
    add("--base-path", metavar="PATH", type=_told(normal_base_path), help=under)
    add("--fixtures", metavar="FILE", type=Path, help="organizations, keys and built-in models (default: bundled)")
    add(
        "--cors-origin",
        metavar="ORIGIN",
        type=_told(cors_origin),
        action="append",
        help="origin whose pages may send requests; repeatable (default: any)",
    )


def _add_behaviour(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    waits = "delay of each response of the API, fixed or random"
    add("--delay", metavar="MS[..MS]", type=_told(fault_options.delay), help=waits)
    fails = "let requests fail: with a status, reset, truncate or malform; repeatable"
    add("--fail", metavar="[N%:]HOW", type=_told(fault_options.fail), action="append", default=[], help=fails)
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
    add("--clock", metavar="TIME[+STEP]", type=_told(_clock), help=clock)
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
    asked = f"token that the admin API requires (default: ${TOKEN_VARIABLE}, or none)"
    given = os.environ.get(TOKEN_VARIABLE) or None
    add("--admin-token", metavar="TOKEN", default=given, type=_told(_token), help=asked)
    hosts, origins = "host name under which it can be used; repeatable", "origin whose pages may use it; repeatable"
    add("--admin-host", metavar="NAME", type=_told(host_name), action="append", default=[], help=hosts)
    add("--admin-origin", metavar="ORIGIN", type=_told(admin_origin), action="append", default=[], help=origins)


def _add_output(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add(
        "--log-level", choices=LOG_LEVELS, default=DEFAULTS.log_level, help="lowest level to log (default: %(default)s)"
    )
    add("--quiet", action="store_true", help="print only the address, and log only errors")


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"{text!r} is no port from 0 to 65535")
    return int(text)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= 1_000_000):
        raise argparse.ArgumentTypeError(f"{text!r} is no count from 0 to 1000000")
    return int(text)


def _size(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 10**12):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of bytes from 1 to 999999999999")
    return int(text)


def _token(text: str) -> str:
    """A token that a client can send (RFC 6750, section 2.1)."""
    if not re.fullmatch(r"[A-Za-z0-9._~+/-]+=*", text):
        raise ValueError("a token has letters, digits and -._~+/ only, and may end in =")
    return text


def _clock(text: str) -> str:
    clock_of(text)
    return text


def _told(read: Callable[[str], T]) -> Callable[[str], T]:
    """`read`, whose ValueError argparse then shows as it is."""

    def reading(text: str) -> T:
        try:
            return read(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return reading
