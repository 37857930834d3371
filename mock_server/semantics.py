"""What an upsert and a delete do: the pure core of the mock. No clock, no store, no HTTP; all comes in as values."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contract import Omitted, Upsert
from mock_server.refusals import Refusal
from mock_server.wording import quoted


@dataclass(frozen=True, slots=True)
class Stored:
    """A custom model as the store keeps it."""

    values: Mapping[str, Any]
    """What requests have set, by slot: the name of the request field, or of the one that it is another spelling of."""
    created: datetime
    updated: datetime
    """Both in UTC."""


@dataclass(frozen=True, slots=True)
class Named:
    """A use of `x-reference` in a request: the field, and the thing that it names."""

    field: str
    collection: str
    """`models` or `providers`."""
    identifier: str
    missing: int
    """Status of the answer when there is no such thing."""


@dataclass(frozen=True, slots=True)
class Context:
    """What an upsert depends on beside the rules, the stored model and the request."""

    at: datetime
    """The time of the request, in UTC."""
    may_write: bool = True
    """Whether the caller may write."""
    built_in: Container[str] = ()
    """The names that belong to built-in models."""
    missing: tuple[Named, ...] = ()
    """The things that the request names and that do not exist."""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A field that is another spelling of one with a different value."""

    field: str
    status: int
    what: str


@dataclass(frozen=True, slots=True)
class Written:
    """An upsert that is done: the model as it is to be stored, and the status of the answer."""

    status: int
    stored: Stored


class Removed:
    """A deletion that is done."""


def upsert(rules: Upsert, stored: Stored | None, request: Mapping[str, Any], context: Context) -> Written | Refusal:
    """Decide what one upsert does. `request` is a body that is valid by the contract's schema.

    >>> from contract import load
    >>> from datetime import datetime, timezone
    >>> now = Context(datetime(2026, 2, 1, tzinfo=timezone.utc))
    >>> first = upsert(load().upsert, None, {"model_name": "m", "input_cost": 1}, now)
    >>> first.status
    201
    >>> again = upsert(load().upsert, first.stored, {"model_name": "m", "output_cost": 2}, now)
    >>> again.status, again.stored.values
    (200, {'model_name': 'm', 'input_cost': 1, 'output_cost': 2})
    """
    if refusal := _refusal(rules, request, context):
        return refusal
    given = {field.slot: request[name] for name, field in rules.request.items() if name in request}
    if stored is None:
        return Written(rules.created, Stored(given, context.at, context.at))
    values = _merged(rules, stored.values, given)
    return Written(rules.updated, Stored(values, stored.created, max(stored.updated, context.at)))


def delete(rules: Upsert, stored: Stored | None, name: str, context: Context) -> Removed | Refusal:
    """Decide what the deletion of the model `name` does."""
    if not context.may_write:
        return _read_only(rules)
    if name in context.built_in:
        return Refusal(rules.reserved, f"{quoted(name)} is a built-in model and cannot be deleted.")
    if stored is None:
        return absent(name)
    return Removed()


def absent(name: str) -> Refusal:
    """The answer about a model that the organization does not have."""
    return Refusal(404, f"There is no model {quoted(name)} in this organization.")


def contradictions(rules: Upsert, request: Mapping[str, Any]) -> Iterator[Contradiction]:
    """The contradictions in a body, which may be invalid otherwise."""
    for name, field in rules.request.items():
        if (alias := field.alias) and name in request and alias.of in request and request[name] != request[alias.of]:
            what = f"It is another spelling of {alias.of} and has to have the same value."
            yield Contradiction(name, alias.differing, what)


def named_things(rules: Upsert, request: Mapping[str, Any]) -> Iterator[Named]:
    """The things that the request names. Of two spellings of one thing, the first that is given counts."""
    seen: set[str] = set()
    for name, field in rules.request.items():
        if (field.reference or field.alias) and name in request and field.slot not in seen:
            seen.add(field.slot)
            if reference := rules.request[field.slot].reference:
                yield Named(name, reference.to, request[name], reference.missing)


def _refusal(rules: Upsert, request: Mapping[str, Any], context: Context) -> Refusal | None:
    for found in contradictions(rules, request):
        return Refusal(found.status, {found.field: [found.what]})
    if not context.may_write:
        return _read_only(rules)
    if request[rules.key] in context.built_in:
        return Refusal(rules.reserved, f"{quoted(request[rules.key])} is a built-in model and cannot be changed.")
    if context.missing:
        said = [f"{it.field}: there is no {it.collection[:-1]} {quoted(it.identifier)}." for it in context.missing]
        return Refusal(context.missing[0].missing, " ".join(said))
    return None


def _read_only(rules: Upsert) -> Refusal:
    return Refusal(rules.forbidden, "These credentials may read models but not write them.")


def _merged(rules: Upsert, before: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The slots after an update."""
    values = {**(before if rules.omitted is Omitted.KEEP else {}), **given}
    for field in rules.request.values():
        if field.merges and field.slot in given and field.slot in before:
            values[field.slot] = {**before[field.slot], **given[field.slot]}
    return values
