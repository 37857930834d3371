"""The command `respan-mock`, and `respan-mock token`, which mints a dashboard token that the mock accepts."""

from __future__ import annotations

import gc
import os
import re
import signal
import sys
import warnings
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from contract.command import CommandOption, FileName, SectionedCommand, examples, invoke, tell, version_option
from mock_server.callers import READ_ONLY, READ_WRITE
from mock_server.errors import alternatives
from mock_server.options import OPTIONS, settings_of
from mock_server.postponed import postponed
from mock_server.settings import Settings

if TYPE_CHECKING:
    from mock_server.fixtures import Fixtures


INTERRUPTED = 130
"""The exit code for a program that Ctrl-C has ended, as shells have it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the mock, or mint a token.

    Return the exit code: 0 stopped or printed, 1 stopped with unsaved models, 2 wrong use, 130 interrupted.
    """
    try:
        settings = invoke(COMMAND, arguments)
        return _serve(settings) if isinstance(settings, Settings) else int(settings or 0)
    except KeyboardInterrupt:
        return INTERRUPTED


def _serve(settings: Settings) -> int:
    for each in (signal.SIGTERM, signal.SIGHUP):  # SIGHUP comes when a terminal is closed; nohup ignores it
        if signal.getsignal(each) is not signal.SIG_IGN:
            signal.signal(each, lambda *_: sys.exit(0))
    gc.disable()  # what is created until the mock is ready stays, so there is no garbage to look for
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Connexion imports what is deprecated; users cannot change that
        with postponed():
            import connexion  # noqa: F401
        from mock_server.run import run  # imported here, so that --help and wrong options need not wait

    return run(settings)


class _Group(SectionedCommand, click.Group):
    """The command, which serves unless `token` follows."""


_CONTEXT = {"help_option_names": ["-h", "--help"], "show_default": True}
_EXAMPLES = """\
examples:
  respan-mock                                  serve the packaged contract at http://127.0.0.1:8000
  respan-mock --port 0 --quiet                 listen on a free port and print only the address
  respan-mock --contract altered.yaml          serve another contract
  respan-mock --cors-origin http://localhost:5173 --delay 100..500 --fail 10%:503
                                               only that page may send requests; responses are slow, and some fail
  respan-mock token                            print a dashboard token (see respan-mock token --help)
"""


def _contradiction(given: Mapping[str, Any], *, has_token: bool) -> str | None:
    """Return what is wrong with options that exclude or need each other, or None.

    `has_token` says whether the token of the admin API is an option, and not only in the environment.
    """
    many, stored = given["workers"] > 1, given["store"] is not None
    found = {
        "--state-sync needs --state FILE, which names the file to save to": given["state_sync"] and not given["state"],
        "--no-admin turns off what --admin-token is for; give one of them": has_token and not given["admin"],
        "--store and --state exclude each other: the store keeps the models itself": stored and given["state"],
        "--store-prefix needs --store URL, which names the store": given["store_prefix"] is not None and not stored,
        "--store-ttl needs --store URL, which names the store": given["store_ttl"] is not None and not stored,
        "--state-sync and --workers exclude each other: several processes cannot wait for one file": (
            many and given["state_sync"]
        ),
        "--workers needs a system that can copy processes (fork), such as Linux or macOS": (
            many and not hasattr(os, "fork")
        ),
    }
    return next((message for message, is_so in found.items() if is_so), None)


@click.pass_context
def _start(ctx: click.Context, /, **given: Any) -> Settings | None:
    """Return the settings, if the mock is to be served."""
    if ctx.invoked_subcommand:
        if any(ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE for name in given):
            command = ctx.invoked_subcommand
            ctx.fail(f"give the options of {command} after it; respan-mock {command} --help lists them")
        return None
    has_token = ctx.get_parameter_source("admin_token") is ParameterSource.COMMANDLINE
    if problem := _contradiction(given, has_token=has_token):
        ctx.fail(problem)
    return settings_of(given)


COMMAND = _Group(
    "respan-mock",
    callback=_start,
    params=[*OPTIONS, version_option()],
    help="A mock server of the Respan custom models endpoint, as openapi.yaml describes it.",
    epilog=examples(_EXAMPLES),
    context_settings=_CONTEXT,
    invoke_without_command=True,
    subcommand_metavar="[token]",
)


_FILE = FileName()
_DURATION = re.compile(r"(-?[0-9]{1,6})([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def _duration(text: str) -> timedelta | None:
    if text == "never":
        return None
    match = _DURATION.fullmatch(text)
    if not match:
        raise ValueError(f"{text!r} is not a time such as 90s, 15m, 8h, 30d or never")
    return timedelta(seconds=int(match[1]) * _SECONDS[match[2]])


class UnknownOrganizationError(Exception):
    """There is no such organization. The message names the known ones."""


@COMMAND.command(
    short_help="print a dashboard token",
    context_settings=_CONTEXT,
    epilog=examples("""\
examples:
  respan-mock token                            a token for the first organization, for a day
  respan-mock token --organization globex --read-only
  respan-mock token --expires-in=-1m           an expired token, to see how a page handles the 401
  curl -H "Authorization: Bearer $(respan-mock token)" http://127.0.0.1:8000/api/models/gpt-4o/
"""),
)
@click.option(
    "--organization", cls=CommandOption, metavar="NAME", help="organization (default: the first one of the fixtures)"
)
@click.option("--read-only", is_flag=True, help="create a read-only token")
@click.option("--user", cls=CommandOption, metavar="NAME", help="subject of the token")
@click.option(
    "--expires-in",
    "lifetime",
    metavar="TIME",
    default="1d",
    type=_duration,
    cls=CommandOption,
    help="lifetime such as 90s, 15m, 8h, 30d or never; negative for an expired token",
)
@click.option("--fixtures", metavar="FILE", type=_FILE, cls=CommandOption, help="fixtures of the mock")
@click.option("--scenario", metavar="FILE", type=_FILE, cls=CommandOption, help="scenario of the mock")
@click.option("--contract", metavar="FILE", type=_FILE, cls=CommandOption, help="contract of the mock")
def token(
    organization: str | None, read_only: bool, user: str | None, lifetime: timedelta | None, **files: Any
) -> None:
    """Print a dashboard token (a JWT) that a mock with the same fixtures accepts."""
    from contract import UnusableFileError
    from mock_server.fixtures import redaction_for
    from mock_server.scenario import start_of

    def hide(text: str) -> str:
        return text

    try:
        start = start_of(Settings(**files))
        hide = redaction_for(start.contract, start.fixtures).hide
        rights = READ_ONLY if read_only else READ_WRITE
        minted = mint(start.fixtures, organization, rights, user, lifetime)
    except (UnusableFileError, UnknownOrganizationError) as error:
        raise click.UsageError(hide(str(error))) from None
    tell(minted)


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
