"""How much of the contract a run has covered: the statuses of its operations, the fields of requests and responses.

All exchanges count, whatever check made them. They are compared with the contract only when a report is written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from conformance.wire.exchange import Exchange, Json
from contract import Contract, Operation, Schema

SENT, ACCEPTED, RETURNED, NULL = "sent", "accepted", "returned", "null"
STATUS_OF = "status of "
Counts = dict[str, dict[str, int]]
"""Counts by kind and name."""


@dataclass(slots=True)
class Coverage:
    """Counts of exchanges."""

    counts: dict[str, Counter[str]] = field(default_factory=dict)

    def note(self, exchanges: Iterable[Exchange], contract: Contract) -> None:
        """Count the statuses and fields of the exchanges."""
        for exchange in exchanges:
            if exchange.request.operation_id is None:
                continue
            self._count(STATUS_OF + exchange.request.operation_id, [str(exchange.response.status)])
            if exchange.request.operation_id == contract.upsert.operation.operation_id:
                self._note_request(exchange)
            if exchange.response.successful:
                returned = dict(_values("", exchange.response.members))
                self._count(RETURNED, (name for name, value in returned.items() if value is not None))
                self._count(NULL, (name for name, value in returned.items() if value is None))

    def _note_request(self, exchange: Exchange) -> None:
        sent = exchange.request.json
        if isinstance(sent, dict):
            self._count(SENT, list(sent))
            self._count(ACCEPTED, list(sent) if exchange.response.successful else ())

    def _count(self, kind: str, names: Iterable[str]) -> None:
        self.counts.setdefault(kind, Counter()).update(names)

    def add(self, counts: Mapping[str, Mapping[str, int]]) -> None:
        """Add the counts of another process."""
        for kind, names in counts.items():
            self.counts.setdefault(kind, Counter()).update(names)

    def take(self) -> Counts:
        """Return the counts since the last call."""
        counts, self.counts = self.counts, {}
        return {kind: dict(names) for kind, names in counts.items()}

    def of(self, kind: str, name: str) -> int:
        return self.counts.get(kind, Counter())[name]


def _values(prefix: str, members: Mapping[str, Json]) -> Iterator[tuple[str, Json]]:
    """Yield each member with its dotted path, members of nested objects too."""
    for name, value in members.items():
        yield prefix + name, value
        if isinstance(value, dict):
            yield from _values(f"{prefix}{name}.", value)


@dataclass(frozen=True, slots=True)
class Status:
    """A status of an operation."""

    status: int
    declared: bool
    """Whether the contract declares it."""
    responses: int
    """The number of responses with it."""


@dataclass(frozen=True, slots=True)
class CoveredOperation:
    """An operation of the contract, with the statuses that it declares and those that the target returned."""

    id: str
    method: str
    path: str
    statuses: tuple[Status, ...]


@dataclass(frozen=True, slots=True)
class RequestField:
    """A request field that the contract declares."""

    name: str
    sent: int
    """Requests with the field."""
    accepted: int
    """Requests with the field that got a 2xx."""


@dataclass(frozen=True, slots=True)
class ResponseField:
    """A response field that the contract declares."""

    name: str
    """Dotted if the field is inside another."""
    returned: int
    """2xx responses with a value."""
    null: int
    """2xx responses with null."""


@dataclass(frozen=True, slots=True)
class Covered:
    """What the contract declares, with how often the run met each part."""

    operations: tuple[CoveredOperation, ...]
    request_fields: tuple[RequestField, ...]
    response_fields: tuple[ResponseField, ...]

    @classmethod
    def of(cls, coverage: Coverage, contract: Contract) -> Covered:
        """Compare the counts with the contract."""
        upsert = contract.upsert
        operations = [one for one in (upsert.operation, upsert.read, upsert.delete) if one is not None]
        response = _declared("", {name: field.schema for name, field in upsert.response.items()})
        return cls(
            tuple(_operation(coverage, operation) for operation in operations),
            tuple(RequestField(it, coverage.of(SENT, it), coverage.of(ACCEPTED, it)) for it in upsert.request),
            tuple(ResponseField(it, coverage.of(RETURNED, it), coverage.of(NULL, it)) for it in response),
        )

    def __str__(self) -> str:
        declared = [status.responses for one in self.operations for status in one.statuses if status.declared]
        sent, returned = [one.sent for one in self.request_fields], [one.returned for one in self.response_fields]
        parts = {"documented statuses": declared, "request fields": sent, "response fields": returned}
        return ", ".join(f"{sum(map(bool, counts))} of {len(counts)} {name}" for name, counts in parts.items())


def _operation(coverage: Coverage, operation: Operation) -> CoveredOperation:
    met = coverage.counts.get(STATUS_OF + operation.operation_id, Counter())
    declared = {str(status) for status in operation.statuses}
    return CoveredOperation(
        operation.operation_id,
        operation.method,
        operation.path,
        tuple(Status(int(status), status in declared, met[status]) for status in sorted({*declared, *met})),
    )


def _declared(prefix: str, properties: Mapping[str, Schema]) -> Iterator[str]:
    """Yield the dotted path of each declared property, properties of nested objects too."""
    for name, schema in properties.items():
        yield prefix + name
        yield from _declared(f"{prefix}{name}.", schema.get("properties", {}))
