"""Finds out, before anything is judged, how the state of the target can be read."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.fields import settled, settled_fields
from conformance.judge.same import same
from conformance.outcome import Lost, NotTestable
from conformance.subject.subject import Abilities, Subject
from conformance.wire.exchange import Json


def probe(subject: Subject) -> Abilities:
    """Try the read, the bare upsert and the delete on a model of every plain value."""
    found = Abilities()
    body = subject.full(variant=3)
    try:
        shown = subject.accepted(subject.upsert(body)).response.members
    except (NotTestable, Lost):
        return found
    key = str(body[subject.contract.upsert.key])
    _probe_read(subject, key, shown, found)
    _probe_bare_upsert(subject, key, shown, found)
    _probe_delete(subject, key, found)
    return found


def _probe_read(subject: Subject, key: str, shown: Mapping[str, Json], found: Abilities) -> None:
    if subject.contract.upsert.read is None:
        return
    try:
        response = subject.read(key).response
    except (NotTestable, Lost):
        return
    found.reads = response.status == 200 and response.members.get(subject.contract.upsert.key) == key
    found.reads_truly = found.reads and _alike(subject, shown, response.members)


def _probe_bare_upsert(subject: Subject, key: str, shown: Mapping[str, Json], found: Abilities) -> None:
    try:
        bare = subject.upsert({subject.contract.upsert.key: key}).response
    except (NotTestable, Lost):
        return
    found.keeps = bare.successful and _alike(subject, shown, bare.members)


def _probe_delete(subject: Subject, key: str, found: Abilities) -> None:
    if subject.contract.upsert.delete is None:
        return
    try:
        found.deletes = subject.delete(key).response.successful
    except (NotTestable, Lost):
        return


def _alike(subject: Subject, one: Mapping[str, Json], other: Mapping[str, Json]) -> bool:
    return all(
        same(settled(one.get(field.name), field.schema), settled(other.get(field.name), field.schema))
        for field in settled_fields(subject.contract)
    )
