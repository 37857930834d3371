"""The suite's own reading of the semantics: what the contract lets one predict of each answer, and how surely.

It predicts a value or nothing at all; what it does not predict is never judged. It shares no code with any server.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from conformance.fields import EchoedField, base_field, echoed_fields, overlays
from conformance.judge.expect import as_json, contains, expect_entries, expect_returned, same, summary
from conformance.judge.outcome import Cause, Failure, NotTestable
from conformance.judge.requests import Validity, classify_body, classify_value
from conformance.requirements.level import MUST, SHOULD, Level
from conformance.target.subject import Subject
from conformance.wire.exchange import Credential, Exchange, Json, Request
from contract import Contract, Inherited, Omitted

Address: TypeAlias = tuple[str, str]
"""Organization and name of a model."""
DELETED = 204


@dataclass(frozen=True, slots=True)
class PredictedValue:
    """A predicted value, and the level of the facts that it rests on."""

    value: Json
    level: Level


@dataclass(frozen=True, slots=True)
class Prediction:
    """What an answer has to be."""

    status: PredictedValue
    fields: Mapping[str, PredictedValue] = field(default_factory=dict)


@dataclass(slots=True)
class ModelState:
    """What is known of a stored model."""

    own: dict[str, PredictedValue]
    """Values of the model's own; a field that is in neither set may have any value or none."""
    unset: set[str]
    """Fields that certainly have no value of their own."""
    written: int
    """When it was last written, counted in requests: a base model that was written later may or may not show."""


class ReferenceModel:
    """Follows the models of several organizations through a run of requests."""

    def __init__(self, contract: Contract, *, keeps: bool, builtin: Collection[str] = ()) -> None:
        self._contract = contract
        self._builtin = builtin
        """Names of base models that every organization has."""
        self._keeps = keeps
        """Whether the target was seen to keep omitted fields."""
        self._shown = {shown.name: shown for shown in echoed_fields(contract)}
        self._base = base_field(contract)
        self._models: dict[Address, ModelState] = {}
        self._clock = 0

    def upsert(self, at: Address, body: Mapping[str, Json]) -> Prediction:
        """Predict the answer to a body of plain values, or with a wrong one, and follow it."""
        self._clock += 1
        upsert = self._contract.upsert
        if classify_body(self._contract, body) is Validity.INVALID:
            return Prediction(PredictedValue(upsert.invalid, MUST))
        if self._base is not None and self._base.name in body and self._base.reference is not None:
            base = (at[0], str(body[self._base.name]))
            if base not in self._models and base != at and base[1] not in self._builtin:
                return Prediction(PredictedValue(self._base.reference.missing, SHOULD))
        sure = SHOULD if self._may_chain(at, body) else MUST
        status = upsert.updated if at in self._models else upsert.created
        self._models[at] = self._after_write(self._models.get(at), body)
        return Prediction(PredictedValue(status, sure), self._returned(at, just_sent=body))

    def read(self, at: Address) -> Prediction:
        """Predict the answer to a read."""
        if at not in self._models:
            return Prediction(PredictedValue(404, MUST))
        return Prediction(PredictedValue(200, MUST), self._returned(at))

    def delete(self, at: Address) -> Prediction:
        """Predict the answer to a delete, and follow it."""
        self._clock += 1
        elsewhere = at not in self._models and any(name == at[1] for _, name in self._models)
        sure = SHOULD if elsewhere or self._is_base(at) else MUST  # that it looks as if it did not exist is assumed
        return Prediction(PredictedValue(DELETED if self._models.pop(at, None) else 404, sure))

    def forget(self, at: Address, *, exists: bool) -> None:
        """An answer was not as predicted: forget what was known of the model, but whether there is one."""
        self._models.pop(at, None)
        if exists:
            self._models[at] = ModelState({}, set(), self._clock)

    def names(self, organization: str) -> list[str]:
        """The models that an organization has."""
        return [name for owner, name in self._models if owner == organization]

    def has_own_value(self, at: Address, name: str) -> bool:
        """Whether a model has a value of its own in a field."""
        return at in self._models and name in self._models[at].own

    def _may_chain(self, at: Address, body: Mapping[str, Json]) -> bool:
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

    def _after_write(self, before: ModelState | None, body: Mapping[str, Json]) -> ModelState:
        sent = {name: PredictedValue(body[name], MUST) for name in self._shown if name in body}
        if before is None or self._contract.upsert.omitted is Omitted.RESET:
            return ModelState(sent, set(self._shown) - set(sent), self._clock)
        if not self._keeps:
            return ModelState(sent, set(), self._clock)
        kept = {name: PredictedValue(sure.value, SHOULD) for name, sure in before.own.items()}
        return ModelState(kept | sent, before.unset - set(sent), self._clock)

    def _returned(self, at: Address, just_sent: Mapping[str, Json] | None = None) -> dict[str, PredictedValue]:
        """Each field that can be predicted. What was just sent is sure; that it is kept is assumed."""
        view = {}
        for name, shown in self._shown.items():
            sure = self._models[at].own.get(name) or self._inherited(at, shown, set())
            if sure is not None:
                view[name] = sure if just_sent is not None and name in just_sent else PredictedValue(sure.value, SHOULD)
        return view

    def _inherited(self, at: Address, shown: EchoedField, seen: set[Address]) -> PredictedValue | None:
        model = self._models[at]
        if self._base is None or not isinstance(shown.response.source, Inherited) or shown.name not in model.unset:
            return None
        reference = model.own.get(self._base.name)
        base = (at[0], str(reference.value)) if reference else None
        if base is None or base not in self._models or base in seen or self._models[base].written > model.written:
            return None
        return self._models[base].own.get(shown.name) or self._inherited(base, shown, seen | {at})


STATUS = ""
"""What is wrong, where it is no member of the response."""


@dataclass(frozen=True, slots=True)
class FaultKind:
    """What a fault is, whatever the values are that show it."""

    operation: str
    """`create`, `update`, `read` or `delete`."""
    caller: str
    member: str
    """The member of the response that is wrong; STATUS where the status is."""
    source: str
    """Where its value comes from: `sent`, `kept` or `inherited`; of a status, what it has to be and what it is."""


Fault: TypeAlias = tuple[str, str, Failure]
"""The member that is wrong, the source of its value, and the failure."""


@dataclass(frozen=True, slots=True)
class PredictedExchange:
    """What the reference says of a request before it is sent."""

    at: Address
    operation: str
    existed: bool
    prediction: Prediction
    entries: Mapping[str, Json]
    """The entries of each override that the model has by then."""
    sources: Mapping[str, str]
    """Where the value of each member comes from that is predicted."""
    wrong: str = ""
    """What is wrong in the request, in words."""


class SequenceJudge:
    """Follows one sequence of exchanges, about models that did not exist before it."""

    def __init__(self, subject: Subject) -> None:
        self._contract = subject.contract
        builtin = frozenset(subject.options.fixtures.builtin_models)
        self._reference = ReferenceModel(
            subject.contract, keeps=subject.capabilities.bare_upsert_returns_state, builtin=builtin
        )
        self._keeps = subject.capabilities.bare_upsert_returns_state
        credentials = {"owner": subject.credentials.primary, "other": subject.credentials.other_org}
        self._organizations: dict[Credential | None, str] = {
            caller: name for name, caller in credentials.items() if caller is not None
        }
        self._overrides = {override.name: shown for override, shown, _ in overlays(subject.contract)}
        self._entries: dict[Address, dict[str, dict[str, Json]]] = {}
        self._deleted: set[Address] = set()

    def predict(self, request: Request) -> PredictedExchange | None:
        """Predict what comes of a request, and go on as if it came; None where the reference does not know."""
        upsert = self._contract.upsert
        if request.credential not in self._organizations or request.key is None:
            return None
        organization = self._organizations[request.credential]
        at, operation = (organization, request.key), request.operation_id
        existed = request.key in self._reference.names(organization)
        if operation == upsert.operation.operation_id:
            return self._foresee_upsert(at, request, existed)
        if request.body is None and upsert.read is not None and operation == upsert.read.operation_id:
            return self._foreseen(at, "read", existed, self._reference.read(at), {})
        if request.body is None and upsert.delete is not None and operation == upsert.delete.operation_id:
            self._entries.pop(at, None)
            self._deleted.add(at)
            return self._foreseen(at, "delete", existed, self._reference.delete(at), {})
        return None

    def _foresee_upsert(self, at: Address, request: Request, existed: bool) -> PredictedExchange | None:
        upsert, body = self._contract.upsert, request.json
        if not isinstance(body, dict) or body.get(upsert.key) != at[1]:
            return None
        if classify_body(self._contract, body) is Validity.COERCIBLE:
            return None
        prediction = self._reference.upsert(at, body)
        taken = prediction.status.value in (upsert.created, upsert.updated)
        if taken:
            self._note_entries(at, body, existed)
        operation, wrong = "update" if existed else "create", "" if taken else self._wrong(body)
        return self._foreseen(at, operation, existed, prediction, body, wrong)

    def _foreseen(
        self,
        at: Address,
        operation: str,
        existed: bool,
        prediction: Prediction,
        body: Mapping[str, Json],
        wrong: str = "",
    ) -> PredictedExchange:
        entries = {} if wrong else self._entries.get(at, {})
        sources = {name: self._source(at, name, body) for name in prediction.fields}
        for override, said in entries.items():
            source = "sent" if override in body else "kept"
            sources |= {f"{self._overrides[override].name}.{name}": source for name in said}
        return PredictedExchange(at, operation, existed, prediction, entries, sources, wrong)

    def _note_entries(self, at: Address, body: Mapping[str, Json], existed: bool) -> None:
        """Keep in mind what the overrides say; what an update leaves out is only known to stay where that is kept."""
        before = self._entries.get(at, {}) if existed and self._keeps else {}
        sent = {name: body[name] for name in self._overrides if isinstance(body.get(name), dict)}
        self._entries[at] = {**before, **sent}

    def _wrong(self, body: Mapping[str, Json]) -> str:
        for name, value in body.items():
            field = self._contract.upsert.request.get(name)
            if field is not None and classify_value(field.schema, value) is Validity.INVALID:
                return f"for {name}: {as_json(value, 80)}"
        base = base_field(self._contract)
        return f"for an unknown {base.name}" if base is not None else ""

    def judge(self, exchange: Exchange) -> dict[FaultKind, Failure]:
        """Follow an exchange; return in what its response is wrong."""
        predicted = self.predict(exchange.request)
        if predicted is None:
            return {}
        caller = exchange.request.credential.shell if exchange.request.credential else ""
        found = {
            FaultKind(predicted.operation, caller, member, source): failure
            for member, source, failure in self._failures(predicted, exchange)
        }
        if exchange.response.status != predicted.prediction.status.value:
            self._forget(predicted, exchange)
        return found

    def _forget(self, predicted: PredictedExchange, exchange: Exchange) -> None:
        """Forget what was known of a model, but whether there is one, for its response was not as predicted."""
        status, taken = exchange.response.status, exchange.response.successful
        exists = {
            "read": taken,
            "delete": predicted.existed and not (taken or status == 404),
        }.get(predicted.operation, predicted.existed or taken)
        self._entries.pop(predicted.at, None)
        self._reference.forget(predicted.at, exists=exists)

    def _failures(self, predicted: PredictedExchange, exchange: Exchange) -> Iterator[Fault]:
        status, wanted = exchange.response.status, predicted.prediction.status.value
        if status != wanted:
            expected = f"status {wanted} {self._when(predicted)}".strip()
            cause = Cause("status", str(wanted), str(status))
            yield STATUS, f"{wanted}, not {status}", Failure(expected, summary(exchange), cause=cause)
        if not exchange.response.successful or predicted.operation == "delete":
            return
        yield from self._wrong_values(predicted, exchange.response.members)
        yield from self._wrong_entries(predicted, exchange.response.members)

    def _wrong_values(
        self, predicted: PredictedExchange, members: Mapping[str, Json]
    ) -> Iterator[tuple[str, str, Failure]]:
        for shown in echoed_fields(self._contract):
            if shown.name not in predicted.sources:
                continue
            source, value = predicted.sources[shown.name], predicted.prediction.fields[shown.name].value
            try:
                expect_returned(members, shown.response, value, _where(predicted.operation, source))
            except NotTestable:
                continue
            except Failure as failure:
                yield shown.name, source, failure

    def _wrong_entries(
        self, predicted: PredictedExchange, members: Mapping[str, Json]
    ) -> Iterator[tuple[str, str, Failure]]:
        for override, entries in predicted.entries.items():
            shown = self._overrides[override]
            for name, entry in entries.items():
                member = f"{shown.name}.{name}"
                source = predicted.sources[member]
                for equal, how in ((contains, source), (same, f"{source}, and nothing else")):
                    try:
                        where = _where(predicted.operation, source)
                        expect_entries(members.get(shown.name), {name: entry}, shown, where, equal)
                    except NotTestable:
                        break
                    except Failure as failure:
                        yield member, how, failure
                        break

    def _source(self, at: Address, name: str, body: Mapping[str, Json]) -> str:
        if name in body:
            return "sent"
        return "kept" if self._reference.has_own_value(at, name) else "inherited"

    def _when(self, predicted: PredictedExchange) -> str:
        if predicted.wrong:
            return predicted.wrong
        what = "name" if predicted.operation in ("create", "update") else "model"
        inside = " in that organization" if predicted.at[0] != "owner" else ""
        if predicted.existed:
            return f"for a {what} that exist{'ed' if what == 'name' else 's'}{inside}"
        deleted = predicted.at in self._deleted and predicted.operation != "delete"
        return (
            f"for a {what} that was deleted"
            if deleted
            else f"for a {what} that d{'id' if what == 'name' else 'oes'} not exist{inside}"
        )


def _where(operation: str, source: str) -> str:
    """Words for where a value is looked for."""
    if source == "inherited":
        return "inherited from the base model"
    if operation == "read":
        return "when the model is read"
    if source == "sent":
        return f"in the response to the {operation}"
    return "after an update that left it out"


def is_same_fault(kind: FaultKind, seen: Failure, found: Failure) -> bool:
    """Whether what the onlooker has seen is what a check found, with the same values."""
    if seen.observed != found.observed:
        return False
    if kind.member == STATUS:
        return found.cause is None or found.cause.kind == "status"
    wanted = seen.expected.removesuffix(f" {_where(kind.operation, kind.source.partition(',')[0])}")
    return found.expected.startswith(wanted)


def faults_in_last(subject: Subject, exchanges: Sequence[Exchange]) -> dict[FaultKind, Failure]:
    """In what the last of the exchanges is wrong."""
    onlooker, found = SequenceJudge(subject), dict[FaultKind, Failure]()
    for exchange in exchanges:
        found = onlooker.judge(exchange)
    return found


def prediction_of_last(subject: Subject, requests: Sequence[Request]) -> PredictedExchange | None:
    """What is foreseen of the last of the requests, where all responses are as predicted."""
    onlooker, predicted = SequenceJudge(subject), None
    for request in requests:
        predicted = onlooker.predict(request)
    return predicted
