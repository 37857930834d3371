"""Looks at the settings before a run begins, at what no option can tell by itself."""

from __future__ import annotations

import os
from collections.abc import Iterable

from conformance.options import OPTIONS, OUTPUT, REPORTS, TARGET, URL, Option
from conformance.output import CannotWrite, check_places
from conformance.settings import Settings, UsageError
from conformance.target.cleanup import leftovers_of_earlier_runs
from conformance.target.connection import connection_of
from conformance.target.ledger import BadLedger


def check_settings(settings: Settings) -> None:
    """Return where a run can begin with the settings. Raises UsageError or BadFile."""
    from conformance.results.waiver_file import read_if_there
    from conformance.results.waivers import Terms

    if settings["url"] and settings["app"]:
        raise UsageError("give a URL or --app, not both")
    if settings["names"] and settings["ledger"]:
        raise UsageError("give --names or --ledger, not both: the file of --names is the ledger, too")
    try:
        leftovers_of_earlier_runs(settings["names"], "")
    except BadLedger as error:
        raise UsageError(f"--names {error}") from None
    if settings["quiet"] and settings["verbose"]:
        raise UsageError("give --quiet or --verbose, not both")
    _check_target(settings)
    connection_of(settings)
    if settings["app"]:
        _check_app(settings["app"])
    Terms.of(settings)
    if settings["write-waivers"]:
        read_if_there(settings["write-waivers"])
    try:
        check_places({settings.origins[name]: place for name, place in _places(settings, OPTIONS).items()})
    except CannotWrite as problem:
        raise UsageError(str(problem)) from None


def _check_target(settings: Settings) -> None:
    """Take no forgotten target for a wish to check the bundled mock: it conforms, and a gate would be green."""
    if settings["url"] or settings["app"]:
        return
    if URL.environment in os.environ:
        raise UsageError(f"{URL.environment} is empty; set it to the URL of the target, or unset it")
    names = (*(option.name for option in TARGET), "cert")
    meant = [settings.origins[name] for name in names if name in settings.origins]
    if meant:
        raise UsageError(
            f"there is no target, but {', '.join(meant)}; give its URL (without either, the bundled mock is checked)"
        )


def report_places(settings: Settings) -> dict[str, str]:
    """Where each report goes that was asked for, by its option."""
    return _places(settings, REPORTS)


def _places(settings: Settings, options: Iterable[Option]) -> dict[str, str]:
    return {o.name: settings[o.name] for o in options if o.kind is OUTPUT and settings[o.name]}


def _check_app(path: str) -> None:
    from conformance.target.application import NoTarget, load_app

    try:
        load_app(path)
    except NoTarget as error:
        raise UsageError(f"--app {error}") from error.__cause__
