"""Stateful tests: sequences of requests to a target, with every response predicted by the reference model.

Hypothesis generates random sequences over a few names, organizations and base models. What these find only sometimes, a
directed test finds always: it takes one model through every short history of upserts, rejected upserts and deletes.
`replay` sends given requests again, and judges them in the same way.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from conformance.fields import base_field, deleted_statuses
from conformance.generate import bodies
from conformance.generate.values import Invalidity, distinct_value, has_few_values, invalid_values
from conformance.judge.outcome import Failure, Reproduced
from conformance.judge.requests import Validity, classify_body
from conformance.model.reference import Address, PredictedValue, Prediction, ReferenceModel
from conformance.requirements.features import ORGANIZATIONS
from conformance.target.subject import Subject, can_write_in_other_org
from conformance.wire.exchange import Credential, Exchange, Json, Request
from contract import RequestField

REJECTED_DELETE = frozenset({400, 403, 409, 422})
"""Statuses of a delete that is rejected because another model has this one as its base."""


@dataclass(frozen=True, slots=True)
class Step:
    """An exchange, the prediction for it, and the exchanges of the same test before it."""

    exchange: Exchange
    prediction: Prediction
    before: tuple[Exchange, ...]


@dataclass(slots=True)
class Recording:
    """What all stateful tests of a run share."""

    subject: Subject
    steps: list[Step] = field(default_factory=list)
    obstacle: Exception | None = None
    """What ended the tests early; nothing is sent after it."""


class StatefulTest:
    """One sequence of requests, about models that did not exist before it."""

    def __init__(self, recording: Recording) -> None:
        subject = recording.subject
        self.credentials = {"primary": subject.credentials.primary}
        """The organizations of the models, each with its credential."""
        apart = all(it.is_in(subject.contract) for it in ORGANIZATIONS)
        if subject.credentials.other_org is not None and apart and can_write_in_other_org(subject):
            self.credentials["other"] = subject.credentials.other_org
        self._recording = recording
        self._subject = subject
        self._reference = ReferenceModel(subject.contract, keeps=subject.capabilities.bare_upsert_returns_state)
        self._exchanges: list[Exchange] = []

    def exists(self, at: Address) -> bool:
        """Return whether the model exists."""
        return at[1] in self._reference.names(at[0])

    def upsert(self, at: Address, values: Mapping[str, Json]) -> None:
        """Upsert `values`, valid or invalid."""
        body = self._subject.complete({self._subject.contract.upsert.key: at[1], **values})
        existed, predicted = self.exists(at), self._reference.upsert(at, body)
        exchange = self._follow(predicted, lambda: self._subject.upsert(body, self._credential(at)))
        if exchange is not None:
            self._reference.forget(at, exists=existed or exchange.response.successful)

    def upsert_with_base(self, at: Address, values: Mapping[str, Json], base: str) -> None:
        """Upsert `values` with a base model of the same organization."""
        field = base_field(self._subject.contract)
        if field is not None:
            self.upsert(at, {**values, field.name: base})

    def read(self, at: Address) -> None:
        """Read the model, whether it exists or not, if reads of the target return what was written."""
        if self._subject.capabilities.read_returns_state:
            exchange = self._follow(self._reference.read(at), lambda: self._subject.read(at[1], self._credential(at)))
            if exchange is not None:
                self._reference.forget(at, exists=exchange.response.successful)

    def delete(self, at: Address) -> None:
        """Delete the model, whether it exists or not, if the target has a delete."""
        if self._subject.capabilities.delete_works:
            existed, in_use = self.exists(at), self._reference.is_base(at)
            predicted = self._reference.delete(at)
            also = (*deleted_statuses(self._subject.contract), *(REJECTED_DELETE if in_use else ())) if existed else ()
            exchange = self._follow(predicted, lambda: self._subject.delete(at[1], self._credential(at)), also)
            if exchange is not None:
                gone = exchange.response.successful or exchange.response.status == 404
                self._reference.forget(at, exists=existed and not gone)

    def send_again(self, request: Request) -> None:
        """Send a request of an earlier test again."""
        upsert = self._subject.contract.upsert
        organization = next(name for name, caller in self.credentials.items() if caller == request.credential)
        at = (organization, request.key or "")
        if request.operation_id == upsert.operation.operation_id:
            self.upsert(at, {name: value for name, value in request.json.items() if name != upsert.key})
        elif upsert.read is not None and request.operation_id == upsert.read.operation_id:
            self.read(at)
        else:
            self.delete(at)

    def _credential(self, at: Address) -> Credential | None:
        return self.credentials[at[0]]

    def _follow(
        self, prediction: Prediction, send: Callable[[], Exchange], also: Container[int] = ()
    ) -> Exchange | None:
        """Send, record the step, and return the exchange if its status is not the predicted one.

        A status in `also` is as good as the predicted one, and tells nothing of the model.
        """
        if self._recording.obstacle is not None:
            return None
        try:
            exchange = send()
        except Exception as obstacle:  # noqa: BLE001 - raised again when the tests are over
            self._recording.obstacle = obstacle
            return None
        status = exchange.response.status
        judged = Prediction(PredictedValue(status, prediction.status.level)) if status in also else prediction
        self._recording.steps.append(Step(exchange, judged, tuple(self._exchanges)))
        self._exchanges.append(exchange)
        return exchange if status != prediction.status.value else None


def run_every_history(recording: Recording) -> None:
    """Take one model through every history of `Profile.history` upserts, rejected upserts and deletes."""
    subject, walker = recording.subject, StatefulTest(recording)
    at = ("primary", subject.names.new_name())
    fields = [field for field in subject.own_fields() if not has_few_values(field.schema)] or subject.own_fields()
    kinds = ("upsert", "rejected", "delete") if subject.capabilities.delete_works else ("upsert", "rejected")
    for variant, kind in zip(count(), covering(kinds, subject.options.profile.history), strict=False):
        field = fields[variant % len(fields)]
        value = {field.name: distinct_value(field.schema, variant)}
        if kind == "upsert":
            walker.upsert(at, value)
        elif kind == "rejected":
            walker.upsert(at, value | _wrong_value(fields, unlike=field))
        else:
            walker.delete(at)


def _wrong_value(fields: Sequence[RequestField], unlike: RequestField) -> dict[str, object]:
    """Return an invalid value that no server accepts, for a field other than `unlike` if there is one."""
    wrong = {
        field.name: value.value
        for field in fields
        for value in invalid_values(field.schema)
        if value.invalidity is Invalidity.TYPE
    }
    name = next((name for name in wrong if name != unlike.name), unlike.name)
    return {name: wrong[name]}


def covering(kinds: Sequence[str], length: int) -> Iterator[str]:
    """Return the shortest sequence that contains every sequence of `length` kinds: de Bruijn's, from Lyndon words."""
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
    """Send requests again; return the first failure that `judge` finds, or None."""
    if not all(_is_predictable(subject, request) for request in requests):
        return None
    recording = Recording(subject)
    walker = StatefulTest(recording)
    for request in requests:
        walker.send_again(request)
        if recording.obstacle is not None:
            raise recording.obstacle
        step = recording.steps[-1]
        try:
            judge(step)
        except Failure as failure:
            return Reproduced(failure, (*step.before, step.exchange))
    return None


def _is_predictable(subject: Subject, request: Request) -> bool:
    """Return whether the reference model can predict the response: the body is plain, or certainly invalid."""
    return request.body is None or classify_body(subject.contract, request.json) in (Validity.PLAIN, Validity.INVALID)


STEPS = 12
NAMES = 3
REQUESTS = 45
"""Requests of the stateful tests of a default run, with those that confirm and minimise what they find."""


def run_stateful_tests(subject: Subject) -> list[Step]:
    """Run all stateful tests, and return their steps: the same for the same seed, whatever the target returns."""
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
    """Run random stateful tests from a seed.

    All runs share one class of machines, because Hypothesis keeps each class, with all that it refers to.
    """
    started = count()

    def machine() -> StateMachine:
        return StateMachine(recording, simplest=next(started) == 0)

    options = settings(
        max_examples=recording.subject.options.profile.stateful_tests + 1,
        stateful_step_count=STEPS,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(seed(number)(machine), settings=options)  # type: ignore[arg-type]  # a function will do


class StateMachine(RuleBasedStateMachine):
    """A random stateful test."""

    def __init__(self, recording: Recording, *, simplest: bool) -> None:
        """Begin a test. Hypothesis begins with the simplest one, one step over and over: nothing is sent for it."""
        super().__init__()
        self._subject = subject = recording.subject
        self._test = StatefulTest(Recording(subject, obstacle=StopIteration()) if simplest else recording)
        self._fields = subject.own_fields()
        self._names = [subject.names.new_name() for _ in range(NAMES)]

    @initialize(data=st.data())
    def create(self, data: st.DataObject) -> None:
        """Create a first model, which others can have as their base."""
        self._test.upsert(("primary", self._names[0]), data.draw(bodies.values(self._fields)))

    @rule(data=st.data())
    def upsert(self, data: st.DataObject) -> None:
        """Send a valid upsert."""
        self._test.upsert(self._any_model(data), data.draw(bodies.values(self._fields)))

    @precondition(lambda self: self._bases())
    @rule(data=st.data())
    def upsert_with_a_base(self, data: st.DataObject) -> None:
        """Send a valid upsert with a base model that exists."""
        at, base = data.draw(st.sampled_from(self._bases()))
        self._test.upsert_with_base(at, data.draw(bodies.values(self._fields, at_most=2)), base)

    @rule(data=st.data())
    def rejected_upsert(self, data: st.DataObject) -> None:
        """Send an upsert with one invalid value."""
        values = data.draw(bodies.values(self._fields)) | data.draw(bodies.invalid(self._fields))
        self._test.upsert(self._any_model(data), values)

    @precondition(lambda self: self._subject.capabilities.read_returns_state)
    @rule(data=st.data())
    def read(self, data: st.DataObject) -> None:
        """Read a model, whether it exists or not."""
        self._test.read(self._any_model(data))

    @precondition(lambda self: self._subject.capabilities.delete_works)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        """Delete a model, whether it exists or not."""
        self._test.delete(self._any_model(data))

    def _any_model(self, data: st.DataObject) -> Address:
        return data.draw(st.sampled_from(list(self._test.credentials))), data.draw(st.sampled_from(self._names))

    def _bases(self) -> list[tuple[Address, str]]:
        """Return each model with each existing one that comes before it in the names, so that there are no cycles."""
        if base_field(self._subject.contract) is None:
            return []
        return [
            ((organization, name), base)
            for organization in self._test.credentials
            for place, name in enumerate(self._names)
            for base in self._names[:place]
            if self._test.exists((organization, base))
        ]
