"""Acts on models of several organizations, and has the reference model predict each answer. The checks judge."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from conformance.exploring.reference import Address, Prediction, Reference
from conformance.fields import base_field
from conformance.requirements.features import ORGANIZATIONS
from conformance.subject.others import writes_elsewhere
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
        apart = all(it.is_in(subject.contract) for it in ORGANIZATIONS)
        if subject.callers.other is not None and apart and writes_elsewhere(subject):
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
        existed, predicted = self.exists(at), self._reference.upsert(at, body)
        exchange = self._follow(predicted, lambda: self._subject.upsert(body, self._caller(at)))
        if exchange is not None:
            self._reference.lose(at, exists=existed or exchange.response.successful)

    def upsert_on_base(self, at: Address, values: Mapping[str, Json], base: str) -> None:
        """Upsert `values` on a base model of the same organization."""
        field = base_field(self._subject.contract)
        if field is not None:
            self.upsert(at, {**values, field.name: base})

    def read(self, at: Address) -> None:
        """Read the model, there or not, where reads show what was written."""
        if self._subject.abilities.reads_truly:
            exchange = self._follow(self._reference.read(at), lambda: self._subject.read(at[1], self._caller(at)))
            if exchange is not None:
                self._reference.lose(at, exists=exchange.response.successful)

    def delete(self, at: Address) -> None:
        """Delete the model, there or not, where the target deletes."""
        if self._subject.abilities.deletes:
            existed, predicted = self.exists(at), self._reference.delete(at)
            exchange = self._follow(predicted, lambda: self._subject.delete(at[1], self._caller(at)))
            if exchange is not None:
                gone = exchange.response.successful or exchange.response.status == 404
                self._reference.lose(at, exists=existed and not gone)

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

    def _follow(self, prediction: Prediction, send: Callable[[], Exchange]) -> Exchange | None:
        """Send, and return the exchange where its status is not the predicted one."""
        if self._walks.obstacle is not None:
            return None
        try:
            exchange = send()
        except Exception as obstacle:  # noqa: BLE001 - raised again when the walks are over
            self._walks.obstacle = obstacle
            return None
        self._walks.steps.append(Step(exchange, prediction, tuple(self._story)))
        self._story.append(exchange)
        return exchange if exchange.response.status != prediction.status.value else None
