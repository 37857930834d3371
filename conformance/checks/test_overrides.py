"""SEM, overrides: what they say of parameters, entry by entry."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.checks import stories
from conformance.generate.values import OBJECTS, odd_values
from conformance.judge.expect import expect_entries, shown_by, written
from conformance.judge.outcome import Violation
from conformance.judge.same import contains
from conformance.requirements import cases
from conformance.requirements.features import (
    BASE_MODELS,
    INHERITED_PARAMETERS,
    OVERRIDES,
)
from conformance.requirements.level import MUST, SHOULD
from conformance.requirements.requirement import each, requirement
from conformance.subject.subject import Subject
from conformance.wire.exchange import Json
from contract import RequestField, ResponseField


@requirement("SEM-05", MUST, clause="x-clauses/override", about=[OVERRIDES])
@each("case", cases.overlaid)
def test_override_shows(subject: Subject, case: tuple[RequestField, ResponseField]) -> None:
    """The override just sent shows in the supported parameters, of a model with a base and of one without."""
    override, field = case
    base = subject.given({**subject.minimal(), override.name: {"temperature": {"min": 0, "max": 2}, "n": {"max": 3}}})
    for entries in OBJECTS:
        alone = subject.accepted(subject.upsert({**subject.minimal(), override.name: entries})).response.members
        expect_entries(alone.get(field.name), entries, field, f"as {override.name} says", contains)
        if not BASE_MODELS.is_in(subject.contract):
            continue
        model = stories.based_on(subject, base, {override.name: entries})
        where = f"as {override.name} says, over those of the base"
        expect_entries(model.get(field.name), entries, field, where, contains)


@requirement("SEM-06", SHOULD, clause="x-clauses/override-entries", about=[OVERRIDES, INHERITED_PARAMETERS])
@each("case", cases.overlaid_on_base)
def test_other_parameters_stay(subject: Subject, case: tuple[RequestField, ResponseField]) -> None:
    """Parameters of the base model that the override does not name stay as they are."""
    override, field = case
    theirs = {"temperature": {"min": 0, "max": 2}, "top_p": {"min": 0, "max": 1}}
    base = subject.given({**subject.minimal(), override.name: theirs})
    model = stories.based_on(subject, base, {override.name: {"temperature": {"max": 1}, "Top_P": {"max": 2}}})
    expect_entries(model.get(field.name), {"top_p": theirs["top_p"]}, field, "from the base, not named by the override")


@requirement("SEM-07", SHOULD, clause="x-clauses/override-entries", about=[OVERRIDES, INHERITED_PARAMETERS])
@each("case", cases.overlaid_on_base)
def test_null_removes(subject: Subject, case: tuple[RequestField, ResponseField]) -> None:
    """An entry of null removes a parameter, be it the base model's or the model's own, until another brings it back.

    A model on that one does not show it either.
    """
    override, field = case
    base = subject.given({**subject.minimal(), override.name: {"temperature": {"max": 2}, "top_p": {"max": 1}}})
    key, removal, back = subject.contract.upsert.key, {"temperature": None}, {"temperature": {"max": 1}}
    removed = stories.based_on(subject, base, {override.name: removal})
    _expect_removed(removed, field)
    again = subject.accepted(subject.upsert({key: removed[key], override.name: back})).response.members
    expect_entries(again.get(field.name), back, field, "after an earlier override removed it")
    exchange = subject.upsert({key: removed[key], override.name: removal})
    _expect_removed(subject.accepted(exchange).response.members, field)
    _expect_removed(stories.based_on(subject, removed), field)
    own = stories.based_on(subject, removed, {override.name: back})
    expect_entries(own.get(field.name), back, field, "of its own, whatever its base model removed")


@requirement("SEM-14", SHOULD, clause="x-clauses/override-entries", about=[OVERRIDES, INHERITED_PARAMETERS])
@each("case", cases.overlaid_on_base)
def test_entry_replaces(subject: Subject, case: tuple[RequestField, ResponseField]) -> None:
    """An entry of the override replaces the base model's parameter whole, rather than being mixed into it."""
    override, field = case
    base = subject.given({**subject.minimal(), override.name: {"temperature": {"min": 0, "max": 2, "default": 1}}})
    entries = {"temperature": {"max": 1}}
    model = stories.based_on(subject, base, {override.name: entries})
    expect_entries(model.get(field.name), entries, field, "in place of the base's parameter")


@requirement("SEM-20", SHOULD, clause="x-clauses/exact", about=[OVERRIDES])
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


def _expect_removed(shown: Mapping[str, Json], field: ResponseField) -> None:
    parameters = shown.get(field.name)
    if isinstance(parameters, dict) and "temperature" in parameters:
        raise Violation(f"{field.name} without temperature", f"{field.name}: {written(parameters)}")
