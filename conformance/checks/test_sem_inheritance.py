"""SEM, base models: what a model inherits from its base model, and from that one's."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.checks import scenarios
from conformance.fields import EchoedField, inherited_fields, overlays
from conformance.generate.values import distinct_value, has_few_values
from conformance.judge.expect import (
    as_json,
    contains,
    expect_accepted,
    expect_entries,
    expect_returned,
    expect_status,
    expect_unchanged,
    same,
    summary,
    value_failure,
)
from conformance.judge.outcome import Failure, NotTestable
from conformance.judge.prerequisite import Prerequisite
from conformance.requirements import cases
from conformance.requirements.features import (
    BASE_ECHOED,
    BASE_MODELS,
    DELETE,
    INHERITANCE,
    INHERITED,
    INHERITED_PARAMETERS,
    OVERRIDES,
    READ,
    STATE,
)
from conformance.requirements.level import MUST, OPEN, SHOULD
from conformance.requirements.requirement import each, requirement
from conformance.target.subject import Subject
from conformance.wire.exchange import Exchange, Json, NoResponse
from contract import RequestField, ResponseField


@requirement("SEM-01", MUST, clause="x-clauses/inherited", about=[BASE_MODELS, INHERITED], creates=True)
@each("field", cases.inherited)
def test_inherits(subject: Subject, field: EchoedField) -> None:
    """A model without a value of its own returns the value of its base model."""
    for step in [*scenarios.derived_models(subject, generations=1), *scenarios.late_derived_models(subject)]:
        if field.name in step.sent:
            expect_returned(step.returned, field.response, step.sent[field.name], "inherited from the base model")


@requirement("SEM-02", MUST, clause="x-clauses/own-wins", about=[BASE_MODELS, INHERITED], quick=False)
@each("field", cases.inherited)
def test_own_value_wins(subject: Subject, field: EchoedField) -> None:
    """A model's own value takes precedence over the value of its base model, even if it is 0."""
    for step in scenarios.own_values(subject):
        if field.name in step.sent:
            expect_returned(step.returned, field.response, step.sent[field.name], "over the value of the base model")


@requirement("SEM-03", SHOULD, clause="x-clauses/base-chain", about=[BASE_MODELS, INHERITED], creates=True)
@each("field", cases.inherited)
def test_inherits_through_a_chain(subject: Subject, field: EchoedField) -> None:
    """A model inherits values through several levels of base models."""
    for step in scenarios.derived_models(subject, generations=3):
        expect_returned(step.returned, field.response, step.sent[field.name], "inherited through several base models")


@requirement("SEM-04", SHOULD, clause="x-clauses/base-chain", about=[BASE_MODELS])
@each("length", lambda _: {"a model that is its own base": 1, "three models": 3})
def test_cycle_is_rejected_or_cut(subject: Subject, length: int) -> None:
    """The server rejects or cuts a cycle of base models, and the models in it stay readable and unchanged."""
    base, upsert = subject.require_base(), subject.contract.upsert
    models = [subject.existing(subject.minimal_body()) for _ in range(length)]
    names = [model[upsert.key] for model in models]
    try:
        for name, target in zip(names, [*names[1:], names[0]], strict=True):
            closing = subject.upsert({upsert.key: name, base.name: target})
        for name in names:
            last = subject.upsert({upsert.key: name})
        if not closing.response.successful:
            _expect_without_base(subject, last, names[0])
        if subject.capabilities.read_works:
            subject.read(names[0])
        subject.upsert({**subject.minimal_body(), base.name: names[0]})
    except NoResponse as lost:
        raise Failure("a response that rejects or cuts the cycle", f"nothing: {lost.reason}") from None


@requirement(
    "SEM-13",
    MUST,
    clause="x-clauses/inherited",
    about=[BASE_MODELS, OVERRIDES, INHERITED_PARAMETERS],
    creates=True,
    quick=False,
)
@each("case", cases.overrides_of_base)
def test_parameters_are_inherited(subject: Subject, case: tuple[RequestField, ResponseField]) -> None:
    """A model without an override returns exactly the supported parameters of its base model."""
    override, field = case
    scenarios.require_returned(subject, field)
    entries = {"temperature": {"min": 0, "max": 2}}
    base = subject.require_accepted(subject.upsert({**subject.minimal_body(), override.name: entries})).response.members
    returned = scenarios.create_derived(subject, base).get(field.name)
    expect_entries(returned, entries, field, "inherited from the base model", contains)
    _expect_parameters_of(base, returned, field)


@requirement(
    "SEM-19", SHOULD, clause="x-clauses/base-chain", about=[BASE_MODELS, OVERRIDES, INHERITED_PARAMETERS], creates=True
)
@each("case", cases.overrides_of_base)
def test_nearer_parameters_win(subject: Subject, case: tuple[RequestField, ResponseField]) -> None:
    """A model inherits parameters through several base models, and the nearest one takes precedence."""
    override, field = case
    scenarios.require_returned(subject, field)
    far, near = {"temperature": {"max": 2}, "top_p": {"max": 1}}, {"temperature": {"max": 1}}
    root = subject.existing({**subject.minimal_body(), override.name: far})
    parent = scenarios.create_derived(subject, root, {override.name: near})
    returned = scenarios.create_derived(subject, parent).get(field.name)
    expect_entries(returned, far | near, field, "inherited through several base models", contains)


@requirement("SEM-21", SHOULD, clause="x-clauses/inherited", about=[BASE_MODELS, INHERITANCE], creates=True)
def test_change_of_base(subject: Subject) -> None:
    """A model with a new base model inherits from the new one and no longer from the old one.

    Values of its own stay, be they the same as those of the former one.
    """
    base, key = subject.require_base(), subject.contract.upsert.key
    inherited = [field for field in inherited_fields(subject.contract) if field in subject.reliable_fields()]
    former, latter = roots = [subject.full_body(variant) for variant in (1, 2)]
    theirs = [subject.require_accepted(subject.upsert(root)).response.members for root in roots]
    own = {field.name: former[field.name] for field in inherited[:1]}
    overrides = {override.name: {"logit_bias": {"max": 1}} for override, _, _ in overlays(subject.contract)}
    bare, full = subject.minimal_body(), subject.minimal_body() | own | overrides
    subject.existing(bare | {base.name: former[key]})
    if subject.capabilities.bare_upsert_returns_state:
        subject.existing(bare)  # which does not make inherited values its own
    returned = subject.require_accepted(subject.upsert(bare | {base.name: latter[key]})).response.members
    for field in inherited:
        expect_returned(returned, field.response, latter[field.name], "inherited from the latest base model")
    for _, overlaid, _ in overlays(subject.contract):
        _expect_parameters_of(theirs[1], returned.get(overlaid.name), overlaid)
    _expect_nothing_of(latter, bare, subject)
    subject.existing(full | {base.name: former[key]})
    returned = subject.require_accepted(subject.upsert({key: full[key], base.name: latter[key]})).response.members
    for field in inherited[:1] if subject.capabilities.bare_upsert_returns_state else ():
        expect_returned(returned, field.response, own[field.name], "of its own, whatever the base model")
    for _, overlaid, _ in overlays(subject.contract):
        _expect_none_of(theirs[0], theirs[1], returned.get(overlaid.name), overlaid)


@requirement(
    "SEM-11",
    MUST,
    clause="x-clauses/inherited",
    needs=["builtin-model"],
    about=[BASE_MODELS, INHERITED, READ],
    creates=True,
    quick=False,
)
def test_inherits_from_builtin(subject: Subject) -> None:
    """A model with a built-in base model returns its own values first, then those of the built-in model."""
    subject.require_read()
    names = [name for name in subject.options.fixtures.builtin_models if subject.has_path_for(name)]
    if not names:
        raise NotTestable("the contract has no path for the names of these built-in models")
    for name in names:
        builtin = subject.read(name)
        if builtin.response.status != 200:
            raise NotTestable(f"the built-in model {name} cannot be read: a read gets {builtin.response.status}")
        entry = {"max": subject.names.number()}  # a new one each time, because the model may not be deleted
        overrides = {override.name: {"temperature": entry} for override, _, _ in overlays(subject.contract)}
        exchange = subject.upsert({**subject.minimal_body(), subject.require_base().name: name, **overrides})
        members = subject.require_accepted(exchange).response.members
        for field in cases.inherited(subject.contract).values():
            value = builtin.response.members.get(field.name)
            if value is not None and field.response.name in subject.contract.upsert.request:
                expect_returned(members, field.response, value, f"inherited from the built-in model {name}")
        own = {**subject.full_body(2), subject.require_base().name: name}
        members = subject.require_accepted(subject.upsert(own)).response.members
        for field in subject.reliable_fields():
            if field.name in own:
                expect_returned(
                    members, field.response, own[field.name], f"over the value of the built-in model {name}"
                )
        after = subject.read(name).response.members
        expect_unchanged(subject.contract, builtin.response.members, after, f"in the built-in model {name}")


@requirement("SEM-15", OPEN, clause="x-clauses/inherited", about=[BASE_MODELS, INHERITED, STATE])
def test_when_the_base_is_read(subject: Subject) -> None:
    """A later change of a base model may change the values of models derived from it."""
    field = next(iter(cases.inherited(subject.contract).values()), None)
    if field is None:
        raise NotTestable("the contract has no inheritance")
    subject.require_readable_state()
    base = subject.existing({**subject.minimal_body(), field.name: distinct_value(field.request.schema, 1)})
    model = {**subject.minimal_body(), subject.require_base().name: base[subject.contract.upsert.key]}
    subject.existing(model)
    changed = subject.existing({**base, field.name: distinct_value(field.request.schema, 2)})
    follows = same(subject.read_state(model).get(field.name), changed[field.name])
    subject.observe(
        "inherited values are those of the base model when a model is " + ("read" if follows else "written")
    )


@requirement("SEM-18", SHOULD, clause="x-clauses/base-chain", about=[BASE_MODELS, BASE_ECHOED])
def test_base_is_the_nearest(subject: Subject) -> None:
    """A model returns the base model that the request gave it, not the base of that base."""
    base = subject.require_base()
    for step in scenarios.derived_models(subject, generations=3):
        expect_returned(step.returned, subject.contract.upsert.response[base.name], step.base, "as it was sent")


@requirement("SEM-17", SHOULD, clause="x-clauses/base-chain", about=[BASE_MODELS, DELETE])
def test_base_that_was_deleted(subject: Subject) -> None:
    """A model stays readable after its base model is deleted."""
    subject.require_delete()
    base = subject.existing(subject.small_body())
    model = {**subject.minimal_body(), subject.require_base().name: base[subject.contract.upsert.key]}
    subject.existing(model)
    if not subject.delete(base[subject.contract.upsert.key], may_be_intercepted=True).response.successful:
        subject.observe("a base model in use cannot be deleted")
        return
    upsert, bare = subject.contract.upsert, {subject.contract.upsert.key: model[subject.contract.upsert.key]}
    written_again = subject.upsert(subject.small_body(2, str(bare[upsert.key])))
    if written_again.response.status >= 500:
        raise NotTestable(
            "the update of a model with a deleted base model gets a server error", blocked_by=Prerequisite.RESPONDS
        )
    expect_accepted(written_again, "the model exists, although its base model was deleted")
    if subject.capabilities.update_returns_updated:
        expect_status(written_again, upsert.updated, when="for a model with a deleted base model")
    if subject.capabilities.read_works:
        read = subject.read(bare[subject.contract.upsert.key])
        if read.response.status < 500:
            expect_accepted(read, "the model exists, although its base model was deleted")
    if subject.capabilities.delete_removes_model and (left := subject.read(base[upsert.key])).response.successful:
        raise Failure("no model after its delete", summary(left))


@requirement("SEM-16", MUST, clause="x-clauses/own-wins", about=[BASE_MODELS], quick=False)
def test_base_stays_as_it_is(subject: Subject) -> None:
    """Writing a model does not change its base models."""
    key, overrides = subject.contract.upsert.key, [override.name for override, _, _ in overlays(subject.contract)]
    root = subject.existing(subject.full_body(1))
    chained = subject.upsert({**subject.full_body(3), **subject.based_on(root)})  # which a server may reject
    bases = [root] + ([chained.request.json] if chained.response.successful else [])
    before = [subject.read_state(base) for base in bases]
    model = subject.existing({**subject.full_body(2), **subject.based_on(root)})
    without = {name: dict.fromkeys(root.get(name, {})) for name in overrides}
    for change in (subject.full_body(4, model[key]), {key: model[key], **without}):  # a server may reject null entries
        subject.upsert({**change, **subject.based_on(bases[-1])})
    for base, returned in zip(bases, before, strict=True):
        expect_unchanged(subject.contract, returned, subject.read_state(base), "in the base model")


def _expect_nothing_of(former: Mapping[str, Json], model: Mapping[str, Json], subject: Subject) -> None:
    """Expect a model to have no values of a former base model if the latest one has no values."""
    base, key = subject.require_base(), subject.contract.upsert.key
    empty = subject.existing(subject.minimal_body())
    returned = subject.require_accepted(subject.upsert({**model, base.name: empty[key]})).response.members
    for field in inherited_fields(subject.contract):
        distinctive = field in subject.reliable_fields() and not has_few_values(field.request.schema)
        if distinctive and same(returned.get(field.name), former[field.name]):
            observed = f"{field.name}: {as_json(former[field.name])}"
            raise Failure(f"no {field.name} of a former base model", observed, seen_in=[returned])


def _expect_without_base(subject: Subject, updated: Exchange, rejected: str) -> None:
    """Expect that a model can be updated after a rejected base model, and does not have that base model."""
    base = subject.require_base()
    if subject.capabilities.update_returns_updated and updated.response.status < 500:
        expect_accepted(updated, f"only its {base.name} was rejected")
    returned = updated.response.members.get(base.name)
    if same(returned, rejected):
        raise Failure(f"no {base.name} that was rejected", f"{base.name}: {as_json(returned)}")


def _expect_parameters_of(base: Mapping[str, Json], returned: Json, field: ResponseField) -> None:
    theirs = base.get(field.name)
    if not same(returned, theirs):
        expected, observed = (
            f"{field.name}: {as_json(theirs)}, as in the base model",
            f"{field.name}: {as_json(returned)}",
        )
        raise value_failure(expected, observed, theirs, returned)


def _expect_none_of(
    former: Mapping[str, Json], latter: Mapping[str, Json], returned: Json, field: ResponseField
) -> None:
    """Expect no parameters that only the former base model has."""
    parameters, theirs, others = returned or {}, former.get(field.name) or {}, latter.get(field.name) or {}
    if all(isinstance(it, dict) for it in (parameters, theirs, others)):
        left = parameters.keys() & (theirs.keys() - others.keys())
        if left:
            expected = f"{field.name} without {', '.join(sorted(left))} of the former base model"
            raise Failure(expected, f"{field.name}: {as_json(returned)}")
