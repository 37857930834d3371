"""Looks on as requests are sent, whoever made them, and says in what each response is not as the reference predicts.

A directed check knows by its own means what to expect. The onlooker finds the same by the reference model alone, from
the exchanges, and so can tell of other exchanges, fewer or shorter ones, whether they show the same fault.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from conformance.exploring.reference import Address, Prediction, Reference
from conformance.fields import base_field, overlays, shown_fields
from conformance.judge.expect import expect_entries, expect_shown, summary, written
from conformance.judge.outcome import Cause, NotTestable, Violation
from conformance.judge.reading import Reading, read_body, read_value
from conformance.judge.same import contains, same
from conformance.subject.subject import Subject
from conformance.wire.exchange import Credential, Exchange, Json, Request

STATUS = ""
"""What is wrong, where it is no member of the response."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a fault is, whatever the values are that show it."""

    operation: str
    """`create`, `update`, `read` or `delete`."""
    caller: str
    member: str
    """The member of the response that is wrong; STATUS where the status is."""
    source: str
    """Where its value comes from: `sent`, `kept` or `inherited`; of a status, what it has to be and what it is."""


@dataclass(frozen=True, slots=True)
class Foreseen:
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


class Onlooker:
    """Follows one sequence of exchanges, about models that did not exist before it."""

    def __init__(self, subject: Subject) -> None:
        self._contract = subject.contract
        builtin = frozenset(subject.plan.known.builtin_models)
        self._reference = Reference(subject.contract, keeps=subject.abilities.keeps, builtin=builtin)
        self._keeps = subject.abilities.keeps
        callers = {"owner": subject.callers.owner, "other": subject.callers.other}
        self._organizations: dict[Credential | None, str] = {
            caller: name for name, caller in callers.items() if caller is not None
        }
        self._overrides = {override.name: shown for override, shown, _ in overlays(subject.contract)}
        self._entries: dict[Address, dict[str, dict[str, Json]]] = {}
        self._deleted: set[Address] = set()

    def foresee(self, request: Request) -> Foreseen | None:
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

    def _foresee_upsert(self, at: Address, request: Request, existed: bool) -> Foreseen | None:
        upsert, body = self._contract.upsert, request.json
        if not isinstance(body, dict) or body.get(upsert.key) != at[1]:
            return None
        if read_body(self._contract, body) is Reading.COERCIBLE:
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
    ) -> Foreseen:
        entries = {} if wrong else self._entries.get(at, {})
        sources = {name: self._source(at, name, body) for name in prediction.fields}
        for override, said in entries.items():
            source = "sent" if override in body else "kept"
            sources |= {f"{self._overrides[override].name}.{name}": source for name in said}
        return Foreseen(at, operation, existed, prediction, entries, sources, wrong)

    def _note_entries(self, at: Address, body: Mapping[str, Json], existed: bool) -> None:
        """Keep in mind what the overrides say; what an update leaves out is only known to stay where that is kept."""
        before = self._entries.get(at, {}) if existed and self._keeps else {}
        sent = {name: body[name] for name in self._overrides if isinstance(body.get(name), dict)}
        self._entries[at] = {**before, **sent}

    def _wrong(self, body: Mapping[str, Json]) -> str:
        for name, value in body.items():
            field = self._contract.upsert.request.get(name)
            if field is not None and read_value(field.schema, value) is Reading.WRONG:
                return f"for {name}: {written(value, 80)}"
        base = base_field(self._contract)
        return f"for an unknown {base.name}" if base is not None else ""

    def look(self, exchange: Exchange) -> dict[Kind, Violation]:
        """Follow an exchange; return in what its response is wrong."""
        foreseen = self.foresee(exchange.request)
        if foreseen is None:
            return {}
        caller = exchange.request.credential.shell if exchange.request.credential else ""
        found = {
            Kind(foreseen.operation, caller, member, source): violation
            for member, source, violation in self._violations(foreseen, exchange)
        }
        if exchange.response.status != foreseen.prediction.status.value:
            self._lose(foreseen, exchange)
        return found

    def _lose(self, foreseen: Foreseen, exchange: Exchange) -> None:
        """Forget what was known of a model, but whether there is one, for its response was not as predicted."""
        status, taken = exchange.response.status, exchange.response.successful
        exists = {
            "read": taken,
            "delete": foreseen.existed and not (taken or status == 404),
        }.get(foreseen.operation, foreseen.existed or taken)
        self._entries.pop(foreseen.at, None)
        self._reference.lose(foreseen.at, exists=exists)

    def _violations(self, foreseen: Foreseen, exchange: Exchange) -> Iterator[tuple[str, str, Violation]]:
        status, wanted = exchange.response.status, foreseen.prediction.status.value
        if status != wanted:
            expected = f"status {wanted} {self._when(foreseen)}".strip()
            cause = Cause("status", str(wanted), str(status))
            yield STATUS, f"{wanted}, not {status}", Violation(expected, summary(exchange), cause=cause)
        if not exchange.response.successful or foreseen.operation == "delete":
            return
        yield from self._wrong_values(foreseen, exchange.response.members)
        yield from self._wrong_entries(foreseen, exchange.response.members)

    def _wrong_values(self, foreseen: Foreseen, members: Mapping[str, Json]) -> Iterator[tuple[str, str, Violation]]:
        for field in shown_fields(self._contract):
            if field.name not in foreseen.sources:
                continue
            source, value = foreseen.sources[field.name], foreseen.prediction.fields[field.name].value
            try:
                expect_shown(members, field.response, value, _where(foreseen.operation, source))
            except NotTestable:
                continue
            except Violation as violation:
                yield field.name, source, violation

    def _wrong_entries(self, foreseen: Foreseen, members: Mapping[str, Json]) -> Iterator[tuple[str, str, Violation]]:
        for override, entries in foreseen.entries.items():
            shown = self._overrides[override]
            for name, entry in entries.items():
                member = f"{shown.name}.{name}"
                source = foreseen.sources[member]
                for equal, how in ((contains, source), (same, f"{source}, and nothing else")):
                    try:
                        where = _where(foreseen.operation, source)
                        expect_entries(members.get(shown.name), {name: entry}, shown, where, equal)
                    except NotTestable:
                        break
                    except Violation as violation:
                        yield member, how, violation
                        break

    def _source(self, at: Address, name: str, body: Mapping[str, Json]) -> str:
        if name in body:
            return "sent"
        return "kept" if self._reference.holds(at, name) else "inherited"

    def _when(self, foreseen: Foreseen) -> str:
        if foreseen.wrong:
            return foreseen.wrong
        what = "name" if foreseen.operation in ("create", "update") else "model"
        inside = " in that organization" if foreseen.at[0] != "owner" else ""
        if foreseen.existed:
            return f"for a {what} that exist{'ed' if what == 'name' else 's'}{inside}"
        deleted = foreseen.at in self._deleted and foreseen.operation != "delete"
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


def is_the_same(kind: Kind, seen: Violation, found: Violation) -> bool:
    """Whether what the onlooker has seen is what a check found, with the same values."""
    if seen.observed != found.observed:
        return False
    if kind.member == STATUS:
        return found.cause is None or found.cause.kind == "status"
    wanted = seen.expected.removesuffix(f" {_where(kind.operation, kind.source.partition(',')[0])}")
    return found.expected.startswith(wanted)


def faults_of(subject: Subject, exchanges: Sequence[Exchange]) -> dict[Kind, Violation]:
    """In what the last of the exchanges is wrong."""
    onlooker, found = Onlooker(subject), dict[Kind, Violation]()
    for exchange in exchanges:
        found = onlooker.look(exchange)
    return found


def foreseen_of(subject: Subject, requests: Sequence[Request]) -> Foreseen | None:
    """What is foreseen of the last of the requests, where all responses are as predicted."""
    onlooker, foreseen = Onlooker(subject), None
    for request in requests:
        foreseen = onlooker.foresee(request)
    return foreseen
