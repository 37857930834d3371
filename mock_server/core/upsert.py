"""What an upsert and a delete do: the pure core of the mock. No clock, no store, no HTTP; all comes in as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contract import Omitted, Upsert
from mock_server.core.judgement import Context, absent, refusal_of, undeletable
from mock_server.refusing.refusals import Refusal


@dataclass(frozen=True, slots=True)
class Stored:
    """A custom model as the store keeps it."""

    values: Mapping[str, Any]
    """What requests have set, by slot: the name of the request field, or of the one that it is another spelling of."""
    created: datetime
    updated: datetime
    """Both in UTC."""


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
    if refusal := refusal_of(rules, request, context):
        return refusal
    given = {rules.request[name].slot: value for name, value in request.items() if name in rules.request}
    if stored is None:
        return Written(rules.created, Stored(given, context.at, context.at))
    values = _merged(rules, stored.values, given)
    return Written(rules.updated, Stored(values, stored.created, max(stored.updated, context.at)))


def delete(rules: Upsert, stored: Stored | None, name: str, context: Context) -> Removed | Refusal:
    """Decide what the deletion of the model `name` does."""
    if refusal := undeletable(rules, name, context):
        return refusal
    if stored is None:
        return absent(rules, rules.delete, name)
    return Removed()


def _merged(rules: Upsert, before: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The slots after an update."""
    values = {**(before if rules.omitted is Omitted.KEEP else {}), **given}
    for field in rules.request.values():
        if field.merges and field.slot in given and field.slot in before:
            values[field.slot] = {**before[field.slot], **given[field.slot]}
    return values
