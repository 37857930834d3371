"""IDM, at the end of a run: what was stored before hundreds of other requests. Its name puts this file last."""

from __future__ import annotations

from conformance.judge.expect import expect_shown, expect_status
from conformance.judge.outcome import NotTestable
from conformance.requirements.level import MUST
from conformance.requirements.requirement import requirement
from conformance.subject.subject import Subject


@requirement("IDM-27", MUST, clause="x-clauses/shown")
def test_still_there_at_the_end(subject: Subject) -> None:
    """A model that was created when the run began is still there, with its values, when it ends."""
    subject.require_reading()
    if subject.first is None:
        raise NotTestable("no model could be created when the run began", because="STA-17")
    body = subject.first.request.json
    if subject.abilities.reads_truly:
        expect_status(subject.read(body[subject.contract.upsert.key]), 200, when="for a model that was created")
    shown = subject.look(body)
    for field in subject.reliable_fields():
        expect_shown(shown, field.response, body[field.name], "many requests later")
