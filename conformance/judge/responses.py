"""Validate response bodies against the schemas of the contract, and decide which bodies are judged at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, reduce
from operator import truediv
from typing import TYPE_CHECKING, Any

from conformance.judge.moments import parse_moment
from conformance.judge.quick_look import quick_look
from conformance.judge.requests import is_base64
from conformance.redaction import shortened
from conformance.wire.exchange import Exchange, Json
from contract import Contract, Schema

if TYPE_CHECKING:
    from jsonschema import ValidationError
    from jsonschema.protocols import Validator


LONGEST_VALUE = 200
"""Maximum characters of an invalid value in a message."""


@dataclass(frozen=True, slots=True)
class SchemaError:
    """One way in which a body does not match its schema."""

    path: tuple[str | int, ...]
    message: str
    date_time: bool
    schema: str = ""
    """The pointer to the keyword of the schema that the body does not match."""

    def __str__(self) -> str:
        place = ".".join(map(str, self.path))
        said = f"{place}: {self.message}" if place else self.message
        return f"{said} ({self.schema})" if self.schema else said


class _Validator:
    """A validator of one schema: a quick look, and openapi-core for what this does not accept.

    `tokens` are those of the pointer to the schema in the contract.
    """

    def __init__(self, contract: Contract, schema: Schema, tokens: Sequence[str]) -> None:
        self._document, self._tokens = contract.document, tokens
        self._accepts = quick_look(schema) or (lambda _: False)

    def errors(self, body: Any) -> Iterable[ValidationError]:
        """Return the errors of a body."""
        return () if self._accepts(body) else self._full.iter_errors(_whole_numbers(body))

    @cached_property
    def _full(self) -> Validator:
        from jsonschema_path import SchemaPath  # both are slow to import, and not needed for valid bodies
        from openapi_core.validation.response.validators import V30ResponseDataValidator

        document = SchemaPath.from_dict(dict(self._document))
        schema = reduce(truediv, self._tokens, document)
        create = V30ResponseDataValidator.schema_validators_factory.create
        full: Validator = create(document, schema, extra_format_validators={"byte": is_base64}).validator
        return full


@dataclass(slots=True)
class _Look:
    """What is known about one exchange."""

    exchange: Exchange | None = None
    has_judged_body: bool = False
    errors: list[SchemaError] | None = None


class SchemaJudge:
    """Judges responses by the schemas of a contract."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._validators: dict[tuple[str, int], _Validator | None] = {}
        self._latest = _Look()
        upsert = contract.upsert
        operations = [upsert.operation, upsert.read, upsert.delete]
        self._operations = {operation.operation_id: operation for operation in operations if operation is not None}

    def declares(self, exchange: Exchange) -> bool:
        """Return whether the contract declares the status of the response for its operation."""
        operation = self._operations.get(exchange.request.operation_id or "")
        return operation is not None and exchange.response.status in operation.statuses

    def _declares_content(self, exchange: Exchange) -> bool:
        """Return whether the contract declares the status with a body."""
        called, status = exchange.request.operation_id or "", exchange.response.status
        return self.declares(exchange) and self._at((*self._response(called, status), "content")) is not None

    def has_judged_body(self, exchange: Exchange) -> bool:
        """Return whether the body has to match the schema: the contract declares one, and the target sent it."""
        return self._look(exchange).has_judged_body

    def _has_judged_body(self, exchange: Exchange) -> bool:
        status = exchange.response.status
        return (
            self._declares_content(exchange)
            and not exchange.request.may_be_intercepted
            and status not in ANY_SERVER
            and status != NO_CONTENT
            and exchange.request.method != "HEAD"
        )

    def clause(self, exchange: Exchange) -> str:
        """Return the pointer to the response that the contract declares for the operation and status."""
        return self._contract.locate(self._response(exchange.request.operation_id or "", exchange.response.status))

    def _response(self, operation_id: str, status: int) -> tuple[str, ...]:
        operation = self._operations[operation_id]
        return "paths", operation.path, operation.method.lower(), "responses", str(status)

    def errors(self, exchange: Exchange, *, drop_null: bool) -> list[SchemaError]:
        """Return how the JSON body differs from its schema; with `drop_null`, null members count as absent."""
        as_sent = self._as_sent(exchange)
        return self._find(exchange, without_null) if as_sent and drop_null else as_sent

    def _as_sent(self, exchange: Exchange) -> list[SchemaError]:
        """Return the errors of the body as sent. If there are none, there are none without its null members either."""
        look = self._look(exchange)
        if look.errors is None:
            look.errors = self._find(exchange, lambda value: value)
        return look.errors

    def _look(self, exchange: Exchange) -> _Look:
        """Return what is known about an exchange: many requirements judge each in turn."""
        if self._latest.exchange is not exchange:
            self._latest = _Look(exchange, self._has_judged_body(exchange))
        return self._latest

    def _find(self, exchange: Exchange, prepare: Callable[[Any], Any]) -> list[SchemaError]:
        validator = self._validator(exchange.request.operation_id or "", exchange.response.status)
        if validator is None:
            return []
        errors = validator.errors(prepare(exchange.response.json))
        tokens = self._tokens(exchange.request.operation_id or "", exchange.response.status)
        return list(self._schema_errors(errors, tokens))

    def _schema_errors(self, errors: Iterable[ValidationError], schema: tuple[str, ...]) -> Iterator[SchemaError]:
        for error in errors:
            date_time = error.validator == "format" and error.validator_value == "date-time"
            if date_time and parse_moment(error.instance) is not None:  # openapi-core rejects leap seconds
                continue
            if error.validator == "multipleOf" and _is_multiple(error.instance, error.validator_value):
                continue
            keyword = self._contract.locate((*schema, *error.absolute_schema_path))
            yield SchemaError(tuple(error.absolute_path), _message(error), date_time, keyword)

    def _tokens(self, operation_id: str, status: int) -> tuple[str, ...]:
        """Return the tokens of the pointer to the schema of the JSON bodies of a response."""
        return (*self._response(operation_id, status), "content", "application/json", "schema")

    def _at(self, tokens: Sequence[str]) -> Any:
        """Return what is at a pointer in the contract, or None if there is nothing."""
        found = self._contract.document
        for token in tokens:
            if token not in found:
                return None
            found = found[token]
        return found

    def _validator(self, operation_id: str, status: int) -> _Validator | None:
        """Return the cached validator for the JSON bodies of a response, or None if it has no schema."""
        if (operation_id, status) not in self._validators:
            schema = self._at(tokens := self._tokens(operation_id, status))
            made = None if schema is None else _Validator(self._contract, schema, tokens)
            self._validators[operation_id, status] = made
        return self._validators[operation_id, status]


def _is_multiple(number: Any, of: Any) -> bool:
    """Return whether a number as written is a multiple of another; openapi-core divides with binary rounding.

    >>> _is_multiple(4.1, 0.01)
    True
    """
    return (Fraction(repr(number)) / Fraction(repr(of))).denominator == 1


def _message(error: ValidationError) -> str:
    """Return what is wrong, with values as JSON."""
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
        return f"{value} is not one of {wanted}"
    if error.validator == "format":
        return f"{value} is not a {wants}"
    return f"{value} does not match {error.validator}: {wanted}"


def without_null(value: Any) -> Any:
    """Return `value` without the members of objects that are null."""
    if isinstance(value, Mapping):
        return {name: without_null(child) for name, child in value.items() if child is not None}
    return [without_null(child) for child in value] if isinstance(value, list) else value


def _whole_numbers(value: Any) -> Any:
    """Return the value with 1.0 as 1: both are integers in JSON Schema, but not in openapi-core."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**63:
        return int(value)
    if isinstance(value, dict):
        return {name: _whole_numbers(child) for name, child in value.items()}
    return [_whole_numbers(child) for child in value] if isinstance(value, list) else value


ANY_SERVER = frozenset({405, 408, 411, 413, 414, 415, 429, 431, 501, 503})
"""Statuses that HTTP lets any server send, often one in front of the implementation. Their bodies are not judged."""
NO_CONTENT = 204


def is_unexpected_server_error(exchange: Exchange) -> bool:
    """Return whether the status is a server error that HTTP does not allow here; 505 is allowed for an old version."""
    status, wire = exchange.response.status, exchange.request.wire_format
    old = wire is not None and wire.version != "1.1"
    return status >= 500 and status not in ANY_SERVER and not (old and status == 505)


def is_implied_status(exchange: Exchange, contract: Contract) -> bool:
    """Return whether the contract or HTTP implies the status, although the operation does not declare it.

    These are 415 for the media type; 401 if the operation requires credentials; 404 for a read or a delete of a model
    that does not exist; and for a delete, the statuses with which writes are rejected.
    """
    upsert, status, called = contract.upsert, exchange.response.status, exchange.request.operation_id
    operations = {it.operation_id: it for it in (upsert.operation, upsert.read, upsert.delete) if it is not None}
    if called not in operations:
        return False
    by_key = called != upsert.operation.operation_id
    deletes = operations[called] is upsert.delete
    return (
        status == 415
        or (status == 401 and operations[called].credentials)
        or (status == 404 and by_key)
        or (status in (upsert.forbidden, upsert.reserved) and deletes)
    )


def has_error_body(exchange: Exchange, schemas: SchemaJudge) -> bool:
    """Return whether the body is judged and is that of an error."""
    return schemas.has_judged_body(exchange) and not exchange.response.successful


def has_assumed_body(exchange: Exchange, schemas: SchemaJudge, contract: Contract) -> bool:
    """Return whether the shape of the body is only assumed: that of the error for an invalid request."""
    return has_error_body(exchange, schemas) and exchange.response.status == contract.upsert.invalid


def is_json_media(exchange: Exchange) -> bool:
    """Return whether the media type of the response is a JSON type."""
    media_type = exchange.response.media_type
    return media_type == "application/json" or media_type.endswith("+json")


def returned_model(exchange: Exchange, schemas: SchemaJudge) -> Mapping[str, Json] | None:
    """Return the model in the response, or None. A model that is not a JSON object is empty."""
    if not schemas.has_judged_body(exchange) or not exchange.response.successful:
        return None
    return exchange.response.members if not exchange.response.parsed.errors else None
