"""IDM, state: the server stores what it accepts, and a repeated request changes nothing."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.checks import scenarios
from conformance.checks.field_combinations import Bodies, field_combinations
from conformance.fields import (
    EchoedField,
    echoed_fields,
    identifying_fields,
    lookups,
    overlays,
    stable_fields,
    stable_part,
)
from conformance.generate.values import unique_value
from conformance.judge.expect import (
    as_json,
    attributed_to,
    contains,
    expect_entries,
    expect_returned,
    expect_status,
    expect_unchanged,
    same,
)
from conformance.judge.outcome import Failure, NotTestable
from conformance.judge.prerequisite import Prerequisite
from conformance.requirements import cases
from conformance.requirements.features import (
    DISTINCTIVE_VALUES,
    ECHOED,
    ECHOED_VALUES,
    EDGE_VALUES,
    KEEPS_OMITTED,
    OVERRIDES,
    PROVIDERS,
    READ,
    REFERENCES,
    STATE,
    VALUE_FIELDS,
)
from conformance.requirements.level import MUST, SHOULD, Stage
from conformance.requirements.requirement import each, requirement
from conformance.target.subject import Subject
from conformance.wire.exchange import Json
from contract import Contract, Omitted, RequestField, ResponseField

REPEATS = 3


def _requests_to_repeat(contract: Contract) -> dict[str, str]:
    """Return the kinds of requests to repeat."""
    kinds = {
        "all fields": VALUE_FIELDS.is_in(contract),
        "the name alone": True,
        "lists in an override": OVERRIDES.is_in(contract),
    }
    return {kind: kind for kind, is_there in kinds.items() if is_there}


@requirement(
    "IDM-01",
    MUST,
    clause="x-clauses/returned",
    about=[ECHOED],
    prerequisite=Prerequisite.CREATE_RETURNS_VALUES,
    quick=False,
)
@each("field", cases.echoed)
def test_create_returns_the_value(subject: Subject, field: EchoedField) -> None:
    """The response to a create returns exactly the values that the request sent.

    One value is sent without any other field, and all among others.
    """
    where = "in the response to the create"
    for value in subject.values_of(field.request)[1:2]:
        exchange = subject.require_accepted(subject.upsert({**subject.minimal_body(), field.name: value}))
        expect_returned(exchange.response.members, field.response, value, where)
    for exchange in scenarios.full_creates(subject):
        sent = exchange.request.json
        with attributed_to(exchange):
            if field.name in sent:
                expect_returned(
                    subject.require_accepted(exchange).response.members, field.response, sent[field.name], where
                )


@requirement(
    "IDM-02", MUST, clause="x-clauses/returned", about=[ECHOED], prerequisite=Prerequisite.UPDATE_RETURNS_VALUES
)
@each("field", cases.echoed)
def test_update_returns_the_value(subject: Subject, field: EchoedField) -> None:
    """An update returns the new value, not the previous one."""
    for scenario in (scenarios.update_with_each_value, scenarios.update_alone):
        for step in scenario(subject, field):
            expect_returned(step.returned, field.response, step.sent[field.name], "in the response to the update")


@requirement("IDM-03", MUST, clause="x-clauses/repeat")
@each("variant", _requests_to_repeat)
def test_repeating_a_request(subject: Subject, variant: str) -> None:
    """Repeating a request leaves one model, unchanged except for its update time and its throughput."""
    body = subject.minimal_body() if variant == "the name alone" else subject.full_body()
    if variant == "lists in an override":
        body |= {override.name: {"stop": ["a", "b"], "n": {"of": [1]}} for override, _, _ in overlays(subject.contract)}
        if not subject.upsert(body).response.successful:
            raise NotTestable("the target accepts no lists in an override")
    first = subject.require_accepted(subject.upsert(body)).response.members
    for _ in range(REPEATS):
        again = subject.require_accepted(subject.upsert(body))
        expect_unchanged(subject.contract, first, again.response.members, "after a repeated request")


@requirement(
    "IDM-04",
    MUST,
    clause="x-clauses/returned",
    about=[ECHOED, STATE],
    prerequisite=Prerequisite.STORES_VALUES,
    quick=False,
)
@each("field", cases.echoed)
def test_value_is_stored(subject: Subject, field: EchoedField) -> None:
    """The server keeps a value that it accepted in a create or an update."""
    where = "when the model is read a moment later"
    for step in scenarios.stored_values(subject, field):
        if field.name in step.sent:
            expect_returned(step.returned, field.response, step.sent[field.name], where)


@requirement("IDM-05", SHOULD, clause="x-clauses/read-back", about=[ECHOED_VALUES, STATE])
def test_value_is_stored_at_once(subject: Subject) -> None:
    """The next request sees what a 2xx response has confirmed."""
    key = subject.names.model_name()
    if subject.capabilities.read_works:
        subject.read(key)  # a cache may remember the 404 after the create
    for variant in (1, 2):
        body = subject.existing(subject.full_body(variant, key))
        late = subject.capabilities.read_may_be_stale
        returned = subject.read(key).response.members if late else scenarios.read_state(subject, body)
        returned = scenarios.complete_read(subject, body, returned)
        for field in subject.reliable_fields():
            expect_returned(returned, field.response, body[field.name], "in the next request")


@requirement("IDM-26", SHOULD, clause="x-clauses/read-back", about=[READ])
def test_read_returns_the_same(subject: Subject) -> None:
    """A read returns what the preceding upsert returned.

    A field that no read shows may be left out, and so may one that the read of a model with a value for it leaves out.
    """
    subject.require_read_of_state()
    providers = subject.options.fixtures.providers[:1]
    attached = {lookup.by: provider for _, lookup in lookups(subject.contract) for provider in providers}
    root = subject.existing(subject.full_body(1) | attached)
    seen: list[tuple[Mapping[str, Json], Mapping[str, Json]]] = []
    reads = [subject.read_state(root)]
    for own in (subject.minimal_body(), subject.small_body(2)):
        body = own | attached | subject.based_on(root)
        seen.append((subject.require_accepted(subject.upsert(body)).response.members, subject.read_state(body)))
        reads.append(seen[-1][1])
    names, based = subject.contract.upsert.response, subject.based_on(root)
    absent = [name for name in names if all(name not in read for read in reads)]
    absent += [name for name in names if name not in based and reads[0].get(name) is None]
    for returned, read in seen:
        expect_unchanged(subject.contract, returned, read, "in a read, as in the upsert before it", absent)


@requirement("IDM-06", SHOULD, clause="x-upsert/omitted", about=[ECHOED])
@each("field", cases.echoed)
def test_omitted_field(subject: Subject, field: EchoedField) -> None:
    """A field omitted from an update keeps its value, or is reset if the contract says so."""
    for step in scenarios.omissions(subject, field)[field.name]:
        if step.sent.keys() == {subject.contract.upsert.key, field.name}:
            continue  # the update has the field
        before, after = step.sent[field.name], step.returned.get(field.name)
        if subject.contract.upsert.omitted is Omitted.KEEP:
            expect_returned(step.returned, field.response, before, "after an update without it")
        elif after is not None and same(after, before):
            raise Failure(f"{field.name} reset by an update without it", f"{field.name}: {as_json(after)}")


@requirement("IDM-07", MUST, clause="x-clauses/returned", about=[ECHOED], quick=False)
@each("field", cases.echoed)
def test_change_and_change_back(subject: Subject, field: EchoedField) -> None:
    """A value can be changed, changed back and changed again."""
    _, changed, *later = scenarios.change_and_change_back(subject, field)
    if not same(changed.returned.get(field.name), changed.sent[field.name]):
        raise NotTestable(
            f"an update does not return {field.name} as sent", blocked_by=Prerequisite.UPDATE_RETURNS_VALUES
        )
    for last in later:
        expect_returned(last.returned, field.response, last.sent[field.name], "after it was changed and changed back")


@requirement("IDM-08", MUST, clause="x-clauses/returned", about=[ECHOED_VALUES], quick=False)
@each("bodies", field_combinations)
def test_fields_together(subject: Subject, bodies: Bodies) -> None:
    """The server stores each of the fields that one request sends together."""
    for body in bodies(subject):
        members = subject.require_accepted(subject.upsert(body)).response.members
        for field in echoed_fields(subject.contract):
            if field.name in body:
                expect_returned(members, field.response, body[field.name], "when fields are sent together")


@requirement("IDM-09", SHOULD, clause="x-clauses/exact", about=[EDGE_VALUES])
@each("field", cases.with_edge_values)
def test_unusual_values_are_exact(subject: Subject, field: EchoedField) -> None:
    """A response returns an accepted valid but unusual value exactly."""
    reliable = {it.name for it in subject.capabilities.reliable_fields}
    for value, exchange in scenarios.edge_value_creates(subject, field):
        if not exchange.response.successful:
            subject.observe(f"{field.name}: {as_json(value, 60)} gets {exchange.response.status}")
            continue
        with attributed_to(exchange):
            expect_returned(exchange.response.members, field.response, value, "in the response")
        if field.name in reliable:
            seen = scenarios.later_state(subject, exchange)
            expect_returned(seen, field.response, value, "when the model is read")
    sequence = scenarios.update_with_falsy_values(subject)
    update = sequence[-1]
    accepted = update.response.status == subject.contract.upsert.updated
    if accepted and field.name in update.request.json.keys() & reliable:
        value = update.request.json[field.name]
        with attributed_to(*sequence):
            expect_returned(update.response.members, field.response, value, "in the response to an update")


@requirement("IDM-21", SHOULD, clause="x-upsert/omitted", about=[OVERRIDES])
@each("case", cases.overrides)
def test_omitted_override(subject: Subject, case: tuple[RequestField, ResponseField]) -> None:
    """An override omitted from an update stays in effect, or is reset if the contract says so."""
    (override, field), key = case, subject.contract.upsert.key
    scenarios.require_returned(subject, field)
    entries = {"temperature": {"min": 0, "max": 1}}
    body = subject.existing({**subject.full_body(1), override.name: entries})
    for update in ({key: body[key]}, *(subject.full_body(variant, body[key]) for variant in (2, 3))):
        sent = {name: value for name, value in update.items() if name != override.name}
        returned = subject.require_accepted(subject.upsert(sent)).response.members.get(field.name)
        if subject.contract.upsert.omitted is Omitted.KEEP:
            expect_entries(returned, entries, field, f"after an update without {override.name}", contains)
        elif isinstance(returned, dict) and same(returned.get("temperature"), entries["temperature"]):
            raise Failure(f"{override.name} reset by an update without it", f"{field.name}: {as_json(returned)}")


@requirement("IDM-22", SHOULD, clause="x-upsert/omitted", needs=["provider"], about=[PROVIDERS])
def test_omitted_provider(subject: Subject) -> None:
    """A provider omitted from an update stays attached, or is reset if the contract says so."""
    for field, lookup in lookups(subject.contract):
        body = {**subject.full_body(1), lookup.by: subject.options.fixtures.providers[0]}
        before = subject.require_accepted(subject.upsert(body)).response.members.get(field.name)
        if before is None:
            raise NotTestable(f"the target does not return {field.name}")
        update = subject.full_body(2, body[subject.contract.upsert.key])
        after = subject.require_accepted(subject.upsert(update)).response.members.get(field.name)
        kept = same(stable_part(after, field.schema), stable_part(before, field.schema))
        if kept is not (subject.contract.upsert.omitted is Omitted.KEEP):
            what = "kept by an update without it" if not kept else "reset by an update without it"
            raise Failure(f"{field.name}: {as_json(before)} {what}", f"{field.name}: {as_json(after)}")


@requirement("IDM-28", SHOULD, clause="x-upsert/omitted", about=[REFERENCES, KEEPS_OMITTED])
def test_reference_sent_again(subject: Subject) -> None:
    """Sending the same base model or provider again changes nothing, and a new provider changes no other value."""
    if not subject.capabilities.bare_upsert_returns_state:
        raise NotTestable("an update resets omitted fields")
    key, references = subject.contract.upsert.key, subject.canonical_references()
    if not references:
        raise NotTestable("the contract has no references")
    body = subject.existing({**subject.small_body(), **references, **subject.override_entries()})
    before = subject.require_accepted(subject.upsert({key: body[key]})).response.members
    for name, value in references.items():
        after = subject.require_accepted(subject.upsert({key: body[key], name: value})).response.members
        expect_unchanged(subject.contract, before, after, f"after {name} was sent again")
    for field, lookup in lookups(subject.contract):
        for provider in subject.options.fixtures.providers[1:]:
            after = subject.require_accepted(subject.upsert({key: body[key], lookup.by: provider})).response.members
            where = "after another provider was attached"
            moved = [it.name for it in stable_fields(subject.contract) if it.name not in body]
            expect_unchanged(subject.contract, before, after, where, [field.name, *moved])
            for override, overlaid, _ in overlays(subject.contract):
                scenarios.require_returned(subject, overlaid)
                expect_entries(after.get(overlaid.name), body[override.name], overlaid, where, contains)


@requirement("IDM-17", MUST, clause="x-clauses/unique", about=[ECHOED_VALUES, STATE], quick=False)
def test_models_are_independent(subject: Subject) -> None:
    """Each of many models keeps its own values."""
    bodies = [subject.existing(subject.full_body(variant)) for variant in range(3)]
    alike = {**bodies[1], subject.contract.upsert.key: subject.names.model_name()}
    subject.existing(alike)
    subject.existing(subject.full_body(4, alike[subject.contract.upsert.key]))
    for body in [*bodies, bodies[0]]:
        returned, where = (
            scenarios.complete_read(subject, body, scenarios.read_state(subject, body)),
            f"in the model {body[subject.contract.upsert.key]}",
        )
        for field in subject.reliable_fields():
            expect_returned(returned, field.response, body[field.name], where)
        for override, overlaid, _ in overlays(subject.contract):
            if returned.get(overlaid.name) is not None:  # a read may omit it
                expect_entries(returned[overlaid.name], body[override.name], overlaid, where, contains)


@requirement("IDM-23", MUST, clause="x-clauses/unique", about=[DISTINCTIVE_VALUES], creates=True, quick=False)
def test_bare_models_are_bare(subject: Subject) -> None:
    """A model created with nothing but its name has no values of other models."""
    others = [_unique_body(subject), _unique_body(subject)]
    others[1][subject.contract.upsert.key] = others[0][subject.contract.upsert.key]  # an update of the same model
    overrides = [override.name for override, _, _ in overlays(subject.contract)]
    older, newer, empty = (
        subject.minimal_body(),
        subject.minimal_body(),
        subject.minimal_body() | {override: {} for override in overrides},
    )
    sent = (older, *others, newer, empty, *([older] if subject.capabilities.bare_upsert_returns_state else []))
    returned = [subject.require_accepted(subject.upsert(body)).response.members for body in sent]
    for members in returned[3:]:
        for other in others:
            _expect_nothing_of(other, members, subject)
    texts = {field.name for field in echoed_fields(subject.contract) if field.request.schema.get("type") == "string"}
    where, apart = "as before other models were created", texts | identifying_fields(subject.contract)
    # texts do not count, because they may be made from the name
    for members in (returned[3], returned[-1] if subject.capabilities.bare_upsert_returns_state else returned[3]):
        expect_unchanged(subject.contract, returned[0], members, where, apart)


def _unique_body(subject: Subject) -> dict[str, Json]:
    """Return a body of values that no model had before, in this run or another."""
    body = subject.minimal_body()
    names = subject.names
    values = {own.name: unique_value(own.schema, names.new_name(), names.number()) for own in subject.own_fields()}
    return body | {name: value for name, value in values.items() if value is not None}


def _expect_nothing_of(other: Mapping[str, Json], returned: Mapping[str, Json], subject: Subject) -> None:
    for field in echoed_fields(subject.contract):
        if field.name in other and same(returned.get(field.name), other[field.name]):
            observed = f"{field.name}: {as_json(returned[field.name])}"
            raise Failure(f"no {field.name} of another model", observed, seen_in=[returned])
    for override, overlaid, _ in overlays(subject.contract):
        parameters = returned.get(overlaid.name)
        theirs = parameters.keys() & other.get(override.name, {}).keys() if isinstance(parameters, dict) else set()
        if theirs:
            expected = f"{overlaid.name} without {', '.join(sorted(theirs))}, of another model"
            raise Failure(expected, f"{overlaid.name}: {as_json(parameters)}", seen_in=[returned])


@requirement("IDM-24", MUST, clause="x-clauses/override", about=[OVERRIDES, READ], quick=False)
@each("case", cases.overrides)
def test_override_is_stored(subject: Subject, case: tuple[RequestField, ResponseField]) -> None:
    """The server keeps an override that it accepted in a create or an update."""
    override, field = case
    scenarios.require_returned(subject, field)
    subject.require_read_of_state()
    body = subject.minimal_body()
    for entries in ({"temperature": {"min": 0, "max": 1}}, {"temperature": {"max": 2}}):
        body = subject.existing({**body, override.name: entries})
        seen = scenarios.eventual_value(subject, body, field.name, entries)
        expect_entries(seen, entries, field, "when the model is read a moment later", contains)


@requirement("IDM-25", MUST, clause="x-clauses/returned", needs=["provider"], about=[PROVIDERS, READ], quick=False)
def test_provider_is_stored(subject: Subject) -> None:
    """The server keeps a provider that was attached in a create or an update."""
    subject.require_read_of_state()
    for field, lookup in lookups(subject.contract):
        attached = {lookup.by: subject.options.fixtures.providers[0]}
        for body in (subject.minimal_body() | attached, subject.existing(subject.minimal_body()) | attached):
            sent = subject.require_accepted(subject.upsert(body)).response.members.get(field.name)
            if sent is None:
                raise NotTestable(f"the target does not return {field.name}")
            seen = scenarios.eventual_value(subject, body, field.name, sent)
            if not same(stable_part(seen, field.schema), stable_part(sent, field.schema)):
                raise Failure(f"{field.name}: {as_json(sent)} a moment later", f"{field.name}: {as_json(seen)}")


@requirement("IDM-18", MUST, clause="x-clauses/override", about=[OVERRIDES], quick=False)
@each("case", cases.overrides)
def test_latest_override_counts(subject: Subject, case: tuple[RequestField, ResponseField]) -> None:
    """The entries of the latest override take effect, whatever an earlier override said."""
    override, field = case
    scenarios.require_returned(subject, field)
    for step in scenarios.successive_overrides(subject, override):
        where = f"as in the latest {override.name}"
        expect_entries(step.returned.get(field.name), step.sent[override.name], field, where, contains)


@requirement("IDM-27", MUST, clause="x-clauses/returned", about=[ECHOED_VALUES, STATE], stage=Stage.CLOSING)
def test_still_there_at_the_end(subject: Subject) -> None:
    """A model that existed when the run began still has its values when the run ends."""
    subject.require_readable_state()
    if subject.first_create is None:
        raise NotTestable(
            "no model could be created at the start of the run", blocked_by=Prerequisite.ACCEPTS_PLAIN_REQUEST
        )
    body, upsert = subject.first_create.request.json, subject.contract.upsert
    reads = subject.capabilities.read_returns_state
    seen = (
        subject.read(body[upsert.key])
        if reads
        else subject.require_accepted(subject.upsert({upsert.key: body[upsert.key]}))
    )
    with attributed_to(subject.first_create, seen):
        if reads:
            expect_status(seen, 200, when="for a model that was created")
        for field in subject.reliable_fields():
            expect_returned(seen.response.members, field.response, body[field.name], "at the end of the run")
