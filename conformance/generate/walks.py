"""A Hypothesis state machine that walks over several names, organizations and base models, beside the reference model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from conformance.fields import base_field
from conformance.generate import bodies
from conformance.reference import Address, Prediction, Reference
from conformance.subject.subject import Subject
from conformance.wire.exchange import Exchange

WALKS = 3
STEPS = 14
ORGANIZATIONS = ("owner", "other")


@dataclass(frozen=True, slots=True)
class Step:
    """An exchange, what was predicted of it, and the exchanges of the same walk before it."""

    exchange: Exchange
    prediction: Prediction
    before: tuple[Exchange, ...]


def walk(subject: Subject) -> list[Step]:
    """The steps of all walks. The same for the same seed, whatever the target answers."""
    steps: list[Step] = []
    obstacles: list[Exception] = []
    machine = _machine(subject, steps, obstacles)
    quiet = settings(
        max_examples=WALKS,
        stateful_step_count=STEPS,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(seed(subject.seed)(machine), settings=quiet)
    if obstacles:
        raise obstacles[0]
    return steps


def _machine(subject: Subject, steps: list[Step], obstacles: list[Exception]) -> type[RuleBasedStateMachine]:
    own, base = subject.own_fields(), base_field(subject.contract)
    callers = {"owner": subject.callers.owner, "other": subject.callers.other}
    organizations = st.sampled_from([name for name in ORGANIZATIONS if name == "owner" or callers[name]])
    names = st.integers(0, 2)

    class Walk(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self._reference = Reference(subject.contract, keeps=subject.abilities.keeps)
            self._names = [subject.names.fresh() for _ in range(3)]
            self._story: list[Exchange] = []

        @rule(organization=organizations, name=names, values=bodies.values(own))
        def upsert(self, organization: str, name: int, values: dict[str, Any]) -> None:
            self._upsert((organization, self._names[name]), values)

        @precondition(lambda self: base is not None)
        @rule(organization=organizations, name=names, on=names, values=bodies.values(own, at_most=2))
        def upsert_on_a_base(self, organization: str, name: int, on: int, values: dict[str, Any]) -> None:
            if base is not None and self._names[on] in self._reference.names(organization) and on < name:
                self._upsert((organization, self._names[name]), {**values, base.name: self._names[on]})

        @rule(organization=organizations, name=names, values=bodies.values(own), wrong=bodies.wrong(own))
        def refused(self, organization: str, name: int, values: dict[str, Any], wrong: dict[str, Any]) -> None:
            self._upsert((organization, self._names[name]), values | wrong)

        @precondition(lambda self: subject.abilities.reads_truly)
        @rule(organization=organizations, name=names)
        def read(self, organization: str, name: int) -> None:
            at = (organization, self._names[name])
            self._follow(at, self._reference.read(at), lambda: subject.read(at[1], callers[organization]))

        @precondition(lambda self: subject.abilities.deletes)
        @rule(organization=organizations, name=names)
        def delete(self, organization: str, name: int) -> None:
            at = (organization, self._names[name])
            self._follow(at, self._reference.delete(at), lambda: subject.delete(at[1], callers[organization]))

        def _upsert(self, at: Address, values: dict[str, Any]) -> None:
            body = {subject.contract.upsert.key: at[1], **values}
            self._follow(at, self._reference.upsert(at, body), lambda: subject.upsert(body, callers[at[0]]))

        def _follow(self, at: Address, prediction: Prediction | None, send: Callable[[], Exchange]) -> None:
            if obstacles:
                return
            try:
                exchange = send()
            except Exception as obstacle:  # noqa: BLE001 - Hypothesis would try it again
                obstacles.append(obstacle)
                return
            if prediction is not None:
                steps.append(Step(exchange, prediction, tuple(self._story)))
                if exchange.response.status != prediction.status.value:
                    self._reference.lose(at, exists=exchange.response.successful)
            self._story.append(exchange)

    return Walk
