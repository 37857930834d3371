"""The command `respan-mock`, and `respan-mock token`, which mints a dashboard token that the mock accepts."""

from __future__ import annotations

import argparse
import re
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mock_server.callers import READ_ONLY, READ_WRITE
from mock_server.errors import alternatives
from mock_server.options import ArgumentParser, complain, parse, tell
from mock_server.settings import Settings

if TYPE_CHECKING:
    from mock_server.fixtures import Fixtures


INTERRUPTED = 130
"""The exit code for a program that Ctrl-C has ended, as shells have it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the mock, or mint a token.

    Return the exit code: 0 stopped or printed, 1 stopped with unsaved models, 2 wrong use, 130 interrupted.
    """
    words = sys.argv[1:] if arguments is None else arguments
    if words[:1] == ["token"]:
        return print_token(words[1:])
    settings = parse(words)
    for each in (signal.SIGTERM, signal.SIGHUP):  # SIGHUP comes when a terminal is closed; nohup ignores it
        if signal.getsignal(each) is not signal.SIG_IGN:
            signal.signal(each, lambda *_: sys.exit(0))
    from mock_server.run import run  # imported here, so that --help and wrong options need not wait

    try:
        return run(settings)
    except KeyboardInterrupt:
        return INTERRUPTED


WRONG_USE = 2
_DURATION = re.compile(r"(-?[0-9]{1,6})([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}

_EXAMPLES = """\
examples:
  respan-mock token                            a token for the first organization, for a day
  respan-mock token --organization globex --read-only
  respan-mock token --expires-in=-1m           an expired token, to see how a page handles the 401
  curl -H "Authorization: Bearer $(respan-mock token)" http://127.0.0.1:8000/api/models/gpt-4o/
"""


class UnknownOrganizationError(Exception):
    """There is no such organization. The message names the known ones."""


def print_token(arguments: Sequence[str]) -> int:
    """Print a token, and nothing else. Return the exit code: 0 printed, 2 wrong use."""
    options = _token_parser().parse_args(arguments)

    from contract import UnusableFileError
    from mock_server.fixtures import redaction_for
    from mock_server.scenario import start_of

    def hide(text: str) -> str:
        return text

    files = Settings(contract=options.contract, fixtures=options.fixtures, scenario=options.scenario)
    try:
        start = start_of(files)
        hide = redaction_for(start.contract, start.fixtures).hide
        rights = READ_ONLY if options.read_only else READ_WRITE
        token = mint(start.fixtures, options.organization, rights, options.user, options.expires_in)
    except (UnusableFileError, UnknownOrganizationError) as error:
        complain(f"respan-mock token: {hide(str(error))}")
        return WRONG_USE
    tell(token)
    return 0


def mint(
    fixtures: Fixtures, organization: str | None, rights: str, user: str | None, expires_in: timedelta | None
) -> str:
    """Return a token signed by the dashboard of the fixtures. Without `expires_in`, it never expires.

    Raises UnknownOrganizationError.
    """
    import jwt

    name = fixtures.anyone.organization if organization is None else organization
    if name not in fixtures.organizations:
        known = alternatives(fixtures.organizations)
        raise UnknownOrganizationError(f"there is no organization {name!r}; --organization takes {known}")
    dashboard, now = fixtures.dashboard, datetime.now(UTC)
    claims: dict[str, Any] = {"iat": now, dashboard.organization_claim: name, dashboard.rights_claim: rights}
    if user is not None:
        claims["sub"] = user
    if expires_in is not None:
        claims["exp"] = now + expires_in
        claims["iat"] = min(now, claims["exp"])
    return jwt.encode(claims, dashboard.secret, algorithm="HS256")


def _token_parser() -> argparse.ArgumentParser:
    parser = ArgumentParser(
        prog="respan-mock token",
        description="Print a dashboard token (a JWT) that a mock with the same fixtures accepts.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--organization", metavar="NAME", help="organization of the token (default: the first one of the fixtures)")
    add("--read-only", action="store_true", help="create a read-only token")
    add("--user", metavar="NAME", help="subject of the token")
    add(
        "--expires-in",
        metavar="TIME",
        default="1d",
        type=_duration,
        help="lifetime such as 90s, 15m, 8h, 30d or never; negative for an expired token (default: %(default)s)",
    )
    add("--fixtures", metavar="FILE", type=Path, help="fixtures of the mock")
    add("--scenario", metavar="FILE", type=Path, help="scenario of the mock")
    add("--contract", metavar="FILE", type=Path, help="contract of the mock")
    return parser


def _duration(text: str) -> timedelta | None:
    if text == "never":
        return None
    match = _DURATION.fullmatch(text)
    if not match:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time such as 90s, 15m, 8h, 30d or never")
    return timedelta(seconds=int(match[1]) * _SECONDS[match[2]])
