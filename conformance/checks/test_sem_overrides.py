"""SEM, overrides: how they change parameters, entry by entry."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.checks import scenarios
from conformance.generate.values import MANY_ENTRIES, OBJECTS, REVEALING_ENTRIES, edge_values
from conformance.judge.expect import as_json, attributed_to, contains, expect_entries
from conformance.judge.outcome import Failure
from conformance.requirements import cases
from conformance.requirements.features import (
    BASE_MODELS,
    INHERITED_PARAMETERS,
    OVERRIDES,
)
from conformance.requirements.level import MUST, SHOULD
from conformance.requirements.requirement import each, requirement
from conformance.target.subject import Subject
from conformance.wire.exchange import Json
from contract import RequestField, ResponseField


@requirement("SEM-05", MUST, clause="x-clauses/override", about=[OVERRIDES], quick=False)
@each("case", cases.overrides)
def test_override_is_returned(subject: Subject, case: tuple[RequestField, ResponseField]) -> None:
    """The entries of an override appear in the supported parameters, with or without a base model."""
    override, field = case
    scenarios.require_returned(subject, field)
    wider, narrower = {"temperature": {"min": 0, "max": 2}, "n": {"max": 3}}, {"top_k": {"min": 2, "max": 50}}
    base = subject.existing({**subject.minimal_body(), override.name: wider | narrower})
    for entries in OBJECTS:
        alone = {**subject.minimal_body(), override.name: entries}
        returned = subject.require_accepted(subject.upsert(alone)).response.members.get(field.name) if entries else {}
        expect_entries(returned, entries, field, f"as in {override.name}", contains)
        if not BASE_MODELS.is_in(subject.contract):
            continue
        model = scenarios.create_derived(subject, base, {override.name: entries})
        where = f"as in {override.name}, over the base model"
        expect_entries(model.get(field.name), entries, field, where, contains)
    telling = subject.upsert({**subject.minimal_body(), override.name: REVEALING_ENTRIES})
    if telling.response.successful:
        with attributed_to(telling):
            returned = telling.response.members.get(field.name)
            expect_entries(returned, REVEALING_ENTRIES, field, f"as in {override.name}", contains)
    else:
        names = ", ".join(REVEALING_ENTRIES)
        subject.observe(f"{override.name} of {names} gets {telling.response.status}")


@requirement("SEM-23", SHOULD, clause="x-clauses/override", about=[OVERRIDES])
@each("case", cases.overrides)
def test_empty_override(subject: Subject, case: tuple[RequestField, ResponseField]) -> None:
    """Where an override replaces the previous one, an empty override replaces it too."""
    override, field = case
    scenarios.require_returned(subject, field)
    *earlier, last = scenarios.successive_overrides(subject, override)
    parameter = next(iter(last.sent[override.name]))
    theirs = {name for step in earlier for name in step.sent[override.name]} - last.sent[override.name].keys()
    returned = last.returned.get(field.name)
    if not isinstance(returned, dict) or parameter not in returned or theirs & returned.keys():
        subject.observe(f"{override.name} is merged into the previous one")
        return
    key = subject.contract.upsert.key
    emptied = subject.require_accepted(subject.upsert({key: last.sent[key], override.name: {}})).response.members
    if parameter in (emptied.get(field.name) or {}):
        expected = f"{field.name} without {parameter} of an earlier override"
        raise Failure(expected, f"{field.name}: {as_json(emptied[field.name])}", seen_in=[emptied])


@requirement(
    "SEM-06", SHOULD, clause="x-clauses/override-entries", about=[OVERRIDES, INHERITED_PARAMETERS], creates=True
)
@each("case", cases.overrides_of_base)
def test_other_parameters_stay(subject: Subject, case: tuple[RequestField, ResponseField]) -> None:
    """Parameters of the base model that the override does not name stay unchanged."""
    override, field = case
    scenarios.require_returned(subject, field)
    theirs = {"temperature": {"min": 0, "max": 2}, "top_p": {"min": 0, "max": 1}}
    base = subject.existing({**subject.minimal_body(), override.name: theirs})
    model = scenarios.create_derived(subject, base, {override.name: {"temperature": {"max": 1}, "Top_P": {"max": 2}}})
    expect_entries(
        model.get(field.name), {"top_p": theirs["top_p"]}, field, "from the base model, not in the override", contains
    )


@requirement(
    "SEM-07", SHOULD, clause="x-clauses/override-entries", about=[OVERRIDES, INHERITED_PARAMETERS], creates=True
)
@each("case", cases.overrides_of_base)
def test_null_removes(subject: Subject, case: tuple[RequestField, ResponseField]) -> None:
    """A null entry of an override removes the parameter until a later override restores it.

    A model on that one does not show it either.
    """
    override, field = case
    scenarios.require_returned(subject, field)
    base = subject.existing(
        {**subject.minimal_body(), override.name: {"rc_parameter": {"max": 2}, "top_p": {"max": 1}}}
    )
    key, removal, back = subject.contract.upsert.key, {"rc_parameter": None}, {"rc_parameter": {"max": 1}}
    removed = scenarios.create_derived(subject, base, {override.name: removal})
    _expect_removed(removed, field)
    again = subject.require_accepted(subject.upsert({key: removed[key], override.name: back})).response.members
    expect_entries(again.get(field.name), back, field, "after an earlier override removed it")
    exchange = subject.upsert({key: removed[key], override.name: removal})
    _expect_removed(subject.require_accepted(exchange).response.members, field)
    _expect_removed(scenarios.create_derived(subject, removed), field)
    own = scenarios.create_derived(subject, removed, {override.name: back})
    expect_entries(own.get(field.name), back, field, "of its own, although its base model removed it")


@requirement("SEM-14", SHOULD, clause="x-clauses/override-entries", about=[OVERRIDES, INHERITED_PARAMETERS])
@each("case", cases.overrides_of_base)
def test_entry_replaces(subject: Subject, case: tuple[RequestField, ResponseField]) -> None:
    """An entry of an override replaces the parameter of the base model as a whole."""
    override, field = case
    scenarios.require_returned(subject, field)
    base = subject.existing(
        {**subject.minimal_body(), override.name: {"rc_parameter": {"min": 0, "max": 2, "default": 1}}}
    )
    entries = {"rc_parameter": {"max": 1}}
    model = scenarios.create_derived(subject, base, {override.name: entries})
    expect_entries(model.get(field.name), entries, field, "instead of the parameter of the base model")


@requirement("SEM-20", SHOULD, clause="x-clauses/exact", about=[OVERRIDES])
@each("case", cases.overrides)
def test_unusual_entries_are_exact(subject: Subject, case: tuple[RequestField, ResponseField]) -> None:
    """A response returns an accepted valid but unusual entry of an override exactly."""
    override, field = case
    scenarios.require_returned(subject, field)
    unusual = edge_values(override.schema)
    together = subject.upsert(
        {**subject.minimal_body(), override.name: {n: it for some in unusual for n, it in some.items()}}
    )
    alone = [] if together.response.successful else unusual
    list_of = subject.minimal_body()  # the second list replaces the first one
    sent = [{**subject.minimal_body(), override.name: entries} for entries in alone]
    sent += [{**list_of, override.name: {"stop": entry}} for entry in (["a", "b", "c"], ["d"])]
    sent.append({**subject.minimal_body(), override.name: MANY_ENTRIES})
    upsert = subject.contract.upsert
    for exchange in (together, *(subject.upsert(body) for body in sent)):
        entries = exchange.request.json[override.name]
        if exchange.response.status in (upsert.created, upsert.updated):
            with attributed_to(exchange):
                returned = exchange.response.members.get(field.name)
                expect_entries(returned, entries, field, f"as in {override.name}", contains)
        else:
            subject.observe(f"{override.name}: {as_json(entries, 60)} gets {exchange.response.status}")


def _expect_removed(returned: Mapping[str, Json], field: ResponseField) -> None:
    parameters = returned.get(field.name)
    if isinstance(parameters, dict) and "rc_parameter" in parameters:
        raise Failure(f"{field.name} without rc_parameter", f"{field.name}: {as_json(parameters)}")
