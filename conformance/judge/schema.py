"""Judges bodies by the schemas of the contract, with openapi-core."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jsonschema_path import SchemaPath
from openapi_core.validation.response.validators import V30ResponseDataValidator
from openapi_core.validation.schemas.validators import SchemaValidator

from conformance.judge.moments import moment
from conformance.wire.exchange import Exchange
from contract import Contract

if TYPE_CHECKING:
    from jsonschema import ValidationError

_FACTORY = V30ResponseDataValidator.schema_validators_factory


@dataclass(frozen=True, slots=True)
class Fault:
    """In what a body differs from its schema."""

    path: tuple[str | int, ...]
    message: str
    date_time: bool

    def __str__(self) -> str:
        place = ".".join(map(str, self.path))
        return f"{place}: {self.message}" if place else self.message


class SchemaJudge:
    """openapi-core's validators of the schemas of one contract."""

    def __init__(self, contract: Contract) -> None:
        self._document = SchemaPath.from_dict(dict(contract.document))
        self._validators: dict[tuple[str, int], SchemaValidator | None] = {}
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
        validator = self._validator(exchange.request.operation_id or "", exchange.response.status)
        if validator is None:
            return []
        return list(_faults(validator.validator.iter_errors(prepare(_whole_numbers(exchange.response.json)))))

    def _validator(self, operation_id: str, status: int) -> SchemaValidator | None:
        """The validator of the JSON bodies of a response, None where it has no schema.

        Made once: to make it takes longer than to use it.
        """
        if (operation_id, status) not in self._validators:
            operation = self._operations[operation_id]
            responses = self._document / "paths" / operation.path / operation.method.lower() / "responses"
            schema = responses / str(status) / "content" / "application/json" / "schema"
            made = _FACTORY.create(self._document, schema) if schema.exists() else None
            self._validators[operation_id, status] = made
        return self._validators[operation_id, status]


def _faults(errors: Iterable[ValidationError]) -> Iterator[Fault]:
    for error in errors:
        date_time = error.validator == "format" and error.validator_value == "date-time"
        if date_time and moment(error.instance) is not None:  # openapi-core knows no leap seconds
            continue
        yield Fault(tuple(error.absolute_path), error.message, date_time)


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
