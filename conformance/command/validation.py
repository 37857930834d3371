"""Checks the settings before a run begins, as far as no single option can check itself."""

from __future__ import annotations

import os
from collections.abc import Iterable

from conformance.options import OPTIONS, OUTPUT, REPORTS, TARGET, URL, Option
from conformance.output import CannotWrite, check_files
from conformance.settings import Settings, UsageError
from conformance.target.cleanup import leftovers_of_earlier_runs
from conformance.target.connection import connection_of
from conformance.target.ledger import BadLedger


def check_settings(settings: Settings) -> None:
    """Raise UsageError or BadFile if no run can begin with the settings."""
    from conformance.results.waiver_file import read_if_there
    from conformance.results.waivers import Terms

    if settings["url"] and settings["app"]:
        raise UsageError("give a URL or --app, not both")
    if settings["names"] and settings["ledger"]:
        raise UsageError("give --names or --ledger, not both: the file of --names is a ledger too")
    try:
        leftovers_of_earlier_runs(settings["names"], "")
    except BadLedger as error:
        raise UsageError(f"--names {error}") from None
    if settings["quiet"] and settings["verbose"]:
        raise UsageError(f"give {settings.place('quiet')} or {settings.place('verbose')}, not both")
    _check_target(settings)
    connection_of(settings)
    if settings["app"]:
        _check_app(settings["app"])
    Terms.of(settings)
    if settings["write-waivers"]:
        read_if_there(settings["write-waivers"])
    try:
        check_files({settings.place(name): file for name, file in _files(settings, OPTIONS).items()})
    except CannotWrite as problem:
        raise UsageError(str(problem)) from None


def _check_target(settings: Settings) -> None:
    """Raise UsageError if the target was probably forgotten: the bundled mock would pass, and so would a gate."""
    if settings["url"] or settings["app"]:
        return
    if URL.environment in os.environ:
        raise UsageError(f"{URL.environment} is empty; set it to the URL of the target, or unset it")
    names = (*(option.name for option in TARGET), "cert")
    given = ", ".join(settings.place(name) for name in names if name in settings.origins)
    if given:
        raise UsageError(
            f"there is no target for {given}; give its URL, or leave {given} out to check the bundled mock"
        )


def report_files(settings: Settings) -> dict[str, str]:
    """Return the file of each report that the settings ask for, by its option."""
    return _files(settings, REPORTS)


def _files(settings: Settings, options: Iterable[Option]) -> dict[str, str]:
    return {o.name: settings[o.name] for o in options if o.type is OUTPUT and settings[o.name]}


def _check_app(path: str) -> None:
    from conformance.target.application import NoTarget, load_app

    try:
        load_app(path)
    except NoTarget as error:
        raise UsageError(f"--app {error}") from error.__cause__
