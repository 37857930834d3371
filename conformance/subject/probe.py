"""Finds out, before anything is judged, how the state of the target can be read, and what of it can be relied on.

A field that the target does not show as it was sent is a fault, and is judged by the checks of that field. Checks of
anything else look at the other fields, so that one fault makes one finding.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from conformance.fields import Shown, shown_fields
from conformance.judge.same import same
from conformance.outcome import Lost, NotTestable
from conformance.subject.subject import Abilities, Subject
from conformance.wire.exchange import Exchange, Json

ENOUGH = 0.5
"""Part of the fields that a way to read state has to show right; a fault in one field leaves the others to go by."""


def probe(subject: Subject) -> Abilities:
    """Try the upsert, the read, the bare upsert and the delete on a model of every plain value."""
    found = Abilities()
    try:
        first, second = subject.full(variant=3), subject.full(variant=4)
        key = str(first[subject.contract.upsert.key])
        second[subject.contract.upsert.key] = key
        created = subject.accepted(subject.upsert(first)).response.members
        updated = subject.accepted(subject.upsert(second)).response.members
    except (NotTestable, Lost):
        return found
    own = [field for field in shown_fields(subject.contract) if not field.request.reference]
    shown = [f for f in own if _shows(f, created, first) and _shows(f, updated, second)]
    by_read = _shown_by(subject, lambda: subject.read(key), shown, second)
    by_bare = _shown_by(subject, lambda: subject.upsert({subject.contract.upsert.key: key}), shown, second)
    found.reads = by_read is not None
    found.reads_truly = by_read is not None and len(by_read) >= ENOUGH * len(shown)
    found.keeps = by_bare is not None and len(by_bare) >= ENOUGH * len(shown)
    reading = by_read if found.reads_truly else by_bare if found.keeps else None
    found.reliable = tuple(shown if reading is None else reading)
    found.deletes = _answered(lambda: subject.delete(key)) is not None
    return found


def _shown_by(
    subject: Subject, look: Callable[[], Exchange], fields: Sequence[Shown], body: Mapping[str, Json]
) -> list[Shown] | None:
    """Those of `fields` that a way to read state shows right; None where it shows no such model at all."""
    exchange = _answered(look)
    key = subject.contract.upsert.key
    if exchange is None or exchange.response.members.get(key) != body[key]:
        return None
    return [field for field in fields if _shows(field, exchange.response.members, body)]


def _answered(call: Callable[[], Exchange]) -> Exchange | None:
    """The exchange, if it succeeded."""
    try:
        exchange = call()
    except (NotTestable, Lost):
        return None
    return exchange if exchange.response.successful else None


def _shows(field: Shown, members: Mapping[str, Json], body: Mapping[str, Json]) -> bool:
    return same(members.get(field.name), body[field.name])
