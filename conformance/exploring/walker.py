"""Acts on models of several organizations, and has the reference model predict each answer. The checks judge."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from conformance.exploring.reference import Address, Prediction, Reference
from conformance.fields import base_field
from conformance.subject.subject import Subject
from conformance.wire.exchange import Credential, Exchange, Json, Request


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
    """What ended the walks early; nothing is sent after it."""


class Walker:
    """One walk, over models that did not exist before it."""

    def __init__(self, walks: Walks) -> None:
        subject = walks.subject
        self.callers = {"owner": subject.callers.owner}
        """The organizations that the walk goes through, each by a caller."""
        if subject.callers.other is not None:
            self.callers["other"] = subject.callers.other
        self._walks = walks
        self._subject = subject
        self._reference = Reference(subject.contract, keeps=subject.abilities.keeps)
        self._story: list[Exchange] = []

    def exists(self, at: Address) -> bool:
        """Whether there is a model."""
        return at[1] in self._reference.names(at[0])

    def upsert(self, at: Address, values: Mapping[str, Json]) -> None:
        """Upsert `values`, right or wrong."""
        body = {self._subject.contract.upsert.key: at[1], **values}
        self._follow(at, self._reference.upsert(at, body), lambda: self._subject.upsert(body, self._caller(at)))

    def upsert_on_base(self, at: Address, values: Mapping[str, Json], base: str) -> None:
        """Upsert `values` on a base model of the same organization."""
        field = base_field(self._subject.contract)
        if field is not None:
            self.upsert(at, {**values, field.name: base})

    def read(self, at: Address) -> None:
        """Read the model, there or not, where reads show what was written."""
        if self._subject.abilities.reads_truly:
            self._follow(at, self._reference.read(at), lambda: self._subject.read(at[1], self._caller(at)))

    def delete(self, at: Address) -> None:
        """Delete the model, there or not, where the target deletes."""
        if self._subject.abilities.deletes:
            self._follow(at, self._reference.delete(at), lambda: self._subject.delete(at[1], self._caller(at)))

    def again(self, request: Request) -> None:
        """Send what a walk has sent."""
        upsert = self._subject.contract.upsert
        organization = next(name for name, caller in self.callers.items() if caller == request.credential)
        at = (organization, request.key or "")
        if request.operation_id == upsert.operation.operation_id:
            self.upsert(at, {name: value for name, value in request.json.items() if name != upsert.key})
        elif upsert.read is not None and request.operation_id == upsert.read.operation_id:
            self.read(at)
        else:
            self.delete(at)

    def _caller(self, at: Address) -> Credential | None:
        return self.callers[at[0]]

    def _follow(self, at: Address, prediction: Prediction, send: Callable[[], Exchange]) -> None:
        if self._walks.obstacle is not None:
            return
        try:
            exchange = send()
        except Exception as obstacle:  # noqa: BLE001 - raised again when the walks are over
            self._walks.obstacle = obstacle
            return
        self._walks.steps.append(Step(exchange, prediction, tuple(self._story)))
        if exchange.response.status != prediction.status.value:
            self._reference.lose(at, exists=exchange.response.successful)
        self._story.append(exchange)
