"""Judges bodies by the schemas of the contract, with openapi-core."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jsonschema_path import SchemaPath
from openapi_core.validation.response.validators import V30ResponseDataValidator
from openapi_core.validation.schemas.validators import SchemaValidator

from conformance.judge.moments import moment
from conformance.wire.exchange import Exchange
from conformance.wire.secrets import shortened
from contract import Contract

if TYPE_CHECKING:
    from jsonschema import ValidationError

_FACTORY = V30ResponseDataValidator.schema_validators_factory
LONGEST_VALUE = 200
"""Characters of a wrong value that a message shows."""


@dataclass(frozen=True, slots=True)
class Fault:
    """In what a body differs from its schema."""

    path: tuple[str | int, ...]
    message: str
    date_time: bool
    schema: str = ""
    """The pointer to the keyword of the schema that the body does not meet."""

    def __str__(self) -> str:
        place = ".".join(map(str, self.path))
        said = f"{place}: {self.message}" if place else self.message
        return f"{said} ({self.schema})" if self.schema else said


class SchemaJudge:
    """openapi-core's validators of the schemas of one contract."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
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

    def clause(self, exchange: Exchange) -> str:
        """The pointer to the response that the contract declares for this status of the operation that was called."""
        return self._contract.locate(self._response(exchange.request.operation_id or "", exchange.response.status))

    def _response(self, operation_id: str, status: int) -> tuple[str, ...]:
        operation = self._operations[operation_id]
        return "paths", operation.path, operation.method.lower(), "responses", str(status)

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
        errors = validator.validator.iter_errors(prepare(_whole_numbers(exchange.response.json)))
        response = self._response(exchange.request.operation_id or "", exchange.response.status)
        return list(self._faults(errors, (*response, "content", "application/json", "schema")))

    def _faults(self, errors: Iterable[ValidationError], schema: tuple[str, ...]) -> Iterator[Fault]:
        for error in errors:
            date_time = error.validator == "format" and error.validator_value == "date-time"
            if date_time and moment(error.instance) is not None:  # openapi-core knows no leap seconds
                continue
            keyword = self._contract.locate((*schema, *error.absolute_schema_path))
            yield Fault(tuple(error.absolute_path), _message(error), date_time, keyword)

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


def _message(error: ValidationError) -> str:
    """What is wrong, with values as JSON spells them."""
    instance: Any = error.instance
    wants: Any = error.validator_value
    value = shortened(json.dumps(instance, ensure_ascii=False), LONGEST_VALUE)
    wanted = json.dumps(wants, ensure_ascii=False)
    if error.validator == "required":
        missing = [name for name in wants if name not in instance]
        return f"{', '.join(missing)} missing" if missing else error.message
    if error.validator == "type":
        return f"{value} is not of type {wants}"
    if error.validator == "enum":
        return f"{value} is none of {wanted}"
    if error.validator == "format":
        return f"{value} is not a {wants}"
    return f"{value} does not meet {error.validator}: {wanted}"


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
