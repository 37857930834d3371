"""The command `respan-conformance`: its help, its arguments, and the part of the suite that they call.

Slow imports stand where they are needed, so that `--help` is quick.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import traceback
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

import click

from conformance.options import DIRECT, OPTIONS, URL, Option, Sources
from conformance.output import flush_streams, prepare_streams, silence
from conformance.results.verdict import Exit
from conformance.settings import FILE, BadFile, BadSetting, Settings, UsageError, from_file, settings_of
from contract import Contract, ContractError
from contract.command import CommandOption, SectionedCommand, complain, invoke, version_option

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    prepare_streams()
    try:
        asked = invoke(COMMAND, arguments, obj=Sources())
        return asked if isinstance(asked, int) else _main(*asked)
    except (UsageError, BadSetting, BadFile, ContractError, OSError) as error:
        complain(f"respan-conformance: {error}")
        return Exit.USAGE
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except Exception:  # noqa: BLE001 - Python would exit with 1: not conformant
        traceback.print_exc()
        print("respan-conformance: this is a bug of the suite; please report it with the text above", file=sys.stderr)
        return Exit.INCONCLUSIVE
    finally:
        flush_streams()


def _main(given: Mapping[str, Any], settings: Settings) -> int:
    match given["words"]:
        case ("serve", application):
            from conformance.command.serve import serve

            return _print(serve(application))
        case ("clean", ledger) if not given["show_config"]:
            from conformance.command.clean import clean_ledger

            return clean_ledger(ledger, settings)
    if given["show_config"]:
        return _print(described(settings))
    settings, contract, chosen = _chosen(settings)
    if given["list"]:
        from conformance.requirements.registry import LISTINGS

        return _print(LISTINGS[given["list"]](contract, chosen))
    from conformance.command.validation import check_settings

    check_settings(settings)
    from conformance.results.about import check_versions

    check_versions()  # before what they concern is loaded
    if given["dry_run"]:
        from conformance.command.dry_run import dry_run

        return _print(dry_run(settings))
    return _run(settings)


def _chosen(settings: Settings) -> tuple[Settings, Contract, Collection[str]]:
    """Return the settings with the fixtures file read, the contract, and the selected requirements."""
    from conformance.fixtures import with_fixtures
    from conformance.requirements import registry
    from contract import load

    contract = load(settings["contract"])
    try:
        settings = with_fixtures(settings)
        return settings, contract, registry.choose(contract, settings)
    except ValueError as error:
        raise UsageError(str(error)) from None


def _run(settings: Settings) -> int:
    from conformance.command.run import run
    from conformance.target.budget import alarm
    from conformance.target.connection import connection_of

    with ended_as_interrupted(), alarm(connection_of(settings).limits.seconds):
        return run(settings)


@contextlib.contextmanager
def ended_as_interrupted() -> Iterator[None]:
    """Handle SIGTERM, with which CI systems end a job, like Ctrl-C: delete the models and write the reports."""

    def interrupt(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _print(text: str) -> int:
    try:
        print(text, flush=True)
    except BrokenPipeError:
        silence(sys.stdout)
    return Exit.CONFORMANT


USAGE = """\
Usage: respan-conformance [URL] [options]
       respan-conformance clean LEDGER [options]
       respan-conformance serve MODULE:APP
"""
DESCRIPTION = """\
Check whether the server at a URL conforms to the contract. Without a URL, check the bundled mock.

URL is the base URL of the target; its path prefix is kept. `clean` deletes models that runs left in the ledger.
`serve` serves an application in the background.
"""

EPILOG = f"""\
\b
settings:
  Each option can be set in {FILE} in the current directory:
    url = "https://staging.example.com"
    strict = true
    only = ["IDM", "AUT-03"]
  Environment variables override the file: RESPAN_URL, RESPAN_STRICT.
  Options override both; --no-strict turns off what they turn on.

\b
examples:
  respan-conformance
      check the bundled mock
  RESPAN_API_KEY=... respan-conformance https://staging.example.com/gateway
      check a system; the key does not appear in the process list
  respan-conformance http://localhost:8000 --only IDM,AUT-03 --strict
      check some requirements, and fail also on SHOULD
  respan-conformance http://localhost:8000 --write-waivers waivers.toml
      accept today's failures; later runs use --waivers waivers.toml

\b
exit codes:
  0    conformant
  1    not conformant, or a waiver has expired
  2    wrong use: an option, a file or a key; a report could not be written
  3    the target cannot be reached, or stopped responding
  4    inconclusive, or the suite itself failed
  130  interrupted
"""


class _Conformance(SectionedCommand):
    """The command."""

    about: ClassVar[Mapping[str, str]] = {
        "Target": (
            "Each key makes more requirements testable. Set keys in the environment (RESPAN_API_KEY, "
            "RESPAN_OTHER_ORG_KEY, RESPAN_READ_ONLY_KEY) or in files; the command line does not take them."
        ),
        "Connection": (
            "RESPAN_PROXY_AUTH or a file holds the proxy's USER:PASSWORD; RESPAN_KEY_PASSPHRASE or a file holds the "
            "passphrase of the private key."
        ),
        "Selecting": "IDS are requirements and sections, such as IDM,AUT-03; --list shows them.",
    }

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        """Write the ways to call the command."""
        formatter.write(USAGE)


def _interpret(ctx: click.Context, argument: click.Parameter, words: tuple[str, ...]) -> tuple[str, ...]:  # noqa: ARG001
    """Interpret the words: a URL, `clean` and a ledger, or `serve` and an application."""
    if ctx.resilient_parsing:  # a shell completes them
        return words
    if words[:1] == ("clean",) and len(words) != 2:
        ctx.fail("clean needs one ledger: respan-conformance clean LEDGER [options]")
    if words[:1] == ("serve",) and len(words) != 2:
        ctx.fail("serve needs one application: respan-conformance serve MODULE:APP")
    if words[:1] not in ((), ("clean",), ("serve",)):
        if len(words) > 1:
            ctx.fail("too many arguments; give one URL, or clean LEDGER, or serve MODULE:APP")
        ctx.obj.given[URL.name] = words[0]
    return words


def _complete(ctx: click.Context, argument: click.Parameter, incomplete: str) -> list[CompletionItem]:
    words = ctx.params.get("words")
    kind = click.Path() if words == ("clean",) else click.Choice([] if words else ["clean", "serve"])
    return kind.shell_complete(ctx, argument, incomplete)


def _configure(ctx: click.Context, option: click.Parameter, path: str | None) -> None:  # noqa: ARG001
    ctx.default_map, ctx.obj.file = from_file(path)


def _use_no_proxy(ctx: click.Context, option: click.Parameter, asked: bool) -> None:  # noqa: ARG001
    if asked:
        ctx.obj.given["proxy"] = DIRECT


@click.pass_context
def _asked(ctx: click.Context, /, **given: Any) -> tuple[Mapping[str, Any], Settings]:
    """Return what is asked for, with the settings."""
    return given, settings_of(ctx)


COMMAND = _Conformance(
    "respan-conformance",
    callback=_asked,
    params=[
        click.Argument(["words"], nargs=-1, is_eager=True, callback=_interpret, shell_complete=_complete),
        CommandOption(["--dry-run"], is_flag=True, help="show what a run would send and change, and send nothing"),
        CommandOption(
            ["--list"],
            is_flag=False,
            flag_value="text",
            type=click.Choice(("text", "json", "markdown")),
            metavar="[FORMAT]",
            help="list the requirements: text, json or markdown",
        ),
        CommandOption(
            ["--config"],
            is_eager=True,
            expose_value=False,
            callback=_configure,
            type=click.Path(),
            metavar="FILE",
            help="read settings from this file",
        ),
        CommandOption(["--show-config"], is_flag=True, help="show the settings and the source of each"),
        version_option(),
        CommandOption(
            ["--no-proxy"], is_flag=True, is_eager=True, expose_value=False, callback=_use_no_proxy, hidden=True
        ),
        *OPTIONS,
    ],
    help=DESCRIPTION,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def described(settings: Settings) -> str:
    """Return a line for each option: its name, its value, and its origin. A secret is only said to be set."""
    rows = [
        (option.name, _value(option, settings[option.name]), settings.origins.get(option.name, "default"))
        for option in OPTIONS
        if not option.holds
    ]
    first, second = (max(len(row[column]) for row in rows) for column in (0, 1))
    return "\n".join(f"{name:<{first}}  {value:<{second}}  {origin}" for name, value, origin in rows)


def _value(option: Option, value: Any) -> str:
    if value is None or value == []:
        return "-"
    if option.secret:
        return "set"
    if option.flag:
        return str(value).lower()
    return ", ".join(value) if option.multiple else str(value)
