"""Finds fields by what the contract declares about them, so that no check names a field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from contract import (
    Constant,
    Contract,
    FromKey,
    FromRequest,
    Inherited,
    LookedUp,
    Overlaid,
    RequestField,
    ResponseField,
    Timestamp,
)

CONTRACTS = 8
"""For how many contracts the results of a function are cached. A process rarely checks more of them by turns."""


@dataclass(frozen=True, slots=True)
class EchoedField:
    """A request field and the response field that returns its value as sent."""

    request: RequestField
    response: ResponseField

    @property
    def name(self) -> str:
        return self.request.name


def is_required(field: RequestField) -> bool:
    """Return whether each request has to have the field: `required` does not mean a property with `readOnly`."""
    return field.required and not field.schema.get("readOnly")


@lru_cache(maxsize=CONTRACTS)
def echoed_fields(contract: Contract) -> Sequence[EchoedField]:
    """Return the fields that a response returns under the same name, without the key."""
    upsert = contract.upsert
    return tuple(
        EchoedField(upsert.request[name], response)
        for name, response in upsert.response.items()
        if isinstance(response.source, FromRequest | Inherited) and name in upsert.request and name != upsert.key
    )


def inherited_fields(contract: Contract) -> list[EchoedField]:
    """Return the echoed fields that inherit the value of a base model."""
    base = base_field(contract)
    return [
        field
        for field in echoed_fields(contract)
        if isinstance(source := field.response.source, Inherited) and base and source.base == base.name
    ]


def overlays(contract: Contract) -> Iterator[tuple[RequestField, ResponseField, Overlaid]]:
    """Yield the request fields that override an object of the base model, with the field that returns the result.

    If each request has to have it, nothing can be told of a model without it, and it is left out.
    """
    for response in contract.upsert.response.values():
        if isinstance(response.source, Overlaid):
            override = contract.upsert.request[response.source.override]
            if not is_required(override):
                yield override, response, response.source


@lru_cache(maxsize=CONTRACTS)
def lookups(contract: Contract) -> Sequence[tuple[ResponseField, LookedUp]]:
    """Return the response fields that return the provider that a request field refers to."""
    return tuple(
        (response, response.source)
        for response in contract.upsert.response.values()
        if isinstance(response.source, LookedUp) and response.source.collection == "providers"
    )


@lru_cache(maxsize=CONTRACTS)
def base_field(contract: Contract) -> RequestField | None:
    """Return the request field that names the base model, or None."""
    for response in contract.upsert.response.values():
        if isinstance(response.source, Inherited | Overlaid) and response.source.base is not None:
            return contract.upsert.request[response.source.base]
    return None


@lru_cache(maxsize=CONTRACTS)
def deleted_statuses(contract: Contract) -> Sequence[int]:
    """Return the statuses that the contract declares for a delete that removes the model, the lowest first."""
    delete = contract.upsert.delete
    return tuple(sorted(status for status in (delete.statuses if delete else ()) if 200 <= status < 300)) or (204,)


def timestamp(contract: Contract, of: str) -> ResponseField | None:
    """Return the response field with the time at which the model was `created` or `updated`, or None."""
    for response in contract.upsert.response.values():
        if response.source == Timestamp(of):
            return response
    return None


@lru_cache(maxsize=CONTRACTS)
def constants(contract: Contract) -> Mapping[str, Any]:
    """Return the enumerated response fields that are constant for custom models, each with its value."""
    return {
        name: response.source.value
        for name, response in contract.upsert.response.items()
        if isinstance(response.source, Constant) and response.source_provenance.binds and "enum" in response.schema
    }


def identifying_fields(contract: Contract) -> set[str]:
    """Return the response fields that identify a model."""
    return {contract.upsert.key, *identifiers(contract)}


@lru_cache(maxsize=CONTRACTS)
def identifiers(contract: Contract) -> Sequence[str]:
    """Return the response fields other than the name that identify a model."""
    return tuple(name for name, field in contract.upsert.response.items() if isinstance(field.source, FromKey))


def stable_fields(contract: Contract) -> list[ResponseField]:
    """Return the response fields that only a write can change: neither timestamps nor measurements."""
    return [field for field in contract.upsert.response.values() if not _is_volatile(field)]


def _is_volatile(field: ResponseField) -> bool:
    return isinstance(field.source, Timestamp) or field.source == Constant(None)


def stable_part(value: Any, schema: Mapping[str, Any]) -> Any:
    """Return `value` without members that may change by themselves: date-times, and those unknown to the contract."""
    members = schema.get("properties", {})
    if not isinstance(value, dict) or not members:
        return value
    return {
        name: child for name, child in value.items() if name in members and members[name].get("format") != "date-time"
    }
