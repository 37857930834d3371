"""The command `respan-conformance`: a thin front on pytest, which runs the installed checks."""

from __future__ import annotations

import contextlib
import sys
import traceback
from collections.abc import Sequence
from typing import Any

from conformance.command.errors import UsageError
from conformance.command.parsing import parse
from conformance.command.showing import shown
from conformance.command.validating import check_settings
from conformance.configuration import from_file
from conformance.settings import BadSetting, Settings, from_arguments, from_environment
from conformance.toml_file import BadFile
from conformance.verdict import Exit
from contract import ContractError


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
    from conformance import registry
    from conformance.command.running import run
    from conformance.fixtures import with_fixtures
    from conformance.terms import Terms
    from contract import load

    settings = Settings.gather(from_file(given["config"]), from_environment(), from_arguments(given))
    if given["show_config"]:
        print(shown(settings))
        return Exit.CONFORMANT
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
    check_settings(settings)
    Terms.of(settings)
    return run(settings)
