"""Records today's failures as waivers, so that a gate can be turned on before everything is fixed."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from pathlib import Path

import tomlkit
from tomlkit.items import AoT, Table

from conformance.output import write
from conformance.results.judged import NOT_FAILED, UNMET, Judged
from conformance.results.result import Result
from conformance.results.verdict import Verdict
from conformance.results.waivers import TABLE, Waiver, Waivers, read_waivers

DAYS = 90
"""Days until a new waiver expires."""
HEAD = "Accepted failures: respan-conformance --waivers with this file does not fail on them until they expire."


@dataclass(frozen=True, slots=True)
class Words:
    """The texts of new waivers."""

    reason: str
    owner: str = "unassigned"


def read_if_there(path: str) -> Waivers:
    """Return the waivers in a file, if the file exists. Raises BadFile."""
    return read_waivers(path) if Path(path).exists() else {}


def write_waivers(path: str, result: Result, words: Words) -> Waivers:
    """Write waivers for the requirements that the run found not met, and return all waivers in the file.

    A waiver that is still needed stays as it is, with its comments; an expired one gets a new date. A waiver of a
    requirement that is met now is removed. Raises BadFile if the file does not contain waivers, and CannotWrite.
    """
    there = Path(path).exists()
    wanted = wanted_waivers(result, read_if_there(path), words)
    document = tomlkit.parse(Path(path).read_text(encoding="utf-8-sig")) if there else tomlkit.document()
    if not there:
        document.add(tomlkit.comment(HEAD))
    _update(document, wanted)
    write(path, tomlkit.dumps(document))
    return wanted


def wanted_waivers(result: Result, earlier: Waivers, words: Words) -> Waivers:
    """Return the earlier waivers that are still needed or were not judged, and new ones for the other failures."""
    kept = {id: old for id, old in earlier.items() if id not in result.judged}
    found = {id: _wanted(judged, earlier.get(id), result, words) for id, judged in result.judged.items()}
    return kept | {id: waiver for id, waiver in found.items() if waiver is not None}


def _wanted(judged: Judged, old: Waiver | None, result: Result, words: Words) -> Waiver | None:
    verdict = judged.verdict(result.strict)
    decides = verdict in UNMET and result.terms.binds(judged.level)
    if not (decides or verdict is Verdict.WAIVED):
        return None if verdict in NOT_FAILED else old
    today = result.terms.today
    until = today + dt.timedelta(days=DAYS)
    known = old or judged.waiver or Waiver(judged.requirement.id, words.reason, words.owner, until)
    return replace(known, expires=until) if known.expired(today) else known


def _update(document: tomlkit.TOMLDocument, wanted: Waivers) -> None:
    if TABLE not in document:
        if not wanted:
            return
        document[TABLE] = tomlkit.aot()
    tables = document[TABLE]
    assert isinstance(tables, AoT)  # noqa: S101 - the file was read as one of waivers
    written = [str(table["id"]).strip().upper() for table in tables]
    for number, id in reversed(list(enumerate(written))):
        if id not in wanted:
            del tables[number]
        elif tables[number]["expires"] != wanted[id].expires:
            tables[number]["expires"] = wanted[id].expires
    for id in sorted(wanted.keys() - set(written)):
        tables.append(_table(wanted[id]))


def _table(waiver: Waiver) -> Table:
    table = tomlkit.table()
    table.update({"id": waiver.id, "reason": waiver.reason, "owner": waiver.owner, "expires": waiver.expires})
    return table.add(tomlkit.nl())
