"""The command `respan-conformance`: a thin front on pytest, which runs the installed checks."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from conformance.options import GROUPS, MAX_SEED, REPORTS, URL, Option, Settings
from conformance.verdict import EXIT_OF, Exit
from contract import ContractError

EPILOG = """\
examples:
  respan-conformance                                   check the bundled mock
  respan-conformance http://localhost:8000 --api-key demo-acme
  RESPAN_API_KEY=... respan-conformance https://staging.example.com/gateway --json report.json
  respan-conformance --only IDM,AUT-03 --strict        judge some requirements, and SHOULD as well
  respan-conformance --profile thorough --time-limit 300 http://localhost:8000
  respan-conformance --list                            every requirement with its level

Each option can be set by an environment variable too: RESPAN_API_KEY, RESPAN_OTHER_ORG_KEY, RESPAN_SEED, ...

exit codes: 0 conformant, 1 not conformant, 2 wrong use, 3 target unreachable, 4 inconclusive or an error of ours,
130 interrupted
"""


class UsageError(Exception):
    """The command was called wrongly; the text says how to call it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    given = vars(_parser().parse_args(arguments))
    try:
        return _run(given)
    except (UsageError, ContractError, OSError) as error:
        print(f"respan-conformance: {error}", file=sys.stderr)
        return Exit.USAGE
    except KeyboardInterrupt:
        return Exit.INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="respan-conformance",
        description="Check an implementation of the contract at a URL. Without one, check the bundled mock.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("url", nargs="?", metavar="URL", help=URL.help)
    parser.add_argument("--list", action="store_true", help="list the requirements and exit")
    for title, options in GROUPS.items():
        group = parser.add_argument_group(title)
        for option in options:
            if option is not URL:
                group.add_argument(
                    f"--{option.name}", dest=option.name, help=f"{option.help} [{option.environment}]", **_kind(option)
                )
    return parser


def _kind(option: Option) -> dict[str, Any]:
    if option.flag:
        return {"action": "store_true"}
    return {"metavar": option.metavar, "action": "append" if option.repeatable else "store"}


def _run(given: dict[str, Any]) -> int:
    from conformance import registry
    from conformance.fixtures import with_fixtures
    from contract import load

    settings = Settings.gather(given)
    contract = load(settings["contract"])
    try:
        settings = with_fixtures(settings)
        chosen = registry.choose(contract, settings)
    except ValueError as error:
        raise UsageError(str(error)) from None
    if given["list"]:
        with contextlib.suppress(BrokenPipeError):
            print(registry.listing(contract, chosen), flush=True)
        return Exit.CONFORMANT
    _check(settings)
    with ExitStack() as stack:
        values = dict(settings.values)
        if not (values["url"] or values["app"]):
            values |= _bundled(stack, settings["contract"])
        return _judge(values)


def _check(settings: Settings) -> None:
    url = settings["url"]
    if url and settings["app"]:
        raise UsageError("give a URL or --app, not both")
    if url and not url.startswith(("http://", "https://")):
        raise UsageError(f"{url} is no URL; write it as http://HOST:PORT or https://HOST/PREFIX")
    if url and "@" in url.split("/")[2]:
        raise UsageError("the URL holds a password, which requests without credentials would send too; use --api-key")
    if settings["app"]:
        _check_app(settings["app"])
    if settings["seed"] and not (settings["seed"].isdigit() and int(settings["seed"]) <= MAX_SEED):
        raise UsageError(f"--seed {settings['seed']}: give a whole number from 0 to {MAX_SEED}")
    for report in REPORTS:
        if settings[report.name]:
            _check_folder(report, settings[report.name])


def _check_folder(report: Option, file: str) -> None:
    folder = Path(file).resolve().parent
    if not (folder.is_dir() and os.access(folder, os.W_OK)):
        raise UsageError(f"--{report.name} {file}: {folder} is no folder that can be written to")


def _check_app(path: str) -> None:
    from conformance.run import load_app

    sys.path.insert(0, str(Path.cwd()))
    try:
        load_app(path)
    except (ImportError, AttributeError) as error:
        raise UsageError(f"--app {path}: {error}; write it as module:application") from None


def _bundled(stack: ExitStack, contract: str | None) -> dict[str, Any]:
    from conformance.bundled import ACCESS, MockFailed, mock

    try:
        return {"url": stack.enter_context(mock(contract)), **ACCESS}
    except MockFailed as error:
        raise UsageError(str(error)) from None


def _judge(values: dict[str, Any]) -> int:
    from conformance.reports import WRITERS
    from conformance.session import run_checks
    from conformance.terminal import PatientConsole, TerminalReport

    report = TerminalReport(PatientConsole(soft_wrap=True))
    code = run_checks(values, [report])
    if report.result is None:
        return _without_result(code)
    report.conclude()
    for name, write in WRITERS.items():
        if values[name]:
            Path(values[name]).write_text(write(report.result), encoding="utf-8")
    return EXIT_OF[report.result.verdict()]


def _without_result(code: int) -> int:
    print("respan-conformance: the checks could not be run; see the messages above", file=sys.stderr)
    return Exit.USAGE if code == Exit.USAGE else Exit.INCONCLUSIVE
