"""IDM: what was sent is what is stored, what was stored stays, and a repeated request changes nothing."""

from __future__ import annotations

from conformance.checks import stories
from conformance.checks.refusals import REFUSED, Refusal
from conformance.checks.together import Bodies, together
from conformance.fields import Shown, identifying, lookups, overlays, settled, shown_fields, timestamp
from conformance.generate.values import OBJECTS
from conformance.judge.expect import (
    expect_entries,
    expect_shown,
    expect_taken,
    expect_unchanged,
    nameless,
    shown_by,
    summary,
    written,
)
from conformance.judge.moments import moment
from conformance.judge.outcome import NotTestable, Violation
from conformance.judge.same import contains, identical, same
from conformance.requirements import cases
from conformance.requirements.features import (
    EXISTENCE,
    FIELDS,
    KEPT,
    ODD,
    OVERRIDES,
    OWN,
    OWN_OF_MANY_VALUES,
    PROVIDERS,
    READ,
    REFERENCES,
    SHOWN,
    STATE,
)
from conformance.requirements.level import MUST, SHOULD
from conformance.requirements.requirement import each, requirement
from conformance.subject.subject import Subject
from conformance.wire.exchange import Exchange, Json
from contract import Contract, Omitted, RequestField, ResponseField

REPEATS = 3


def _to_repeat(contract: Contract) -> dict[str, str]:
    """The kinds of requests to repeat."""
    kinds = {
        "all fields": FIELDS.is_in(contract),
        "the name alone": True,
        "lists in an override": OVERRIDES.is_in(contract),
    }
    return {kind: kind for kind, is_there in kinds.items() if is_there}


@requirement("IDM-01", MUST, clause="x-clauses/shown", about=[SHOWN])
@each("field", cases.shown)
def test_create_shows_the_value(subject: Subject, field: Shown) -> None:
    """The response to a create shows the value sent, exactly: 0, an empty object and the extremes included.

    One value is sent without any other field, and all among others.
    """
    where = "in the response to the create"
    for value in subject.values_of(field.request)[1:2]:
        exchange = subject.accepted(subject.upsert({**subject.minimal(), field.name: value}))
        expect_shown(exchange.response.members, field.response, value, where)
    for exchange in stories.full_creates(subject):
        sent = exchange.request.json
        with shown_by(exchange):
            if field.name in sent:
                expect_shown(subject.accepted(exchange).response.members, field.response, sent[field.name], where)


@requirement("IDM-02", MUST, clause="x-clauses/shown", about=[SHOWN])
@each("field", cases.shown)
def test_update_shows_the_value(subject: Subject, field: Shown) -> None:
    """The response to an update shows the value sent, not the one before it: the state after the update."""
    for step in stories.updates(subject, field):
        expect_shown(step.shown, field.response, step.sent[field.name], "in the response to the update")


@requirement("IDM-03", MUST, clause="x-clauses/repeat")
@each("variant", _to_repeat)
def test_repeating_a_request(subject: Subject, variant: str) -> None:
    """Repeating a request, once or many times, leaves one model, unchanged but for its update time and throughput."""
    body = subject.minimal() if variant == "the name alone" else subject.full()
    if variant == "lists in an override":
        body |= {override.name: {"stop": ["a", "b"], "n": {"of": [1]}} for override, _, _ in overlays(subject.contract)}
        if not subject.upsert(body).response.successful:
            raise NotTestable("the target takes no lists in an override")
    first = subject.accepted(subject.upsert(body)).response.members
    for _ in range(REPEATS):
        again = subject.accepted(subject.upsert(body))
        expect_unchanged(subject.contract, first, again.response.members, "after a repeated request")


@requirement("IDM-04", MUST, clause="x-clauses/shown", about=[SHOWN, STATE])
@each("field", cases.shown)
def test_value_is_stored(subject: Subject, field: Shown) -> None:
    """A value that was sent is still there a moment later, after a create and after an update."""
    for step in stories.stored(subject, field):
        expect_shown(step.shown, field.response, step.sent[field.name], "when the model is looked at a moment later")


@requirement("IDM-05", SHOULD, clause="x-clauses/read-back", about=[OWN, STATE])
def test_value_is_stored_at_once(subject: Subject) -> None:
    """What a 2xx response confirmed is what the very next request sees."""
    key = subject.names.fresh()
    if subject.abilities.reads:
        subject.read(key)  # a cache that a create does not clear keeps that there is none
    for variant in (1, 2):
        body = subject.given(subject.full(variant, key))
        late = subject.abilities.reads_late
        shown = subject.read(key).response.members if late else stories.look(subject, body)
        for field in subject.reliable_fields():
            expect_shown(shown, field.response, body[field.name], "in the very next request")


@requirement("IDM-26", SHOULD, clause="x-clauses/read-back", about=[READ])
def test_read_shows_the_same(subject: Subject) -> None:
    """A read shows what the upsert before it showed, inherited values, parameters and provider included."""
    subject.require_true_read()
    root = subject.given(subject.full(1))
    references = subject.plain_references() | subject.based_on(root)
    for own in (subject.minimal(), subject.few(2)):
        body = own | references
        shown = subject.accepted(subject.upsert(body)).response.members
        expect_unchanged(subject.contract, shown, subject.look(body), "in the read, as in the upsert before it")


@requirement("IDM-06", SHOULD, clause="x-upsert/omitted", about=[SHOWN])
@each("field", cases.shown)
def test_omitted_field(subject: Subject, field: Shown) -> None:
    """A field left out of an update keeps its value, over several updates (or is reset, where the contract says so)."""
    for step in stories.omissions(subject, field)[field.name]:
        before, after = step.sent[field.name], step.shown.get(field.name)
        if subject.contract.upsert.omitted is Omitted.KEEP:
            expect_shown(step.shown, field.response, before, "after an update that left it out")
        elif after is not None and same(after, before):
            raise Violation(f"{field.name} reset by an update that left it out", f"{field.name}: {written(after)}")


@requirement("IDM-07", MUST, clause="x-clauses/shown", about=[SHOWN])
@each("field", cases.shown)
def test_back_again(subject: Subject, field: Shown) -> None:
    """A value that is changed and changed back ends as it was."""
    for last in stories.back_again(subject, field)[2:]:
        expect_shown(last.shown, field.response, last.sent[field.name], "after it was changed and changed back")


@requirement("IDM-08", MUST, clause="x-clauses/shown", about=[OWN])
@each("bodies", together)
def test_fields_together(subject: Subject, bodies: Bodies) -> None:
    """Fields sent together are each shown, in whatever order they stand, all at once or two by two, and flags apart."""
    for body in bodies(subject):
        members = subject.accepted(subject.upsert(body)).response.members
        for field in shown_fields(subject.contract):
            if field.name in body:
                expect_shown(members, field.response, body[field.name], "where fields are sent together")


@requirement("IDM-09", SHOULD, clause="x-clauses/exact", about=[ODD])
@each("field", cases.odd)
def test_odd_values_are_exact(subject: Subject, field: Shown) -> None:
    """A valid but odd value that is taken comes back exactly, at once and when read."""
    for value, exchange in stories.odd_creates(subject, field):
        if not exchange.response.successful:
            subject.observe(f"{field.name}: {written(value, 60)} is answered {exchange.response.status}")
            continue
        with shown_by(exchange):
            expect_shown(exchange.response.members, field.response, value, "in the response", identical)
        if field.name in {it.name for it in subject.abilities.reliable} and not isinstance(value, float):
            shown = subject.look(exchange.request.json)
            expect_shown(shown, field.response, value, "when it is looked at again", identical)
    story, reliable = stories.emptied(subject), {it.name for it in subject.abilities.reliable}
    emptied = story[-1]
    taken = emptied.response.status == subject.contract.upsert.updated
    if taken and field.name in emptied.request.json.keys() & reliable:
        value = emptied.request.json[field.name]
        with shown_by(*story):
            expect_shown(emptied.response.members, field.response, value, "in the response to an update", identical)


@requirement("IDM-21", SHOULD, clause="x-upsert/omitted", about=[OVERRIDES])
@each("case", cases.overlaid)
def test_omitted_override(subject: Subject, case: tuple[RequestField, ResponseField]) -> None:
    """An override left out of an update stays in force (or is reset, where the contract says so)."""
    (override, field), key = case, subject.contract.upsert.key
    entries = {"temperature": {"min": 0, "max": 1}}
    body = subject.given({**subject.full(1), override.name: entries})
    for update in ({key: body[key]}, *(subject.full(variant, body[key]) for variant in (2, 3))):
        sent = {name: value for name, value in update.items() if name != override.name}
        shown = subject.accepted(subject.upsert(sent)).response.members.get(field.name)
        if subject.contract.upsert.omitted is Omitted.KEEP:
            expect_entries(shown, entries, field, f"after an update without {override.name}")
        elif isinstance(shown, dict) and same(shown.get("temperature"), entries["temperature"]):
            raise Violation(f"{override.name} reset by an update that left it out", f"{field.name}: {written(shown)}")


@requirement("IDM-22", SHOULD, clause="x-upsert/omitted", needs=["provider"], about=[PROVIDERS])
def test_omitted_provider(subject: Subject) -> None:
    """A provider left out of an update stays attached (or is reset, where the contract says so)."""
    for field, lookup in lookups(subject.contract):
        body = {**subject.full(1), lookup.by: subject.plan.known.providers[0]}
        before = subject.accepted(subject.upsert(body)).response.members.get(field.name)
        if before is None:
            raise NotTestable(f"the target does not show {field.name}")
        update = subject.full(2, body[subject.contract.upsert.key])
        after = subject.accepted(subject.upsert(update)).response.members.get(field.name)
        kept = same(settled(after, field.schema), settled(before, field.schema))
        if kept is not (subject.contract.upsert.omitted is Omitted.KEEP):
            what = "kept by an update that leaves it out" if not kept else "reset by an update that leaves it out"
            raise Violation(f"{field.name}: {written(before)} {what}", f"{field.name}: {written(after)}")


@requirement("IDM-28", SHOULD, clause="x-upsert/omitted", about=[REFERENCES, KEPT])
def test_reference_sent_again(subject: Subject) -> None:
    """A base model or provider that is sent again changes nothing of the model, and another provider nothing else."""
    if not subject.abilities.keeps:
        raise NotTestable("an update resets the fields that it leaves out")
    key, references = subject.contract.upsert.key, subject.plain_references()
    if not references:
        raise NotTestable("the contract has no references")
    body = subject.given({**subject.few(), **references, **subject.overrides()})
    before = subject.accepted(subject.upsert({key: body[key]})).response.members
    for name, value in references.items():
        after = subject.accepted(subject.upsert({key: body[key], name: value})).response.members
        expect_unchanged(subject.contract, before, after, f"after {name} was sent again")
    for field, lookup in lookups(subject.contract):
        for provider in subject.plan.known.providers[1:]:
            after = subject.accepted(subject.upsert({key: body[key], lookup.by: provider})).response.members
            expect_unchanged(subject.contract, before, after, "after another provider was attached", [field.name])


@requirement("IDM-12", SHOULD, clause="x-clauses/refused", about=[STATE])
@each("refusal", REFUSED)
def test_refusal_changes_nothing(subject: Subject, refusal: Refusal) -> None:
    """A refused request changes nothing of a model, neither wholly nor in part."""
    subject.require_reading()
    body, steady = subject.once("a model to refuse changes of", lambda: _model_to_refuse_changes_of(subject))
    key = body[subject.contract.upsert.key]
    before = subject.look(body)
    _refused(refusal, refusal.send(subject, key, subject.full(2, key)))
    after = subject.look(body)
    expect_unchanged(subject.contract, before, after, "after a refused request")
    for name in (field.name for field in steady):
        if moment(after.get(name)) != moment(before.get(name)):  # one moment may be written in many ways
            expected = f"{name}: {written(before.get(name))} after a refused request"
            raise Violation(expected, f"{name}: {written(after.get(name))}")


@requirement("IDM-13", SHOULD, clause="x-clauses/refused", about=[EXISTENCE])
@each("refusal", REFUSED)
def test_refusal_creates_nothing(subject: Subject, refusal: Refusal) -> None:
    """A refused request creates nothing: the next valid upsert of that name is a create."""
    tried = stories.tried_again(subject, refusal)
    _refused(refusal, tried.refused)
    if tried.existed(subject):
        raise Violation("no model of that name after a refused request", f"there is a model {tried.key}")


@requirement("IDM-17", MUST, clause="x-clauses/unique", about=[OWN, STATE])
def test_models_do_not_leak(subject: Subject) -> None:
    """Many models side by side keep their own values."""
    bodies = [subject.given(subject.full(variant)) for variant in range(3)]
    alike = {**bodies[1], subject.contract.upsert.key: subject.names.fresh()}
    subject.given(alike)
    subject.given(subject.full(4, alike[subject.contract.upsert.key]))
    for body in [*bodies, bodies[0]]:
        shown = stories.look(subject, body)
        for field in subject.reliable_fields():
            expect_shown(shown, field.response, body[field.name], f"in the model {body[subject.contract.upsert.key]}")


@requirement("IDM-23", MUST, clause="x-clauses/unique", about=[OWN_OF_MANY_VALUES])
def test_bare_models_are_bare(subject: Subject) -> None:
    """A model of which nothing but the name was sent shows nothing of the models before it."""
    shown = []
    for body in (subject.minimal(), subject.full(1), subject.full(2), subject.minimal()):
        members = subject.accepted(subject.upsert(body)).response.members
        shown.append(nameless(members, body[subject.contract.upsert.key]))
    for field in subject.reliable_fields(telling=True):
        if any(same(shown[-1].get(field.name), subject.full(v, "any")[field.name]) for v in range(12)):
            raise Violation(f"no {field.name} of another model", f"{field.name}: {written(shown[-1][field.name])}")
    where = "as before other models were created"
    expect_unchanged(subject.contract, shown[0], shown[-1], where, identifying(subject.contract))


@requirement("IDM-24", MUST, clause="x-clauses/override", about=[OVERRIDES, READ])
@each("case", cases.overlaid)
def test_override_is_stored(subject: Subject, case: tuple[RequestField, ResponseField]) -> None:
    """An override that was sent is still in force a moment later, after a create and after an update."""
    override, field = case
    subject.require_true_read()
    body = subject.minimal()
    for entries in ({"temperature": {"min": 0, "max": 1}}, {"temperature": {"max": 2}}):
        body = subject.given({**body, override.name: entries})
        seen = stories.settled_value(subject, body, field.name, entries)
        expect_entries(seen, entries, field, "when the model is looked at a moment later", contains)


@requirement("IDM-25", MUST, clause="x-clauses/shown", needs=["provider"], about=[PROVIDERS, READ])
def test_provider_is_stored(subject: Subject) -> None:
    """A provider that was attached is still attached a moment later, after a create and after an update."""
    subject.require_true_read()
    for field, lookup in lookups(subject.contract):
        attached = {lookup.by: subject.plan.known.providers[0]}
        for body in (subject.minimal() | attached, subject.given(subject.minimal()) | attached):
            sent = subject.accepted(subject.upsert(body)).response.members.get(field.name)
            if sent is None:
                raise NotTestable(f"the target does not show {field.name}")
            seen = stories.settled_value(subject, body, field.name, sent)
            if not same(settled(seen, field.schema), settled(sent, field.schema)):
                raise Violation(f"{field.name}: {written(sent)} a moment later", f"{field.name}: {written(seen)}")


@requirement("IDM-18", MUST, clause="x-clauses/override", about=[OVERRIDES])
@each("case", cases.overlaid)
def test_override_sent_again(subject: Subject, case: tuple[RequestField, ResponseField]) -> None:
    """What an override just sent says shows, whatever an earlier one said."""
    override, field = case
    key = subject.minimal()
    for entries in (*OBJECTS, {"temperature": {"max": 2}}, {"temperature": {"min": 0, "max": 1}}):
        members = subject.accepted(subject.upsert({**key, override.name: entries})).response.members
        expect_entries(members.get(field.name), entries, field, f"after {override.name} said so", contains)


@requirement("IDM-19", MUST, clause="x-clauses/shown")
@each("refusal", REFUSED)
def test_works_after_a_refusal(subject: Subject, refusal: Refusal) -> None:
    """A valid request is taken after a refused one, and shows its values."""
    exchange = stories.tried_again(subject, refusal).taken
    expect_taken(exchange, f"a valid request after {refusal.label}")
    body = exchange.request.json
    for field in [reliable for reliable in subject.reliable_fields() if reliable.name in body]:
        expect_shown(exchange.response.members, field.response, body[field.name], f"after {refusal.label}")


def _model_to_refuse_changes_of(subject: Subject) -> tuple[dict[str, Json], list[ResponseField]]:
    """A model with a value for whatever it can have, and its times, as far as reading it does not move them."""
    body = subject.given({**subject.full(1), **subject.plain_references()})
    if not subject.abilities.reads_truly:
        return body, []
    one, other = subject.look(body), subject.look(body)
    times = [timestamp(subject.contract, of) for of in ("created", "updated")]
    return body, [field for field in times if field and one.get(field.name) and one[field.name] == other[field.name]]


def _refused(refusal: Refusal, exchange: Exchange) -> None:
    if exchange.response.successful:
        fault = Violation("a refusal", summary(exchange), [exchange]) if refusal.breaks else None
        raise NotTestable("the target takes this request", because=refusal.breaks, fault=fault)
