"""Writes the reports that a run was asked for."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.configuration.settings import Settings
from conformance.places import CannotWrite, write

if TYPE_CHECKING:
    from conformance.reports.junit import JUnit
    from conformance.results.result import Result


def write_reports(places: Mapping[str, str], result: Result, junit: JUnit | None) -> bool:
    """Write the report of each option to its place; whether all could be written."""
    from conformance.reports import WRITERS

    written = [_write(place, WRITERS[name](result)) for name, place in places.items() if name in WRITERS]
    if junit is not None:
        written.append(_write(places["junit"], junit.text()))
    return all(written)


def accept_failures(settings: Settings, result: Result) -> bool:
    """Write the waivers that the user asked for; whether all went well."""
    from conformance.results.waiver_file import Words, write_waivers

    file = settings["write-waivers"]
    if file is None:
        return True
    if not result.complete:
        return _complain(f"--write-waivers {file}: the run did not come to its end, so nothing was written")
    words = Words(settings["waiver-reason"] or f"failed on {result.terms.today}, when this was written")
    if settings["waiver-owner"]:
        words = replace(words, owner=settings["waiver-owner"])
    try:
        waived = write_waivers(file, result, words)
    except CannotWrite as problem:
        return _complain(str(problem))
    said = f"waivers in {file}: {len(waived)}; see to their reasons and owners, and run with --waivers {file}"
    print(f"respan-conformance: {said}", file=sys.stderr)
    return True


def _complain(problem: str) -> bool:
    print(f"respan-conformance: {problem}", file=sys.stderr)
    return False


def _write(place: str, text: str) -> bool:
    """Write one report; where that fails, say so and go on to the others."""
    try:
        write(place, text)
    except CannotWrite as problem:
        return _complain(str(problem))
    return True
