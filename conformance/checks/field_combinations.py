"""Combinations of fields in one body. The server stores each field, whatever the others are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType
from typing import TypeAlias

from conformance.generate.values import own_fields, plain_values
from conformance.target.subject import Subject
from conformance.wire.exchange import Json
from contract import Contract

Bodies: TypeAlias = Callable[[Subject], Sequence[dict[str, Json]]]


def _in_order(subject: Subject) -> list[dict[str, Json]]:
    return [subject.full_body(1) | _references(subject)]


def _references(subject: Subject) -> dict[str, Json]:
    """Return a base model and a provider, the same for all combinations."""
    return subject.once("references of combined fields", subject.canonical_references)


def _updates_in_reverse(subject: Subject) -> list[dict[str, Json]]:
    """Return an update that changes all fields, with a base model and a provider."""
    earlier = subject.existing(subject.full_body(2))
    body = subject.full_body(1, earlier[subject.contract.upsert.key]) | _references(subject)
    return [dict(reversed(body.items()))]


def _name_last(subject: Subject) -> list[dict[str, Json]]:
    """Return a body with the name last, and the same text in fields before it."""
    key, full = subject.contract.upsert.key, subject.full_body(2)
    texts = subject.texts(str(full[key]))
    return [{name: value for name, value in (full | texts).items() if name != key} | {key: full[key]}]


def _name_in_the_middle(subject: Subject) -> list[dict[str, Json]]:
    body = list(subject.full_body(5).items())
    half = len(body) // 2
    return [dict(body[half:] + body[:half])]


def _in_pairs(subject: Subject) -> list[dict[str, Json]]:
    """Return bodies with two fields each: before the name, after it, and around it."""
    key, full = subject.contract.upsert.key, subject.full_body(3)
    pairs = list(pairwise(name for name in full if name != key))
    orders = [((key, one, other), (one, key, other), (other, one, key)) for one, other in pairs]
    return [{name: full[name] for name in of[turn % len(of)]} for turn, of in enumerate(orders)]


def _flags(subject: Subject) -> list[dict[str, Json]]:
    """Return updates of one model. For any two flags, one update sets the first and clears the second."""
    values = {field.name: plain_values(field.schema) for field in subject.own_fields()}
    names = [name for name, either in values.items() if len(either) == 2]
    key = subject.minimal_body()
    return [{**key, **{name: values[name][name in some] for name in names}} for some in splits(names)] if names else []


def field_combinations(contract: Contract) -> Mapping[str, Bodies]:
    """Return the combinations that the fields of a contract allow, by label."""
    fields = own_fields(contract)
    pairs, flags = len(fields) > 1, any(len(plain_values(field.schema)) == 2 for field in fields)
    lacking = {"in pairs": not pairs, "updates of flags": not flags}
    return {kind: bodies for kind, bodies in COMBINATIONS.items() if not lacking.get(kind)}


COMBINATIONS: Mapping[str, Bodies] = MappingProxyType({
    "in order": _in_order,
    "in reverse": _updates_in_reverse,
    "the name last": _name_last,
    "the name in the middle": _name_in_the_middle,
    "in pairs": _in_pairs,
    "updates of flags": _flags,
})  # fmt: skip


def splits(names: Sequence[str]) -> list[set[str]]:
    """Return sets of the names. For any two names, one set contains the first and not the second."""
    bits = range(max(1, (len(names) - 1).bit_length()))
    chosen = [{name for index, name in enumerate(names) if index >> bit & 1} for bit in bits]
    return [*chosen, *(set(names) - some for some in chosen)]
