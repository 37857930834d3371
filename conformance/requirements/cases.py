"""The cases that a contract has for a check: one test each, by label.

They are cached, because each requirement asks for them, in each run of a process.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from conformance.fields import CONTRACTS, EchoedField, echoed_fields, inherited_fields, overlays
from conformance.generate.values import Invalidity, InvalidValue, edge_values, invalid_values, own_fields
from contract import Alias, Contract, Reference, RequestField, ResponseField

PAIR = 2


@dataclass(frozen=True, slots=True)
class WrongValue:
    """A request field and an invalid value for it."""

    field: RequestField
    wrong: InvalidValue
    updates: bool
    """Whether an update sends it, not a create. Values alternate, and so do fields."""


@lru_cache(maxsize=CONTRACTS)
def echoed(contract: Contract) -> Mapping[str, EchoedField]:
    """Return the echoed fields: references, and fields that hold a value of their own."""
    names = {field.name for field in own_fields(contract)}
    return {f.name: f for f in echoed_fields(contract) if f.request.reference or f.name in names}


@lru_cache(maxsize=CONTRACTS)
def echoed_values(contract: Contract) -> Mapping[str, EchoedField]:
    """Return the echoed fields that hold a value of their own."""
    return {name: field for name, field in echoed(contract).items() if not field.request.reference}


@lru_cache(maxsize=CONTRACTS)
def with_edge_values(contract: Contract) -> Mapping[str, EchoedField]:
    """Return the echoed fields that have valid but unusual values."""
    return {name: field for name, field in echoed_values(contract).items() if edge_values(field.request.schema)}


@lru_cache(maxsize=CONTRACTS)
def inherited(contract: Contract) -> Mapping[str, EchoedField]:
    """Return the echoed fields that a model inherits from its base model."""
    names = {field.name for field in inherited_fields(contract)}
    return {name: field for name, field in echoed_values(contract).items() if name in names}


def overrides(contract: Contract) -> Mapping[str, tuple[RequestField, ResponseField]]:
    """Return the overrides, each with the response field that returns its effect."""
    return {override.name: (override, field) for override, field, _ in overlays(contract)}


def overrides_of_base(contract: Contract) -> Mapping[str, tuple[RequestField, ResponseField]]:
    """Return the overrides of parameters that a base model supplies."""
    return {override.name: (override, field) for override, field, source in overlays(contract) if source.base}


def references(contract: Contract) -> Mapping[str, tuple[RequestField, Reference]]:
    """Return the references, under each of their spellings, with what they refer to."""
    request = contract.upsert.request
    found = {name: (field, request[field.storage_name].reference) for name, field in request.items()}
    return {name: (field, reference) for name, (field, reference) in found.items() if reference}


def aliases(contract: Contract) -> Mapping[str, tuple[RequestField, Alias]]:
    """Return the alternative spellings of fields, with what each is an alternative of."""
    return {name: (field, field.alias) for name, field in contract.upsert.request.items() if field.alias}


def with_invalid_values(*kinds: Invalidity) -> Callable[[Contract], Mapping[str, WrongValue]]:
    """Return the invalid values of every field, of the given kinds. Fields with the same schema share some of them."""

    @lru_cache(maxsize=CONTRACTS)
    def of(contract: Contract) -> Mapping[str, WrongValue]:
        return {
            f"{field.name}: {wrong.label}": WrongValue(field, wrong, updates=(row + column) % 2 == 1)
            for row, field in enumerate(contract.upsert.request.values())
            for column, wrong in enumerate(_shared_out(contract, field))
            if wrong.invalidity in kinds
        }

    return of


def _shared_out(contract: Contract, field: RequestField) -> Sequence[InvalidValue]:
    """Return the invalid values to send for a field.

    Of several fields with the same schema, each leaves out one container and one value that could be coerced, in turn.
    """
    values = invalid_values(field.schema)
    alike = [other.name for other in contract.upsert.request.values() if invalid_values(other.schema) == values]
    coercible = [wrong for wrong in values if wrong.invalidity is Invalidity.COERCIBLE]
    containers = [wrong for wrong in values if isinstance(wrong.value, dict | list) and wrong.value]
    turn = alike.index(field.name)
    left_out = [some[turn % len(some)] for some in (coercible, containers) if len(some) >= PAIR <= len(alike)]
    return [wrong for wrong in values if wrong not in left_out]


@lru_cache(maxsize=CONTRACTS)
def server_owned(contract: Contract) -> Mapping[str, ResponseField]:
    """Return the fields that only the response has."""
    upsert = contract.upsert
    return {name: field for name, field in upsert.response.items() if name not in upsert.request}
