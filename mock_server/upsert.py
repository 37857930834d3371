"""What an upsert and a delete do: the pure core of the mock.

An upsert is a function. It takes the rules of the contract, the stored model (or None), the request body and its
`Context` (the time, whether the caller may write, which names exist). It returns what to do: `Written` with the new
model and the status, or a `Rejection`. There is no clock, no store and no HTTP in here, so a test is one call, and a
store may ask again after a conflict.

Two ideas carry the rest:

- Values are stored under their *storage name*: the name of the request field, or of the field that it is an alternative
  spelling of. So both spellings of a field read and write one value.
- The schema has validated the body before. What is judged here is what a schema cannot say: spellings that contradict
  each other, rights, built-in names, and references to things that do not exist.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

from contract import Omitted, Operation, Upsert
from contract.pointer import to_pointer
from mock_server.errors import Rejection, RequestPart, ValidationError, described, expectation, quoted
from mock_server.strict_json import bytes_of

MOST_ENTRIES = 10_000
"""The maximum number of entries of a merged value. Each read of the model and of derived models visits them all."""
_BYTES_OF_MOST_ENTRIES = 5 * MOST_ENTRIES
"""Fewer bytes of JSON than this cannot hold more than MOST_ENTRIES entries, so those need not be counted."""


@dataclass(slots=True)
class StoredModel:
    """A custom model as it is stored. Nobody changes one: stores, views and events share it.

    It is not frozen because it would take three times as long to create, which each upsert does.
    """

    values: Mapping[str, Any]
    """What requests have set, by storage name."""
    created: datetime
    updated: datetime
    """Both in UTC."""
    size: int | None = field(default=None, repr=False, compare=False)
    """The bytes of the values as JSON, if they have been counted."""

    @property
    def bytes(self) -> int:
        """The bytes of the values as JSON. They are counted once."""
        if self.size is not None:
            return self.size
        self.size = bytes_of(self.values)
        return self.size


@dataclass(slots=True)
class Written:
    """The decision to store a model, and the status of the response."""

    status: int
    stored: StoredModel


class Removed:
    """The decision to delete a model."""


class RequestReference(NamedTuple):
    """A field of a request that names another thing (`x-reference`), and what it names."""

    field: str
    collection: str
    """`models` or `providers`."""
    identifier: str
    missing: int
    """The status if there is no such thing."""


@dataclass(slots=True)
class Context:
    """What a decision depends on besides the rules, the stored model and the request."""

    at: datetime
    """The time of the request, in UTC."""
    may_write: bool = True
    """Whether the caller may write."""
    built_in: Container[str] = ()
    """The names of the built-in models."""
    missing: tuple[RequestReference, ...] = ()
    """The references of the request to things that do not exist."""
    largest: int | None = None
    """The maximum bytes of a stored model as JSON; None is no limit."""


def upsert(
    rules: Upsert, stored: StoredModel | None, request: Mapping[str, Any], context: Context
) -> Written | Rejection:
    """Decide what one upsert does. `request` is a body that is valid by its schema.

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
    names = rules.storage_names
    sent = {names[field]: value for field, value in request.items() if field in names}
    if stored is None:
        created = StoredModel(sent, context.at, context.at, bytes_of(sent))
        return _reject_if_too_large(rules, Written(rules.created, created), context)
    values = _merge(rules, stored.values, sent)
    updated = StoredModel(values, stored.created, max(stored.updated, context.at), bytes_of(values))
    return _reject_if_too_large(rules, Written(rules.updated, updated), context)


def delete(rules: Upsert, stored: StoredModel | None, name: str, context: Context) -> Removed | Rejection:
    """Decide what the deletion of the model `name` does."""
    if rejection := _find_delete_rejection(rules, name, context):
        return rejection
    if stored is None:
        return reject_unknown_model(rules, rules.delete, name)
    return Removed()


def _merge(rules: Upsert, before: Mapping[str, Any], sent: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a model after an update that sends the values `sent`."""
    values = {**(before if rules.omitted is Omitted.KEEP else {}), **sent}
    for name in rules.merged:
        if name in sent and name in before:
            values[name] = {**before[name], **sent[name]}
    return values


def find_value_with_too_many_entries(rules: Upsert, values: Mapping[str, Any]) -> str | None:
    """Return the storage name of the first merged value that has too many entries, or None."""
    return next((name for name in rules.merged if len(values.get(name, ())) > MOST_ENTRIES), None)


def _reject_if_too_large(rules: Upsert, written: Written, context: Context) -> Written | Rejection:
    """Return `written`, or a rejection if the model is too large: merged values grow with each update."""
    size = written.stored.bytes
    if size > _BYTES_OF_MOST_ENTRIES and (name := find_value_with_too_many_entries(rules, written.stored.values)):
        return _reject_entries(rules, name, MOST_ENTRIES)
    if context.largest is not None and size > context.largest:
        return _reject_size(rules, size, context.largest)
    return written


class ReferenceFields:
    """The request fields that name another thing, with their alternative spellings."""

    def __init__(self, rules: Upsert) -> None:
        self._fields = [
            (name, field.storage_name, reference.to, reference.missing)
            for name, field in rules.request.items()
            if (reference := rules.request[field.storage_name].reference)
        ]
        self.to_models = tuple(
            {stored_as: None for _, stored_as, collection, _ in self._fields if collection == "models"}
        )
        """The storage names of the values that name models."""
        self._fields_to_models = [name for name, _, collection, _ in self._fields if collection == "models"]

    def models_of(self, values: Mapping[str, Any]) -> list[str]:
        """Return the names of the models that stored values refer to."""
        return [values[name] for name in self.to_models if name in values]

    def models_in(self, request: Mapping[str, Any]) -> list[str]:
        """Return the names of the models that a request refers to."""
        return [request[name] for name in self._fields_to_models if name in request]

    def missing_in(
        self, request: Mapping[str, Any], exists: Callable[[str, str, str], bool]
    ) -> tuple[RequestReference, ...]:
        """Return the references of a request to things that do not exist.

        `exists` is called with the field, the collection and the identifier. Two spellings with one value count once,
        as the first of them.
        """
        found: dict[tuple[str, Any], RequestReference] = {}
        for name, stored_as, collection, missing in self._fields:
            if name in request and not exists(name, collection, identifier := request[name]):
                found.setdefault((stored_as, identifier), RequestReference(name, collection, identifier, missing))
        return tuple(found.values())


def find_rejection(
    rules: Upsert, request: Mapping[str, Any], context: Context, invalid: Sequence[ValidationError] = ()
) -> Rejection | None:
    """Return the rejection of an upsert with everything that is wrong, or None.

    `invalid` are the errors of the schema, and `request` has the valid fields only. The first error decides the status.
    If it is about a field, the errors of all other fields are reported too, even those with another status.
    """
    found: list[_Judged] = [(rules.invalid, error) for error in invalid] if invalid else []
    for spelling, alias in rules.aliases.items():
        if spelling in request and alias.of in request and request[spelling] != request[alias.of]:
            found.append((alias.differing, _contradiction(rules, request, spelling, alias.of)))
    if rules.forbidden and not context.may_write:
        found.append((rules.forbidden, _read_only(rules)))
    name = request.get(rules.key)
    if rules.reserved and name is not None and name in context.built_in:
        message = f"{quoted(name)} is a built-in model and cannot be changed."
        found.append((rules.reserved, _reserved(rules, RequestPart.BODY, name, message)))
    if context.missing:
        found += [(each.missing, _unknown(rules, each)) for each in context.missing]
    if not found:
        return None
    status, first = found[0]
    reported = tuple(error for its, error in found if its == status or (first.in_a_field and error.in_a_field))
    return Rejection(status, reported, by_field=status == rules.invalid)


def _find_delete_rejection(rules: Upsert, name: str, context: Context) -> Rejection | None:
    """Return why the model `name` may not be deleted, whether it exists or not, or None."""
    if rules.forbidden and not context.may_write:
        return Rejection(rules.forbidden, (_read_only(rules),))
    if rules.reserved and name in context.built_in:
        message = f"{quoted(name)} is a built-in model and cannot be deleted."
        return Rejection(rules.reserved, (_reserved(rules, RequestPart.PATH, name, message),))
    return None


def reject_unknown_model(rules: Upsert, operation: Operation | None, name: str) -> Rejection:
    """Return the 404 of `operation` for a model that the organization does not have."""
    message = f"There is no model {quoted(name)} in this organization."
    at = operation.pointer if operation else None
    error = ValidationError(RequestPart.PATH, rules.key, "paths", _A_MODEL, quoted(name), message, contract=at)
    return Rejection(404, (error,))


def reject_large_base(rules: Upsert, field: str, base: str) -> Rejection:
    """Return the rejection of an upsert whose `base` model, which `field` names, has too many or too large bases."""
    expected, got = "a model with fewer or smaller bases", quoted(base)
    message = f"The model {got} and the models it is based on are too many or too large together. Name another one."
    error = _in_body(field, "x-reference", expected, got, message, _reference_pointer(rules, field))
    return Rejection(rules.invalid, (error,), by_field=True)


def _reject_size(rules: Upsert, size: int, largest: int) -> Rejection:
    """Return the rejection of an upsert after which the model would be `size` bytes of JSON."""
    hint = "Send less, or delete the model first; --max-model-bytes raises the limit."
    message = f"The model would be {size} bytes of JSON with its stored values, more than {largest}. {hint}"
    expected, got = f"at most {largest} bytes", f"{size} bytes"
    at = f"{rules.operation.pointer}/x-upsert"
    error = ValidationError(RequestPart.BODY, None, "x-limits", expected, got, message, "", at)
    return Rejection(rules.invalid, (error,), by_field=True)


def _reject_entries(rules: Upsert, field: str, most: int) -> Rejection:
    """Return the rejection of an upsert after which a merged value would have more than `most` entries."""
    expected, got = f"an object with at most {most} entries, including the stored ones", "more"
    message = f"Expected {expected}, got more. Send fewer, or delete the model first."
    error = _in_body(field, "x-limits", expected, got, message, rules.request[field].pointer)
    return Rejection(rules.invalid, (error,), by_field=True)


_A_MODEL = "the name of a model of the organization, or of a built-in model"

_Judged: TypeAlias = tuple[int, ValidationError]
"""An error, with the status that it would have alone."""


def _contradiction(rules: Upsert, request: Mapping[str, Any], name: str, of: str) -> ValidationError:
    expected = f"{described(request[of])} as in {of}, of which it is another spelling"
    got = described(request[name])
    at = f"{rules.request[name].pointer}/x-alias"
    return _in_body(name, "x-alias", expected, got, expectation(expected, got), at)


def _read_only(rules: Upsert) -> ValidationError:
    message = "These credentials may read models but not write them."
    at = f"{rules.operation.pointer}/x-upsert/forbidden"
    expected, got = "read-write credentials", "read-only credentials"
    return ValidationError(RequestPart.HEADER, "Authorization", "x-upsert", expected, got, message, contract=at)


def _reserved(rules: Upsert, part: RequestPart, name: str, message: str) -> ValidationError:
    pointer = _pointer(rules.key) if part is RequestPart.BODY else None
    expected, at = "a name that is not built in", f"{rules.operation.pointer}/x-upsert/reserved"
    return ValidationError(part, rules.key, "x-upsert", expected, quoted(name), message, pointer, at)


def _unknown(rules: Upsert, reference: RequestReference) -> ValidationError:
    kind, name = reference.collection[:-1], quoted(reference.identifier)
    expected = _A_MODEL if reference.collection == "models" else f"the name of a {kind} of the organization"
    at = _reference_pointer(rules, reference.field)
    return _in_body(reference.field, "x-reference", expected, name, f"There is no {kind} {name}.", at)


def _reference_pointer(rules: Upsert, field: str) -> str:
    return f"{rules.request[rules.request[field].storage_name].pointer}/x-reference"


def _in_body(field: str, rule: str, expected: str, got: str, message: str, at: str) -> ValidationError:
    return ValidationError(RequestPart.BODY, field, rule, expected, got, message, _pointer(field), at)


def _pointer(field: str) -> str:
    return to_pointer([field]).removeprefix("#")
