"""The command `respan-conformance`: a thin front on pytest, which runs the installed checks."""

from __future__ import annotations

import contextlib
import signal
import sys
import traceback
from collections.abc import Collection, Iterator, Sequence
from typing import Any, NoReturn

from conformance.command.errors import UsageError
from conformance.command.parsing import parse
from conformance.command.showing import shown
from conformance.configuration.file import from_file
from conformance.configuration.settings import BadSetting, Settings, from_arguments, from_environment
from conformance.configuration.toml import BadFile
from conformance.results.verdict import Exit
from conformance.streams import flush_streams, prepare_streams, silence
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
    except Exception:  # noqa: BLE001 - Python would exit with 1, which accuses the target
        traceback.print_exc()
        print("respan-conformance: this is a fault of the suite; please report it with the text above", file=sys.stderr)
        return Exit.INCONCLUSIVE
    finally:
        flush_streams()


def _main(given: dict[str, Any]) -> int:
    if given["serve"]:
        from conformance.command.serving import serve

        return _print(serve(given["serve"]))
    settings = Settings.gather(from_file(given["config"]), from_environment(), from_arguments(given))
    if given["show_config"]:
        return _print(shown(settings))
    if given["clean"]:
        from conformance.command.cleaning import clean_ledger

        return clean_ledger(given["clean"], settings)
    settings, contract, chosen = _chosen(settings)
    if given["list"]:
        from conformance.requirements.listing import LISTINGS

        return _print(LISTINGS[given["list"]](contract, chosen))
    from conformance.command.validating import check_settings

    check_settings(settings)
    from conformance.running.versions import check_versions

    check_versions()  # before what they concern is loaded
    if given["dry_run"]:
        from conformance.command.rehearsing import rehearse

        return _print(rehearse(settings))
    return _run(settings)


def _chosen(settings: Settings) -> tuple[Settings, Contract, Collection[str]]:
    """The settings with the fixtures file read, the contract, and the requirements to judge by it."""
    from conformance.configuration.fixtures import with_fixtures
    from conformance.requirements import registry
    from contract import load

    contract = load(settings["contract"])
    try:
        settings = with_fixtures(settings)
        return settings, contract, registry.choose(contract, settings)
    except ValueError as error:
        raise UsageError(str(error)) from None


def _run(settings: Settings) -> int:
    from conformance.command.judging import run
    from conformance.running.connection import connection_of
    from conformance.running.deadline import alarm

    with ended_as_interrupted(), alarm(connection_of(settings).restraint.seconds):
        return run(settings)


@contextlib.contextmanager
def ended_as_interrupted() -> Iterator[None]:
    """Take SIGTERM, with which CI systems end a job, for Ctrl-C: what was created is deleted, reports are written."""

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
