"""Features that a contract may have. A requirement about a feature that the contract lacks does not apply."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.fields import base_field, constants, lookups, overlays, timestamp
from conformance.generate.values import has_few_values, own_fields
from conformance.judge.requests import is_valid
from conformance.requirements import cases
from contract import Contract, FromKey, Omitted, Schema


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature of a contract."""

    lacking: str
    """The reason why a requirement does not apply without it: `the contract has no base models`."""
    is_in: Callable[[Contract], bool]


def _date_times(schema: Schema) -> Iterator[Schema]:
    """Yield the schemas of date-times in the schema of an object, at any depth."""
    if schema.get("format") == "date-time":
        yield schema
    for member in schema.get("properties", {}).values():
        yield from _date_times(member)


def _returns_date_times(contract: Contract) -> bool:
    return any(True for field in contract.upsert.response.values() for _ in _date_times(field.schema))


def _has_distinctive_values(contract: Contract) -> bool:
    return any(not has_few_values(field.request.schema) for field in cases.echoed_values(contract).values())


def _describes_errors(contract: Contract) -> bool:
    """Return whether the bodies of errors have a schema."""
    return any("schema" in body for response in _errors(contract) for body in response.get("content", {}).values())


def _errors(contract: Contract) -> Iterator[Mapping[str, Any]]:
    upsert = contract.upsert
    for operation in (upsert.operation, upsert.read, upsert.delete):
        if operation is not None:
            responses = contract.document["paths"][operation.path][operation.method.lower()]["responses"]
            yield from (response for status, response in responses.items() if status.startswith("4"))


def _accepts_slashes(contract: Contract) -> bool:
    """Return whether the path of the read accepts names with slashes."""
    read = contract.upsert.read
    if read is None:
        return False
    item = contract.document["paths"][read.path]
    declared = [*item.get("parameters", []), *item[read.method.lower()].get("parameters", [])]
    named = [parameter for parameter in declared if parameter["name"] == contract.upsert.key]
    return any(parameter.get("schema", {}).get("format") == "path" for parameter in named)


def _rejects_empty_key(contract: Contract) -> bool:
    return not is_valid(contract.upsert.request[contract.upsert.key].schema, "")


def _read_needs_credentials(contract: Contract) -> bool:
    return contract.upsert.read is not None and contract.upsert.read.credentials


def _needs_credentials_everywhere(contract: Contract) -> bool:
    upsert = contract.upsert
    return all(it.credentials for it in (upsert.operation, upsert.read, upsert.delete) if it is not None)


def _keeps_omitted(contract: Contract) -> bool:
    return contract.upsert.omitted is Omitted.KEEP


def _has_distinct_statuses(contract: Contract) -> bool:
    return contract.upsert.created != contract.upsert.updated


ECHOED = Feature("the contract has no echoed field", lambda it: bool(cases.echoed(it)))
ECHOED_VALUES = Feature(
    "the contract has no echoed field other than references", lambda it: bool(cases.echoed_values(it))
)
DISTINCTIVE_VALUES = Feature("the contract has no echoed field with more than a few values", _has_distinctive_values)
EDGE_VALUES = Feature(
    "the contract has no echoed field with unusual values", lambda it: bool(cases.with_edge_values(it))
)
SERVER_OWNED = Feature("the contract has no response-only field", lambda it: bool(cases.server_owned(it)))
VALUE_FIELDS = Feature(
    "the contract has no optional request field other than references", lambda it: bool(own_fields(it))
)
NUMERIC_FIELDS = Feature(
    "the contract has no numeric request field",
    lambda it: any(field.schema.get("type") in ("number", "integer") for field in own_fields(it)),
)
NON_STRING_FIELDS = Feature(
    "the contract has no request field other than strings",
    lambda it: any(field.schema.get("type") != "string" for field in own_fields(it)),
)
ENUMS = Feature(
    "the contract has no request field with enumerated values",
    lambda it: any("enum" in field.schema for field in it.upsert.request.values()),
)
CONSTANTS = Feature("the contract has no field with one value for all custom models", lambda it: bool(constants(it)))
IDENTIFIER = Feature(
    "the contract has no identifier other than the name",
    lambda it: any(isinstance(field.source, FromKey) for field in it.upsert.response.values()),
)
NONEMPTY_NAMES = Feature("the contract allows an empty name", _rejects_empty_key)

BASE_MODELS = Feature("the contract has no base models", lambda it: base_field(it) is not None)
BASE_ECHOED = Feature(
    "the contract has no response field for the base model",
    lambda it: (base := base_field(it)) is not None and base.name in cases.echoed(it),
)
INHERITED = Feature("the contract has no inherited field", lambda it: bool(cases.inherited(it)))
OVERRIDES = Feature("the contract has no overrides", lambda it: any(True for _ in overlays(it)))
INHERITED_PARAMETERS = Feature(
    "the contract has no inherited parameters", lambda it: any(source.base for _, _, source in overlays(it))
)
INHERITANCE = Feature(
    "the contract has no inheritance", lambda it: INHERITED.is_in(it) or INHERITED_PARAMETERS.is_in(it)
)
REFERENCES = Feature("the contract has no references", lambda it: bool(cases.references(it)))
ALIASES = Feature("the contract has no field with an alternative spelling", lambda it: bool(cases.aliases(it)))
PROVIDER_REFERENCES = Feature(
    "the contract has no references to providers",
    lambda it: any(reference.to == "providers" for _, reference in cases.references(it).values()),
)
PROVIDERS = Feature("the contract has no response field for the provider", lambda it: any(True for _ in lookups(it)))
PROVIDER_ALIASES = Feature(
    "the contract has no alternative spelling of the provider field",
    lambda it: any(lookup.by == alias.of for _, lookup in lookups(it) for _, alias in cases.aliases(it).values()),
)

CREDENTIALS = Feature("the contract requires no credentials", lambda it: it.upsert.operation.credentials)
READ_CREDENTIALS = Feature("the contract requires no credentials for a read", _read_needs_credentials)
SCOPE = Feature("the contract has no organizations", lambda it: it.upsert.scope is not None)
CREDENTIALS_EVERYWHERE = Feature(
    "the contract has operations that require no credentials", _needs_credentials_everywhere
)
ORGANIZATIONS = (SCOPE, CREDENTIALS, CREDENTIALS_EVERYWHERE)
"""Without credentials, nothing distinguishes organizations."""
READ_ONLY = Feature("the contract has no read-only credentials", lambda it: it.upsert.forbidden is not None)
RESERVED_NAMES = Feature("the contract has no reserved names", lambda it: it.upsert.reserved is not None)

READ = Feature("the contract has no read", lambda it: it.upsert.read is not None)
SLASHES = Feature("the contract has no path for names with slashes", _accepts_slashes)
DELETE = Feature("the contract has no delete", lambda it: it.upsert.delete is not None)
KEEPS_OMITTED = Feature("the contract resets omitted fields", _keeps_omitted)
STATE = Feature(
    "the contract has no read and resets omitted fields, so the stored state cannot be read",
    lambda it: READ.is_in(it) or KEEPS_OMITTED.is_in(it),
)
CREATE_RETURNS_201 = Feature(
    "the contract has another status than 201 for creates", lambda it: it.upsert.created == 201
)
DISTINCT_STATUSES = Feature("the contract has the same status for creates and updates", _has_distinct_statuses)
EXISTENCE = Feature(
    "the contract has no read and the same status for creates and updates, so nothing shows whether a model exists",
    lambda it: READ.is_in(it) or DISTINCT_STATUSES.is_in(it),
)
OBSERVABLE_MODELS = Feature(
    "the contract has no read, and no echoed field other than references",
    lambda it: READ.is_in(it) or ECHOED_VALUES.is_in(it),
)
CREATION_TIME = Feature("the contract has no creation time", lambda it: timestamp(it, "created") is not None)
UPDATE_TIME = Feature("the contract has no update time", lambda it: timestamp(it, "updated") is not None)
DATE_TIMES = Feature("the contract has no date-time in a response", _returns_date_times)
ERROR_SCHEMAS = Feature("the contract has no schema for the bodies of errors", _describes_errors)
