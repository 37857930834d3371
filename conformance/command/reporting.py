"""Writes the reports that a run was asked for."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from conformance.places import CannotWrite, write

if TYPE_CHECKING:
    from conformance.reports.junit import JUnit
    from conformance.result import Result


def write_reports(places: Mapping[str, str], result: Result, junit: JUnit | None) -> bool:
    """Write the report of each option to its place; whether all could be written."""
    from conformance.reports import WRITERS

    written = [_write(place, WRITERS[name](result)) for name, place in places.items() if name in WRITERS]
    if junit is not None:
        written.append(_write(places["junit"], junit.text()))
    return all(written)


def _write(place: str, text: str) -> bool:
    """Write one report; where that fails, say so and go on to the others."""
    try:
        write(place, text)
    except CannotWrite as problem:
        print(f"respan-conformance: {problem}", file=sys.stderr)
        return False
    return True
