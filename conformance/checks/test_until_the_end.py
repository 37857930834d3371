"""IDM, hundreds of requests later. Its name puts this file last; only what is drawn or made up comes after it."""

from __future__ import annotations

from conformance.judge.expect import expect_returned, expect_status, shown_by
from conformance.judge.outcome import NotTestable
from conformance.requirements.features import (
    OWN,
    STATE,
)
from conformance.requirements.level import MUST
from conformance.requirements.requirement import requirement
from conformance.target.subject import Subject


@requirement("IDM-27", MUST, clause="x-clauses/shown", about=[OWN, STATE])
def test_still_there_at_the_end(subject: Subject) -> None:
    """A model that existed when the run began still has its values when the run ends."""
    subject.require_reading()
    if subject.first is None:
        raise NotTestable("no model could be created when the run began", blocked_by="STA-17")
    body, upsert = subject.first.request.json, subject.contract.upsert
    reads = subject.capabilities.reads_truly
    seen = subject.read(body[upsert.key]) if reads else subject.accepted(subject.upsert({upsert.key: body[upsert.key]}))
    with shown_by(subject.first, seen):
        if reads:
            expect_status(seen, 200, when="for a model that was created")
        for field in subject.reliable_fields():
            expect_returned(seen.response.members, field.response, body[field.name], "many requests later")
