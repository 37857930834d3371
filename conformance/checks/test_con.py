"""CON: concurrent requests. Almost every round of a race hits a window of a few milliseconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice, product
from time import sleep

from conformance.fields import EchoedField, deleted_statuses, inherited_fields, overlays
from conformance.generate.values import distinct_value
from conformance.judge.expect import as_json, expect_returned, expect_status, same, summary
from conformance.judge.outcome import Failure, NotTestable
from conformance.judge.prerequisite import Prerequisite
from conformance.requirements.features import (
    DELETE,
    DISTINCT_STATUSES,
    DISTINCTIVE_VALUES,
    KEEPS_OMITTED,
    ORGANIZATIONS,
    READ,
    STATE,
)
from conformance.requirements.level import MUST, SHOULD
from conformance.requirements.requirement import requirement
from conformance.target.races import Racer, RegisterOperation, histories, linearizable, race, warm_connections
from conformance.target.subject import Subject, can_write_in_other_org
from conformance.wire.exchange import Credential, Exchange, Json

RACERS = 5
HEAD_START = 0.002
"""Seconds that some requests of a race start before others, so that the others arrive while they run."""


@requirement("CON-01", MUST, clause="x-clauses/racing-creates", about=[DISTINCT_STATUSES], creates=True, quick=False)
def test_racing_creates(subject: Subject) -> None:
    """When clients create the same name concurrently, exactly one gets the status of a create."""
    upsert = subject.contract.upsert
    subject.require_distinct_statuses()
    warm_connections(subject, RACERS)
    for turn in range(subject.options.profile.races):
        body = subject.minimal_body()
        exchanges = race([_upsert(subject, body)] * RACERS)
        statuses = sorted(subject.require_accepted(exchange).response.status for exchange in exchanges)
        expected = sorted([upsert.created] + [upsert.updated] * (RACERS - 1))
        if statuses != expected:
            raise Failure(f"statuses {expected} for {RACERS} concurrent creates", f"{statuses}", exchanges)
        if subject.capabilities.delete_removes_model and turn == 0:  # any response but a server error will do
            race([_delete(subject, str(body[upsert.key]))] * 2)


@requirement("CON-02", MUST, clause="x-clauses/racing-creates", quick=False)
def test_one_model_exists(subject: Subject) -> None:
    """When clients create the same name concurrently, exactly one model exists afterwards."""
    upsert = subject.contract.upsert
    warm_connections(subject, RACERS)
    for _ in range(subject.options.profile.races // 2):
        key = subject.names.model_name()
        race([_upsert(subject, subject.small_body(variant, key)) for variant in range(RACERS)])
        again = subject.require_accepted(subject.upsert({upsert.key: key}))
        if subject.capabilities.update_returns_updated:
            expect_status(again, upsert.updated, when="for the name of the concurrent creates")
        if subject.capabilities.delete_removes_model:
            before = subject.read(key)  # a read may omit what an upsert returns
            raced = race([_delete(subject, key), _read(subject, key), _delayed(HEAD_START, _read(subject, key))])
            for read in raced[1:]:
                if read.response.successful and before.response.successful:
                    _expect_same_as(subject, before, read, [again, before, *raced])
            left = subject.read(key)
            if left.response.successful:
                raise Failure("no model after its delete", summary(left))


@requirement("CON-03", MUST, clause="x-clauses/racing-updates", about=[DISTINCTIVE_VALUES, STATE], quick=False)
def test_racing_updates_of_one_field(subject: Subject) -> None:
    """When clients update the same field concurrently, one of their values is stored."""
    subject.require_readable_state()
    warm_connections(subject, RACERS)
    field = subject.reliable_fields(distinctive=True)[0]
    for _ in range(subject.options.profile.races // 2):
        body = subject.existing(subject.minimal_body())
        values = [distinct_value(field.request.schema, variant) for variant in range(RACERS)]
        for exchange in race([_upsert(subject, {**body, field.name: value}) for value in values]):
            subject.require_accepted(exchange)
        returned = subject.read_state(body).get(field.name)
        if not any(same(returned, value) for value in values):
            raise Failure(f"{field.name}: one of {as_json(values)}", f"{field.name}: {as_json(returned)}")


@requirement("CON-04", MUST, clause="x-clauses/racing-updates", about=[DISTINCTIVE_VALUES], quick=False)
def test_no_torn_model(subject: Subject) -> None:
    """When clients update a model concurrently, no response mixes the values of two updates."""
    warm_connections(subject, RACERS)
    for _ in range(subject.options.profile.races - 1):
        try:
            _race_updates(subject)
        except Failure:
            _require_whole_updates(subject)
            raise


def _race_updates(subject: Subject) -> None:
    """Update a model, read it and derive another from it, all concurrently."""
    created = subject.require_accepted(subject.upsert(subject.full_body(0)))
    key = str(created.request.key)
    writes = [_upsert(subject, subject.full_body(variant, key)) for variant in range(1, RACERS)]
    reads = [_read(subject, key)] * 2 if subject.capabilities.read_returns_state else []
    base = subject.based_on({subject.contract.upsert.key: key})
    derived_models = [_upsert(subject, {**subject.minimal_body(), **base})] if base and not subject.names.reuses else []
    exchanges = race([*writes, *reads, *derived_models])
    raced = exchanges[: len(writes) + len(reads)]
    for derived in exchanges[len(raced) :]:
        _expect_unmixed(subject, derived.response.members, [created, *exchanges])
    for exchange in raced:
        sequence = [created, *(other for other in raced if other is not exchange), exchange]
        if exchange.request.method != subject.contract.upsert.operation.method and exchange.response.status == 404:
            raise Failure("the model, before or after an update", summary(exchange), sequence)
        if exchange.response.successful:
            _expect_whole(subject, exchange.response.members, "while updates run concurrently", sequence)
    if subject.capabilities.read_returns_state or subject.capabilities.bare_upsert_returns_state:
        _expect_whole(subject, subject.read_state({subject.contract.upsert.key: key}), "after concurrent updates")


def _require_whole_updates(subject: Subject) -> None:
    """Continue only if sequential updates return whole models."""
    key = subject.names.model_name()
    for variant in (0, *range(0, RACERS, 2), *range(1, RACERS, 2), 0):  # with some variants more than once
        returned = subject.require_accepted(subject.upsert(subject.full_body(variant, key))).response.members
        try:
            _expect_whole(subject, returned, "")
            if subject.capabilities.read_returns_state:
                _expect_whole(subject, subject.read_state({subject.contract.upsert.key: key}), "")
        except Failure as failure:
            raise NotTestable(f"even sequential updates mix values: {failure.observed}") from None


@requirement("CON-05", SHOULD, clause="x-clauses/racing-fields", about=[DISTINCTIVE_VALUES, KEEPS_OMITTED], quick=False)
def test_racing_updates_of_different_fields(subject: Subject) -> None:
    """When clients update different fields concurrently, no update is lost."""
    fields = _fields_for_racers(subject)
    for variant in range(subject.options.profile.races // 2):
        key = subject.existing(subject.full_body(2 * variant + 20))[subject.contract.upsert.key]
        _race_fields(subject, key, fields, 2 * variant + 101)


@requirement("CON-07", SHOULD, clause="x-clauses/racing-fields", about=[DISTINCTIVE_VALUES, KEEPS_OMITTED], quick=False)
def test_racing_creates_of_different_fields(subject: Subject) -> None:
    """When clients create the same name concurrently with different fields, all fields are stored."""
    fields = _fields_for_racers(subject)
    for variant in range(subject.options.profile.races // 2):
        _race_fields(subject, subject.names.model_name(), fields, 2 * variant + 201)


@requirement("CON-08", MUST, clause="x-clauses/unique", about=[DISTINCTIVE_VALUES, STATE], quick=False)
def test_racing_models(subject: Subject) -> None:
    """Concurrent requests about different models do not affect each other."""
    warm_connections(subject, RACERS)
    for _ in range(subject.options.profile.races // 2):
        models = _models_for_racers(subject)
        exchanges = race([_upsert(subject, body, caller) for body, caller in models])
        for (body, caller), exchange in zip(models, exchanges, strict=True):
            _expect_values(subject, subject.require_accepted(exchange).response.members, body)
            _expect_values(subject, _state_of(subject, body, caller), body)


@requirement("CON-06", SHOULD, clause="x-clauses/read-back", about=[DISTINCTIVE_VALUES, READ], quick=False)
def test_linearizable(subject: Subject) -> None:
    """Concurrent reads and writes of one model are linearizable."""
    subject.require_read_of_state()
    field = subject.reliable_fields(distinctive=True)[0]
    warm_connections(subject, 3)
    for _ in range(subject.options.profile.races // 2):
        initial = distinct_value(field.request.schema, 50)
        body = subject.existing({**subject.minimal_body(), field.name: initial})
        key = str(body[subject.contract.upsert.key])
        values = [distinct_value(field.request.schema, variant) for variant in (51, 52)]
        writers: list[list[Racer]] = [
            [_upsert(subject, {**body, field.name: value}), _read(subject, key)] for value in values
        ]
        timed = [t for history in histories([*writers, [_read(subject, key)] * 3]) for t in history]
        history = [_operation(t.exchange, field.name, t.began, t.ended) for t in timed]
        if not linearizable(history, initial):
            seen = [as_json(operation.value) for operation in history if not operation.writes]
            exchanges = [t.exchange for t in timed]
            raise Failure(
                "reads that return the latest write, in some order", f"reads that returned {', '.join(seen)}", exchanges
            )


@requirement("CON-09", SHOULD, clause="x-clauses/read-back", about=[READ, DELETE, DISTINCT_STATUSES], quick=False)
def test_upserts_and_deletes(subject: Subject) -> None:
    """Concurrent upserts and deletes leave a state that some sequential order of them would leave."""
    subject.require_read_of_state()
    if not subject.capabilities.delete_removes_model:
        raise NotTestable("the target has no delete that removes models")
    subject.require_distinct_statuses()
    warm_connections(subject, RACERS)
    for turn in range(subject.options.profile.races - 1):
        created = subject.require_accepted(subject.upsert(subject.small_body(1)))
        key = str(created.request.key)
        late = [HEAD_START if turn % 3 == first else 0 for first in (1, 2)]  # none, the delete, or the upserts
        upserts = [_delayed(late[1], _upsert(subject, subject.small_body(variant, key))) for variant in (2, 3)]
        raced = race([*upserts, _delayed(late[0], _delete(subject, key))])
        left = subject.read(key)
        statuses = [exchange.response.status for exchange in raced]
        if left.response.status not in (200, 404) or not _is_predicted(subject, statuses):
            raise NotTestable(f"concurrent requests got {statuses}, and the read got {left.response.status}")
        outcome = (*sorted(statuses[:2]), statuses[2] != 404, left.response.status == 200)
        if outcome not in _outcomes(subject):
            _require_creates_after_deletes(subject)
            state = "exists" if outcome[-1] else "does not exist"
            observed = f"{statuses[:2]} for the upserts, {statuses[2]} for the delete, and the model {state}"
            raise Failure("statuses and a state that fit some order of the requests", observed, [created, *raced, left])


def _require_creates_after_deletes(subject: Subject) -> None:
    """Continue only if an upsert of a deleted name gets the status of a create without concurrent requests."""
    body = subject.existing(subject.minimal_body())
    subject.delete(str(body[subject.contract.upsert.key]))
    if subject.require_accepted(subject.upsert(body)).response.status != subject.contract.upsert.created:
        raise NotTestable(
            "an upsert of a deleted name does not return the status of a create",
            blocked_by=Prerequisite.DELETED_NAME_IS_FREE,
        )


def _delayed(seconds: float, call: Racer) -> Racer:
    """Delay a request of a race."""

    def later() -> Exchange:
        sleep(seconds)
        return call()

    return later


def _is_predicted(subject: Subject, statuses: Sequence[int]) -> bool:
    """Return whether two upserts and a delete got statuses of success, or 404 for the delete."""
    upsert = subject.contract.upsert
    deleted = deleted_statuses(subject.contract)
    return all(status in (upsert.created, upsert.updated) for status in statuses[:2]) and statuses[2] in (*deleted, 404)


def _outcomes(subject: Subject) -> set[tuple[int | bool, ...]]:
    """Return the possible outcomes of two upserts and a delete of an existing model, in any order.

    An outcome has the statuses of the upserts, whether the delete found the model, and whether it exists.
    """
    created, updated = subject.contract.upsert.created, subject.contract.upsert.updated
    first_or_between = (*sorted((created, updated)), True, True)
    return {first_or_between, (updated, updated, True, False)}


def _models_for_racers(subject: Subject) -> list[tuple[dict[str, Json], Credential | None]]:
    """Return a model and its organization for each racer. Two organizations have models of the same names."""
    apart = can_write_in_other_org(subject) and all(it.is_in(subject.contract) for it in ORGANIZATIONS)
    credentials = [subject.credentials.primary, *([subject.credentials.other_org] if apart else [])]
    places = product([subject.names.model_name(shared=apart) for _ in range(RACERS)], credentials)
    return [(subject.full_body(variant, name), caller) for variant, (name, caller) in enumerate(islice(places, RACERS))]


def _state_of(subject: Subject, body: Mapping[str, Json], caller: Credential | None) -> Mapping[str, Json]:
    """Return the state of a model that was written while others were written."""
    subject.require_readable_state()
    if not subject.capabilities.read_returns_state:
        return subject.read_state(body, caller)
    exchange = subject.read(str(body[subject.contract.upsert.key]), caller)
    expect_status(exchange, 200, when="for a model that was written while others were written")
    return exchange.response.members


def _expect_values(subject: Subject, returned: Mapping[str, Json], body: Mapping[str, Json]) -> None:
    for field in subject.reliable_fields(distinctive=True):
        expect_returned(returned, field.response, body[field.name], "while other models were written")


def _fields_for_racers(subject: Subject) -> Sequence[EchoedField]:
    """Return a field for each racer. Continue only if updates keep omitted fields and the state can be read."""
    subject.require_readable_state()
    if not subject.capabilities.bare_upsert_returns_state:
        raise NotTestable("an update resets omitted fields")
    fields = subject.reliable_fields(distinctive=True)[:RACERS]
    warm_connections(subject, len(fields))
    return fields


def _race_fields(subject: Subject, key: str, fields: Sequence[EchoedField], variant: int) -> None:
    """Send each field in a request of its own, concurrently, and expect the model to have them all."""
    name = {subject.contract.upsert.key: key}
    flags = [field for field in subject.reliable_fields() if field not in subject.reliable_fields(distinctive=True)]
    body = {field.name: distinct_value(field.request.schema, variant) for field in [*fields, *flags]}
    own = [{field.name: body[field.name]} for field in fields]
    for index, flag in enumerate(flags):  # flags may share one column
        own[index % len(own)][flag.name] = body[flag.name]
    own[-1] |= subject.override_entries()  # overrides are often read, merged and written back
    for exchange in race([_upsert(subject, {**name, **values}) for values in own]):
        subject.require_accepted(exchange)
    returned = subject.read_state({**body, **name})
    for field in [*fields, *flags]:
        expect_returned(returned, field.response, body[field.name], "after concurrent requests with different fields")


def _upsert(subject: Subject, body: Mapping[str, Json], caller: Credential | None = None) -> Racer:
    return lambda: subject.upsert(body, caller)


def _delete(subject: Subject, key: str) -> Racer:
    return lambda: subject.delete(key)


def _read(subject: Subject, key: str) -> Racer:
    return lambda: subject.read(key)


def _operation(exchange: Exchange, name: str, began: float, ended: float) -> RegisterOperation:
    if not exchange.response.successful:
        raise NotTestable(f"a concurrent request got {summary(exchange)}")
    sent = exchange.request.json
    if isinstance(sent, dict):
        return RegisterOperation(True, sent[name], began, ended)
    return RegisterOperation(False, exchange.response.members.get(name), began, ended)


def _expect_whole(subject: Subject, returned: Mapping[str, Json], when: str, sequence: Sequence[Exchange] = ()) -> None:
    """Expect all fields, and the entries of overrides, to have the values of one variant."""
    names = [field.name for field in subject.reliable_fields()]
    bodies = [subject.full_body(variant, "any") for variant in range(RACERS)]
    whole = [body for body in bodies if _has_values(returned, body, names)]
    if not whole:
        seen = {name: returned.get(name) for name in names}
        raise Failure(f"the values of one update, {when}", as_json(seen), sequence)
    for override, field, _ in overlays(subject.contract):
        for name, entry in _entries(returned, field.name).items():
            values = [_entries(body, override.name).get(name) for body in bodies]
            own = [_entries(body, override.name).get(name) for body in whole]
            of_another = None not in values and any(same(entry, value) for value in values)
            if of_another and not any(same(entry, value) for value in own):
                place = f"{field.name}.{name}"
                raise Failure(f"{place}: {as_json(own[0])}, {when}", f"{place}: {as_json(entry)}", sequence)


def _entries(members: Mapping[str, Json], name: str) -> Mapping[str, Json]:
    """Return the entries of an object, or none if the member is not an object."""
    value = members.get(name)
    return value if isinstance(value, dict) else {}


def _expect_unmixed(subject: Subject, returned: Mapping[str, Json], sequence: Sequence[Exchange]) -> None:
    """Expect the inherited values of a model to come from one variant of its base model."""
    bodies = [subject.full_body(variant, "any") for variant in range(RACERS)]
    names = [field.name for field in inherited_fields(subject.contract) if field in subject.reliable_fields()]
    names = [name for name in names if any(same(returned.get(name), body[name]) for body in bodies)]
    if not any(_has_values(returned, body, names) for body in bodies):
        seen = {name: returned.get(name) for name in names}
        raise Failure("the values of one update of the base model, while it is updated", as_json(seen), sequence)


def _has_values(returned: Mapping[str, Json], body: Mapping[str, Json], names: Sequence[str]) -> bool:
    return all(same(returned.get(name), body[name]) for name in names)


def _expect_same_as(subject: Subject, before: Exchange, read: Exchange, sequence: Sequence[Exchange]) -> None:
    """Expect a read to return what an earlier read returned."""
    names = [field.name for field in subject.reliable_fields() if field.name in before.response.members]
    if not _has_values(read.response.members, before.response.members, names):
        seen = {name: read.response.members.get(name) for name in names}
        raise Failure("the whole model, or no model, while it is deleted", as_json(seen), sequence)
