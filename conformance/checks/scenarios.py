"""Scenarios: request sequences that several checks judge, one field at a time.

A scenario runs once and its observations are shared. All fields with values of their own share the run of a scenario;
a reference has a run of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from conformance.checks.field_combinations import splits
from conformance.checks.invalid_requests import InvalidRequest
from conformance.fields import EchoedField, echoed_fields, inherited_fields, lookups
from conformance.generate.values import OBJECTS, edge_values, has_few_values, plain_values
from conformance.judge.expect import same
from conformance.judge.outcome import NotTestable
from conformance.judge.prerequisite import Prerequisite
from conformance.judge.requests import is_valid
from conformance.target.subject import Subject
from conformance.wire.exchange import Exchange, Json
from contract import RequestField, ResponseField

T = TypeVar("T")
FEW = 3
"""Of the updates of a model with a base model, every third is enough to see whether it keeps the base."""


@dataclass(frozen=True, slots=True)
class Observation:
    """The values that a model should have, and the response that shows what it has."""

    sent: Mapping[str, Json]
    """The values that were sent for the model, or for the base model that it inherits them from."""
    returned: Mapping[str, Json]
    """The members of the response."""
    base: Json = None
    """The base model that was sent last, in scenarios about base models."""


@dataclass(frozen=True, slots=True)
class RejectedThenValid:
    """An invalid request and then a valid one, both for one name that did not exist."""

    key: str
    changes: Mapping[str, Json]
    """The values that only the invalid request sent."""
    rejected: Exchange
    read: Exchange | None
    valid: Exchange

    def existed(self, subject: Subject) -> bool:
        """Return whether the invalid request created the model."""
        upsert = subject.contract.upsert
        if self.read is None:
            subject.require_distinct_statuses()
            return subject.require_accepted(self.valid).response.status != upsert.created
        if not subject.capabilities.read_reports_absence:
            raise NotTestable("a read finds models that do not exist", blocked_by=Prerequisite.READ)
        return self.read.response.members.get(upsert.key) == self.key


def rejected_then_valid(subject: Subject, invalid: InvalidRequest) -> RejectedThenValid:
    """Send an invalid request, a read if the target has one, and a valid request, all about one name."""

    def run() -> RejectedThenValid:
        body = subject.small_body()
        key = str(body[subject.contract.upsert.key])
        changes = {name: value for name, value in subject.full_body(2, key).items() if name not in body}
        rejected = invalid.send(subject, key, changes)
        read = subject.read(key) if subject.capabilities.read_works else None
        return RejectedThenValid(key, changes, rejected, read, subject.upsert(body))

    return subject.once(f"a valid request after {invalid.label}", run, keep_models=False)


def full_creates(subject: Subject) -> list[Exchange]:
    """Create models with all fields at once, so many that each plain value of each field is sent."""

    def run() -> list[Exchange]:
        return [
            subject.upsert({**subject.minimal_body(), **row}) for row in subject.plain_value_rows(include_rejected=True)
        ]

    return subject.once("full creates", run)


def edge_value_creates(subject: Subject, field: EchoedField) -> Iterator[tuple[Json, Exchange]]:
    """Yield each unusual value of a field with its create.

    The create has unusual values of all fields, or of fewer fields if the server rejects that.
    """
    unusual = edge_values(field.request.schema)
    echoed = [own.request for own in echoed_fields(subject.contract) if not own.request.reference]
    alike = [own.name for own in echoed if edge_values(own.schema) == unusual]
    for number, value in enumerate(unusual):
        row = {own.name: some[number] for own in echoed if number < len(some := edge_values(own.schema))}

        def send(values: Mapping[str, Json]) -> Exchange:
            return subject.upsert({**subject.minimal_body(), **values})

        create = subject.once(f"unusual values {number}", partial(send, row))
        if not create.response.successful:
            together = dict.fromkeys(alike, value)
            create = subject.once(f"unusual value {number} of {', '.join(alike)}", partial(send, together))
        yield value, create if create.response.successful or alike == [field.name] else send({field.name: value})


def later_state(subject: Subject, exchange: Exchange) -> Mapping[str, Json]:
    """Return the state of the model of an upsert, read once for all its fields."""
    body = exchange.request.json
    return subject.once(f"the state of {body[subject.contract.upsert.key]}", lambda: subject.read_state(body))


def update_with_falsy_values(subject: Subject) -> list[Exchange]:
    """Update a derived model that has all values with unusual values that are false in some languages.

    Return the creates of its base model and of the model, and the update.
    """

    def run() -> list[Exchange]:
        base = subject.full_body(2)
        body = subject.full_body(1) | subject.based_on(base)
        creates = [subject.require_accepted(subject.upsert(model)) for model in (base, body)]
        unusual = ((field.name, value) for field in subject.own_fields() for value in edge_values(field.schema))
        falsy = {name: value for name, value in unusual if not value and not isinstance(value, float)}
        return [*creates, subject.upsert({subject.contract.upsert.key: body[subject.contract.upsert.key], **falsy})]

    return subject.once("an update with falsy values", run, keep_models=False)


def update_with_each_value(subject: Subject, field: EchoedField) -> list[Observation]:
    """Create a model with its name alone, and update it with one plain value after the other."""

    def run() -> list[Observation]:
        key = subject.existing(subject.minimal_body())
        if field.request.reference:
            return [_upsert(subject, {**key, field.name: value}) for value in subject.values_of(field.request) * 2]
        subject.existing(subject.minimal_body() | subject.based_on(key))  # so the updates are those of a base model
        return [_upsert(subject, {**key, **row}) for row in subject.plain_value_rows()]

    return _observed_once(subject, field, run, "updates")


def update_alone(subject: Subject, field: EchoedField) -> list[Observation]:
    """Return the updates of `omissions` that send one field alone."""
    if field.request.reference or not subject.capabilities.bare_upsert_returns_state:
        return []
    observations = omissions(subject, field)[field.name]
    return [step for step in observations if step.sent.keys() == {subject.contract.upsert.key, field.name}]


def change_and_change_back(subject: Subject, field: EchoedField) -> list[Observation]:
    """Create a model, change it, change it back, and change it again. Read it after the last two updates."""

    def run() -> list[Observation]:
        one, other = _two_variants(subject, field)
        steps = [_upsert(subject, body) for body in (one, other)]
        for body in (one, other):
            steps.append(_upsert(subject, body))
            if subject.capabilities.read_returns_state:
                certain = [own.name for own in subject.capabilities.reliable_fields if own.name in body]
                settled = partial(_has_values, body, certain)
                seen = subject.poll(partial(subject.read_state, body), settled)
                steps.append(Observation(body, complete_read(subject, body, seen)))
        return steps

    return _observed_once(subject, field, run, "back again")


def stored_values(subject: Subject, field: EchoedField) -> list[Observation]:
    """Read models after they were created or updated, until they show what was written; with each plain value.

    Values that the upsert itself did not return are left out: another requirement judges that.
    """

    def run() -> list[Observation]:
        steps = [
            _state_after(subject, _upsert(subject, _with_six_decimals(subject, body)))
            for body in _two_variants(subject, field)
        ]
        if field.request.reference or not subject.capabilities.read_returns_state:
            return steps
        creates = [exchange for exchange in full_creates(subject) if exchange.response.successful]
        returned = [Observation(exchange.request.json, exchange.response.members) for exchange in creates]
        return steps + [_state_after(subject, step) for step in returned]

    return _observed_once(subject, field, run, "stored")


def omissions(subject: Subject, field: EchoedField) -> Mapping[str, list[Observation]]:
    """Update a model with its name alone and with each field alone. Return the observations by field.

    Flags are first sent unchanged, and switched at the end. A model with a base model gets fewer updates.
    """

    def run() -> Mapping[str, list[Observation]]:
        key, names = subject.contract.upsert.key, _fields_of(subject, field)
        one, other = _two_variants(subject, field)
        steps = [_upsert(subject, one), _upsert(subject, {key: one[key]}), _upsert(subject, {key: one[key]})]
        observations = {name: [Observation(one, step.returned) for step in steps[1:]] for name in names}
        few = [field.name for field in subject.own_fields() if has_few_values(field.schema)]
        flags = {name: one[name] for name in few if name in one}  # stay set
        expected, others = dict(one), [name for name in one if name != key]
        turns = [(name, flags.get(name, other[name])) for name in others] + [(name, other[name]) for name in flags]
        for sent, value in turns[:: FEW if field.request.reference else 1]:
            expected[sent] = value
            step = _upsert(subject, {key: one[key], sent: expected[sent]})
            for name in names:
                observations[name].append(step if name == sent else Observation(dict(expected), step.returned))
        return observations

    return _observed_once(subject, field, run, "omissions")


def derived_models(subject: Subject, generations: int) -> list[Observation]:
    """Derive models without values of their own, some generations after a base model that has them all."""

    def run() -> list[Observation]:
        observations = []
        for variant in (1, 2):
            root = parent = subject.existing(subject.full_body(variant))
            for _ in range(generations):
                parent = _derived_body(subject, parent)
                step = _upsert(subject, parent)
            observations.append(Observation(root, step.returned, base=step.sent[subject.require_base().name]))
        return observations

    return subject.once(f"derived models, {generations} generations", run, keep_models=False)


def late_derived_models(subject: Subject) -> list[Observation]:
    """Derive models in less usual ways.

    By an update, from another base model than before, with a provider, with some values of their own, and from a base
    model with mixed values or with values that changed. A request named the base model before it existed.
    """

    def run() -> list[Observation]:
        key, base = subject.contract.upsert.key, subject.require_base().name
        root = subject.full_body(1, subject.longest_name())
        subject.upsert({**subject.minimal_body(), base: root[key]})
        subject.existing(root)
        late = subject.existing(subject.minimal_body()) | {base: root[key]}
        observations = [Observation(root, _upsert(subject, late).returned)]
        observations += _derived_from_mixed_values(subject, late)
        for provider in subject.options.fixtures.providers[:1]:
            attached = {lookup.by: provider for _, lookup in lookups(subject.contract)}
            exchange = subject.upsert(_derived_body(subject, root) | attached)
            observations += [Observation(root, exchange.response.members)] if exchange.response.successful else []
        other = subject.full_body(2)
        for names in splits([field.name for field in subject.own_fields()]):
            returned = _upsert(subject, _derived_body(subject, root) | {name: other[name] for name in names}).returned
            observations.append(
                Observation({name: value for name, value in root.items() if name not in names}, returned)
            )
        changed = _upsert(subject, subject.full_body(5, root[key]))
        seen = subject.read_state(changed.sent)
        expected = {name: value for name, value in changed.sent.items() if same(seen.get(name), value)}
        inherited = [field.name for field in inherited_fields(subject.contract) if field.name in expected]
        returned = subject.poll(
            lambda: _upsert(subject, _derived_body(subject, root)).returned,
            lambda returned: all(same(returned.get(name), expected[name]) for name in inherited),
        )
        observations.append(Observation(expected, returned))
        return observations

    return subject.once("late derived models", run, keep_models=False)


def _derived_from_mixed_values(subject: Subject, moving: Mapping[str, Json]) -> list[Observation]:
    """Derive a model from one with mixed values, and update one of its fields.

    And move `moving`, which has no values of its own, to the same base model.
    """
    key = subject.contract.upsert.key
    mixed = {key: subject.name_with("/v1.5"), **_mixed_values(subject)}
    first = subject.upsert(mixed)
    if first.response.successful:
        base = Observation(mixed, first.response.members)
    else:  # which another requirement judges
        base = _upsert(subject, {**mixed, **subject.minimal_body()})
    expected = {name: value for name, value in base.sent.items() if same(base.returned.get(name), value)}
    child, own = _derived_body(subject, base.sent), subject.own_fields()[0].name
    created = _upsert(subject, child)
    body = {key: child[key]} if subject.capabilities.bare_upsert_returns_state else child
    updated = _upsert(subject, body | {own: subject.full_body(2)[own]})
    base_field = subject.require_base().name
    still = same(updated.returned.get(base_field), child[base_field])
    others = {name: value for name, value in expected.items() if name != own and still}
    moved = _upsert(subject, {key: moving[key], base_field: base.sent[key]})
    return [
        Observation(expected, created.returned),
        Observation(others, updated.returned),
        Observation(expected, moved.returned),
    ]


def _mixed_values(subject: Subject) -> dict[str, Json]:
    """Return zeros for the numbers, and flags of which every second is set."""
    values = {field.name: plain_values(field.schema) for field in subject.own_fields()}
    flags = [name for name, either in values.items() if len(either) == 2]
    numbers = {name: some[0] for name, some in values.items() if len(some) > 2 and some[0] == 0}
    return numbers | {name: values[name][index % 2] for index, name in enumerate(flags)}


def own_values(subject: Subject) -> list[Observation]:
    """Create derived models with values of their own: other values than the base model has, and falsy ones."""

    def run() -> list[Observation]:
        key = subject.contract.upsert.key
        falsy = {
            f.name: v for f in subject.own_fields() for v in plain_values(f.schema)[:1] if not v and v is not False
        }
        observations = []
        for base, own in (
            (1, subject.full_body(2, str(subject.existing(subject.full_body(1))[key]))),  # an update
            (2, subject.full_body(1)),
            (1, {key: subject.names.model_name(), **falsy}),
        ):
            parent = subject.existing(subject.full_body(base))
            child = {**_derived_body(subject, parent), **own}
            child = dict(reversed(child.items())) if base == 2 else child  # with the base model last
            observations.append(_upsert(subject, child))
        late = subject.existing(_derived_body(subject, parent))
        observations.append(_upsert(subject, {key: late[key], **falsy}))
        if subject.capabilities.read_returns_state:
            subject.existing(subject.full_body(3, str(parent[key])))
            certain = {it.name: child[it.name] for it in subject.capabilities.reliable_fields if it.name in child}
            observations.append(Observation(certain, subject.read_state(child)))
        return observations

    return subject.once("own values", run, keep_models=False)


def successive_overrides(subject: Subject, override: RequestField) -> list[Observation]:
    """Update a model with one override after the other; the second one is sent again, and one with a base model.

    The last two differ only in the type of a value, and set a parameter that was removed.
    """

    def run() -> list[Observation]:
        key = subject.minimal_body()
        others = ({"temperature": {"max": 2}}, {"temperature": {"min": 0, "max": 1}})
        steps = [_upsert(subject, {**key, override.name: entries}) for entries in (*OBJECTS, *others)]
        attached = subject.based_on(subject.existing(subject.minimal_body()))  # which has no parameters
        steps.append(_upsert(subject, {**key, **attached, override.name: {"temperature": {"max": 3}}}))
        subject.upsert({**key, override.name: {"rc_parameter": None}})  # which a server may reject
        alike = ({"rc_parameter": {"max": True}}, {"rc_parameter": {"max": 1}})  # equal in some languages
        return steps + [_upsert(subject, {**key, override.name: entries}) for entries in alike]

    return subject.once(f"successive values of {override.name}", run)


def require_returned(subject: Subject, field: ResponseField) -> None:
    """Continue only if some response returns the field of a model that has a value for it. No response has to."""

    def run() -> bool:
        if subject.first_create is None or subject.first_create.response.members.get(field.name) is not None:
            return True
        body = subject.first_create.request.json
        again = subject.upsert(body).response.members.get(field.name)
        key = str(body[subject.contract.upsert.key])
        read = subject.read(key).response.members.get(field.name) if subject.capabilities.read_works else None
        return again is not None or read is not None

    if not subject.once(f"{field.name} is returned", run):
        raise NotTestable(f"the target does not return {field.name}")


def read_state(subject: Subject, body: Mapping[str, Json]) -> Mapping[str, Json]:
    """Return the response of a read, even of one that is not trusted; else the state that the subject can read."""
    if subject.capabilities.read_works:
        return subject.read(str(body[subject.contract.upsert.key])).response.members
    subject.require_readable_state()
    return subject.read_state(body)


def eventual_value(subject: Subject, body: Mapping[str, Json], name: str, expected: Json) -> Json:
    """Read a field until it has the expected value. If reads omit the field, use an upsert of the name alone."""
    returned = subject.poll(
        lambda: subject.read_state(body), lambda seen: seen.get(name) is None or same(seen[name], expected)
    )
    if returned.get(name) is None and subject.capabilities.bare_upsert_returns_state:
        key = subject.contract.upsert.key
        returned = subject.require_accepted(subject.upsert({key: body[key]})).response.members
    return returned.get(name)


def _upsert(subject: Subject, body: Mapping[str, Json]) -> Observation:
    return Observation(body, subject.require_accepted(subject.upsert(body)).response.members)


def _derived_body(subject: Subject, parent: Mapping[str, Json]) -> dict[str, Json]:
    key = subject.contract.upsert.key
    if key not in parent:
        raise NotTestable("the response contains no model", blocked_by=Prerequisite.VALID_MODEL)
    return {**subject.minimal_body(), subject.require_base().name: parent[key]}


def _two_variants(subject: Subject, field: EchoedField) -> tuple[dict[str, Json], dict[str, Json]]:
    """Return two bodies for one model that differ in every field."""
    one = subject.full_body(1)
    other = subject.full_body(2, one[subject.contract.upsert.key])
    if field.request.reference:
        first, second = subject.values_of(field.request)[0], subject.values_of(field.request)[-1]
        return {**one, field.name: first}, {**other, field.name: second}
    return one, other


def _with_six_decimals(subject: Subject, body: Mapping[str, Json]) -> dict[str, Json]:
    """Return the body with six decimals in its numbers, where they may have so many."""
    longer = {name: round(value + 0.001953, 6) for name, value in body.items() if isinstance(value, float)}
    schemas = {field.name: field.schema for field in subject.own_fields()}
    return {**body, **{name: value for name, value in longer.items() if is_valid(schemas[name], value)}}


def _fields_of(subject: Subject, field: EchoedField) -> list[str]:
    return [field.name] if field.request.reference else [own.name for own in subject.own_fields()]


def _state_after(subject: Subject, confirmed: Observation) -> Observation:
    """Read a model until it has the values that the upsert returned. A read may omit fields."""
    key = subject.contract.upsert.key
    expected = {n: value for n, value in confirmed.sent.items() if n == key or same(confirmed.returned.get(n), value)}
    certain = [field.name for field in subject.capabilities.reliable_fields if field.name in expected]
    returned = subject.poll(
        lambda: read_state(subject, confirmed.sent),
        lambda seen: all(same(seen.get(name), expected[name]) for name in certain),
    )
    return Observation(expected, complete_read(subject, expected, returned))


def complete_read(subject: Subject, expected: Mapping[str, Json], returned: Mapping[str, Json]) -> Mapping[str, Json]:
    """Return what a read returned, with the fields that it omitted from an upsert of the name alone."""
    own = [field.name for field in echoed_fields(subject.contract) if field.name in expected]
    seen = {name: value for name, value in returned.items() if value is not None}
    key = subject.contract.upsert.key
    if seen.keys() >= {*own} or seen.get(key) != expected[key]:
        return returned
    if not subject.capabilities.bare_upsert_returns_state:  # the fields that the read omits cannot be known
        return {**expected, **seen}
    return {**subject.require_accepted(subject.upsert({key: expected[key]})).response.members, **seen}


def _has_values(expected: Mapping[str, Json], certain: list[str], seen: Mapping[str, Json]) -> bool:
    """Return whether a read returned the expected values of the fields that reads return reliably."""
    return all(same(seen.get(name), expected[name]) for name in certain)


def _observed_once(subject: Subject, field: EchoedField, run: Callable[[], T], name: str) -> T:
    return subject.once(f"{name} of {field.name if field.request.reference else 'all fields'}", run, keep_models=False)


def create_derived(subject: Subject, base: Mapping[str, Json], own: dict[str, Json] | None = None) -> dict[str, Json]:
    """Create a model with a base model and values of its own, and return the model of the response."""
    returned = dict(_upsert(subject, _derived_body(subject, base) | (own or {})).returned)
    if subject.contract.upsert.key not in returned:
        raise NotTestable("the response contains no model", blocked_by=Prerequisite.VALID_MODEL)
    return returned
