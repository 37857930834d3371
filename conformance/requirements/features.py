"""What a contract may have or lack: the things that a requirement is about. About what is lacking nothing is judged."""

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
    """Something that a contract may have."""

    lacking: str
    """What is to be said of a contract that lacks it, as a clause: `the contract has no base models`."""
    is_in: Callable[[Contract], bool]


def _date_times(schema: Schema) -> Iterator[Schema]:
    """The date-times that a schema of an object has, those inside other objects included."""
    if schema.get("format") == "date-time":
        yield schema
    for member in schema.get("properties", {}).values():
        yield from _date_times(member)


def _shows_date_times(contract: Contract) -> bool:
    return any(True for field in contract.upsert.response.values() for _ in _date_times(field.schema))


def _has_many_values(contract: Contract) -> bool:
    return any(not has_few_values(field.request.schema) for field in cases.own(contract).values())


def _describes_errors(contract: Contract) -> bool:
    """Whether the body of an error has a schema that says more of it than that it is an object."""
    return any("schema" in body for response in _errors(contract) for body in response.get("content", {}).values())


def _errors(contract: Contract) -> Iterator[Mapping[str, Any]]:
    upsert = contract.upsert
    for operation in (upsert.operation, upsert.read, upsert.delete):
        if operation is not None:
            responses = contract.document["paths"][operation.path][operation.method.lower()]["responses"]
            yield from (response for status, response in responses.items() if status.startswith("4"))


def _takes_slashes(contract: Contract) -> bool:
    """Whether the path of the read takes names with slashes in it."""
    read = contract.upsert.read
    if read is None:
        return False
    item = contract.document["paths"][read.path]
    declared = [*item.get("parameters", []), *item[read.method.lower()].get("parameters", [])]
    named = [parameter for parameter in declared if parameter["name"] == contract.upsert.key]
    return any(parameter.get("schema", {}).get("format") == "path" for parameter in named)


def _refuses_empty_key(contract: Contract) -> bool:
    return not is_valid(contract.upsert.request[contract.upsert.key].schema, "")


def _reads_with_credentials(contract: Contract) -> bool:
    return contract.upsert.read is not None and contract.upsert.read.credentials


def _asks_everywhere(contract: Contract) -> bool:
    upsert = contract.upsert
    return all(it.credentials for it in (upsert.operation, upsert.read, upsert.delete) if it is not None)


def _keeps(contract: Contract) -> bool:
    return contract.upsert.omitted is Omitted.KEEP


def _tells_creates(contract: Contract) -> bool:
    return contract.upsert.created != contract.upsert.updated


SHOWN = Feature(
    "the contract has no field that comes back under the name it was sent by", lambda it: bool(cases.shown(it))
)
OWN = Feature("the contract has no field of a value of its own that comes back", lambda it: bool(cases.own(it)))
OWN_OF_MANY_VALUES = Feature("the contract has no field of many values that comes back", _has_many_values)
ODD = Feature("the contract has no field that takes odd values", lambda it: bool(cases.odd(it)))
SERVER_OWNED = Feature("the contract has no field that only a response has", lambda it: bool(cases.server_owned(it)))
FIELDS = Feature("the contract has no request field of a value of its own", lambda it: bool(own_fields(it)))
NUMBERS = Feature(
    "the contract has no request field of numbers",
    lambda it: any(field.schema.get("type") in ("number", "integer") for field in own_fields(it)),
)
TYPED_FIELDS = Feature(
    "the contract has no request field of another type than string",
    lambda it: any(field.schema.get("type") != "string" for field in own_fields(it)),
)
ENUMS = Feature(
    "the contract has no request field of enumerated values",
    lambda it: any("enum" in field.schema for field in it.upsert.request.values()),
)
CONSTANTS = Feature("the contract has no field of one value for all custom models", lambda it: bool(constants(it)))
IDENTIFIER = Feature(
    "the contract has no identifier beside the name",
    lambda it: any(isinstance(field.source, FromKey) for field in it.upsert.response.values()),
)
NAMES_OF_SOME_LENGTH = Feature("the contract takes an empty name", _refuses_empty_key)

BASE_MODELS = Feature("the contract has no base models", lambda it: base_field(it) is not None)
BASE_SHOWN = Feature(
    "the contract does not show the base model",
    lambda it: (base := base_field(it)) is not None and base.name in cases.shown(it),
)
INHERITED = Feature("the contract has no field that models inherit", lambda it: bool(cases.inherited(it)))
OVERRIDES = Feature("the contract has no overrides", lambda it: any(True for _ in overlays(it)))
INHERITED_PARAMETERS = Feature(
    "the contract has no parameters that models inherit", lambda it: any(source.base for _, _, source in overlays(it))
)
INHERITANCE = Feature(
    "the contract has nothing that models inherit", lambda it: INHERITED.is_in(it) or INHERITED_PARAMETERS.is_in(it)
)
REFERENCES = Feature("the contract has no references", lambda it: bool(cases.references(it)))
ALIASES = Feature("the contract has no field with another spelling", lambda it: bool(cases.aliases(it)))
PROVIDER_NAMES = Feature(
    "the contract has no references to providers",
    lambda it: any(reference.to == "providers" for _, reference in cases.references(it).values()),
)
PROVIDERS = Feature("the contract shows no provider", lambda it: any(True for _ in lookups(it)))
PROVIDER_SPELLINGS = Feature(
    "the contract has no provider with another spelling of its field",
    lambda it: any(lookup.by == alias.of for _, lookup in lookups(it) for _, alias in cases.aliases(it).values()),
)

CREDENTIALS = Feature("the contract asks for no credentials", lambda it: it.upsert.operation.credentials)
CREDENTIALS_TO_READ = Feature("the contract asks for no credentials to read", _reads_with_credentials)
SCOPE = Feature("the contract has no organizations", lambda it: it.upsert.scope is not None)
CREDENTIALS_EVERYWHERE = Feature("the contract has operations that ask for no credentials", _asks_everywhere)
ORGANIZATIONS = (SCOPE, CREDENTIALS, CREDENTIALS_EVERYWHERE)
"""Without credentials nothing tells one organization from another."""
READ_ONLY = Feature("the contract has no callers who may only read", lambda it: it.upsert.forbidden is not None)
RESERVED_NAMES = Feature("the contract has no reserved names", lambda it: it.upsert.reserved is not None)

READ = Feature("the contract has no read", lambda it: it.upsert.read is not None)
SLASHES = Feature("the contract has no path that takes a name with slashes", _takes_slashes)
DELETE = Feature("the contract has no delete", lambda it: it.upsert.delete is not None)
KEPT = Feature("the contract has fields reset that an update leaves out", _keeps)
STATE = Feature(
    "the contract has no read, and has fields reset that an update leaves out, so that no state can be looked at",
    lambda it: READ.is_in(it) or KEPT.is_in(it),
)
CREATED = Feature("the contract has creates answered otherwise than with 201", lambda it: it.upsert.created == 201)
CREATES_TOLD = Feature("the contract has creates answered as updates are", _tells_creates)
EXISTENCE = Feature(
    "the contract has no read, and has creates answered as updates are, so that nothing tells whether a model exists",
    lambda it: READ.is_in(it) or CREATES_TOLD.is_in(it),
)
WHAT_OTHERS_HAVE = Feature(
    "the contract has no read, and no field of a value of its own that comes back",
    lambda it: READ.is_in(it) or OWN.is_in(it),
)
CREATION_TIME = Feature("the contract has no time of creation", lambda it: timestamp(it, "created") is not None)
UPDATE_TIME = Feature("the contract has no time of the last update", lambda it: timestamp(it, "updated") is not None)
DATE_TIMES = Feature("the contract has no date-times", _shows_date_times)
ERROR_SCHEMAS = Feature("the contract does not describe the bodies of errors", _describes_errors)
