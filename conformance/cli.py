"""The command `respan-conformance`: a thin front on pytest, which runs the installed checks."""

from __future__ import annotations

import contextlib
import sys
import traceback
from collections.abc import Collection, Sequence
from typing import Any

from conformance.command.errors import UsageError
from conformance.command.parsing import parse
from conformance.command.showing import shown
from conformance.configuration import from_file
from conformance.settings import BadSetting, Settings, from_arguments, from_environment
from conformance.toml_file import BadFile
from conformance.verdict import Exit
from contract import Contract, ContractError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
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


def _main(given: dict[str, Any]) -> int:
    settings = Settings.gather(from_file(given["config"]), from_environment(), from_arguments(given))
    if given["show_config"]:
        return _print(shown(settings))
    settings, contract, chosen = _chosen(settings)
    if given["list"]:
        from conformance.listing import LISTINGS

        return _print(LISTINGS[given["list"]](contract, chosen))
    return _run(settings)


def _chosen(settings: Settings) -> tuple[Settings, Contract, Collection[str]]:
    """The settings with the fixtures file read, the contract, and the requirements to judge by it."""
    from conformance import registry
    from conformance.fixtures import with_fixtures
    from contract import load

    contract = load(settings["contract"])
    try:
        settings = with_fixtures(settings)
        return settings, contract, registry.choose(contract, settings)
    except ValueError as error:
        raise UsageError(str(error)) from None


def _run(settings: Settings) -> int:
    from conformance.command.running import run
    from conformance.command.validating import check_settings

    check_settings(settings)
    return run(settings)


def _print(text: str) -> int:
    with contextlib.suppress(BrokenPipeError):
        print(text, flush=True)
    return Exit.CONFORMANT
