"""One walk over one model that goes through every short history: what depends on an order of steps is met for sure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count

from conformance.exploring.walker import Walker, Walks
from conformance.generate.values import distinct_value, has_few_values
from conformance.generate.wrong import Wrongness, wrong_values
from contract import RequestField


def walk_histories(walks: Walks) -> None:
    """Go through each history of `Profile.history` upserts, refused upserts and deletes of one model."""
    subject, walker = walks.subject, Walker(walks)
    at = ("owner", subject.names.fresh())
    fields = [field for field in subject.own_fields() if not has_few_values(field.schema)] or subject.own_fields()
    kinds = ("upsert", "refused", "delete") if subject.abilities.deletes else ("upsert", "refused")
    for variant, kind in zip(count(), covering(kinds, subject.plan.profile.history), strict=False):
        field = fields[variant % len(fields)]
        value = {field.name: distinct_value(field.schema, variant)}
        if kind == "upsert":
            walker.upsert(at, value)
        elif kind == "refused":
            walker.upsert(at, value | _wrong_value(fields, unlike=field))
        else:
            walker.delete(at)


def _wrong_value(fields: Sequence[RequestField], unlike: RequestField) -> dict[str, object]:
    """A value that no reading makes right, for another field where there is one."""
    wrong = {
        field.name: value.value
        for field in fields
        for value in wrong_values(field.schema)
        if value.wrongness is Wrongness.TYPE
    }
    name = next((name for name in wrong if name != unlike.name), unlike.name)
    return {name: wrong[name]}


def covering(kinds: Sequence[str], length: int) -> Iterator[str]:
    """The shortest sequence in which every sequence of `length` kinds stands: de Bruijn's, from Lyndon words."""
    word = [0]
    found: list[int] = []
    while word:
        if length % len(word) == 0:
            found += word
        word = [word[place % len(word)] for place in range(length)]
        while word and word[-1] == len(kinds) - 1:
            word.pop()
        if word:
            word[-1] += 1
    return (kinds[number] for number in found + found[: length - 1])
