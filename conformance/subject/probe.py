"""Finds out, before anything is judged, how the state of the target can be read, and what of it can be relied on.

A field that the target does not show as it was sent is a fault, and is judged by the checks of that field. Checks of
anything else look at the other fields, so that one fault makes one finding.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from conformance.fields import Shown, shown_fields
from conformance.judge.outcome import NotTestable
from conformance.judge.same import same
from conformance.subject.abilities import Abilities
from conformance.subject.client import may_be_done_twice
from conformance.subject.subject import Subject
from conformance.wire.exchange import Exchange, Json
from conformance.wire.lost import REDOS, Lost, redone

ENOUGH = 0.5
"""Part of the fields that a way to read state has to show right; a fault in one field leaves the others to go by."""


LATE = (0.1, 0.4, 1.5)
"""Seconds to wait, one after the other, for a read that did not show a write at once and may only be late."""


def probe(subject: Subject) -> Abilities:
    """What the target is able to do, by a look at it that no write which was done twice has spoiled."""
    for _ in range(REDOS):
        subject.client.drain()
        found = redone(lambda: _probed(subject))
        if not may_be_done_twice(subject.client.drain()):
            break
    return found


def _probed(subject: Subject) -> Abilities:
    """Try the upsert, the read, the bare upsert and the delete on a model of every plain value."""
    found = Abilities()
    try:
        first, second = subject.full(variant=4), subject.full(variant=5)
        key = str(first[subject.contract.upsert.key])
        second[subject.contract.upsert.key] = key
        created = subject.upsert(first).response
        updated = subject.upsert(second).response
    except (NotTestable, Lost):
        return found
    found.tells_creates = created.status == subject.contract.upsert.created
    found.tells_updates = updated.status == subject.contract.upsert.updated
    if not (created.successful and updated.successful):
        return found
    own = [f for f in shown_fields(subject.contract) if f.name in first and not f.request.reference]
    at_first = [field for field in own if _shows(field, created.members, first)]
    found.shows_creates = bool(at_first)
    shown = [field for field in at_first if _shows(field, updated.members, second)]
    found.reliable = tuple(shown)
    _probe_reading(subject, key, second, found)
    _probe_delete(subject, key, found)
    subject.first = _answered(lambda: subject.upsert(subject.full(variant=6)))
    return found


def _probe_reading(subject: Subject, key: str, body: Mapping[str, Json], found: Abilities) -> None:
    """See what a read and a bare upsert show of the model; what neither shows is not relied on."""
    shown = found.reliable
    read = _answered(lambda: subject.read(key))
    by_read = _seen(subject, read, shown, body)
    by_bare = _seen(subject, _answered(lambda: subject.upsert({subject.contract.upsert.key: key})), shown, body)
    found.keeps = _is_enough(by_bare, shown)
    if _is_enough(by_read, shown):
        found.reads_late = read is not None and may_be_stale(read.response.header("cache-control") or "")
    else:
        found.reads_late = any(_is_enough(seen, shown) for seen in _seen_later(subject, key, shown, body))
    found.reads = by_read is not None and not found.reads_late
    found.reads_truly = found.reads and _is_enough(by_read, shown)
    for trusted, seen in ((found.reads_truly, by_read), (found.keeps, by_bare)):
        if trusted and seen is not None:
            found.reliable = tuple(field for field in found.reliable if field in seen)
    found.tells_absence = found.reads and _answered(lambda: subject.read(subject.names.fresh())) is None


def _is_enough(seen: Sequence[Shown] | None, shown: Sequence[Shown]) -> bool:
    """Whether enough was seen of what the upsert showed."""
    return seen is not None and len(seen) >= ENOUGH * len(shown)


def _probe_delete(subject: Subject, key: str, found: Abilities) -> None:
    found.deletes = _answered(lambda: subject.delete(key)) is not None
    if found.deletes and found.reads:
        found.deletes_truly = found.tells_absence and _answered(lambda: subject.read(key)) is None
    if found.deletes_truly:
        subject.creations.deleted(key, subject.callers.owner)


def _seen_later(
    subject: Subject, key: str, fields: Sequence[Shown], body: Mapping[str, Json]
) -> Iterator[list[Shown] | None]:
    for seconds in LATE:
        subject.pause(seconds)
        yield _seen(subject, _answered(lambda: subject.read(key)), fields, body)


def _seen(
    subject: Subject, exchange: Exchange | None, fields: Sequence[Shown], body: Mapping[str, Json]
) -> list[Shown] | None:
    """Those of `fields` that a way to read state shows right; None where it shows no such model at all."""
    key = subject.contract.upsert.key
    if exchange is None or exchange.response.members.get(key) != body[key]:
        return None
    return [field for field in fields if _shows(field, exchange.response.members, body)]


def may_be_stale(cache_control: str) -> bool:
    """Whether an answer may be shown for a while after it ceased to be true (RFC 9111, section 4.2)."""
    directives = cache_control.lower()  # section 5.2: without regard to case
    fresh = re.search(r'(max-age|s-maxage)="?0*[1-9]', directives)
    return fresh is not None and not re.search("no-cache|no-store", directives)


def _answered(call: Callable[[], Exchange]) -> Exchange | None:
    """The exchange, if it succeeded."""
    try:
        exchange = call()
    except (NotTestable, Lost):
        return None
    return exchange if exchange.response.successful else None


def _shows(field: Shown, members: Mapping[str, Json], body: Mapping[str, Json]) -> bool:
    return same(members.get(field.name), body[field.name])
