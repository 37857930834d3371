"""Who of another organization can take part: a key that may only read proves nothing by what it is refused."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.judge.outcome import Blocked, NotTestable
from conformance.subject.subject import Subject
from conformance.wire.exchange import Credential, Exchange, Json

REFUSED = (401, 403, 404)
"""Statuses of a write with a key that may not write."""


def writer_of_another_organization(subject: Subject) -> Credential:
    """The caller of the other organization, if it may write there. Raises NotTestable."""
    return _written_by_another(subject)[0]


def bare_model_of_another_organization(subject: Subject) -> Mapping[str, Json]:
    """What a model of the other organization shows that has nothing but its name. Raises NotTestable."""
    return _written_by_another(subject)[1].response.members


def _written_by_another(subject: Subject) -> tuple[Credential, Exchange]:
    """The caller of the other organization, and a create of a name alone."""
    other = subject.callers.other
    if other is None:
        raise NotTestable("needs RESPAN_OTHER_ORG_KEY")
    exchange = subject.once(
        "a write of the other organization", lambda: subject.upsert(subject.minimal(shared=True), other)
    )
    if exchange.response.status in REFUSED:
        status = exchange.response.status
        if other in subject.working:  # it wrote at the start, so that something went wrong since then
            raise Blocked(f"the key of the other organization wrote at the start, and now it is answered {status}")
        raise NotTestable(f"the key of the other organization does not write: it is answered {status}")
    return other, subject.accepted(exchange)


def writes_elsewhere(subject: Subject) -> bool:
    """Whether there is another organization that is written to."""
    if subject.callers.other is None:
        return False
    try:
        writer_of_another_organization(subject)
    except NotTestable:
        return False
    return True
