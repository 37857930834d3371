"""What of the contract a run has met: the statuses of its operations, and the fields of requests and responses.

Counted from the exchanges, whatever check made them, and compared with the contract only when it is reported.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.wire.exchange import Exchange, Json
from contract import Contract, Operation, Schema

SENT, TAKEN, SHOWN, NULL = "sent", "taken", "shown", "null"
STATUS_OF = "status of "
Counts = dict[str, dict[str, int]]
"""Counts by kind and name; plain JSON, for they travel between the processes of pytest-xdist."""


@dataclass(slots=True)
class Coverage:
    """Counts of exchanges."""

    counts: dict[str, Counter[str]] = field(default_factory=dict)

    def note(self, exchanges: Iterable[Exchange], contract: Contract) -> None:
        """Count what the exchanges show."""
        for exchange in exchanges:
            if exchange.request.operation_id is None:
                continue
            self._count(STATUS_OF + exchange.request.operation_id, [str(exchange.response.status)])
            if exchange.request.operation_id == contract.upsert.operation.operation_id:
                self._note_request(exchange)
            if exchange.response.successful:
                shown = dict(_values("", exchange.response.members))
                self._count(SHOWN, (name for name, value in shown.items() if value is not None))
                self._count(NULL, (name for name, value in shown.items() if value is None))

    def _note_request(self, exchange: Exchange) -> None:
        sent = exchange.request.json
        if isinstance(sent, dict):
            self._count(SENT, list(sent))
            self._count(TAKEN, list(sent) if exchange.response.successful else ())

    def _count(self, kind: str, names: Iterable[str]) -> None:
        self.counts.setdefault(kind, Counter()).update(names)

    def add(self, counts: Mapping[str, Mapping[str, int]]) -> None:
        """Add what was counted elsewhere."""
        for kind, names in counts.items():
            self.counts.setdefault(kind, Counter()).update(names)

    def take(self) -> Counts:
        """What was counted since the last call."""
        taken, self.counts = self.counts, {}
        return {kind: dict(names) for kind, names in taken.items()}

    def of(self, kind: str, name: str) -> int:
        """One count."""
        return self.counts.get(kind, Counter())[name]


def _values(prefix: str, members: Mapping[str, Json]) -> Iterator[tuple[str, Json]]:
    """Each member by its dotted path, those of objects in it too."""
    for name, value in members.items():
        yield prefix + name, value
        if isinstance(value, dict):
            yield from _values(f"{prefix}{name}.", value)


def report(coverage: Coverage, contract: Contract) -> dict[str, Any]:
    """What the contract declares, each with how often the run met it."""
    upsert = contract.upsert
    operations = [operation for operation in (upsert.operation, upsert.read, upsert.delete) if operation is not None]
    response = _declared("", {name: field.schema for name, field in upsert.response.items()})
    return {
        "operations": [_operation(coverage, operation) for operation in operations],
        "request_fields": [
            {"name": name, "sent": coverage.of(SENT, name), "taken": coverage.of(TAKEN, name)}
            for name in upsert.request
        ],
        "response_fields": [
            {"name": name, "shown": coverage.of(SHOWN, name), "null": coverage.of(NULL, name)} for name in response
        ],
    }


def _operation(coverage: Coverage, operation: Operation) -> dict[str, Any]:
    met = coverage.counts.get(STATUS_OF + operation.operation_id, Counter())
    declared = {str(status) for status in operation.statuses}
    return {
        "id": operation.operation_id,
        "method": operation.method,
        "path": operation.path,
        "statuses": [
            {"status": int(status), "declared": status in declared, "seen": met[status]}
            for status in sorted({*declared, *met})
        ],
    }


def _declared(prefix: str, properties: Mapping[str, Schema]) -> Iterator[str]:
    """The dotted path of each declared property, those of objects in it too."""
    for name, schema in properties.items():
        yield prefix + name
        yield from _declared(f"{prefix}{name}.", schema.get("properties", {}))
