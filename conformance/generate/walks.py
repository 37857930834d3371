"""A Hypothesis state machine that walks over names, organizations and base models, beside the reference model."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from conformance.fields import base_field
from conformance.generate import bodies
from conformance.reference import Address, Prediction, Reference
from conformance.subject.subject import Subject
from conformance.wire.exchange import Credential, Exchange, Json

STEPS = 14
NAMES = 3


@dataclass(frozen=True, slots=True)
class Step:
    """An exchange, what was predicted of it, and the exchanges of the same walk before it."""

    exchange: Exchange
    prediction: Prediction
    before: tuple[Exchange, ...]


@dataclass(slots=True)
class Walks:
    """What all walks of a run share."""

    subject: Subject
    steps: list[Step] = field(default_factory=list)
    obstacle: Exception | None = None
    """What ended the walks early: Hypothesis would try it again and again."""

    def callers(self) -> dict[str, Credential | None]:
        """The organizations that the walks go through, each by a caller."""
        known = self.subject.callers
        return {"owner": known.owner} | ({"other": known.other} if known.other else {})


def walk(subject: Subject) -> list[Step]:
    """The steps of all walks. The same for the same seed, whatever the target answers."""
    walks = Walks(subject)

    class Machine(Walk):
        shared = walks

    until = time.monotonic() + (subject.plan.profile.seconds or 0)
    turn = 0
    while turn == 0 or (time.monotonic() < until and walks.obstacle is None):
        _walk_once(Machine, subject.plan.seed + turn, subject.plan.profile.walks)
        turn += 1
    if walks.obstacle is not None:
        raise walks.obstacle
    return walks.steps


def _walk_once(machine: type[RuleBasedStateMachine], number: int, walks: int) -> None:
    quiet = settings(
        max_examples=walks,
        stateful_step_count=STEPS,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(seed(number)(machine), settings=quiet)


class Walk(RuleBasedStateMachine):
    """One walk. It only acts and predicts; the checks judge."""

    shared: Walks

    def __init__(self) -> None:
        super().__init__()
        subject = self.shared.subject
        self._contract = subject.contract
        self._callers = self.shared.callers()
        self._reference = Reference(subject.contract, keeps=subject.abilities.keeps)
        self._fields = subject.own_fields()
        self._names = [subject.names.fresh() for _ in range(NAMES)]
        self._story: list[Exchange] = []

    @rule(data=st.data())
    def upsert(self, data: st.DataObject) -> None:
        """A valid upsert."""
        self._upsert(self._somewhere(data), data.draw(bodies.values(self._fields)))

    @rule(data=st.data())
    def upsert_on_a_base(self, data: st.DataObject) -> None:
        """A valid upsert on a base model that exists. Names build on earlier ones, so there is no cycle."""
        base, at = base_field(self._contract), self._somewhere(data)
        there = set(self._reference.names(at[0]))
        bases = [name for name in self._names[: self._names.index(at[1])] if name in there]
        if base is not None and bases:
            values = data.draw(bodies.values(self._fields, at_most=2))
            self._upsert(at, {**values, base.name: data.draw(st.sampled_from(bases))})

    @rule(data=st.data())
    def refused(self, data: st.DataObject) -> None:
        """An upsert with one wrong value."""
        values = data.draw(bodies.values(self._fields)) | data.draw(bodies.wrong(self._fields))
        self._upsert(self._somewhere(data), values)

    @rule(data=st.data())
    def read(self, data: st.DataObject) -> None:
        """A read, of what exists and what does not."""
        at = self._somewhere(data)
        if self.shared.subject.abilities.reads_truly:
            self._follow(at, self._reference.read(at), lambda: self.shared.subject.read(at[1], self._callers[at[0]]))

    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        """A delete, of what exists and what does not."""
        at = self._somewhere(data)
        if self.shared.subject.abilities.deletes:
            self._follow(
                at, self._reference.delete(at), lambda: self.shared.subject.delete(at[1], self._callers[at[0]])
            )

    def _somewhere(self, data: st.DataObject) -> Address:
        return data.draw(st.sampled_from(list(self._callers))), data.draw(st.sampled_from(self._names))

    def _upsert(self, at: Address, values: dict[str, Any]) -> None:
        body: dict[str, Json] = {self._contract.upsert.key: at[1], **values}
        prediction = self._reference.upsert(at, body)
        self._follow(at, prediction, lambda: self.shared.subject.upsert(body, self._callers[at[0]]))

    def _follow(self, at: Address, prediction: Prediction, send: Callable[[], Exchange]) -> None:
        if self.shared.obstacle is not None:
            return
        try:
            exchange = send()
        except Exception as obstacle:  # noqa: BLE001 - raised again when the walks are over
            self.shared.obstacle = obstacle
            return
        self.shared.steps.append(Step(exchange, prediction, tuple(self._story)))
        if exchange.response.status != prediction.status.value:
            self._reference.lose(at, exists=exchange.response.successful)
        self._story.append(exchange)
