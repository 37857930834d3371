"""Which fields of the contract a check is about, told from what the contract declares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class EchoedField:
    """A request field and the response field in which its value comes back as it was sent."""

    request: RequestField
    response: ResponseField

    @property
    def name(self) -> str:
        return self.request.name


def echoed_fields(contract: Contract) -> list[EchoedField]:
    """The fields that a response shows under the same name, the key apart."""
    upsert = contract.upsert
    return [
        EchoedField(upsert.request[name], response)
        for name, response in upsert.response.items()
        if isinstance(response.source, FromRequest | Inherited) and name in upsert.request and name != upsert.key
    ]


def inherited_fields(contract: Contract) -> list[EchoedField]:
    """The shown fields whose value a base model can supply."""
    base = base_field(contract)
    return [
        field
        for field in echoed_fields(contract)
        if isinstance(source := field.response.source, Inherited) and base and source.base == base.name
    ]


def overlays(contract: Contract) -> Iterator[tuple[RequestField, ResponseField, Overlaid]]:
    """The request fields that lie over a base model's object, or over none, with the field that shows the result."""
    for response in contract.upsert.response.values():
        if isinstance(response.source, Overlaid):
            yield contract.upsert.request[response.source.override], response, response.source


def lookups(contract: Contract) -> Iterator[tuple[ResponseField, LookedUp]]:
    """The response fields that show the provider which a request field names."""
    for response in contract.upsert.response.values():
        if isinstance(response.source, LookedUp) and response.source.collection == "providers":
            yield response, response.source


def base_field(contract: Contract) -> RequestField | None:
    """The request field that names the base model, where there is one."""
    for response in contract.upsert.response.values():
        if isinstance(response.source, Inherited | Overlaid) and response.source.base is not None:
            return contract.upsert.request[response.source.base]
    return None


def timestamp(contract: Contract, of: str) -> ResponseField | None:
    """The response field that says when the model was `created` or `updated`."""
    for response in contract.upsert.response.values():
        if response.source == Timestamp(of):
            return response
    return None


def constants(contract: Contract) -> dict[str, Any]:
    """The enumerated response fields with the one value that every custom model shows."""
    return {
        name: response.source.value
        for name, response in contract.upsert.response.items()
        if isinstance(response.source, Constant) and response.source_provenance.binds and "enum" in response.schema
    }


def identifying_fields(contract: Contract) -> set[str]:
    """The response fields that tell one model from another whatever their values are."""
    upsert = contract.upsert
    return {upsert.key} | {name for name, field in upsert.response.items() if isinstance(field.source, FromKey)}


def stable_fields(contract: Contract) -> list[ResponseField]:
    """The response fields that stay the same while nothing is changed: neither timestamps nor measurements."""
    return [field for field in contract.upsert.response.values() if not _moves(field)]


def _moves(field: ResponseField) -> bool:
    return isinstance(field.source, Timestamp) or field.source == Constant(None)


def stable_part(value: Any, schema: Mapping[str, Any]) -> Any:
    """`value` without what may move by itself inside it: date-times, and members that the contract does not name."""
    members = schema.get("properties", {})
    if not isinstance(value, dict) or not members:
        return value
    return {
        name: child for name, child in value.items() if name in members and members[name].get("format") != "date-time"
    }
