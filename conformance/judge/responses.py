"""Validate response bodies against the schemas of the contract, and decide which bodies are judged at all."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from jsonschema_path import SchemaPath
from openapi_core.validation.response.validators import V30ResponseDataValidator

from conformance.judge.quick_look import quick_look
from conformance.redaction import shortened
from conformance.wire.exchange import Exchange, Json
from contract import Contract

if TYPE_CHECKING:
    from jsonschema import ValidationError


_FACTORY = V30ResponseDataValidator.schema_validators_factory
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


@dataclass(frozen=True, slots=True)
class _Validator:
    """A validator of openapi-core, and a quick look that spares it most bodies."""

    errors: Callable[[Any], Iterator[ValidationError]]
    accepts: Callable[[Any], bool] | None

    @classmethod
    def of(cls, validator: Any) -> _Validator:
        return cls(validator.iter_errors, quick_look(validator.schema, validator.format_checker))


class SchemaJudge:
    """openapi-core's validators for the schemas of a contract."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._document = SchemaPath.from_dict(dict(contract.document))
        self._validators: dict[tuple[str, int], _Validator | None] = {}
        self._latest: tuple[Exchange, list[SchemaError]] | None = None
        upsert = contract.upsert
        operations = [upsert.operation, upsert.read, upsert.delete]
        self._operations = {operation.operation_id: operation for operation in operations if operation is not None}

    def declares(self, exchange: Exchange) -> bool:
        """Return whether the contract declares the status of the response for its operation."""
        operation = self._operations.get(exchange.request.operation_id or "")
        return operation is not None and exchange.response.status in operation.statuses

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
        if self._latest is None or self._latest[0] is not exchange:
            self._latest = (exchange, self._find(exchange, lambda value: value))
        return self._latest[1]

    def _find(self, exchange: Exchange, prepare: Callable[[Any], Any]) -> list[SchemaError]:
        validator = self._validator(exchange.request.operation_id or "", exchange.response.status)
        if validator is None:
            return []
        body = prepare(_whole_numbers(exchange.response.json))
        if validator.accepts is not None and validator.accepts(body):
            return []
        errors = validator.errors(body)
        response = self._response(exchange.request.operation_id or "", exchange.response.status)
        return list(self._schema_errors(errors, (*response, "content", "application/json", "schema")))

    def _schema_errors(self, errors: Iterable[ValidationError], schema: tuple[str, ...]) -> Iterator[SchemaError]:
        for error in errors:
            date_time = error.validator == "format" and error.validator_value == "date-time"
            if date_time and parse_moment(error.instance) is not None:  # openapi-core rejects leap seconds
                continue
            keyword = self._contract.locate((*schema, *error.absolute_schema_path))
            yield SchemaError(tuple(error.absolute_path), _message(error), date_time, keyword)

    def _validator(self, operation_id: str, status: int) -> _Validator | None:
        """Return the cached validator for the JSON bodies of a response, or None if it has no schema."""
        if (operation_id, status) not in self._validators:
            operation = self._operations[operation_id]
            responses = self._document / "paths" / operation.path / operation.method.lower() / "responses"
            schema = responses / str(status) / "content" / "application/json" / "schema"
            made = _Validator.of(_FACTORY.create(self._document, schema).validator) if schema.exists() else None
            self._validators[operation_id, status] = made
        return self._validators[operation_id, status]


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


def has_judged_body(exchange: Exchange, schemas: SchemaJudge) -> bool:
    """Return whether the body has to match the schema: the status is declared, and the implementation sent it."""
    status = exchange.response.status
    return (
        schemas.declares(exchange)
        and not exchange.request.may_be_intercepted
        and status not in ANY_SERVER
        and status != NO_CONTENT
        and exchange.request.method != "HEAD"
    )


def has_error_body(exchange: Exchange, schemas: SchemaJudge) -> bool:
    """Return whether the body is judged and is that of an error."""
    return has_judged_body(exchange, schemas) and not exchange.response.successful


def has_assumed_body(exchange: Exchange, schemas: SchemaJudge, contract: Contract) -> bool:
    """Return whether the shape of the body is only assumed: that of the error for an invalid request."""
    return has_error_body(exchange, schemas) and exchange.response.status == contract.upsert.invalid


def is_json_media(exchange: Exchange) -> bool:
    """Return whether the media type of the response is a JSON type."""
    media_type = exchange.response.media_type
    return media_type == "application/json" or media_type.endswith("+json")


def returned_model(exchange: Exchange, schemas: SchemaJudge) -> Mapping[str, Json] | None:
    """Return the model in the response, or None. A model that is not a JSON object is empty."""
    if not has_judged_body(exchange, schemas) or not exchange.response.successful:
        return None
    return exchange.response.members if not exchange.response.parsed.errors else None


RFC_3339 = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(\.\d+)?([Zz]|[+-]\d\d:\d\d)")


@dataclass(frozen=True, order=True, slots=True)
class Moment:
    """A point in time, and how it is written."""

    at: datetime
    text: str = field(compare=False)

    @property
    def whole_seconds(self) -> bool:
        """Whether it has no fraction of a second."""
        return self.at.microsecond == 0

    @property
    def digits(self) -> int:
        """The number of digits of its fraction of a second."""
        match = RFC_3339.fullmatch(self.text)
        return len(match[3] or ".") - 1 if match else 0

    @property
    def resolution(self) -> timedelta:
        """The resolution of the clock that wrote it, as far as the digits tell: at most a minute."""
        if self.digits:
            return timedelta(microseconds=10 ** max(0, 6 - self.digits))
        return timedelta(seconds=1 if self.at.second else 60)

    def is_same(self, other: Moment) -> bool:
        """Return whether both may be the same moment, written with different resolutions."""
        return abs(self.at - other.at) <= self._hidden(other)

    def is_before(self, other: Moment) -> bool:
        """Return whether it is certainly earlier, even if one of the two has a coarser resolution."""
        return self.at < other.at - self._hidden(other)

    def _hidden(self, other: Moment) -> timedelta:
        """Return what a coarser resolution may hide; nothing if both have the same number of digits."""
        return timedelta(0) if self.digits == other.digits else max(self.resolution, other.resolution)


def parse_moment(value: Any) -> Moment | None:
    """Return the moment of a date-time, or None if it is invalid."""
    match = RFC_3339.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    date, time, fraction, offset = match.groups()
    leap = time.endswith(":60")
    seconds = f"{time[:-2]}59" if leap else time
    written = f"{date}T{seconds}{(fraction or '.0')[:7]}{'+00:00' if offset in 'Zz' else offset}"
    try:
        at = datetime.fromisoformat(written)
    except ValueError:
        return None
    if not leap:
        return Moment(at, value)
    # a leap second ends a day of UTC (RFC 3339, section 5.7)
    return Moment(at + timedelta(seconds=1), value) if at.astimezone(UTC).strftime("%T") == "23:59:59" else None
