"""What an upsert and a delete do: the pure core of the mock. No clock, no store, no HTTP; all comes in as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from contract import Omitted, Upsert
from mock_server.core.judgement import Context, absent, refusal_of, too_large, too_many_entries, undeletable
from mock_server.core.size import bytes_of
from mock_server.refusing.refusals import Refusal

MOST_ENTRIES = 10_000
"""Entries of a value that updates merge: each read of the model, and of those based on it, looks at all of them."""
_FEWEST = 5 * MOST_ENTRIES
"""Bytes of JSON that more entries than these take at least."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A custom model as the store keeps it."""

    values: Mapping[str, Any]
    """What requests have set, by slot: the name of the request field, or of the one that it is another spelling of."""
    created: datetime
    updated: datetime
    """Both in UTC."""
    size: int | None = field(default=None, repr=False, compare=False)
    """How much JSON the values are, where that is known."""

    @property
    def bytes(self) -> int:
        """How much JSON the values are. Counted once."""
        if self.size is not None:
            return self.size
        size = bytes_of(self.values)
        object.__setattr__(self, "size", size)
        return size


class Written(NamedTuple):
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
    slots = rules.slots
    given = {slots[name]: value for name, value in request.items() if name in slots}
    if stored is None:
        return _unless_too_large(
            rules, Written(rules.created, Stored(given, context.at, context.at, bytes_of(given))), context
        )
    values = _merged(rules, stored.values, given)
    updated = Stored(values, stored.created, max(stored.updated, context.at), bytes_of(values))
    return _unless_too_large(rules, Written(rules.updated, updated), context)


def delete(rules: Upsert, stored: Stored | None, name: str, context: Context) -> Removed | Refusal:
    """Decide what the deletion of the model `name` does."""
    if refusal := undeletable(rules, name, context):
        return refusal
    if stored is None:
        return absent(rules, rules.delete, name)
    return Removed()


def with_too_many_entries(rules: Upsert, values: Mapping[str, Any]) -> str | None:
    """Return the first slot whose value updates merge and that has more entries than it may have."""
    return next((slot for slot in rules.merged if len(values.get(slot, ())) > MOST_ENTRIES), None)


def _unless_too_large(rules: Upsert, written: Written, context: Context) -> Written | Refusal:
    """Return `written`, or the refusal where the model would be too large: it grows with each update that merges."""
    if written.stored.bytes > _FEWEST and (slot := with_too_many_entries(rules, written.stored.values)):
        return too_many_entries(rules, slot, MOST_ENTRIES)
    if context.largest is not None and written.stored.bytes > context.largest:
        return too_large(rules, written.stored.bytes, context.largest)
    return written


def _merged(rules: Upsert, before: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The slots after an update."""
    values = {**(before if rules.omitted is Omitted.KEEP else {}), **given}
    for slot in rules.merged:
        if slot in given and slot in before:
            values[slot] = {**before[slot], **given[slot]}
    return values
