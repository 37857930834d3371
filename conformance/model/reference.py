"""A model of the endpoint that predicts responses: the semantics, written a second time and without a server.

`ReferenceModel` follows requests one by one, as a server would. For each it predicts the status and those fields that
follow from the contract: values that were sent, that were stored before, and that are inherited from a base model.

It predicts a value or nothing. What the contract leaves open has no prediction, and is never judged: an omitted field,
unless the target is known to keep it, or a value of a base model that was written after the model that inherits it. A
prediction also has a level, that of the weakest fact it rests on. That a response returns what was just sent is MUST;
that a later read returns it too is assumed, and so SHOULD.

A response may not be as predicted. Then every later prediction about that model would fail as well, and one fault would
look like many: `forget` drops what was known of the model, except whether it exists.

It shares no code with the mock on purpose: shared code would approve its own mistakes. Stateful tests compare the model
with a target (`stateful.py`). `SequenceJudge` applies it to exchanges that a check made, so that the search for a short
reproduction recognises the same fault in other requests.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from conformance.fields import EchoedField, base_field, deleted_statuses, echoed_fields, overlays
from conformance.judge.expect import as_json, contains, expect_entries, expect_returned, same, summary
from conformance.judge.outcome import Cause, Failure, NotTestable
from conformance.judge.requests import Validity, classify_body, classify_value
from conformance.requirements.level import MUST, SHOULD, Level
from conformance.target.subject import Subject
from conformance.wire.exchange import Credential, Exchange, Json, Request
from contract import Contract, Inherited, Omitted

Address: TypeAlias = tuple[str, str]
"""Organization and name of a model."""


@dataclass(frozen=True, slots=True)
class PredictedValue:
    """A predicted value, and the level of the weakest fact that it rests on."""

    value: Json
    level: Level


@dataclass(frozen=True, slots=True)
class Prediction:
    """The predicted status and fields of a response."""

    status: PredictedValue
    fields: Mapping[str, PredictedValue] = field(default_factory=dict)


@dataclass(slots=True)
class ModelState:
    """What is known of a stored model."""

    own: dict[str, PredictedValue]
    """Values of the model's own. A field that is neither here nor in `unset` may have any value or none."""
    unset: set[str]
    """Fields that are known to have no value of their own."""
    as_json: int
    """The number of the request that last wrote it. A base model written later may or may not be inherited from."""


class ReferenceModel:
    """Follows the models of several organizations through a sequence of requests."""

    def __init__(self, contract: Contract, *, keeps: bool, builtin: Collection[str] = ()) -> None:
        self._contract = contract
        self._builtin = builtin
        """Names of base models that every organization has."""
        self._keeps = keeps
        """Whether a probe found that the target keeps omitted fields."""
        self._echoed = {echoed.name: echoed for echoed in echoed_fields(contract)}
        self._base = base_field(contract)
        self._models: dict[Address, ModelState] = {}
        self._clock = 0

    def upsert(self, at: Address, body: Mapping[str, Json]) -> Prediction:
        """Predict the response to a body of plain values, or with an invalid one, and apply it."""
        self._clock += 1
        upsert = self._contract.upsert
        if classify_body(self._contract, body) is Validity.INVALID:
            return Prediction(PredictedValue(upsert.invalid, MUST))
        if self._base is not None and self._base.name in body and self._base.reference is not None:
            base = (at[0], str(body[self._base.name]))
            if base not in self._models and base != at and base[1] not in self._builtin:
                return Prediction(PredictedValue(self._base.reference.missing, SHOULD))
        level = SHOULD if self._may_chain(at, body) else MUST
        status = upsert.updated if at in self._models else upsert.created
        self._models[at] = self._after_write(self._models.get(at), body)
        return Prediction(PredictedValue(status, level), self._returned(at, just_sent=body))

    def read(self, at: Address) -> Prediction:
        """Predict the response to a read."""
        if at not in self._models:
            return Prediction(PredictedValue(404, MUST))
        return Prediction(PredictedValue(200, MUST), self._returned(at))

    def delete(self, at: Address) -> Prediction:
        """Predict the response to a delete, and apply it."""
        self._clock += 1
        elsewhere = at not in self._models and any(name == at[1] for _, name in self._models)
        # That the model of another organization gets 404 is assumed. A base model may be one that cannot be deleted.
        level = SHOULD if elsewhere or self.is_base(at) else MUST
        return Prediction(
            PredictedValue(deleted_statuses(self._contract)[0] if self._models.pop(at, None) else 404, level)
        )

    def forget(self, at: Address, *, exists: bool) -> None:
        """Forget what was known of a model except whether it exists, after a response that was not as predicted."""
        self._models.pop(at, None)
        if exists:
            self._models[at] = ModelState({}, set(), self._clock)

    def names(self, organization: str) -> list[str]:
        """Return the names of the models of an organization."""
        return [name for owner, name in self._models if owner == organization]

    def has_own_value(self, at: Address, name: str) -> bool:
        """Return whether a model has a value of its own in a field."""
        return at in self._models and name in self._models[at].own

    def _may_chain(self, at: Address, body: Mapping[str, Json]) -> bool:
        """Return whether the upsert may make a chain of base models. That chains work is assumed.

        The base that is sent may have a base itself, or the model may be the base of another.
        """
        if self._base is None or self._base.name not in body:
            return False
        base = self._models.get((at[0], str(body[self._base.name])))
        return base is None or self._base.name not in base.unset or self.is_base(at)

    def is_base(self, at: Address) -> bool:
        """Return whether another model may have this one as its base."""
        if self._base is None:
            return False
        others = [model for address, model in self._models.items() if address[0] == at[0] and address != at]
        bases = [model.own.get(self._base.name) for model in others if self._base.name not in model.unset]
        return any(base is None or base.value == at[1] for base in bases)

    def _after_write(self, before: ModelState | None, body: Mapping[str, Json]) -> ModelState:
        sent = {name: PredictedValue(body[name], MUST) for name in self._echoed if name in body}
        if before is None or self._contract.upsert.omitted is Omitted.RESET:
            return ModelState(sent, set(self._echoed) - set(sent), self._clock)
        if not self._keeps:
            return ModelState(sent, set(), self._clock)
        stored = {name: PredictedValue(known.value, SHOULD) for name, known in before.own.items()}
        return ModelState(stored | sent, before.unset - set(sent), self._clock)

    def _returned(self, at: Address, just_sent: Mapping[str, Json] | None = None) -> dict[str, PredictedValue]:
        """Return each field that can be predicted. That a value is stored is assumed; that it is echoed is not."""
        returned = {}
        for name, echoed in self._echoed.items():
            known = self._models[at].own.get(name) or self._inherited(at, echoed, set())
            if known is not None:
                just_echoed = just_sent is not None and name in just_sent
                returned[name] = known if just_echoed else PredictedValue(known.value, SHOULD)
        return returned

    def _inherited(self, at: Address, echoed: EchoedField, seen: set[Address]) -> PredictedValue | None:
        model = self._models[at]
        if self._base is None or not isinstance(echoed.response.source, Inherited) or echoed.name not in model.unset:
            return None
        reference = model.own.get(self._base.name)
        base = (at[0], str(reference.value)) if reference else None
        if base is None or base not in self._models or base in seen or self._models[base].as_json > model.as_json:
            return None
        return self._models[base].own.get(echoed.name) or self._inherited(base, echoed, seen | {at})


STATUS = ""
"""Stands for the status where a member of the response is named."""


@dataclass(frozen=True, slots=True)
class FaultKind:
    """What identifies a fault, whatever values show it."""

    operation: str
    """`create`, `update`, `read` or `delete`."""
    credential: str
    member: str
    """The wrong member of the response, or STATUS."""
    source: str
    """Where its value comes from: `sent`, `stored` or `inherited`. Of a status, the expected and the actual one."""


Fault: TypeAlias = tuple[str, str, Failure]
"""The member that is wrong, the source of its value, and the failure."""


@dataclass(frozen=True, slots=True)
class PredictedExchange:
    """What the reference model predicts of a request before it is sent."""

    at: Address
    operation: str
    existed: bool
    prediction: Prediction
    entries: Mapping[str, Json]
    """The entries of each override of the model after the request."""
    sources: Mapping[str, str]
    """Where the value of each predicted member comes from."""
    wrong: str = ""
    """What is invalid in the request, in words."""


class SequenceJudge:
    """Judges one sequence of exchanges by the reference model. Its models must not exist before it."""

    def __init__(self, subject: Subject) -> None:
        self._contract = subject.contract
        builtin = frozenset(subject.options.fixtures.builtin_models)
        self._reference = ReferenceModel(
            subject.contract, keeps=subject.capabilities.bare_upsert_returns_state, builtin=builtin
        )
        self._keeps = subject.capabilities.bare_upsert_returns_state
        credentials = {"primary": subject.credentials.primary, "other": subject.credentials.other_org}
        self._organizations: dict[Credential | None, str] = {
            credential: name for name, credential in credentials.items() if credential is not None
        }
        self._overrides = {override.name: echoed for override, echoed, _ in overlays(subject.contract)}
        self._entries: dict[Address, dict[str, dict[str, Json]]] = {}
        self._deleted: set[Address] = set()

    def predict(self, request: Request) -> PredictedExchange | None:
        """Predict the response to a request and go on as if it came; None if the reference model cannot tell."""
        upsert = self._contract.upsert
        if request.credential not in self._organizations or request.key is None:
            return None
        organization = self._organizations[request.credential]
        at, operation = (organization, request.key), request.operation_id
        existed = request.key in self._reference.names(organization)
        if operation == upsert.operation.operation_id:
            return self._predict_upsert(at, request, existed)
        if request.body is None and upsert.read is not None and operation == upsert.read.operation_id:
            return self._prediction_of(at, "read", existed, self._reference.read(at), {})
        if request.body is None and upsert.delete is not None and operation == upsert.delete.operation_id:
            self._entries.pop(at, None)
            self._deleted.add(at)
            return self._prediction_of(at, "delete", existed, self._reference.delete(at), {})
        return None

    def _predict_upsert(self, at: Address, request: Request, existed: bool) -> PredictedExchange | None:
        upsert, body = self._contract.upsert, request.json
        if not isinstance(body, dict) or body.get(upsert.key) != at[1]:
            return None
        if classify_body(self._contract, body) is Validity.COERCIBLE:
            return None
        prediction = self._reference.upsert(at, body)
        accepted = prediction.status.value in (upsert.created, upsert.updated)
        if accepted:
            self._note_entries(at, body, existed)
        operation, wrong = "update" if existed else "create", "" if accepted else self._wrong(body)
        return self._prediction_of(at, operation, existed, prediction, body, wrong)

    def _prediction_of(
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
        for override, sent in entries.items():
            source = "sent" if override in body else "stored"
            sources |= {f"{self._overrides[override].name}.{name}": source for name in sent}
        return PredictedExchange(at, operation, existed, prediction, entries, sources, wrong)

    def _note_entries(self, at: Address, body: Mapping[str, Json], existed: bool) -> None:
        """Record the entries of the overrides; what an update omits is kept only if the target keeps omitted fields."""
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
        """Follow an exchange, and return what is wrong in its response."""
        predicted = self.predict(exchange.request)
        if predicted is None:
            return {}
        credential = exchange.request.credential.shell if exchange.request.credential else ""
        found = {
            FaultKind(predicted.operation, credential, member, source): failure
            for member, source, failure in self._failures(predicted, exchange)
        }
        if exchange.response.status != predicted.prediction.status.value:
            self._forget(predicted, exchange)
        return found

    def _forget(self, predicted: PredictedExchange, exchange: Exchange) -> None:
        """Forget what was known of the model except whether it exists, which the response shows."""
        status, accepted = exchange.response.status, exchange.response.successful
        exists = {
            "read": accepted,
            "delete": predicted.existed and not (accepted or status == 404),
        }.get(predicted.operation, predicted.existed or accepted)
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

    def _wrong_values(self, predicted: PredictedExchange, members: Mapping[str, Json]) -> Iterator[Fault]:
        for echoed in echoed_fields(self._contract):
            if echoed.name not in predicted.sources:
                continue
            source, value = predicted.sources[echoed.name], predicted.prediction.fields[echoed.name].value
            try:
                expect_returned(members, echoed.response, value, _where(predicted.operation, source))
            except NotTestable:
                continue
            except Failure as failure:
                yield echoed.name, source, failure

    def _wrong_entries(self, predicted: PredictedExchange, members: Mapping[str, Json]) -> Iterator[Fault]:
        for override, entries in predicted.entries.items():
            echoed = self._overrides[override]
            for name, entry in entries.items():
                member = f"{echoed.name}.{name}"
                source = predicted.sources[member]
                for equal, how in ((contains, source), (same, f"{source}, and nothing else")):
                    try:
                        where = _where(predicted.operation, source)
                        expect_entries(members.get(echoed.name), {name: entry}, echoed, where, equal)
                    except NotTestable:
                        break
                    except Failure as failure:
                        yield member, how, failure
                        break

    def _source(self, at: Address, name: str, body: Mapping[str, Json]) -> str:
        if name in body:
            return "sent"
        return "stored" if self._reference.has_own_value(at, name) else "inherited"

    def _when(self, predicted: PredictedExchange) -> str:
        if predicted.wrong:
            return predicted.wrong
        what = "name" if predicted.operation in ("create", "update") else "model"
        inside = " in that organization" if predicted.at[0] != "primary" else ""
        if predicted.existed:
            return f"for a {what} that exist{'ed' if what == 'name' else 's'}{inside}"
        deleted = predicted.at in self._deleted and predicted.operation != "delete"
        return (
            f"for a {what} that was deleted"
            if deleted
            else f"for a {what} that d{'id' if what == 'name' else 'oes'} not exist{inside}"
        )


def _where(operation: str, source: str) -> str:
    """Return words for the place of a value."""
    if source == "inherited":
        return "inherited from the base model"
    if operation == "read":
        return "when the model is read"
    if source == "sent":
        return f"in the response to the {operation}"
    return "after an update that left it out"


def is_same_fault(kind: FaultKind, predicted: Failure, found: Failure) -> bool:
    """Return whether a failure that the reference model found is the one of a check, with the same values."""
    if predicted.observed != found.observed:
        return False
    if kind.member == STATUS:
        wanted = found.cause.expected if found.cause else ""
        return (found.cause is None or found.cause.kind == "status") and _is_one_of(wanted, predicted)
    wanted = predicted.expected.removesuffix(f" {_where(kind.operation, kind.source.partition(',')[0])}")
    return found.expected.startswith(wanted)


def _is_one_of(wanted: str, predicted: Failure) -> bool:
    """Return whether the predicted status is one that a check wanted, such as `200 or 201`, or `2xx`; empty is any."""
    status = predicted.cause.expected if predicted.cause else ""
    return any(status.startswith(one.removesuffix("xx")) for one in wanted.split(" or "))


def faults_in_last(subject: Subject, exchanges: Sequence[Exchange]) -> dict[FaultKind, Failure]:
    """Return what is wrong in the last of the exchanges."""
    judge, faults = SequenceJudge(subject), dict[FaultKind, Failure]()
    for exchange in exchanges:
        faults = judge.judge(exchange)
    return faults


def prediction_of_last(subject: Subject, requests: Sequence[Request]) -> PredictedExchange | None:
    """Return the prediction for the last of the requests, if all earlier responses are as predicted."""
    judge, predicted = SequenceJudge(subject), None
    for request in requests:
        predicted = judge.predict(request)
    return predicted
