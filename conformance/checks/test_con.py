"""CON: what clients see that write at once. A window of a few milliseconds is met in almost every round of a race."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice, product
from time import sleep

from conformance.fields import EchoedField, inherited_fields, overlays
from conformance.generate.values import distinct_value
from conformance.judge.expect import as_json, expect_returned, expect_status, same, summary
from conformance.judge.outcome import Failure, NotTestable
from conformance.judge.prerequisite import Prerequisite
from conformance.requirements.features import (
    CREATES_TOLD,
    DELETE,
    KEPT,
    ORGANIZATIONS,
    OWN_OF_MANY_VALUES,
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
"""Seconds that some requests of a race go ahead of others, which then come in the midst of them."""


@requirement("CON-01", MUST, clause="x-clauses/racing-creates", about=[CREATES_TOLD], creates=True, quick=False)
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
            raise Failure(f"statuses {expected} of {RACERS} racing creates", f"{statuses}", exchanges)
        if subject.capabilities.delete_removes_model and turn == 0:  # whatever they are answered, it is no server error
            race([_delete(subject, str(body[upsert.key]))] * 2)


@requirement("CON-02", MUST, clause="x-clauses/racing-creates", quick=False)
def test_one_model_is_left(subject: Subject) -> None:
    """When clients create the same name concurrently, exactly one model exists afterwards."""
    upsert = subject.contract.upsert
    warm_connections(subject, RACERS)
    for _ in range(subject.options.profile.races // 2):
        key = subject.names.model_name()
        race([_upsert(subject, subject.small_body(variant, key)) for variant in range(RACERS)])
        again = subject.require_accepted(subject.upsert({upsert.key: key}))
        if subject.capabilities.update_returns_updated:
            expect_status(again, upsert.updated, when="for the name that was raced for")
        if subject.capabilities.delete_removes_model:
            before = subject.read(key)  # it may leave out what an upsert shows
            raced = race([_delete(subject, key), _read(subject, key), _after(HEAD_START, _read(subject, key))])
            for read in raced[1:]:
                if read.response.successful and before.response.successful:
                    _expect_shown_as(subject, before, read, [again, before, *raced])
            left = subject.read(key)
            if left.response.successful:
                raise Failure("no model that was raced for, once it was deleted", summary(left))


@requirement("CON-03", MUST, clause="x-clauses/racing-updates", about=[OWN_OF_MANY_VALUES, STATE], quick=False)
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
        shown = subject.read_state(body).get(field.name)
        if not any(same(shown, value) for value in values):
            raise Failure(f"{field.name}: one of {as_json(values)}", f"{field.name}: {as_json(shown)}")


@requirement("CON-04", MUST, clause="x-clauses/racing-updates", about=[OWN_OF_MANY_VALUES], quick=False)
def test_no_torn_model(subject: Subject) -> None:
    """When clients update a model concurrently, no response mixes the values of two updates."""
    warm_connections(subject, RACERS)
    for _ in range(subject.options.profile.races - 1):
        try:
            _race_for_a_whole_model(subject)
        except Failure:
            _require_whole_updates(subject)
            raise


def _race_for_a_whole_model(subject: Subject) -> None:
    """Update a model, read it and base another on it, all at once."""
    created = subject.require_accepted(subject.upsert(subject.full_body(0)))
    key = str(created.request.key)
    writes = [_upsert(subject, subject.full_body(variant, key)) for variant in range(1, RACERS)]
    reads = [_read(subject, key)] * 2 if subject.capabilities.read_returns_state else []
    base = subject.based_on({subject.contract.upsert.key: key})
    derived_models = [_upsert(subject, {**subject.minimal_body(), **base})] if base and not subject.names.reuses else []
    exchanges = race([*writes, *reads, *derived_models])
    raced = exchanges[: len(writes) + len(reads)]
    for heir in exchanges[len(raced) :]:
        _expect_unmixed(subject, heir.response.members, [created, *exchanges])
    for exchange in raced:
        story = [created, *(other for other in raced if other is not exchange), exchange]
        if exchange.request.method != subject.contract.upsert.operation.method and exchange.response.status == 404:
            raise Failure("the model, before or after an update", summary(exchange), story)
        if exchange.response.successful:
            _expect_whole(subject, exchange.response.members, "while updates race", story)
    if subject.capabilities.read_returns_state or subject.capabilities.bare_upsert_returns_state:
        _expect_whole(subject, subject.read_state({subject.contract.upsert.key: key}), "after updates raced")


def _require_whole_updates(subject: Subject) -> None:
    """Go on only where updates are shown whole that come one after the other."""
    key = subject.names.model_name()
    for variant in (0, *range(0, RACERS, 2), *range(1, RACERS, 2), 0):  # some are repeated, and some come back
        shown = subject.require_accepted(subject.upsert(subject.full_body(variant, key))).response.members
        try:
            _expect_whole(subject, shown, "")
            if subject.capabilities.read_returns_state:
                _expect_whole(subject, subject.read_state({subject.contract.upsert.key: key}), "")
        except Failure as failure:
            raise NotTestable(f"updates one after the other show what is not whole: {failure.observed}") from None


@requirement("CON-05", SHOULD, clause="x-clauses/racing-fields", about=[OWN_OF_MANY_VALUES, KEPT], quick=False)
def test_racing_updates_of_different_fields(subject: Subject) -> None:
    """When clients update different fields concurrently, no update is lost."""
    fields = _fields_to_race_for(subject)
    for variant in range(subject.options.profile.races // 2):
        key = subject.existing(subject.full_body(2 * variant + 20))[subject.contract.upsert.key]
        _race_for(subject, key, fields, 2 * variant + 101)


@requirement("CON-07", SHOULD, clause="x-clauses/racing-fields", about=[OWN_OF_MANY_VALUES, KEPT], quick=False)
def test_racing_creates_of_different_fields(subject: Subject) -> None:
    """When clients create the same name concurrently with different fields, all fields are stored."""
    fields = _fields_to_race_for(subject)
    for variant in range(subject.options.profile.races // 2):
        _race_for(subject, subject.names.model_name(), fields, 2 * variant + 201)


@requirement("CON-08", MUST, clause="x-clauses/unique", about=[OWN_OF_MANY_VALUES, STATE], quick=False)
def test_racing_models(subject: Subject) -> None:
    """Concurrent requests about different models do not affect each other."""
    warm_connections(subject, RACERS)
    for _ in range(subject.options.profile.races // 2):
        models = _models_to_race_for(subject)
        exchanges = race([_upsert(subject, body, caller) for body, caller in models])
        for (body, caller), exchange in zip(models, exchanges, strict=True):
            _expect_values(subject, subject.require_accepted(exchange).response.members, body)
            _expect_values(subject, _there(subject, body, caller), body)


@requirement("CON-06", SHOULD, clause="x-clauses/read-back", about=[OWN_OF_MANY_VALUES, READ], quick=False)
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
                "reads that see the latest write, in some order", f"reads that saw {', '.join(seen)}", exchanges
            )


@requirement("CON-09", SHOULD, clause="x-clauses/read-back", about=[READ, DELETE, CREATES_TOLD], quick=False)
def test_upserts_and_deletes(subject: Subject) -> None:
    """Concurrent upserts and deletes leave a state that some sequential order of them would leave."""
    if not subject.capabilities.delete_removes_model:
        raise NotTestable("the target has no delete after which a model is gone")
    subject.require_distinct_statuses()
    subject.require_read_of_state()
    warm_connections(subject, RACERS)
    for turn in range(subject.options.profile.races - 1):
        created = subject.require_accepted(subject.upsert(subject.small_body(1)))
        key = str(created.request.key)
        late = [HEAD_START if turn % 3 == first else 0 for first in (1, 2)]  # none, the delete, or the upserts
        upserts = [_after(late[1], _upsert(subject, subject.small_body(variant, key))) for variant in (2, 3)]
        raced = race([*upserts, _after(late[0], _delete(subject, key))])
        left = subject.read(key)
        statuses = [exchange.response.status for exchange in raced]
        if left.response.status not in (200, 404) or not _is_predicted(subject, statuses):
            raise NotTestable(f"requests of the race were answered {statuses}, and the read {left.response.status}")
        outcome = (*sorted(statuses[:2]), statuses[2], left.response.status == 200)
        if outcome not in _outcomes(subject):
            _require_creates_after_deletes(subject)
            what = "there" if outcome[-1] else "gone"
            observed = f"{statuses[:2]} to the upserts, {statuses[2]} to the delete, and the model is {what}"
            raise Failure("statuses and a model that fit some order", observed, [created, *raced, left])


def _require_creates_after_deletes(subject: Subject) -> None:
    """Go on only where an upsert of a deleted name is answered as a create when nothing races."""
    body = subject.existing(subject.minimal_body())
    subject.delete(str(body[subject.contract.upsert.key]))
    if subject.require_accepted(subject.upsert(body)).response.status != subject.contract.upsert.created:
        raise NotTestable(
            "an upsert of a deleted name is not answered as a create", blocked_by=Prerequisite.DELETED_NAME_IS_FREE
        )


def _after(seconds: float, call: Racer) -> Racer:
    """The call, some time after the others of its race."""

    def later() -> Exchange:
        sleep(seconds)
        return call()

    return later


def _is_predicted(subject: Subject, statuses: Sequence[int]) -> bool:
    """Whether each of two upserts and a delete was answered as one that was done, or that found nothing to delete."""
    upsert = subject.contract.upsert
    return all(status in (upsert.created, upsert.updated) for status in statuses[:2]) and statuses[2] in (204, 404)


def _outcomes(subject: Subject) -> set[tuple[int | bool, ...]]:
    """What two upserts and a delete of a model come to: the upserts' statuses, the delete's, and whether it is left.

    The delete goes first, between the upserts, or last.
    """
    created, updated = subject.contract.upsert.created, subject.contract.upsert.updated
    first_or_between = (*sorted((created, updated)), 204, True)
    return {first_or_between, (updated, updated, 204, False)}


def _models_to_race_for(subject: Subject) -> list[tuple[dict[str, Json], Credential | None]]:
    """As many models as there are racers, each with its organization; two have one name where there are two."""
    apart = can_write_in_other_org(subject) and all(it.is_in(subject.contract) for it in ORGANIZATIONS)
    credentials = [subject.credentials.primary, *([subject.credentials.other_org] if apart else [])]
    places = product([subject.names.model_name(shared=apart) for _ in range(RACERS)], credentials)
    return [(subject.full_body(variant, name), caller) for variant, (name, caller) in enumerate(islice(places, RACERS))]


def _there(subject: Subject, body: Mapping[str, Json], caller: Credential | None) -> Mapping[str, Json]:
    """What a model shows now that was written while others were."""
    subject.require_readable_state()
    if not subject.capabilities.read_returns_state:
        return subject.read_state(body, caller)
    exchange = subject.read(str(body[subject.contract.upsert.key]), caller)
    expect_status(exchange, 200, when="for a model that was written while others were")
    return exchange.response.members


def _expect_values(subject: Subject, shown: Mapping[str, Json], body: Mapping[str, Json]) -> None:
    for field in subject.reliable_fields(distinctive=True):
        expect_returned(shown, field.response, body[field.name], "while other models were written")


def _fields_to_race_for(subject: Subject) -> Sequence[EchoedField]:
    """A field for each racer; go on only where what another racer stored can be told to be kept."""
    subject.require_readable_state()
    if not subject.capabilities.bare_upsert_returns_state:
        raise NotTestable("an update resets the fields that it leaves out")
    fields = subject.reliable_fields(distinctive=True)[:RACERS]
    warm_connections(subject, len(fields))
    return fields


def _race_for(subject: Subject, key: str, fields: Sequence[EchoedField], variant: int) -> None:
    """Send each field by a racer of its own: afterwards the model has them all."""
    name = {subject.contract.upsert.key: key}
    flags = [field for field in subject.reliable_fields() if field not in subject.reliable_fields(distinctive=True)]
    body = {field.name: distinct_value(field.request.schema, variant) for field in [*fields, *flags]}
    own = [{field.name: body[field.name]} for field in fields]
    for index, flag in enumerate(flags):  # which may be kept in one column
        own[index % len(own)][flag.name] = body[flag.name]
    own[-1] |= subject.override_entries()  # which are often read, merged and written back
    for exchange in race([_upsert(subject, {**name, **values}) for values in own]):
        subject.require_accepted(exchange)
    shown = subject.read_state({**body, **name})
    for field in [*fields, *flags]:
        expect_returned(shown, field.response, body[field.name], "after requests with different fields raced")


def _upsert(subject: Subject, body: Mapping[str, Json], caller: Credential | None = None) -> Racer:
    return lambda: subject.upsert(body, caller)


def _delete(subject: Subject, key: str) -> Racer:
    return lambda: subject.delete(key)


def _read(subject: Subject, key: str) -> Racer:
    return lambda: subject.read(key)


def _operation(exchange: Exchange, name: str, began: float, ended: float) -> RegisterOperation:
    if not exchange.response.successful:
        raise NotTestable(f"a request of the race was answered {summary(exchange)}")
    sent = exchange.request.json
    if isinstance(sent, dict):
        return RegisterOperation(True, sent[name], began, ended)
    return RegisterOperation(False, exchange.response.members.get(name), began, ended)


def _expect_whole(subject: Subject, shown: Mapping[str, Json], when: str, story: Sequence[Exchange] = ()) -> None:
    """All fields are of the same variant, and so is the entry that every override has."""
    names = [field.name for field in subject.reliable_fields()]
    bodies = [subject.full_body(variant, "any") for variant in range(RACERS)]
    whole = [body for body in bodies if _shows(shown, body, names)]
    if not whole:
        seen = {name: shown.get(name) for name in names}
        raise Failure(f"the values of one update, {when}", as_json(seen), story)
    for override, field, _ in overlays(subject.contract):
        for name, entry in _entries(shown, field.name).items():
            values = [_entries(body, override.name).get(name) for body in bodies]
            own = [_entries(body, override.name).get(name) for body in whole]
            of_another = None not in values and any(same(entry, value) for value in values)
            if of_another and not any(same(entry, value) for value in own):
                place = f"{field.name}.{name}"
                raise Failure(f"{place}: {as_json(own[0])}, {when}", f"{place}: {as_json(entry)}", story)


def _entries(members: Mapping[str, Json], name: str) -> Mapping[str, Json]:
    """The entries of an object; none where it is no object."""
    value = members.get(name)
    return value if isinstance(value, dict) else {}


def _expect_unmixed(subject: Subject, shown: Mapping[str, Json], story: Sequence[Exchange]) -> None:
    """The values that a model has of its base, which is updated meanwhile, are all of one variant of it."""
    bodies = [subject.full_body(variant, "any") for variant in range(RACERS)]
    names = [field.name for field in inherited_fields(subject.contract) if field in subject.reliable_fields()]
    names = [name for name in names if any(same(shown.get(name), body[name]) for body in bodies)]
    if not any(_shows(shown, body, names) for body in bodies):
        seen = {name: shown.get(name) for name in names}
        raise Failure("the values of one update of the base model, while it is updated", as_json(seen), story)


def _shows(shown: Mapping[str, Json], body: Mapping[str, Json], names: Sequence[str]) -> bool:
    return all(same(shown.get(name), body[name]) for name in names)


def _expect_shown_as(subject: Subject, before: Exchange, read: Exchange, story: Sequence[Exchange]) -> None:
    """The read shows what an earlier one showed."""
    names = [field.name for field in subject.reliable_fields() if field.name in before.response.members]
    if not _shows(read.response.members, before.response.members, names):
        seen = {name: read.response.members.get(name) for name in names}
        raise Failure("the whole model, or none, while it is deleted", as_json(seen), story)
