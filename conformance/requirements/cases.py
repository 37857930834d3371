"""The things of a contract that a requirement is checked on, one test each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from conformance.fields import EchoedField, echoed_fields, inherited_fields, overlays
from conformance.generate.values import Invalidity, InvalidValue, edge_values, invalid_values, own_fields
from contract import Alias, Contract, Reference, RequestField, ResponseField

PAIR = 2


@dataclass(frozen=True, slots=True)
class WrongValue:
    """A request field and a value that is wrong for it."""

    field: RequestField
    wrong: InvalidValue
    updates: bool
    """Whether it is sent to a model that exists. Values of a field take turns, and so do fields."""


def shown(contract: Contract) -> Mapping[str, EchoedField]:
    """Fields that come back under the name they were sent by: references, and those with a value of their own."""
    names = {field.name for field in own_fields(contract)}
    return {f.name: f for f in echoed_fields(contract) if f.request.reference or f.name in names}


def own(contract: Contract) -> Mapping[str, EchoedField]:
    """... and that refer to nothing else."""
    return {name: field for name, field in shown(contract).items() if not field.request.reference}


def odd(contract: Contract) -> Mapping[str, EchoedField]:
    """... and that have odd values."""
    return {name: field for name, field in own(contract).items() if edge_values(field.request.schema)}


def inherited(contract: Contract) -> Mapping[str, EchoedField]:
    """... and that a base model can supply."""
    names = {field.name for field in inherited_fields(contract)}
    return {name: field for name, field in own(contract).items() if name in names}


def overlaid(contract: Contract) -> Mapping[str, tuple[RequestField, ResponseField]]:
    """Overrides, each with the response field that shows what comes of it."""
    return {override.name: (override, field) for override, field, _ in overlays(contract)}


def overlaid_on_base(contract: Contract) -> Mapping[str, tuple[RequestField, ResponseField]]:
    """... and that lie over the parameters of a base model."""
    return {override.name: (override, field) for override, field, source in overlays(contract) if source.base}


def references(contract: Contract) -> Mapping[str, tuple[RequestField, Reference]]:
    """Fields that refer to something, under each of their spellings, with what they refer to."""
    request = contract.upsert.request
    found = {name: (field, request[field.storage_name].reference) for name, field in request.items()}
    return {name: (field, reference) for name, (field, reference) in found.items() if reference}


def aliases(contract: Contract) -> Mapping[str, tuple[RequestField, Alias]]:
    """Fields that are another spelling of one, with what they are another spelling of."""
    return {name: (field, field.alias) for name, field in contract.upsert.request.items() if field.alias}


def wrong(*kinds: Invalidity) -> Callable[[Contract], Mapping[str, WrongValue]]:
    """Wrong values of every field, of the kinds given; fields that are alike share out what may be coerced."""

    def of(contract: Contract) -> Mapping[str, WrongValue]:
        return {
            f"{field.name}: {wrong.label}": WrongValue(field, wrong, updates=(row + column) % 2 == 1)
            for row, field in enumerate(contract.upsert.request.values())
            for column, wrong in enumerate(_taking_turns(contract, field))
            if wrong.invalidity in kinds
        }

    return of


def _taking_turns(contract: Contract, field: RequestField) -> Sequence[InvalidValue]:
    """The wrong values of a field; fields of the same schema take turns at containers, and at what may be coerced."""
    values = invalid_values(field.schema)
    alike = [other.name for other in contract.upsert.request.values() if invalid_values(other.schema) == values]
    coercible = [wrong for wrong in values if wrong.invalidity is Invalidity.COERCIBLE]
    containers = [wrong for wrong in values if isinstance(wrong.value, dict | list) and wrong.value]
    turn = alike.index(field.name)
    left_out = [some[turn % len(some)] for some in (coercible, containers) if len(some) >= PAIR <= len(alike)]
    return [wrong for wrong in values if wrong not in left_out]


def server_owned(contract: Contract) -> Mapping[str, ResponseField]:
    """Fields that only the response has."""
    upsert = contract.upsert
    return {name: field for name, field in upsert.response.items() if name not in upsert.request}
