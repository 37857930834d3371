"""Judges bodies by the schemas of the contract, with openapi-core."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from openapi_core.datatypes import RequestParameters

from conformance.judge.body_validator import body_validator
from conformance.judge.moments import moment
from conformance.wire.exchange import Exchange
from contract import Contract, Operation


@dataclass(frozen=True, slots=True)
class Fault:
    """In what a body differs from its schema."""

    path: tuple[str | int, ...]
    message: str
    date_time: bool

    def __str__(self) -> str:
        place = ".".join(map(str, self.path))
        return f"{place}: {self.message}" if place else self.message


def document_at(contract: Contract, url: str) -> dict[str, Any]:
    """A copy of the OpenAPI document whose only server is at `url`, for a library to work on."""
    document = copy.deepcopy(dict(contract.document))
    document["servers"] = [{"url": url}]
    return document


class SchemaJudge:
    """openapi-core, told of one contract."""

    def __init__(self, contract: Contract) -> None:
        self._validator = body_validator(document_at(contract, "http://target"))
        self._contract = contract
        self._latest: tuple[Exchange, list[Fault]] | None = None
        upsert = contract.upsert
        operations = [upsert.operation, upsert.read, upsert.delete]
        self._operations = {operation.operation_id: operation for operation in operations if operation is not None}

    def declares(self, exchange: Exchange) -> bool:
        """Whether the contract declares this status for the operation that was called."""
        operation = self._operations.get(exchange.request.operation_id or "")
        return operation is not None and exchange.response.status in operation.statuses

    def faults(self, exchange: Exchange, *, drop_null: bool) -> list[Fault]:
        """How the JSON body differs from the declared schema; with `drop_null`, null members count as absent."""
        as_sent = self._as_sent(exchange)
        return self._find(exchange, without_null) if as_sent and drop_null else as_sent

    def _as_sent(self, exchange: Exchange) -> list[Fault]:
        """The faults of the body as it was sent. Most have none, and then none without their null members either."""
        if self._latest is None or self._latest[0] is not exchange:
            self._latest = (exchange, self._find(exchange, lambda value: value))
        return self._latest[1]

    def _find(self, exchange: Exchange, prepare: Callable[[Any], Any]) -> list[Fault]:
        operation = self._operations[exchange.request.operation_id or ""]
        value = prepare(_whole_numbers(exchange.response.json))
        errors = self._validator.iter_errors(_Request(operation, self._contract), _Response(exchange, value))
        return [fault for error in errors for fault in _faults(error)]


class _Request:
    """The request as openapi-core wants it. It matches no raw slash in a path, so the key is encoded whole."""

    host_url = "http://target"
    content_type = "application/json"

    def __init__(self, operation: Operation, contract: Contract) -> None:
        self.path = operation.path.replace("{" + contract.upsert.key + "}", quote("key", safe=""))
        self.method = operation.method.lower()
        self.body = b"{}"
        self.parameters = RequestParameters()
        self.full_url_pattern = self.host_url + self.path


class _Response:
    def __init__(self, exchange: Exchange, value: Any) -> None:
        self.data = json.dumps(value).encode()
        self.status_code = exchange.response.status
        self.content_type = "application/json"
        self.headers: dict[str, str] = {}  # bodies alone are judged


def _faults(error: Exception | None) -> Iterator[Fault]:
    """The schema errors behind an error of openapi-core."""
    while error is not None:
        nested = getattr(error, "schema_errors", None)
        if nested:
            for fault in nested:
                date_time = fault.validator == "format" and fault.validator_value == "date-time"
                if date_time and moment(fault.instance) is not None:  # openapi-core knows no leap seconds
                    continue
                yield Fault(tuple(fault.absolute_path), fault.message, date_time)
            return
        error = error.__cause__  # type: ignore[assignment]


def without_null(value: Any) -> Any:
    """`value` without the members of objects that are null."""
    if isinstance(value, Mapping):
        return {name: without_null(child) for name, child in value.items() if child is not None}
    return [without_null(child) for child in value] if isinstance(value, list) else value


def _whole_numbers(value: Any) -> Any:
    """1.0 as 1, for JSON Schema takes both for an integer and openapi-core does not."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**63:
        return int(value)
    if isinstance(value, dict):
        return {name: _whole_numbers(child) for name, child in value.items()}
    return [_whole_numbers(child) for child in value] if isinstance(value, list) else value
