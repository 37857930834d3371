"""The command `respan-conformance`: a thin front on pytest, which runs the installed checks."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from typing import Any

from conformance.command.errors import UsageError
from conformance.command.parsing import parse
from conformance.command.validating import check_settings
from conformance.settings import BadSetting, Settings, from_arguments, from_environment
from conformance.verdict import Exit
from contract import ContractError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    try:
        return _main(parse(arguments))
    except (UsageError, BadSetting, ContractError, OSError) as error:
        print(f"respan-conformance: {error}", file=sys.stderr)
        return Exit.USAGE
    except KeyboardInterrupt:
        return Exit.INTERRUPTED


def _main(given: dict[str, Any]) -> int:
    from conformance import registry
    from conformance.command.running import run
    from conformance.fixtures import with_fixtures
    from contract import load

    settings = Settings.gather(from_environment(), from_arguments(given))
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
    return run(settings)
