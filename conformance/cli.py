"""The command `respan-conformance`: its help, its arguments, and the part of the suite that they call.

Slow imports stand where they are needed, so that `--help` is quick.
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import traceback
from collections.abc import Collection, Iterator, Sequence
from typing import Any, NoReturn

from conformance.options import DIRECT, GROUPS, OPTIONS, URL, Option, rejecting
from conformance.output import flush_streams, prepare_streams, silence
from conformance.results.verdict import Exit
from conformance.settings import (
    FILE,
    BadFile,
    BadSetting,
    Settings,
    UsageError,
    from_arguments,
    from_environment,
    from_file,
    suggestion,
)
from contract import Contract, ContractError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    prepare_streams()
    try:
        return _main(parse(arguments))
    except (UsageError, BadSetting, BadFile, ContractError, OSError) as error:
        print(f"respan-conformance: {error}", file=sys.stderr)
        return Exit.USAGE
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except Exception:  # noqa: BLE001 - Python would exit with 1: not conformant
        traceback.print_exc()
        print("respan-conformance: this is a bug of the suite; please report it with the text above", file=sys.stderr)
        return Exit.INCONCLUSIVE
    finally:
        flush_streams()


def _main(given: dict[str, Any]) -> int:
    if given["serve"]:
        from conformance.command.serve import serve

        return _print(serve(given["serve"]))
    settings = Settings.gather(from_file(given["config"]), from_environment(), from_arguments(given))
    if given["show_config"]:
        return _print(described(settings))
    if given["clean"]:
        from conformance.command.clean import clean_ledger

        return clean_ledger(given["clean"], settings)
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


FORMATS = ("text", "json", "markdown")
TOO_MANY = "too many arguments; give one URL"
LIST_HELP = "list the requirements: text, json or markdown"


def parse(arguments: Sequence[str] | None) -> dict[str, Any]:
    """Return the arguments by the names of options; None or [] if one is not given. Raises UsageError."""
    known, unknown = _parser().parse_known_args(arguments)
    if unknown:
        raise UsageError(_unknown(unknown))
    return vars(known) | _meant(known.words)


def _meant(words: Sequence[str]) -> dict[str, Any]:
    """Interpret the positional arguments: a URL, `clean` and a ledger, or `serve` and an application."""
    if words[:1] == ["clean"]:
        if len(words) != 2:
            raise UsageError("clean needs one ledger: respan-conformance clean LEDGER [options]")
        return {"url": None, "clean": words[1], "serve": None}
    if words[:1] == ["serve"]:
        if len(words) != 2:
            raise UsageError("serve needs one application: respan-conformance serve MODULE:APP")
        return {"url": None, "clean": None, "serve": words[1]}
    if len(words) > 1:
        raise UsageError(TOO_MANY)
    return {"url": words[0] if words else None, "clean": None, "serve": None}


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(message)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="respan-conformance",
        usage=USAGE,
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=Formatter,
        allow_abbrev=False,
    )
    words = (
        f"{URL.help}; or clean LEDGER, to delete models that runs left; "
        "or serve MODULE:APP, to serve an application in the background"
    )
    parser.add_argument("words", nargs="*", metavar="URL", help=words)
    parser.add_argument(
        "--dry-run", action="store_true", help="show what a run would send and change, and send nothing"
    )
    parser.add_argument("--list", nargs="?", const="text", choices=FORMATS, metavar="FORMAT", help=LIST_HELP)
    parser.add_argument("--config", metavar="FILE", help="read settings from this file")
    parser.add_argument("--show-config", action="store_true", help="show the settings and the source of each")
    for title, options in GROUPS.items():
        group = parser.add_argument_group(title, ABOUT.get(title))
        for option in options:
            if option is not URL and not option.secret:
                group.add_argument(f"--{option.name}", dest=option.name, help=explained(option), **option.argument)
    parser.add_argument("--no-proxy", dest="proxy", action="store_const", const=DIRECT, help=argparse.SUPPRESS)
    for option in OPTIONS:
        if option.secret:
            parser.add_argument(f"--{option.name}", nargs="?", action=rejecting(option), help=argparse.SUPPRESS)
        if option.flag:
            off = option.argument | {"action": "store_false"}
            parser.add_argument(f"--no-{option.name}", dest=option.name, help=argparse.SUPPRESS, **off)
    return parser


def _unknown(unknown: Sequence[str]) -> str:
    """Return the error for unknown arguments, without values, which may be secrets."""
    name = next((argument.partition("=")[0] for argument in unknown if argument.startswith("-")), None)
    if name is None:
        return TOO_MANY
    spellings = [f"--{option.name}" for option in OPTIONS if not option.secret]
    known = [*spellings, "--list", "--dry-run", "--config", "--show-config", "--help"]
    return f"unknown option {name}{suggestion(name, known, 'see --help')}"


COLUMN = 30
"""The column of the explanations."""

USAGE = """\
respan-conformance [URL] [options]
       respan-conformance clean LEDGER [options]
       respan-conformance serve MODULE:APP"""
DESCRIPTION = """\
Check whether the server at a URL conforms to the contract. Without a URL,
check the bundled mock."""

EPILOG = f"""\
settings:
  Each option can be set in {FILE} in the current directory:
    url = "https://staging.example.com"
    strict = true
    only = ["IDM", "AUT-03"]
  Environment variables override the file: RESPAN_URL, RESPAN_STRICT.
  Options override both; --no-strict turns off what they turn on.

examples:
  respan-conformance
      check the bundled mock
  RESPAN_API_KEY=... respan-conformance https://staging.example.com/gateway
      check a system; the key does not appear in the process list
  respan-conformance http://localhost:8000 --only IDM,AUT-03 --strict
      check some requirements, and fail also on SHOULD
  respan-conformance http://localhost:8000 --write-waivers waivers.toml
      accept today's failures; later runs use --waivers waivers.toml

exit codes:
  0    conformant
  1    not conformant, or a waiver has expired
  2    wrong use: an option, a file or a key; a report could not be written
  3    the target cannot be reached, or stopped responding
  4    inconclusive, or the suite itself failed
  130  interrupted
"""

ABOUT = {
    "target": """\
Each key makes more requirements testable. Set keys in the environment
(RESPAN_API_KEY, RESPAN_OTHER_ORG_KEY, RESPAN_READ_ONLY_KEY) or in files; the
command line does not take them.""",
    "connection": """\
RESPAN_PROXY_AUTH or a file holds the proxy's USER:PASSWORD;
RESPAN_KEY_PASSPHRASE or a file holds the passphrase of the private key.""",
    "selecting": "IDS are requirements and sections, such as IDM,AUT-03; --list shows them.",
}
"""The text at the beginning of a section."""


class Formatter(argparse.RawDescriptionHelpFormatter):
    """A formatter with enough room for the names of options."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=COLUMN)


def explained(option: Option) -> str:
    """Return the help of an option."""
    return f"{option.help} (repeatable)" if option.repeatable else option.help


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
    return ", ".join(value) if option.repeatable else str(value)
