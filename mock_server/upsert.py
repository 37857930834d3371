"""What an upsert and a delete do: the pure core of the mock. No clock, no store, no HTTP; all comes in as values.

First it judges what a schema cannot say: contradictions, rights, and names of things that are not there.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

from contract import Omitted, Operation, Upsert
from contract.pointer import to_pointer
from mock_server.errors import Rejection, RequestPart, ValidationError, described, expectation, quoted
from mock_server.strict_json import bytes_of

MOST_ENTRIES = 10_000
"""Entries of a value that updates merge: each read of the model, and of those based on it, looks at all of them."""
_FEWEST = 5 * MOST_ENTRIES
"""Bytes of JSON that more entries than these take at least."""


@dataclass(frozen=True, slots=True)
class StoredModel:
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
    stored: StoredModel


class Removed:
    """A deletion that is done."""


def upsert(
    rules: Upsert, stored: StoredModel | None, request: Mapping[str, Any], context: Context
) -> Written | Rejection:
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
    if rejection := find_rejection(rules, request, context):
        return rejection
    slots = rules.storage_names
    given = {slots[name]: value for name, value in request.items() if name in slots}
    if stored is None:
        return _unless_too_large(
            rules, Written(rules.created, StoredModel(given, context.at, context.at, bytes_of(given))), context
        )
    values = _merged(rules, stored.values, given)
    updated = StoredModel(values, stored.created, max(stored.updated, context.at), bytes_of(values))
    return _unless_too_large(rules, Written(rules.updated, updated), context)


def delete(rules: Upsert, stored: StoredModel | None, name: str, context: Context) -> Removed | Rejection:
    """Decide what the deletion of the model `name` does."""
    if rejection := undeletable(rules, name, context):
        return rejection
    if stored is None:
        return absent(rules, rules.delete, name)
    return Removed()


def with_too_many_entries(rules: Upsert, values: Mapping[str, Any]) -> str | None:
    """Return the first slot whose value updates merge and that has more entries than it may have."""
    return next((slot for slot in rules.merged if len(values.get(slot, ())) > MOST_ENTRIES), None)


def _unless_too_large(rules: Upsert, written: Written, context: Context) -> Written | Rejection:
    """Return `written`, or the rejection where the model would be too large: it grows with each update that merges."""
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


@dataclass(frozen=True, slots=True)
class RequestReference:
    """A use of `x-reference` in a request: the field, and the thing that it names."""

    field: str
    collection: str
    """`models` or `providers`."""
    identifier: str
    missing: int
    """Status of the answer when there is no such thing."""


class Context(NamedTuple):
    """What an upsert depends on beside the rules, the stored model and the request."""

    at: datetime
    """The time of the request, in UTC."""
    may_write: bool = True
    """Whether the caller may write."""
    built_in: Container[str] = ()
    """The names that belong to built-in models."""
    missing: tuple[RequestReference, ...] = ()
    """The things that the request names and that do not exist."""
    largest: int | None = None
    """Bytes of JSON that a stored model may take; None is any number."""


class ReferenceFields:
    """The request fields that name another thing, and the other spellings of such fields."""

    def __init__(self, rules: Upsert) -> None:
        self._fields = [
            (name, field.storage_name, reference)
            for name, field in rules.request.items()
            if (reference := rules.request[field.storage_name].reference)
        ]
        self.to_models = tuple({slot: None for _, slot, reference in self._fields if reference.to == "models"})
        """The slots that hold the names of models."""

    def named_in(self, request: Mapping[str, Any]) -> list[RequestReference]:
        """The things that a request names. Of two spellings that say the same, the first counts."""
        found: dict[tuple[str, Any], RequestReference] = {}
        for name, slot, reference in self._fields:
            if name in request and (slot, request[name]) not in found:
                found[slot, request[name]] = RequestReference(name, reference.to, request[name], reference.missing)
        return list(found.values())


def find_rejection(
    rules: Upsert, request: Mapping[str, Any], context: Context, invalid: Sequence[ValidationError] = ()
) -> Rejection | None:
    """The rejection that comes first, with all that is wrong; None where nothing is.

    `invalid` are the errors of the schema, and `request` has the fields without any. Beside what is wrong with one
    field it tells what is wrong with others, even where that alone would be refused later and with another status.
    """
    found = [
        *((rules.invalid, error) for error in invalid),
        *_contradictions(rules, request),
        *_forbidden(rules, request, context),
        *((named.missing, _unknown(rules, named)) for named in context.missing),
    ]
    if not found:
        return None
    status, first = found[0]
    told = tuple(each for its, each in found if its == status or (first.in_a_field and each.in_a_field))
    return Rejection(status, told, by_field=status == rules.invalid)


def undeletable(rules: Upsert, name: str, context: Context) -> Rejection | None:
    """Why the model `name`, if there is one, may not be deleted."""
    if rules.forbidden and not context.may_write:
        return Rejection(rules.forbidden, (_read_only(rules),))
    if rules.reserved and name in context.built_in:
        message = f"{quoted(name)} is a built-in model and cannot be deleted."
        return Rejection(rules.reserved, (_reserved(rules, RequestPart.PATH, name, message),))
    return None


def absent(rules: Upsert, operation: Operation | None, name: str) -> Rejection:
    """The answer of `operation` about a model that the organization does not have."""
    message = f"There is no model {quoted(name)} in this organization."
    at = operation.pointer if operation else None
    return Rejection(
        404, (ValidationError(RequestPart.PATH, rules.key, "paths", _A_MODEL, quoted(name), message, contract=at),)
    )


def too_large(rules: Upsert, size: int, largest: int) -> Rejection:
    """Return the rejection of an upsert after which the model would take `size` bytes of JSON, more than `largest`."""
    hint = "Send less, or delete the model first; --max-model-bytes allows more."
    message = f"The model would take {size} bytes of JSON with what is stored of it, more than {largest}. {hint}"
    expected, got = f"at most {largest} bytes", f"{size} bytes"
    error = ValidationError(
        RequestPart.BODY, None, "x-limits", expected, got, message, "", f"{rules.operation.pointer}/x-upsert"
    )
    return Rejection(rules.invalid, (error,), by_field=True)


def too_many_entries(rules: Upsert, field: str, most: int) -> Rejection:
    """Return the rejection of an upsert after which a value that updates merge would have more than `most` entries."""
    expected, got = f"an object that has at most {most} entries with those that are stored", "more"
    message = f"Expected {expected}, got more. Send fewer, or delete the model first."
    at = rules.request[field].pointer
    return Rejection(rules.invalid, (_in_body(field, "x-limits", expected, got, message, at),), by_field=True)


def too_far(rules: Upsert, named: RequestReference) -> Rejection:
    """Return the rejection of an upsert that names a model with too many or too large bases."""
    expected, got = "a model with fewer or smaller bases", quoted(named.identifier)
    message = f"The model {got}, its base and the base of that, and so on, are too many or too large. Name another one."
    at = f"{rules.request[rules.request[named.field].storage_name].pointer}/x-reference"
    return Rejection(rules.invalid, (_in_body(named.field, "x-reference", expected, got, message, at),), by_field=True)


_A_MODEL = "the name of a model of the organization, or of a built-in one"

_Judged: TypeAlias = Iterator[tuple[int, ValidationError]]
"""Violations, each with the status of the rejection that it alone would get."""


def _contradictions(rules: Upsert, request: Mapping[str, Any]) -> _Judged:
    for name, alias in rules.aliases.items():
        if name in request and alias.of in request and request[name] != request[alias.of]:
            expected = f"{described(request[alias.of])} as in {alias.of}, of which it is another spelling"
            got = described(request[name])
            at = f"{rules.request[name].pointer}/x-alias"
            yield alias.differing, _in_body(name, "x-alias", expected, got, expectation(expected, got), at)


def _forbidden(rules: Upsert, request: Mapping[str, Any], context: Context) -> _Judged:
    if rules.forbidden and not context.may_write:
        yield rules.forbidden, _read_only(rules)
    name = request.get(rules.key)
    if rules.reserved and name is not None and name in context.built_in:
        message = f"{quoted(name)} is a built-in model and cannot be changed."
        yield rules.reserved, _reserved(rules, RequestPart.BODY, name, message)


def _read_only(rules: Upsert) -> ValidationError:
    message = "These credentials may read models but not write them."
    at = f"{rules.operation.pointer}/x-upsert/forbidden"
    expected, got = "credentials that may write", "credentials that only read"
    return ValidationError(RequestPart.HEADER, "Authorization", "x-upsert", expected, got, message, contract=at)


def _reserved(rules: Upsert, part: RequestPart, name: str, message: str) -> ValidationError:
    pointer = _pointer(rules.key) if part is RequestPart.BODY else None
    at = f"{rules.operation.pointer}/x-upsert/reserved"
    return ValidationError(
        part, rules.key, "x-upsert", "a name that is not built in", quoted(name), message, pointer, at
    )


def _unknown(rules: Upsert, named: RequestReference) -> ValidationError:
    kind, name = named.collection[:-1], quoted(named.identifier)
    expected = _A_MODEL if named.collection == "models" else f"the name of a {kind} of the organization"
    at = f"{rules.request[rules.request[named.field].storage_name].pointer}/x-reference"
    return _in_body(named.field, "x-reference", expected, name, f"There is no {kind} {name}.", at)


def _in_body(field: str, rule: str, expected: str, got: str, message: str, at: str) -> ValidationError:
    return ValidationError(RequestPart.BODY, field, rule, expected, got, message, _pointer(field), at)


def _pointer(field: str) -> str:
    return to_pointer([field]).removeprefix("#")
