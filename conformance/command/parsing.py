"""What the command line says, as plain values, and the help on it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any, NoReturn

from conformance.command.errors import UsageError
from conformance.command.help import ABOUT, DESCRIPTION, EPILOG, USAGE, Formatter, explained
from conformance.configuration.kinds import DIRECT
from conformance.configuration.near import suggestion
from conformance.configuration.options import GROUPS, OPTIONS, URL
from conformance.configuration.refused import refusing

FORMATS = ("text", "json", "markdown")
TOO_MANY = "there are several arguments that are no options; give one URL"
LIST_HELP = "list the requirements: text, json or markdown"


def parse(arguments: Sequence[str] | None) -> dict[str, Any]:
    """The arguments by the names of options; None or [] where one is not given. Raises UsageError."""
    known, unknown = _parser().parse_known_args(arguments)
    if unknown:
        raise UsageError(_unknown(unknown))
    return vars(known) | _meant(known.words)


def _meant(words: Sequence[str]) -> dict[str, Any]:
    """What the arguments that are no options mean: a URL, `clean` and a ledger, or `serve` and an application."""
    if words[:1] == ["clean"]:
        if len(words) != 2:
            raise UsageError("clean takes the file of one ledger: respan-conformance clean LEDGER [options]")
        return {"url": None, "clean": words[1], "serve": None}
    if words[:1] == ["serve"]:
        if len(words) != 2:
            raise UsageError("serve takes one application: respan-conformance serve MODULE:APP")
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
        f"{URL.help}; or clean LEDGER, to delete what is left; "
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
            parser.add_argument(f"--{option.name}", nargs="?", action=refusing(option), help=argparse.SUPPRESS)
        if option.flag:
            off = option.argument | {"action": "store_false"}
            parser.add_argument(f"--no-{option.name}", dest=option.name, help=argparse.SUPPRESS, **off)
    return parser


def _unknown(unknown: Sequence[str]) -> str:
    """What is wrong with arguments that are none. What may be a secret is not repeated."""
    name = next((argument.partition("=")[0] for argument in unknown if argument.startswith("-")), None)
    if name is None:
        return TOO_MANY
    spellings = [f"--{option.name}" for option in OPTIONS if not option.secret]
    known = [*spellings, "--list", "--dry-run", "--config", "--show-config", "--help"]
    return f"there is no option {name}{suggestion(name, known, '--help shows what there is')}"
