"""Walks over names, organizations and base models, beside the reference model: at random, through every short history,
and along the way of other requests again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from conformance.fields import base_field
from conformance.generate import bodies
from conformance.generate.values import Wrongness, distinct_value, has_few_values, wrong_values
from conformance.judge.outcome import Failure, Reproduced
from conformance.judge.requests import Validity, classify_body
from conformance.model.reference import Address, Prediction, ReferenceModel
from conformance.requirements.features import ORGANIZATIONS
from conformance.target.subject import Subject, can_write_in_other_org
from conformance.wire.exchange import Credential, Exchange, Json, Request
from contract import RequestField


@dataclass(frozen=True, slots=True)
class Step:
    """An exchange, what was predicted of it, and the exchanges of the same walk before it."""

    exchange: Exchange
    prediction: Prediction
    before: tuple[Exchange, ...]


@dataclass(slots=True)
class Recording:
    """What all walks of a run share."""

    subject: Subject
    steps: list[Step] = field(default_factory=list)
    obstacle: Exception | None = None
    """What ended the walks early; nothing is sent after it."""


class StatefulTest:
    """One walk, over models that did not exist before it."""

    def __init__(self, recording: Recording) -> None:
        subject = recording.subject
        self.credentials = {"owner": subject.credentials.primary}
        """The organizations that the walk goes through, each by a caller."""
        apart = all(it.is_in(subject.contract) for it in ORGANIZATIONS)
        if subject.credentials.other_org is not None and apart and can_write_in_other_org(subject):
            self.credentials["other"] = subject.credentials.other_org
        self._recording = recording
        self._subject = subject
        self._reference = ReferenceModel(subject.contract, keeps=subject.capabilities.bare_upsert_returns_state)
        self._exchanges: list[Exchange] = []

    def exists(self, at: Address) -> bool:
        """Whether there is a model."""
        return at[1] in self._reference.names(at[0])

    def upsert(self, at: Address, values: Mapping[str, Json]) -> None:
        """Upsert `values`, right or wrong."""
        body = {self._subject.contract.upsert.key: at[1], **values}
        existed, predicted = self.exists(at), self._reference.upsert(at, body)
        exchange = self._follow(predicted, lambda: self._subject.upsert(body, self._caller(at)))
        if exchange is not None:
            self._reference.forget(at, exists=existed or exchange.response.successful)

    def upsert_on_base(self, at: Address, values: Mapping[str, Json], base: str) -> None:
        """Upsert `values` on a base model of the same organization."""
        field = base_field(self._subject.contract)
        if field is not None:
            self.upsert(at, {**values, field.name: base})

    def read(self, at: Address) -> None:
        """Read the model, there or not, where reads show what was written."""
        if self._subject.capabilities.read_returns_state:
            exchange = self._follow(self._reference.read(at), lambda: self._subject.read(at[1], self._caller(at)))
            if exchange is not None:
                self._reference.forget(at, exists=exchange.response.successful)

    def delete(self, at: Address) -> None:
        """Delete the model, there or not, where the target deletes."""
        if self._subject.capabilities.delete_works:
            existed, predicted = self.exists(at), self._reference.delete(at)
            exchange = self._follow(predicted, lambda: self._subject.delete(at[1], self._caller(at)))
            if exchange is not None:
                gone = exchange.response.successful or exchange.response.status == 404
                self._reference.forget(at, exists=existed and not gone)

    def again(self, request: Request) -> None:
        """Send what a walk has sent."""
        upsert = self._subject.contract.upsert
        organization = next(name for name, caller in self.credentials.items() if caller == request.credential)
        at = (organization, request.key or "")
        if request.operation_id == upsert.operation.operation_id:
            self.upsert(at, {name: value for name, value in request.json.items() if name != upsert.key})
        elif upsert.read is not None and request.operation_id == upsert.read.operation_id:
            self.read(at)
        else:
            self.delete(at)

    def _caller(self, at: Address) -> Credential | None:
        return self.credentials[at[0]]

    def _follow(self, prediction: Prediction, send: Callable[[], Exchange]) -> Exchange | None:
        """Send, and return the exchange where its status is not the predicted one."""
        if self._recording.obstacle is not None:
            return None
        try:
            exchange = send()
        except Exception as obstacle:  # noqa: BLE001 - raised again when the walks are over
            self._recording.obstacle = obstacle
            return None
        self._recording.steps.append(Step(exchange, prediction, tuple(self._exchanges)))
        self._exchanges.append(exchange)
        return exchange if exchange.response.status != prediction.status.value else None


def run_every_history(recording: Recording) -> None:
    """Go through each history of `Profile.history` upserts, refused upserts and deletes of one model."""
    subject, walker = recording.subject, StatefulTest(recording)
    at = ("owner", subject.names.new_name())
    fields = [field for field in subject.own_fields() if not has_few_values(field.schema)] or subject.own_fields()
    kinds = ("upsert", "refused", "delete") if subject.capabilities.delete_works else ("upsert", "refused")
    for variant, kind in zip(count(), covering(kinds, subject.options.profile.history), strict=False):
        field = fields[variant % len(fields)]
        value = {field.name: distinct_value(field.schema, variant)}
        if kind == "upsert":
            walker.upsert(at, value)
        elif kind == "refused":
            walker.upsert(at, value | _wrong_value(fields, unlike=field))
        else:
            walker.delete(at)


def _wrong_value(fields: Sequence[RequestField], unlike: RequestField) -> dict[str, object]:
    """A value that no reading makes right, for another field where there is one."""
    wrong = {
        field.name: value.value
        for field in fields
        for value in wrong_values(field.schema)
        if value.wrongness is Wrongness.TYPE
    }
    name = next((name for name in wrong if name != unlike.name), unlike.name)
    return {name: wrong[name]}


def covering(kinds: Sequence[str], length: int) -> Iterator[str]:
    """The shortest sequence in which every sequence of `length` kinds stands: de Bruijn's, from Lyndon words."""
    word = [0]
    found: list[int] = []
    while word:
        if length % len(word) == 0:
            found += word
        word = [word[place % len(word)] for place in range(length)]
        while word and word[-1] == len(kinds) - 1:
            word.pop()
        if word:
            word[-1] += 1
    return (kinds[number] for number in found + found[: length - 1])


def replay(subject: Subject, requests: Sequence[Request], judge: Callable[[Step], None]) -> Reproduced | None:
    """What `judge` finds in the first answer that it finds anything in; None where it finds nothing."""
    if not all(_is_predictable(subject, request) for request in requests):
        return None
    recording = Recording(subject)
    walker = StatefulTest(recording)
    for request in requests:
        walker.again(request)
        if recording.obstacle is not None:
            raise recording.obstacle
        step = recording.steps[-1]
        try:
            judge(step)
        except Failure as failure:
            return Reproduced(failure, (*step.before, step.exchange))
    return None


def _is_predictable(subject: Subject, request: Request) -> bool:
    """Whether the reference model knows what to make of a body: it is plain, or surely wrong."""
    return request.body is None or classify_body(subject.contract, request.json) in (Validity.PLAIN, Validity.INVALID)


STEPS = 12
NAMES = 3
REQUESTS = 45
"""Requests of the walks of a default run, and to see again and to tell what they find."""


def run_stateful_tests(subject: Subject) -> list[Step]:
    """The steps of all walks. The same for the same seed, whatever the target answers."""
    subject.require_requests(REQUESTS)
    recording = Recording(subject)
    run_every_history(recording)
    until = time.monotonic() + (subject.options.profile.seconds or 0)
    turn = 0
    while turn == 0 or (time.monotonic() < until and recording.obstacle is None):
        run_random_tests(recording, subject.options.seed + turn)
        turn += 1
    if recording.obstacle is not None:
        raise recording.obstacle
    return recording.steps


def run_random_tests(recording: Recording, number: int) -> None:
    class Machine(StateMachine):
        shared = recording
        started = 0

    options = settings(
        max_examples=recording.subject.options.profile.stateful_tests + 1,
        stateful_step_count=STEPS,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(seed(number)(Machine), settings=options)


class StateMachine(RuleBasedStateMachine):
    """One walk at random."""

    shared: Recording
    started: int

    def __init__(self) -> None:
        super().__init__()
        subject = self.shared.subject
        # Hypothesis begins with the simplest walk there is, one step over and over: nothing is sent for it.
        self._test = StatefulTest(self.shared if self.started else Recording(subject, obstacle=StopIteration()))
        type(self).started += 1
        self._fields = subject.own_fields()
        self._names = [subject.names.new_name() for _ in range(NAMES)]

    @initialize(data=st.data())
    def create(self, data: st.DataObject) -> None:
        """A first model, for others to build on."""
        self._test.upsert(("owner", self._names[0]), data.draw(bodies.values(self._fields)))

    @rule(data=st.data())
    def upsert(self, data: st.DataObject) -> None:
        """A valid upsert."""
        self._test.upsert(self._somewhere(data), data.draw(bodies.values(self._fields)))

    @precondition(lambda self: self._bases())
    @rule(data=st.data())
    def upsert_on_a_base(self, data: st.DataObject) -> None:
        """A valid upsert on a base model that exists."""
        at, base = data.draw(st.sampled_from(self._bases()))
        self._test.upsert_on_base(at, data.draw(bodies.values(self._fields, at_most=2)), base)

    @rule(data=st.data())
    def refused(self, data: st.DataObject) -> None:
        """An upsert with one wrong value."""
        values = data.draw(bodies.values(self._fields)) | data.draw(bodies.wrong(self._fields))
        self._test.upsert(self._somewhere(data), values)

    @precondition(lambda self: self.shared.subject.capabilities.read_returns_state)
    @rule(data=st.data())
    def read(self, data: st.DataObject) -> None:
        """A read, of what exists and what does not."""
        self._test.read(self._somewhere(data))

    @precondition(lambda self: self.shared.subject.capabilities.delete_works)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        """A delete, of what exists and what does not."""
        self._test.delete(self._somewhere(data))

    def _somewhere(self, data: st.DataObject) -> Address:
        return data.draw(st.sampled_from(list(self._test.credentials))), data.draw(st.sampled_from(self._names))

    def _bases(self) -> list[tuple[Address, str]]:
        """Each model, there or not, with each that exists and stands before it in the names: no cycle closes."""
        if base_field(self.shared.subject.contract) is None:
            return []
        return [
            ((organization, name), base)
            for organization in self._test.credentials
            for place, name in enumerate(self._names)
            for base in self._names[:place]
            if self._test.exists((organization, base))
        ]
