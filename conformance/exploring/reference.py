"""The suite's own reading of the semantics: what the contract lets one predict of each answer, and how surely.

It predicts a value or nothing at all; what it does not predict is never judged. It shares no code with any server.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from conformance.fields import Shown, base_field, shown_fields
from conformance.judge.reading import Reading, read_body
from conformance.requirements.level import MUST, SHOULD, Level
from conformance.wire.exchange import Json
from contract import Contract, Inherited, Omitted

Address: TypeAlias = tuple[str, str]
"""Organization and name of a model."""
DELETED = 204


@dataclass(frozen=True, slots=True)
class Sure:
    """A predicted value, and the level of the facts that it rests on."""

    value: Json
    level: Level


@dataclass(frozen=True, slots=True)
class Prediction:
    """What an answer has to be."""

    status: Sure
    fields: Mapping[str, Sure] = field(default_factory=dict)


@dataclass(slots=True)
class Model:
    """What is known of a stored model."""

    own: dict[str, Sure]
    """Values of the model's own; a field that is in neither set may have any value or none."""
    unset: set[str]
    """Fields that certainly have no value of their own."""
    written: int
    """When it was last written, counted in requests: a base model that was written later may or may not show."""


class Reference:
    """Follows the models of several organizations through a run of requests."""

    def __init__(self, contract: Contract, *, keeps: bool, builtin: Collection[str] = ()) -> None:
        self._contract = contract
        self._builtin = builtin
        """Names of base models that every organization has."""
        self._keeps = keeps
        """Whether the target was seen to keep omitted fields."""
        self._shown = {shown.name: shown for shown in shown_fields(contract)}
        self._base = base_field(contract)
        self._models: dict[Address, Model] = {}
        self._clock = 0

    def upsert(self, at: Address, body: Mapping[str, Json]) -> Prediction:
        """Predict the answer to a body of plain values, or with a wrong one, and follow it."""
        self._clock += 1
        upsert = self._contract.upsert
        if read_body(self._contract, body) is Reading.WRONG:
            return Prediction(Sure(upsert.invalid, MUST))
        if self._base is not None and self._base.name in body and self._base.reference is not None:
            base = (at[0], str(body[self._base.name]))
            if base not in self._models and base != at and base[1] not in self._builtin:
                return Prediction(Sure(self._base.reference.missing, SHOULD))
        sure = SHOULD if self._chains(at, body) else MUST
        status = upsert.updated if at in self._models else upsert.created
        self._models[at] = self._written(self._models.get(at), body)
        return Prediction(Sure(status, sure), self._view(at, just_sent=body))

    def read(self, at: Address) -> Prediction:
        """Predict the answer to a read."""
        if at not in self._models:
            return Prediction(Sure(404, MUST))
        return Prediction(Sure(200, MUST), self._view(at))

    def delete(self, at: Address) -> Prediction:
        """Predict the answer to a delete, and follow it."""
        self._clock += 1
        elsewhere = at not in self._models and any(name == at[1] for _, name in self._models)
        sure = SHOULD if elsewhere or self._is_base(at) else MUST  # that it looks as if it did not exist is assumed
        return Prediction(Sure(DELETED if self._models.pop(at, None) else 404, sure))

    def lose(self, at: Address, *, exists: bool) -> None:
        """An answer was not as predicted: forget what was known of the model, but whether there is one."""
        self._models.pop(at, None)
        if exists:
            self._models[at] = Model({}, set(), self._clock)

    def names(self, organization: str) -> list[str]:
        """The models that an organization has."""
        return [name for owner, name in self._models if owner == organization]

    def holds(self, at: Address, name: str) -> bool:
        """Whether a model has a value of its own in a field."""
        return at in self._models and name in self._models[at].own

    def _chains(self, at: Address, body: Mapping[str, Json]) -> bool:
        """Whether a base is sent that may have one itself, or to what may be a base: that this works is assumed."""
        if self._base is None or self._base.name not in body:
            return False
        base = self._models.get((at[0], str(body[self._base.name])))
        return base is None or self._base.name not in base.unset or self._is_base(at)

    def _is_base(self, at: Address) -> bool:
        """Whether there may be a model that has this one as its base."""
        if self._base is None:
            return False
        others = [model for address, model in self._models.items() if address[0] == at[0] and address != at]
        bases = [model.own.get(self._base.name) for model in others if self._base.name not in model.unset]
        return any(base is None or base.value == at[1] for base in bases)

    def _written(self, before: Model | None, body: Mapping[str, Json]) -> Model:
        sent = {name: Sure(body[name], MUST) for name in self._shown if name in body}
        if before is None or self._contract.upsert.omitted is Omitted.RESET:
            return Model(sent, set(self._shown) - set(sent), self._clock)
        if not self._keeps:
            return Model(sent, set(), self._clock)
        kept = {name: Sure(sure.value, SHOULD) for name, sure in before.own.items()}
        return Model(kept | sent, before.unset - set(sent), self._clock)

    def _view(self, at: Address, just_sent: Mapping[str, Json] | None = None) -> dict[str, Sure]:
        """Each field that can be predicted. What was just sent is sure; that it is kept is assumed."""
        view = {}
        for name, shown in self._shown.items():
            sure = self._models[at].own.get(name) or self._inherited(at, shown, set())
            if sure is not None:
                view[name] = sure if just_sent is not None and name in just_sent else Sure(sure.value, SHOULD)
        return view

    def _inherited(self, at: Address, shown: Shown, seen: set[Address]) -> Sure | None:
        model = self._models[at]
        if self._base is None or not isinstance(shown.response.source, Inherited) or shown.name not in model.unset:
            return None
        reference = model.own.get(self._base.name)
        base = (at[0], str(reference.value)) if reference else None
        if base is None or base not in self._models or base in seen or self._models[base].written > model.written:
            return None
        return self._models[base].own.get(shown.name) or self._inherited(base, shown, seen | {at})
