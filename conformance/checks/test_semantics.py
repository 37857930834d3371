"""SEM: what a model takes from its base, its override and its provider, and what it never takes from a request."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.checks import stories
from conformance.fields import Shown, inherited_fields, lookups, overlays
from conformance.generate.values import OBJECTS, distinct_value, odd_values
from conformance.judge.expect import (
    differing,
    expect_entries,
    expect_shown,
    expect_status,
    expect_taken,
    expect_unchanged,
    shown_by,
    written,
)
from conformance.judge.outcome import NotTestable, Violation
from conformance.judge.same import same
from conformance.requirements import cases
from conformance.requirements.level import MUST, OPEN, SHOULD
from conformance.requirements.requirement import each, requirement
from conformance.subject.subject import Subject
from conformance.wire.exchange import Json
from conformance.wire.lost import Lost
from contract import Alias, RequestField, ResponseField


@requirement("SEM-01", MUST, clause="x-clauses/inherited")
@each("field", cases.inherited)
def test_inherits(subject: Subject, field: Shown) -> None:
    """A model without a value of its own shows that of its base model."""
    for step in [*stories.heirs(subject, generations=1), *stories.late_heirs(subject)]:
        if field.name in step.sent:
            expect_shown(step.shown, field.response, step.sent[field.name], "inherited from the base model")


@requirement("SEM-02", MUST, clause="x-clauses/own-wins")
@each("field", cases.inherited)
def test_own_value_wins(subject: Subject, field: Shown) -> None:
    """A value of the model's own wins over that of its base model, 0 included."""
    for step in stories.own_values(subject):
        if field.name in step.sent:
            expect_shown(step.shown, field.response, step.sent[field.name], "over the value of the base model")


@requirement("SEM-03", SHOULD, clause="x-clauses/base-chain")
@each("field", cases.inherited)
def test_inherits_through_a_chain(subject: Subject, field: Shown) -> None:
    """A value is inherited through a base of a base, and through one more."""
    for step in stories.heirs(subject, generations=3):
        expect_shown(step.shown, field.response, step.sent[field.name], "inherited through bases of the base")


@requirement("SEM-04", SHOULD, clause="x-clauses/base-chain")
@each("length", lambda _: {"a model that is its own base": 1, "three models": 3})
def test_cycle_is_answered(subject: Subject, length: int) -> None:
    """A cycle of base models is refused or cut, and the models in it and on it are still answered, as they were."""
    base, upsert = subject.require_base(), subject.contract.upsert
    models = [subject.given(subject.minimal()) for _ in range(length)]
    names = [model[upsert.key] for model in models]
    try:
        for name, target in zip(names, [*names[1:], names[0]], strict=True):
            closing = subject.upsert({upsert.key: name, base.name: target})
        for name in names:
            last = subject.upsert({upsert.key: name}).response.members.get(base.name)
        if not closing.response.successful and same(last, names[0]):
            raise Violation(f"no {base.name} that was refused", f"{base.name}: {written(last)}")
        if subject.abilities.reads:
            subject.read(names[0])
        subject.upsert({**subject.minimal(), base.name: names[0]})
    except Lost as lost:
        raise Violation("an answer, by refusing or cutting the cycle", f"nothing: {lost.reason}") from None


@requirement("SEM-05", MUST, clause="x-clauses/override")
@each("case", cases.overlaid)
def test_override_shows(subject: Subject, case: tuple[RequestField, ResponseField]) -> None:
    """The override just sent shows in the supported parameters, of a model with a base and of one without."""
    override, field = case
    base = subject.given({**subject.minimal(), override.name: {"temperature": {"min": 0, "max": 2}, "n": {"max": 3}}})
    for entries in OBJECTS:
        alone = subject.accepted(subject.upsert({**subject.minimal(), override.name: entries})).response.members
        expect_entries(alone.get(field.name), entries, field, f"as {override.name} says")
        model = _based_on(subject, base, {override.name: entries})
        expect_entries(model.get(field.name), entries, field, f"as {override.name} says, over those of the base")


@requirement("SEM-06", SHOULD, clause="x-clauses/override-entries")
@each("case", cases.overlaid)
def test_other_parameters_stay(subject: Subject, case: tuple[RequestField, ResponseField]) -> None:
    """Parameters of the base model that the override does not name stay as they are."""
    override, field = case
    theirs = {"temperature": {"min": 0, "max": 2}, "top_p": {"min": 0, "max": 1}}
    base = subject.given({**subject.minimal(), override.name: theirs})
    model = _based_on(subject, base, {override.name: {"temperature": {"max": 1}, "Top_P": {"max": 2}}})
    expect_entries(model.get(field.name), {"top_p": theirs["top_p"]}, field, "from the base, not named by the override")


@requirement("SEM-07", SHOULD, clause="x-clauses/override-entries")
@each("case", cases.overlaid)
def test_null_removes(subject: Subject, case: tuple[RequestField, ResponseField]) -> None:
    """An entry of null removes a parameter, be it the base model's or the model's own, until another brings it back.

    A model on that one does not show it either.
    """
    override, field = case
    base = subject.given({**subject.minimal(), override.name: {"temperature": {"max": 2}, "top_p": {"max": 1}}})
    key, removal, back = subject.contract.upsert.key, {"temperature": None}, {"temperature": {"max": 1}}
    removed = _based_on(subject, base, {override.name: removal})
    _expect_removed(removed, field)
    again = subject.accepted(subject.upsert({key: removed[key], override.name: back})).response.members
    expect_entries(again.get(field.name), back, field, "after an earlier override removed it")
    exchange = subject.upsert({key: removed[key], override.name: removal})
    _expect_removed(subject.accepted(exchange).response.members, field)
    _expect_removed(_based_on(subject, removed), field)


@requirement("SEM-13", MUST, clause="x-clauses/inherited")
@each("case", cases.overlaid)
def test_parameters_are_inherited(subject: Subject, case: tuple[RequestField, ResponseField]) -> None:
    """A model without an override shows the supported parameters of its base model, and no others."""
    override, field = case
    entries = {"temperature": {"min": 0, "max": 2}}
    base = subject.accepted(subject.upsert({**subject.minimal(), override.name: entries})).response.members
    shown = _based_on(subject, base).get(field.name)
    expect_entries(shown, entries, field, "inherited from the base model")
    _expect_parameters_of(base, shown, field)


@requirement("SEM-14", SHOULD, clause="x-clauses/override-entries")
@each("case", cases.overlaid)
def test_entry_replaces(subject: Subject, case: tuple[RequestField, ResponseField]) -> None:
    """An entry of the override replaces the base model's parameter whole, rather than being mixed into it."""
    override, field = case
    base = subject.given({**subject.minimal(), override.name: {"temperature": {"min": 0, "max": 2, "default": 1}}})
    entries = {"temperature": {"max": 1}}
    model = _based_on(subject, base, {override.name: entries})
    expect_entries(model.get(field.name), entries, field, "in place of the base's parameter")


@requirement("SEM-19", SHOULD, clause="x-clauses/base-chain")
@each("case", cases.overlaid)
def test_nearer_parameters_win(subject: Subject, case: tuple[RequestField, ResponseField]) -> None:
    """Parameters come through a base of a base, and those of the nearer one win."""
    override, field = case
    far, near = {"temperature": {"max": 2}, "top_p": {"max": 1}}, {"temperature": {"max": 1}}
    root = subject.given({**subject.minimal(), override.name: far})
    parent = _based_on(subject, root, {override.name: near})
    expect_entries(_based_on(subject, parent).get(field.name), far | near, field, "through a base of the base")


@requirement("SEM-20", SHOULD, clause="x-clauses/exact")
@each("case", cases.overlaid)
def test_odd_entries_are_exact(subject: Subject, case: tuple[RequestField, ResponseField]) -> None:
    """A valid but odd entry of an override that is taken comes back exactly."""
    override, field = case
    model = subject.minimal()  # in which the later list takes the place of the earlier
    lists = [(model, {"stop": ["a", "b", "c"]}), (model, {"stop": ["d"]})]
    for key, entries in (*((subject.minimal(), odd) for odd in odd_values(override.schema)), *lists):
        exchange = subject.upsert({**key, override.name: entries})
        if exchange.response.status in (subject.contract.upsert.created, subject.contract.upsert.updated):
            with shown_by(exchange):
                expect_entries(exchange.response.members.get(field.name), entries, field, f"as {override.name} says")
        else:
            subject.observe(f"{override.name}: {written(entries, 60)} is answered {exchange.response.status}")


@requirement("SEM-21", SHOULD, clause="x-clauses/inherited")
def test_other_base(subject: Subject) -> None:
    """A model that is given another base model shows that one's values and parameters, and none of the former one's.

    Values of its own stay, be they the same as those of the former one.
    """
    base, key = subject.require_base(), subject.contract.upsert.key
    inherited = [field for field in inherited_fields(subject.contract) if field in subject.reliable_fields()]
    former, latter = roots = [subject.full(variant) for variant in (1, 2)]
    theirs = [subject.accepted(subject.upsert(root)).response.members for root in roots]
    own = {field.name: former[field.name] for field in inherited[:1]}
    overrides = {override.name: {"logit_bias": {"max": 1}} for override, _, _ in overlays(subject.contract)}
    bare, full = subject.minimal(), subject.minimal() | own | overrides
    subject.given(bare | {base.name: former[key]})
    shown = subject.accepted(subject.upsert(bare | {base.name: latter[key]})).response.members
    for field in inherited:
        expect_shown(shown, field.response, latter[field.name], "inherited from the base model given last")
    for _, overlaid, _ in overlays(subject.contract):
        _expect_parameters_of(theirs[1], shown.get(overlaid.name), overlaid)
    subject.given(full | {base.name: former[key]})
    shown = subject.accepted(subject.upsert({key: full[key], base.name: latter[key]})).response.members
    for field in inherited[:1] if subject.abilities.keeps else ():
        expect_shown(shown, field.response, own[field.name], "of its own, whatever the base model")
    for _, overlaid, _ in overlays(subject.contract):
        _expect_none_of(theirs[0], theirs[1], shown.get(overlaid.name), overlaid)


@requirement("SEM-08", MUST, clause="x-clauses/shown", needs=["provider"])
def test_provider_shows(subject: Subject) -> None:
    """A model that is attached to a provider, in a create or an update, shows that provider, if it shows one."""
    base = subject.given(subject.minimal())
    for field, lookup in lookups(subject.contract):
        for number, provider in enumerate(subject.plan.known.providers):
            bodies = [{**subject.minimal(), **subject.based_on(base)}]
            if number == 0:
                bodies.append(subject.given(subject.minimal()))
            sent = [subject.accepted(subject.upsert({**body, lookup.by: provider})) for body in bodies]
            found = [exchange.response.members.get(field.name) for exchange in sent]
            if not any(found):
                subject.observe(f"{field.name} is not shown")
                continue
            for shown in found:
                _expect_provider(shown, provider, field)


@requirement("SEM-22", MUST, clause="x-clauses/shown", needs=["provider"])
def test_provider_of_one_model(subject: Subject) -> None:
    """A model moves from one provider to another and back, and another model of the first stays where it is."""
    first, *others = subject.plan.known.providers
    moving = subject.minimal()
    for field, lookup in lookups(subject.contract):
        staying = subject.given({**subject.minimal(), lookup.by: first})
        for provider in (first, *others, first):
            moved = subject.accepted(subject.upsert({**moving, lookup.by: provider})).response.members
            if moved.get(field.name) is None:
                raise NotTestable(f"the target does not show {field.name}")
            _expect_provider(moved[field.name], provider, field)
            if subject.abilities.reads_truly and provider != first:
                _expect_provider(subject.look(staying).get(field.name), first, field)


@requirement("SEM-09", MUST, clause="provider_id/x-alias", needs=["provider"])
@each("case", cases.aliases)
def test_either_spelling(subject: Subject, case: tuple[RequestField, Alias]) -> None:
    """Either spelling of the provider does the same, in a create and in an update, and so do both when they agree."""
    (provider, *others), (spelling, alias) = subject.plan.known.providers, case
    for field, lookup in lookups(subject.contract):
        if lookup.by != alias.of:
            continue
        plain = subject.accepted(subject.upsert({**subject.minimal(), alias.of: provider})).response.members
        one = {**subject.minimal(), spelling.name: provider}
        for body in (one, {**subject.minimal(), spelling.name: provider, alias.of: provider}):
            other = subject.accepted(subject.upsert(body)).response.members
            if _provider_id(other.get(field.name)) != _provider_id(plain.get(field.name)):
                expected = f"{field.name}: {written(plain.get(field.name))}, as under {alias.of}"
                raise Violation(expected, f"{field.name}: {written(other.get(field.name))}")
        if others and _provider_id(plain.get(field.name)) == provider:
            moved = {**one, spelling.name: others[0]}
            _expect_provider(subject.accepted(subject.upsert(moved)).response.members.get(field.name), others[0], field)


@requirement("SEM-10", SHOULD, clause="x-clauses/server-owned")
@each("field", cases.server_owned)
def test_server_owned(subject: Subject, field: ResponseField) -> None:
    """A field that only the response has cannot be set by a request: it is ignored or refused."""
    value = "rc-forged" if field.schema.get("type") == "string" else {"rc-forged": 1}
    forged = {
        "string": {"date-time": "2001-01-01T00:00:00Z"}.get(field.schema.get("format", ""), value),
        "object": {
            "rc-forged": {"max": 1},
            "provider_id": "rc-forged",
            "id": "rc-forged",
            "number_of_requests": 424242,
        },
        "boolean": False,
    }.get(field.schema.get("type", ""), value)
    candidates = [*field.schema["enum"]] if "enum" in field.schema else [True, False] if forged is False else [forged]
    shown, key = [], subject.once("a model to forge", subject.names.fresh)
    for candidate in candidates:
        exchange = subject.upsert({**subject.full(1, key), field.name: candidate})
        if not exchange.response.successful:
            subject.observe(f"{field.name} in a request is answered {exchange.response.status}")
            return
        shown.append(exchange.response.members.get(field.name))
    if all(_takes(seen, candidate) for seen, candidate in zip(shown, candidates, strict=True)):
        raise Violation(f"{field.name} not set by the request", f"{field.name}: {written(shown[-1])}")


@requirement("SEM-11", MUST, clause="x-clauses/inherited", needs=["builtin-model"])
def test_inherits_from_builtin(subject: Subject) -> None:
    """A model whose base is a built-in one shows its own values, and else those that the built-in model shows."""
    subject.require_read()
    for name in subject.plan.known.builtin_models:
        builtin = subject.read(name)
        if builtin.response.status != 200:
            raise NotTestable(f"the built-in model {name} cannot be read: it is answered {builtin.response.status}")
        overrides = {override.name: {"temperature": {"max": 1}} for override, _, _ in overlays(subject.contract)}
        exchange = subject.upsert({**subject.minimal(), subject.require_base().name: name, **overrides})
        members = subject.accepted(exchange).response.members
        for field in cases.inherited(subject.contract).values():
            value = builtin.response.members.get(field.name)
            if value is not None and field.response.name in subject.contract.upsert.request:
                expect_shown(members, field.response, value, f"inherited from the built-in model {name}")
        own = {**subject.full(2), subject.require_base().name: name}
        members = subject.accepted(subject.upsert(own)).response.members
        for field in cases.inherited(subject.contract).values():
            if field in subject.reliable_fields():
                expect_shown(members, field.response, own[field.name], f"over the value of the built-in model {name}")
        after = subject.read(name).response.members
        expect_unchanged(subject.contract, builtin.response.members, after, f"in the built-in model {name}")


@requirement("SEM-12", OPEN, clause="x-clauses/unknown-fields")
def test_unknown_fields(subject: Subject) -> None:
    """A field that the contract does not name is ignored or refused."""
    exchange = subject.upsert({**subject.minimal(), "rc_unknown_field": "value"})
    subject.observe(f"an unknown field is answered {exchange.response.status}")


@requirement("SEM-15", OPEN, clause="x-clauses/inherited")
def test_when_the_base_is_read(subject: Subject) -> None:
    """A base model that changes later may change what its models show."""
    field = next(iter(cases.inherited(subject.contract).values()), None)
    if field is None:
        raise NotTestable("the contract has no inheritance")
    subject.require_reading()
    base = subject.given({**subject.minimal(), field.name: distinct_value(field.request.schema, 1)})
    model = {**subject.minimal(), subject.require_base().name: base[subject.contract.upsert.key]}
    subject.given(model)
    changed = subject.given({**base, field.name: distinct_value(field.request.schema, 2)})
    follows = same(subject.look(model).get(field.name), changed[field.name])
    subject.observe("the base model is read when a model is " + ("read" if follows else "written"))


@requirement("SEM-18", SHOULD, clause="x-clauses/base-chain")
def test_base_is_the_nearest(subject: Subject) -> None:
    """A model on a base that has a base itself shows the base that it was given, not that one's."""
    base = subject.require_base()
    for step in stories.heirs(subject, generations=3):
        expect_shown(step.shown, subject.contract.upsert.response[base.name], step.given, "as it was sent")


@requirement("SEM-17", SHOULD, clause="x-clauses/base-chain")
def test_base_that_was_deleted(subject: Subject) -> None:
    """A model whose base model was deleted is still there, and is answered."""
    subject.require_delete()
    base = subject.given(subject.few())
    model = {**subject.minimal(), subject.require_base().name: base[subject.contract.upsert.key]}
    subject.given(model)
    if not subject.delete(base[subject.contract.upsert.key], ordinary=False).response.successful:
        subject.observe("a base model in use cannot be deleted")
        return
    upsert, bare = subject.contract.upsert, {subject.contract.upsert.key: model[subject.contract.upsert.key]}
    written_again = subject.upsert(subject.few(2, str(bare[upsert.key])))
    if written_again.response.status >= 500:
        raise NotTestable("the update of a model whose base model was deleted fails", because="STA-03")
    expect_taken(written_again, "the model exists, whatever became of its base model")
    if subject.abilities.tells_updates:
        expect_status(written_again, upsert.updated, when="for a model whose base model was deleted")
    if subject.abilities.reads:
        read = subject.read(bare[subject.contract.upsert.key])
        if read.response.status < 500:
            expect_taken(read, "the model exists, whatever became of its base model")


@requirement("SEM-16", MUST, clause="x-clauses/own-wins")
def test_base_stays_as_it_is(subject: Subject) -> None:
    """Writing a model changes nothing of its base model."""
    base_body = subject.given(subject.full(1))
    before = subject.look(base_body)
    subject.given({**subject.full(2), subject.require_base().name: base_body[subject.contract.upsert.key]})
    expect_unchanged(subject.contract, before, subject.look(base_body), "in the base model")


def _expect_removed(shown: Mapping[str, Json], field: ResponseField) -> None:
    parameters = shown.get(field.name)
    if isinstance(parameters, dict) and "temperature" in parameters:
        raise Violation(f"{field.name} without temperature", f"{field.name}: {written(parameters)}")


def _based_on(subject: Subject, base: Mapping[str, Json], own: dict[str, Json] | None = None) -> dict[str, Json]:
    """What a new model shows whose base is `base` and whose own values are `own`."""
    body = {**subject.minimal(), subject.require_base().name: base[subject.contract.upsert.key], **(own or {})}
    return dict(subject.accepted(subject.upsert(body)).response.members)


def _expect_parameters_of(base: Mapping[str, Json], shown: Json, field: ResponseField) -> None:
    theirs = base.get(field.name)
    if not same(shown, theirs):
        expected, observed = f"{field.name}: {written(theirs)}, as in the base model", f"{field.name}: {written(shown)}"
        raise differing(expected, observed, theirs, shown)


def _expect_none_of(former: Mapping[str, Json], latter: Mapping[str, Json], shown: Json, field: ResponseField) -> None:
    """None of the parameters is shown that only the former base model has."""
    parameters, theirs, others = shown or {}, former.get(field.name) or {}, latter.get(field.name) or {}
    if all(isinstance(it, dict) for it in (parameters, theirs, others)):
        left = parameters.keys() & (theirs.keys() - others.keys())
        if left:
            expected = f"{field.name} without {', '.join(sorted(left))}, of the base model before"
            raise Violation(expected, f"{field.name}: {written(shown)}")


def _provider_id(shown: Json) -> Json:
    return (shown.get("provider_id") or shown.get("id")) if isinstance(shown, dict) else None


def _expect_provider(shown: Json, provider: str, field: ResponseField) -> None:
    found = _provider_id(shown)
    if shown is None or (found is not None and found != provider):
        raise Violation(f"{field.name}.provider_id: {written(provider)}", f"{field.name}: {written(shown)}")


def _takes(shown: Json, forged: Json) -> bool:
    """Whether what is shown is what was forged; of an object one member is enough."""
    if isinstance(forged, dict) and isinstance(shown, dict):
        return any(name in shown and same(shown[name], value) for name, value in forged.items())
    return same(shown, forged)
