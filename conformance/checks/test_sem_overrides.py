"""SEM, overrides: what they say of parameters, entry by entry."""

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
@each("case", cases.overlaid)
def test_override_shows(subject: Subject, case: tuple[RequestField, ResponseField]) -> None:
    """The entries of an override appear in the supported parameters, with or without a base model."""
    override, field = case
    scenarios.require_shown(subject, field)
    base = subject.existing(
        {**subject.minimal_body(), override.name: {"temperature": {"min": 0, "max": 2}, "n": {"max": 3}}}
    )
    for entries in OBJECTS:
        alone = {**subject.minimal_body(), override.name: entries}
        shown = subject.require_accepted(subject.upsert(alone)).response.members.get(field.name) if entries else {}
        expect_entries(shown, entries, field, f"as {override.name} says", contains)
        if not BASE_MODELS.is_in(subject.contract):
            continue
        model = scenarios.based_on(subject, base, {override.name: entries})
        where = f"as {override.name} says, over those of the base"
        expect_entries(model.get(field.name), entries, field, where, contains)
    telling = subject.upsert({**subject.minimal_body(), override.name: REVEALING_ENTRIES})
    if telling.response.successful:
        with attributed_to(telling):
            shown = telling.response.members.get(field.name)
            expect_entries(shown, REVEALING_ENTRIES, field, f"as {override.name} says", contains)
    else:
        names = ", ".join(REVEALING_ENTRIES)
        subject.observe(f"{override.name} of {names} is answered {telling.response.status}")


@requirement("SEM-23", SHOULD, clause="x-clauses/override", about=[OVERRIDES])
@each("case", cases.overlaid)
def test_empty_override(subject: Subject, case: tuple[RequestField, ResponseField]) -> None:
    """Where an override replaces the previous one, an empty override replaces it too."""
    override, field = case
    scenarios.require_shown(subject, field)
    *earlier, last = scenarios.overrides_sent_again(subject, override)
    parameter = next(iter(last.sent[override.name]))
    theirs = {name for step in earlier for name in step.sent[override.name]} - last.sent[override.name].keys()
    shown = last.shown.get(field.name)
    if not isinstance(shown, dict) or parameter not in shown or theirs & shown.keys():
        subject.observe(f"{override.name} is merged into the one before it")
        return
    key = subject.contract.upsert.key
    emptied = subject.require_accepted(subject.upsert({key: last.sent[key], override.name: {}})).response.members
    if parameter in (emptied.get(field.name) or {}):
        expected = f"{field.name} without {parameter}, of an earlier override"
        raise Failure(expected, f"{field.name}: {as_json(emptied[field.name])}", seen_in=[emptied])


@requirement(
    "SEM-06", SHOULD, clause="x-clauses/override-entries", about=[OVERRIDES, INHERITED_PARAMETERS], creates=True
)
@each("case", cases.overlaid_on_base)
def test_other_parameters_stay(subject: Subject, case: tuple[RequestField, ResponseField]) -> None:
    """Parameters of the base model that the override does not name stay unchanged."""
    override, field = case
    scenarios.require_shown(subject, field)
    theirs = {"temperature": {"min": 0, "max": 2}, "top_p": {"min": 0, "max": 1}}
    base = subject.existing({**subject.minimal_body(), override.name: theirs})
    model = scenarios.based_on(subject, base, {override.name: {"temperature": {"max": 1}, "Top_P": {"max": 2}}})
    expect_entries(model.get(field.name), {"top_p": theirs["top_p"]}, field, "from the base, not named", contains)


@requirement(
    "SEM-07", SHOULD, clause="x-clauses/override-entries", about=[OVERRIDES, INHERITED_PARAMETERS], creates=True
)
@each("case", cases.overlaid_on_base)
def test_null_removes(subject: Subject, case: tuple[RequestField, ResponseField]) -> None:
    """A null entry of an override removes the parameter until a later override restores it.

    A model on that one does not show it either.
    """
    override, field = case
    scenarios.require_shown(subject, field)
    base = subject.existing(
        {**subject.minimal_body(), override.name: {"rc_parameter": {"max": 2}, "top_p": {"max": 1}}}
    )
    key, removal, back = subject.contract.upsert.key, {"rc_parameter": None}, {"rc_parameter": {"max": 1}}
    removed = scenarios.based_on(subject, base, {override.name: removal})
    _expect_removed(removed, field)
    again = subject.require_accepted(subject.upsert({key: removed[key], override.name: back})).response.members
    expect_entries(again.get(field.name), back, field, "after an earlier override removed it")
    exchange = subject.upsert({key: removed[key], override.name: removal})
    _expect_removed(subject.require_accepted(exchange).response.members, field)
    _expect_removed(scenarios.based_on(subject, removed), field)
    own = scenarios.based_on(subject, removed, {override.name: back})
    expect_entries(own.get(field.name), back, field, "of its own, whatever its base model removed")


@requirement("SEM-14", SHOULD, clause="x-clauses/override-entries", about=[OVERRIDES, INHERITED_PARAMETERS])
@each("case", cases.overlaid_on_base)
def test_entry_replaces(subject: Subject, case: tuple[RequestField, ResponseField]) -> None:
    """An entry of an override replaces the parameter of the base model as a whole."""
    override, field = case
    scenarios.require_shown(subject, field)
    base = subject.existing(
        {**subject.minimal_body(), override.name: {"rc_parameter": {"min": 0, "max": 2, "default": 1}}}
    )
    entries = {"rc_parameter": {"max": 1}}
    model = scenarios.based_on(subject, base, {override.name: entries})
    expect_entries(model.get(field.name), entries, field, "in place of the base's parameter")


@requirement("SEM-20", SHOULD, clause="x-clauses/exact", about=[OVERRIDES])
@each("case", cases.overlaid)
def test_odd_entries_are_exact(subject: Subject, case: tuple[RequestField, ResponseField]) -> None:
    """A response returns an accepted valid but unusual entry of an override exactly."""
    override, field = case
    scenarios.require_shown(subject, field)
    odd = edge_values(override.schema)
    together = subject.upsert(
        {**subject.minimal_body(), override.name: {n: it for some in odd for n, it in some.items()}}
    )
    alone = [] if together.response.successful else odd
    list_of = subject.minimal_body()  # a model in which the later list takes the place of the earlier
    sent = [{**subject.minimal_body(), override.name: entries} for entries in alone]
    sent += [{**list_of, override.name: {"stop": entry}} for entry in (["a", "b", "c"], ["d"])]
    sent.append({**subject.minimal_body(), override.name: MANY_ENTRIES})
    upsert = subject.contract.upsert
    for exchange in (together, *(subject.upsert(body) for body in sent)):
        entries = exchange.request.json[override.name]
        if exchange.response.status in (upsert.created, upsert.updated):
            with attributed_to(exchange):
                shown = exchange.response.members.get(field.name)
                expect_entries(shown, entries, field, f"as {override.name} says", contains)
        else:
            subject.observe(f"{override.name}: {as_json(entries, 60)} is answered {exchange.response.status}")


def _expect_removed(shown: Mapping[str, Json], field: ResponseField) -> None:
    parameters = shown.get(field.name)
    if isinstance(parameters, dict) and "rc_parameter" in parameters:
        raise Failure(f"{field.name} without rc_parameter", f"{field.name}: {as_json(parameters)}")
