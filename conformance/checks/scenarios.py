"""What happens to one model over several requests. A story is told once a run, and judged field by field.

Fields of their own value share a story; a field that refers to another model has one of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from conformance.checks.field_combinations import splits
from conformance.checks.invalid_requests import Refusal
from conformance.fields import EchoedField, echoed_fields, inherited_fields
from conformance.generate.values import OBJECTS, edge_values, has_few_values, plain_values
from conformance.judge.expect import same
from conformance.judge.outcome import NotTestable
from conformance.judge.prerequisite import Prerequisite
from conformance.target.subject import Subject
from conformance.wire.exchange import Exchange, Json
from contract import RequestField, ResponseField

T = TypeVar("T")
FEW = 3
"""Every third update alone is enough to see whether a model stays on its base."""


@dataclass(frozen=True, slots=True)
class Step:
    """What was sent, and what the model showed."""

    sent: Mapping[str, Json]
    shown: Mapping[str, Json]
    given: Json = None
    """The base model that was given last, where the story is about base models."""


@dataclass(frozen=True, slots=True)
class TriedAgain:
    """A name that a request is refused for, and that is created then by a valid one."""

    key: str
    changes: Mapping[str, Json]
    """What the refused request said, and the valid one does not."""
    refused: Exchange
    read: Exchange | None
    taken: Exchange

    def existed(self, subject: Subject) -> bool:
        """Whether the refused request created the model."""
        upsert = subject.contract.upsert
        if self.read is None:
            subject.require_distinct_statuses()
            return subject.require_accepted(self.taken).response.status != upsert.created
        if not subject.capabilities.read_reports_absence:
            raise NotTestable("the read shows models that do not exist", blocked_by=Prerequisite.READ)
        return self.read.response.members.get(upsert.key) == self.key


def tried_again(subject: Subject, refusal: Refusal) -> TriedAgain:
    """A request that is refused, a read where there is one, and a valid request, all about one name."""

    def tell() -> TriedAgain:
        body = subject.small_body()
        key = str(body[subject.contract.upsert.key])
        changes = {name: value for name, value in subject.full_body(2, key).items() if name not in body}
        refused = refusal.send(subject, key, changes)
        read = subject.read(key) if subject.capabilities.read_works else None
        return TriedAgain(key, changes, refused, read, subject.upsert(body))

    return subject.once(f"tried again after {refusal.label}", tell, keep_models=False)


def full_creates(subject: Subject) -> list[Exchange]:
    """Creates with all own fields at once, as many as it takes to have each plain value of each field."""

    def tell() -> list[Exchange]:
        return [
            subject.upsert({**subject.minimal_body(), **row}) for row in subject.plain_value_rows(include_rejected=True)
        ]

    return subject.once("full creates", tell)


def odd_creates(subject: Subject, field: EchoedField) -> Iterator[tuple[Json, Exchange]]:
    """A create with each odd value of the field: beside those of the others, or with fewer where that is refused."""
    odd = edge_values(field.request.schema)
    shown = [own.request for own in echoed_fields(subject.contract) if not own.request.reference]
    alike = [own.name for own in shown if edge_values(own.schema) == odd]
    for number, value in enumerate(odd):
        row = {own.name: some[number] for own in shown if number < len(some := edge_values(own.schema))}

        def send(values: Mapping[str, Json]) -> Exchange:
            return subject.upsert({**subject.minimal_body(), **values})

        taken = subject.once(f"odd row {number}", partial(send, row))
        if not taken.response.successful:
            together = dict.fromkeys(alike, value)
            taken = subject.once(f"odd value {number} of {', '.join(alike)}", partial(send, together))
        yield value, taken if taken.response.successful or alike == [field.name] else send({field.name: value})


def looked_at_again(subject: Subject, exchange: Exchange) -> Mapping[str, Json]:
    """What the model shows later that an upsert wrote; looked at once for all its fields."""
    body = exchange.request.json
    return subject.once(f"a look at {body[subject.contract.upsert.key]}", lambda: subject.read_state(body))


def emptied(subject: Subject) -> list[Exchange]:
    """A base model, a model on it with a value in each field, and its update with odd values that count as false."""

    def tell() -> list[Exchange]:
        base = subject.full_body(2)
        body = subject.full_body(1) | subject.based_on(base)
        made = [subject.require_accepted(subject.upsert(model)) for model in (base, body)]
        odd = ((field.name, value) for field in subject.own_fields() for value in edge_values(field.schema))
        empty = {name: value for name, value in odd if not value and not isinstance(value, float)}
        return [*made, subject.upsert({subject.contract.upsert.key: body[subject.contract.upsert.key], **empty})]

    return subject.once("emptied", tell, keep_models=False)


def updates(subject: Subject, field: EchoedField) -> list[Step]:
    """One model, created by its name alone and updated with one plain value after the other."""

    def tell() -> list[Step]:
        key = subject.existing(subject.minimal_body())
        if field.request.reference:
            return [_sent(subject, {**key, field.name: value}) for value in subject.values_of(field.request) * 2]
        subject.existing(subject.minimal_body() | subject.based_on(key))  # a base model is updated as any other
        return [_sent(subject, {**key, **row}) for row in subject.plain_value_rows()]

    return _once(subject, field, tell, "updates")


def alone(subject: Subject, field: EchoedField) -> list[Step]:
    """Updates of one field alone, of a model that has them all."""
    if field.request.reference or not subject.capabilities.bare_upsert_returns_state:
        return []
    told = omissions(subject, field)[field.name]
    return [step for step in told if step.sent.keys() == {subject.contract.upsert.key, field.name}]


def back_again(subject: Subject, field: EchoedField) -> list[Step]:
    """One model, created, changed and changed back, and changed once more."""

    def tell() -> list[Step]:
        one, other = _two_bodies(subject, field)
        steps = [_sent(subject, body) for body in (one, other)]
        for body in (one, other):
            steps.append(_sent(subject, body))
            if subject.capabilities.read_returns_state:
                certain = [own.name for own in subject.capabilities.reliable_fields if own.name in body]
                settled = partial(_agrees, body, certain)
                seen = subject.poll(partial(subject.read_state, body), settled)
                steps.append(Step(body, completed(subject, body, seen)))
        return steps

    return _once(subject, field, tell, "back again")


def stored(subject: Subject, field: EchoedField) -> list[Step]:
    """One model, looked at a moment after it was created, and after it was updated; and models of each plain value.

    What the upsert did not show as it was sent is left out: it is judged there.
    """

    def tell() -> list[Step]:
        steps = [_eventually(subject, _sent(subject, _precise(body))) for body in _two_bodies(subject, field)]
        if field.request.reference or not subject.capabilities.read_returns_state:
            return steps
        creates = [exchange for exchange in full_creates(subject) if exchange.response.successful]
        shown = [Step(exchange.request.json, exchange.response.members) for exchange in creates]
        return steps + [_eventually(subject, step) for step in shown]

    return _once(subject, field, tell, "stored")


def omissions(subject: Subject, field: EchoedField) -> Mapping[str, list[Step]]:
    """One model, updated by its name alone, and by each field alone. By field: what it held, what it showed after.

    Flags are sent as they are first, and switched at the end. Of a model on a base fewer fields are sent.
    """

    def tell() -> Mapping[str, list[Step]]:
        key, names = subject.contract.upsert.key, _names(subject, field)
        one, other = _two_bodies(subject, field)
        steps = [_sent(subject, one), _sent(subject, {key: one[key]}), _sent(subject, {key: one[key]})]
        told = {name: [Step(one, step.shown) for step in steps[1:]] for name in names}
        few = [field.name for field in subject.own_fields() if has_few_values(field.schema)]
        flags = {name: one[name] for name in few if name in one}  # stay set
        holds, others = dict(one), [name for name in one if name != key]
        turns = [(name, flags.get(name, other[name])) for name in others] + [(name, other[name]) for name in flags]
        for sent, value in turns[:: FEW if field.request.reference else 1]:
            holds[sent] = value
            step = _sent(subject, {key: one[key], sent: holds[sent]})
            for name in names:
                told[name].append(step if name == sent else Step(dict(holds), step.shown))
        return told

    return _once(subject, field, tell, "omissions")


def derived_models(subject: Subject, generations: int) -> list[Step]:
    """Models without values, some generations after one that has them all: what was sent to it, what they show."""

    def tell() -> list[Step]:
        told = []
        for variant in (1, 2):
            root = parent = subject.existing(subject.full_body(variant))
            for _ in range(generations):
                parent = _child(subject, parent)
                step = _sent(subject, parent)
            told.append(Step(root, step.shown, given=step.sent[subject.require_base().name]))
        return told

    return subject.once(f"heirs of {generations} generations", tell, keep_models=False)


def late_heirs(subject: Subject) -> list[Step]:
    """Models that get their base model by an update, or another one, some with own values, and heirs of mixed ones.

    The base model was asked for before it was there.
    """

    def tell() -> list[Step]:
        key, base = subject.contract.upsert.key, subject.require_base().name
        root = subject.full_body(1, subject.longest_name())
        subject.upsert({**subject.minimal_body(), base: root[key]})
        subject.existing(root)
        late = subject.existing(subject.minimal_body()) | {base: root[key]}
        told = [Step(root, _sent(subject, late).shown)]
        told += _heirs_of_mixed_values(subject, late)
        other = subject.full_body(2)
        for names in splits([field.name for field in subject.own_fields()]):
            shown = _sent(subject, _child(subject, root) | {name: other[name] for name in names}).shown
            told.append(Step({name: value for name, value in root.items() if name not in names}, shown))
        changed = _sent(subject, subject.full_body(5, root[key]))
        seen = subject.read_state(changed.sent)
        held = {name: value for name, value in changed.sent.items() if same(seen.get(name), value)}
        inherited = [field.name for field in inherited_fields(subject.contract) if field.name in held]
        shown = subject.poll(
            lambda: _sent(subject, _child(subject, root)).shown,
            lambda shown: all(same(shown.get(name), held[name]) for name in inherited),
        )
        told.append(Step(held, shown))
        return told

    return subject.once("late heirs", tell, keep_models=False)


def _heirs_of_mixed_values(subject: Subject, moving: Mapping[str, Json]) -> list[Step]:
    """What a model shows, as it was created and as one field was updated, of what its base model showed.

    And what `moving` shows, which has no value of its own, and another base model so far.
    """
    base = _sent(subject, subject.minimal_body() | _mixed_values(subject))
    held = {name: value for name, value in base.sent.items() if same(base.shown.get(name), value)}
    key, child, own = subject.contract.upsert.key, _child(subject, base.sent), subject.own_fields()[0].name
    created = _sent(subject, child)
    kept = {key: child[key]} if subject.capabilities.bare_upsert_returns_state else child
    updated = _sent(subject, kept | {own: subject.full_body(2)[own]})
    base_field = subject.require_base().name
    still = same(updated.shown.get(base_field), child[base_field])
    others = {name: value for name, value in held.items() if name != own and still}
    moved = _sent(subject, {key: moving[key], base_field: base.sent[key]})
    return [Step(held, created.shown), Step(others, updated.shown), Step(held, moved.shown)]


def _mixed_values(subject: Subject) -> dict[str, Json]:
    """Numbers that count as false, and flags of which every second is set."""
    values = {field.name: plain_values(field.schema) for field in subject.own_fields()}
    flags = [name for name, either in values.items() if len(either) == 2]
    numbers = {name: some[0] for name, some in values.items() if len(some) > 2 and some[0] == 0}
    return numbers | {name: values[name][index % 2] for index, name in enumerate(flags)}


def own_values(subject: Subject) -> list[Step]:
    """Models with own values over others of their base model: different ones, and those that count as false."""

    def tell() -> list[Step]:
        key = subject.contract.upsert.key
        falsy = {
            f.name: v for f in subject.own_fields() for v in plain_values(f.schema)[:1] if not v and v is not False
        }
        told = []
        for base, own in (
            (1, subject.full_body(2)),
            (2, subject.full_body(1)),
            (1, {key: subject.names.model_name(), **falsy}),
        ):
            parent = subject.existing(subject.full_body(base))
            child = {**_child(subject, parent), **own}
            child = dict(reversed(child.items())) if base == 2 else child  # the base model stands last
            told.append(_sent(subject, child))
        late = subject.existing(_child(subject, parent))
        told.append(_sent(subject, {key: late[key], **falsy}))
        if subject.capabilities.read_returns_state:
            subject.existing(subject.full_body(3, str(parent[key])))
            certain = {
                field.name: child[field.name] for field in subject.capabilities.reliable_fields if field.name in child
            }
            told.append(Step(certain, subject.read_state(child)))
        return told

    return subject.once("own values", tell, keep_models=False)


def overrides_sent_again(subject: Subject, override: RequestField) -> list[Step]:
    """One model, and its parameters under one override after the other; the second comes once again.

    The last two differ in the type of a value, and set a parameter that was removed.
    """

    def tell() -> list[Step]:
        key = subject.minimal_body()
        others = ({"temperature": {"max": 2}}, {"temperature": {"min": 0, "max": 1}})
        steps = [_sent(subject, {**key, override.name: entries}) for entries in (*OBJECTS, *others)]
        subject.upsert({**key, override.name: {"rc_parameter": None}})  # which a server may refuse
        alike = ({"rc_parameter": {"max": True}}, {"rc_parameter": {"max": 1}})  # equal in languages that cast
        return steps + [_sent(subject, {**key, override.name: entries}) for entries in alike]

    return subject.once(f"{override.name} sent again", tell)


def require_shown(subject: Subject, field: ResponseField) -> None:
    """Go on only where the target shows the field of a model that has it, in whatever response; it may never do so."""

    def tell() -> bool:
        if subject.first_create is None or subject.first_create.response.members.get(field.name) is not None:
            return True
        body = subject.first_create.request.json
        again = subject.upsert(body).response.members.get(field.name)
        key = str(body[subject.contract.upsert.key])
        read = subject.read(key).response.members.get(field.name) if subject.capabilities.read_works else None
        return again is not None or read is not None

    if not subject.once(f"{field.name} is shown", tell):
        raise NotTestable(f"the target does not show {field.name}")


def look(subject: Subject, body: Mapping[str, Json]) -> Mapping[str, Json]:
    """What the target's own read shows, be it trusted or not; else what the subject can tell."""
    if subject.capabilities.read_works:
        return subject.read(str(body[subject.contract.upsert.key])).response.members
    subject.require_readable_state()
    return subject.read_state(body)


def settled_value(subject: Subject, body: Mapping[str, Json], name: str, expected: Json) -> Json:
    """What a field shows, given a moment to settle; in a bare upsert, where the read leaves it out, as it may."""
    shown = subject.poll(
        lambda: subject.read_state(body), lambda seen: seen.get(name) is None or same(seen[name], expected)
    )
    if shown.get(name) is None and subject.capabilities.bare_upsert_returns_state:
        key = subject.contract.upsert.key
        shown = subject.require_accepted(subject.upsert({key: body[key]})).response.members
    return shown.get(name)


def _sent(subject: Subject, body: Mapping[str, Json]) -> Step:
    return Step(body, subject.require_accepted(subject.upsert(body)).response.members)


def _child(subject: Subject, parent: Mapping[str, Json]) -> dict[str, Json]:
    key = subject.contract.upsert.key
    if key not in parent:
        raise NotTestable("the answer shows no model", blocked_by=Prerequisite.VALID_MODEL)
    return {**subject.minimal_body(), subject.require_base().name: parent[key]}


def _two_bodies(subject: Subject, field: EchoedField) -> tuple[dict[str, Json], dict[str, Json]]:
    """Two bodies of one model that differ in every field of the story."""
    one = subject.full_body(1)
    other = subject.full_body(2, one[subject.contract.upsert.key])
    if field.request.reference:
        first, second = subject.values_of(field.request)[0], subject.values_of(field.request)[-1]
        return {**one, field.name: first}, {**other, field.name: second}
    return one, other


def _precise(body: Mapping[str, Json]) -> dict[str, Json]:
    """The body with six decimals in its numbers."""
    return {name: round(value + 0.001953, 6) if isinstance(value, float) else value for name, value in body.items()}


def _names(subject: Subject, field: EchoedField) -> list[str]:
    return [field.name] if field.request.reference else [own.name for own in subject.own_fields()]


def _eventually(subject: Subject, confirmed: Step) -> Step:
    """What a model shows, given a moment to settle, of what the upsert showed; a read may leave fields out."""
    key = subject.contract.upsert.key
    held = {n: value for n, value in confirmed.sent.items() if n == key or same(confirmed.shown.get(n), value)}
    certain = [field.name for field in subject.capabilities.reliable_fields if field.name in held]
    shown = subject.poll(
        lambda: look(subject, confirmed.sent), lambda seen: all(same(seen.get(name), held[name]) for name in certain)
    )
    return Step(held, completed(subject, held, shown))


def completed(subject: Subject, held: Mapping[str, Json], shown: Mapping[str, Json]) -> Mapping[str, Json]:
    """What a read shows, and what a bare upsert does where the read leaves fields out, as it may."""
    own = [field.name for field in echoed_fields(subject.contract) if field.name in held]
    seen = {name: value for name, value in shown.items() if value is not None}
    key = subject.contract.upsert.key
    if seen.keys() >= {*own} or seen.get(key) != held[key]:
        return shown
    if not subject.capabilities.bare_upsert_returns_state:  # nothing can be told of what the read leaves out
        return {**held, **seen}
    return {**subject.require_accepted(subject.upsert({key: held[key]})).response.members, **seen}


def _agrees(held: Mapping[str, Json], certain: list[str], seen: Mapping[str, Json]) -> bool:
    """Whether what is seen is what a model holds, of the fields that are certain to be read."""
    return all(same(seen.get(name), held[name]) for name in certain)


def _once(subject: Subject, field: EchoedField, tell: Callable[[], T], name: str) -> T:
    return subject.once(f"{name} of {field.name if field.request.reference else 'all fields'}", tell, keep_models=False)


def based_on(subject: Subject, base: Mapping[str, Json], own: dict[str, Json] | None = None) -> dict[str, Json]:
    """What a new model shows whose base is `base` and whose own values are `own`."""
    shown = dict(_sent(subject, _child(subject, base) | (own or {})).shown)
    if subject.contract.upsert.key not in shown:
        raise NotTestable("the answer shows no model", blocked_by=Prerequisite.VALID_MODEL)
    return shown
