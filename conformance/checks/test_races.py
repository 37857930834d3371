"""CON: what clients see that write at once. A window of a few milliseconds is met in almost every round of a race."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice, product

from conformance.fields import Shown
from conformance.generate.values import distinct_value
from conformance.judge.expect import expect_shown, expect_status, summary, written
from conformance.judge.linear import Operation, linearizable
from conformance.judge.outcome import NotTestable, Violation
from conformance.judge.same import same
from conformance.requirements.features import (
    CREATES_TOLD,
    KEPT,
    ORGANIZATIONS,
    OWN_OF_MANY_VALUES,
    READ,
    STATE,
)
from conformance.requirements.level import MUST, SHOULD
from conformance.requirements.requirement import requirement
from conformance.subject.race import Call, histories, race, warm
from conformance.subject.subject import Subject
from conformance.wire.exchange import Credential, Exchange, Json

RACERS = 5


@requirement("CON-01", MUST, clause="x-clauses/racing-creates", about=[CREATES_TOLD])
def test_racing_creates(subject: Subject) -> None:
    """Of creates of one name that race, exactly one is answered as a create, and the others as updates."""
    upsert = subject.contract.upsert
    subject.require_telling()
    warm(subject, RACERS)
    for _ in range(subject.plan.profile.races):
        body = subject.minimal()
        exchanges = race([_upsert(subject, body)] * RACERS)
        statuses = sorted(subject.accepted(exchange).response.status for exchange in exchanges)
        expected = sorted([upsert.created] + [upsert.updated] * (RACERS - 1))
        if statuses != expected:
            raise Violation(f"statuses {expected} of {RACERS} racing creates", f"{statuses}", exchanges)
        if subject.abilities.deletes_truly:  # whatever they are answered, it is no server error
            race([_delete(subject, str(body[upsert.key]))] * 2)


@requirement("CON-02", MUST, clause="x-clauses/racing-creates")
def test_one_model_is_left(subject: Subject) -> None:
    """Creates of one name that race leave one model: it is updated by the next upsert, and gone when it is deleted."""
    upsert = subject.contract.upsert
    warm(subject, RACERS)
    for _ in range(subject.plan.profile.races // 2):
        key = subject.names.fresh()
        race([_upsert(subject, subject.few(variant, key)) for variant in range(RACERS)])
        again = subject.accepted(subject.upsert({upsert.key: key}))
        if subject.abilities.tells_updates:
            expect_status(again, upsert.updated, when="for the name that was raced for")
        if subject.abilities.deletes_truly:
            subject.delete(key)
            left = subject.read(key)
            if left.response.successful:
                raise Violation("no model that was raced for, once it was deleted", summary(left))


@requirement("CON-03", MUST, clause="x-clauses/racing-updates", about=[OWN_OF_MANY_VALUES, STATE])
def test_racing_updates_of_one_field(subject: Subject) -> None:
    """Of updates of one field that race, one of the values sent wins, and is the one that is seen afterwards."""
    subject.require_reading()
    warm(subject, RACERS)
    field = subject.reliable_fields(telling=True)[0]
    for _ in range(subject.plan.profile.races // 2):
        body = subject.given(subject.minimal())
        values = [distinct_value(field.request.schema, variant) for variant in range(RACERS)]
        race([_upsert(subject, {**body, field.name: value}) for value in values])
        shown = subject.look(body).get(field.name)
        if not any(same(shown, value) for value in values):
            raise Violation(f"{field.name}: one of {written(values)}", f"{field.name}: {written(shown)}")
        if not same(subject.look(body).get(field.name), shown):
            raise Violation(f"{field.name}: {written(shown)} when looked at again", "another value")


@requirement("CON-04", MUST, clause="x-clauses/racing-updates", about=[OWN_OF_MANY_VALUES])
def test_no_torn_model(subject: Subject) -> None:
    """Of updates that race none is half applied: no response, no read and no final state mixes two of them."""
    warm(subject, RACERS)
    for _ in range(subject.plan.profile.races - 1):
        created = subject.accepted(subject.upsert(subject.full(0)))
        key = str(created.request.key)
        writes = [_upsert(subject, subject.full(variant, key)) for variant in range(1, RACERS)]
        reads = [_read(subject, key)] * 2 if subject.abilities.reads_truly else []
        raced = race([*writes, *reads])
        for exchange in raced:
            story = [created, *(other for other in raced if other is not exchange), exchange]
            if exchange.request.method != subject.contract.upsert.operation.method and exchange.response.status == 404:
                raise Violation("the model, before or after an update", summary(exchange), story)
            if exchange.response.successful:
                _expect_whole(subject, exchange.response.members, "while updates race", story)
        if subject.abilities.reads_truly or subject.abilities.keeps:
            _expect_whole(subject, subject.look({subject.contract.upsert.key: key}), "after updates raced")


@requirement("CON-05", SHOULD, clause="x-clauses/racing-fields", about=[OWN_OF_MANY_VALUES, KEPT])
def test_racing_updates_of_different_fields(subject: Subject) -> None:
    """Of updates of different fields that race none is lost."""
    fields = _fields_to_race_for(subject)
    for variant in range(subject.plan.profile.races - 1):
        key = subject.given(subject.full(variant + 20))[subject.contract.upsert.key]
        _race_for(subject, key, fields, variant + 100)


@requirement("CON-07", SHOULD, clause="x-clauses/racing-fields", about=[OWN_OF_MANY_VALUES, KEPT])
def test_racing_creates_of_different_fields(subject: Subject) -> None:
    """Of creates of one name with different fields that race none loses what another stored."""
    fields = _fields_to_race_for(subject)
    for variant in range(subject.plan.profile.races - 1):
        _race_for(subject, subject.names.fresh(), fields, variant + 200)


@requirement("CON-08", MUST, clause="x-clauses/unique", about=[OWN_OF_MANY_VALUES, STATE])
def test_racing_models(subject: Subject) -> None:
    """Requests about different models at once keep apart, those of different organizations and one name as well."""
    warm(subject, RACERS)
    for _ in range(subject.plan.profile.races // 2):
        models = _models_to_race_for(subject)
        exchanges = race([_upsert(subject, body, caller) for body, caller in models])
        for (body, caller), exchange in zip(models, exchanges, strict=True):
            _expect_values(subject, subject.accepted(exchange).response.members, body)
            _expect_values(subject, _there(subject, body, caller), body)


@requirement("CON-06", SHOULD, clause="x-clauses/read-back", about=[OWN_OF_MANY_VALUES, READ])
def test_linearizable(subject: Subject) -> None:
    """Reads and writes of one model at once can be put in an order in which each read sees the latest write."""
    subject.require_true_read()
    field = subject.reliable_fields(telling=True)[0]
    warm(subject, 3)
    for _ in range(subject.plan.profile.races // 2):
        initial = distinct_value(field.request.schema, 50)
        body = subject.given({**subject.minimal(), field.name: initial})
        key = str(body[subject.contract.upsert.key])
        values = [distinct_value(field.request.schema, variant) for variant in (51, 52)]
        writers: list[list[Call]] = [
            [_upsert(subject, {**body, field.name: value}), _read(subject, key)] for value in values
        ]
        timed = [t for history in histories([*writers, [_read(subject, key)] * 3]) for t in history]
        history = [_operation(t.exchange, field.name, t.began, t.ended) for t in timed]
        if not linearizable(history, initial):
            seen = [written(operation.value) for operation in history if not operation.writes]
            exchanges = [t.exchange for t in timed]
            raise Violation(
                "reads that see the latest write, in some order", f"reads that saw {', '.join(seen)}", exchanges
            )


def _models_to_race_for(subject: Subject) -> list[tuple[dict[str, Json], Credential | None]]:
    """As many models as there are racers, each with its organization; two have one name where there are two."""
    apart = subject.callers.other is not None and all(it.is_in(subject.contract) for it in ORGANIZATIONS)
    callers = [subject.callers.owner, *([subject.callers.other] if apart else [])]
    places = product([subject.names.fresh() for _ in range(RACERS)], callers)
    return [(subject.full(variant, name), caller) for variant, (name, caller) in enumerate(islice(places, RACERS))]


def _there(subject: Subject, body: Mapping[str, Json], caller: Credential | None) -> Mapping[str, Json]:
    """What a model shows now that was written while others were."""
    subject.require_reading()
    if not subject.abilities.reads_truly:
        return subject.look(body, caller)
    exchange = subject.read(str(body[subject.contract.upsert.key]), caller)
    expect_status(exchange, 200, when="for a model that was written while others were")
    return exchange.response.members


def _expect_values(subject: Subject, shown: Mapping[str, Json], body: Mapping[str, Json]) -> None:
    for field in subject.reliable_fields(telling=True):
        expect_shown(shown, field.response, body[field.name], "while other models were written")


def _fields_to_race_for(subject: Subject) -> Sequence[Shown]:
    """A field for each racer; go on only where what another racer stored can be told to be kept."""
    subject.require_reading()
    if not subject.abilities.keeps:
        raise NotTestable("an update resets the fields that it leaves out")
    fields = subject.reliable_fields(telling=True)[:RACERS]
    warm(subject, len(fields))
    return fields


def _race_for(subject: Subject, key: str, fields: Sequence[Shown], variant: int) -> None:
    """Send each field by a racer of its own: afterwards the model has them all."""
    name = {subject.contract.upsert.key: key}
    body = {field.name: distinct_value(field.request.schema, variant) for field in fields}
    own = [{field: value} for field, value in body.items()]
    own[-1] |= subject.overrides()  # which are often read, merged and written back
    for exchange in race([_upsert(subject, {**name, **values}) for values in own]):
        subject.accepted(exchange)
    shown = subject.look({**body, **name})
    for field in fields:
        expect_shown(shown, field.response, body[field.name], "after requests with different fields raced")


def _upsert(subject: Subject, body: Mapping[str, Json], caller: Credential | None = None) -> Call:
    return lambda: subject.upsert(body, caller)


def _delete(subject: Subject, key: str) -> Call:
    return lambda: subject.delete(key)


def _read(subject: Subject, key: str) -> Call:
    return lambda: subject.read(key)


def _operation(exchange: Exchange, name: str, began: float, ended: float) -> Operation:
    if not exchange.response.successful:
        raise NotTestable(f"a request of the race was answered {summary(exchange)}")
    sent = exchange.request.json
    if isinstance(sent, dict):
        return Operation(True, sent[name], began, ended)
    return Operation(False, exchange.response.members.get(name), began, ended)


def _expect_whole(subject: Subject, shown: Mapping[str, Json], when: str, story: Sequence[Exchange] = ()) -> None:
    """All fields that tell variants apart are of the same variant."""
    fields = [field.name for field in subject.reliable_fields(telling=True)]
    bodies = [subject.full(variant, "any") for variant in range(RACERS)]
    if not any(all(same(shown.get(name), body[name]) for name in fields) for body in bodies):
        seen = {name: shown.get(name) for name in fields}
        raise Violation(f"the values of one update, {when}", written(seen), story)
