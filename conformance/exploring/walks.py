"""A Hypothesis state machine that walks over names, organizations and base models, beside the reference model."""

from __future__ import annotations

import time

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from conformance.exploring.histories import walk_histories
from conformance.exploring.reference import Address
from conformance.exploring.walker import Step, Walker, Walks
from conformance.fields import base_field
from conformance.generate import bodies
from conformance.subject.subject import Subject

STEPS = 12
NAMES = 3
REQUESTS = 45
"""Requests of the walks of a default run, and to see again and to tell what they find."""


def walk(subject: Subject) -> list[Step]:
    """The steps of all walks. The same for the same seed, whatever the target answers."""
    subject.require_requests(REQUESTS)
    walks = Walks(subject)
    walk_histories(walks)
    until = time.monotonic() + (subject.plan.profile.seconds or 0)
    turn = 0
    while turn == 0 or (time.monotonic() < until and walks.obstacle is None):
        _walk_at_random(walks, subject.plan.seed + turn)
        turn += 1
    if walks.obstacle is not None:
        raise walks.obstacle
    return walks.steps


def _walk_at_random(walks: Walks, number: int) -> None:
    class Machine(Walk):
        shared = walks
        begun = 0

    quiet = settings(
        max_examples=walks.subject.plan.profile.walks + 1,
        stateful_step_count=STEPS,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(seed(number)(Machine), settings=quiet)


class Walk(RuleBasedStateMachine):
    """One walk at random."""

    shared: Walks
    begun: int

    def __init__(self) -> None:
        super().__init__()
        subject = self.shared.subject
        # Hypothesis begins with the simplest walk there is, one step over and over: nothing is sent for it.
        self._walker = Walker(self.shared if self.begun else Walks(subject, obstacle=StopIteration()))
        type(self).begun += 1
        self._fields = subject.own_fields()
        self._names = [subject.names.fresh() for _ in range(NAMES)]

    @initialize(data=st.data())
    def create(self, data: st.DataObject) -> None:
        """A first model, for others to build on."""
        self._walker.upsert(("owner", self._names[0]), data.draw(bodies.values(self._fields)))

    @rule(data=st.data())
    def upsert(self, data: st.DataObject) -> None:
        """A valid upsert."""
        self._walker.upsert(self._somewhere(data), data.draw(bodies.values(self._fields)))

    @precondition(lambda self: self._bases())
    @rule(data=st.data())
    def upsert_on_a_base(self, data: st.DataObject) -> None:
        """A valid upsert on a base model that exists."""
        at, base = data.draw(st.sampled_from(self._bases()))
        self._walker.upsert_on_base(at, data.draw(bodies.values(self._fields, at_most=2)), base)

    @rule(data=st.data())
    def refused(self, data: st.DataObject) -> None:
        """An upsert with one wrong value."""
        values = data.draw(bodies.values(self._fields)) | data.draw(bodies.wrong(self._fields))
        self._walker.upsert(self._somewhere(data), values)

    @precondition(lambda self: self.shared.subject.abilities.reads_truly)
    @rule(data=st.data())
    def read(self, data: st.DataObject) -> None:
        """A read, of what exists and what does not."""
        self._walker.read(self._somewhere(data))

    @precondition(lambda self: self.shared.subject.abilities.deletes)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        """A delete, of what exists and what does not."""
        self._walker.delete(self._somewhere(data))

    def _somewhere(self, data: st.DataObject) -> Address:
        return data.draw(st.sampled_from(list(self._walker.callers))), data.draw(st.sampled_from(self._names))

    def _bases(self) -> list[tuple[Address, str]]:
        """Each model, there or not, with each that exists and stands before it in the names: no cycle closes."""
        if base_field(self.shared.subject.contract) is None:
            return []
        return [
            ((organization, name), base)
            for organization in self._walker.callers
            for place, name in enumerate(self._names)
            for base in self._names[:place]
            if self._walker.exists((organization, base))
        ]
