"""TEN: organizations are kept apart. Needs the key of a second organization."""

from __future__ import annotations

from conformance.fields import inherited_fields, overlays, shown_fields
from conformance.judge.expect import (
    expect_entries,
    expect_shown,
    expect_status,
    expect_taken,
    expect_unchanged,
    summary,
    written,
)
from conformance.judge.outcome import NotTestable, Violation
from conformance.judge.same import same
from conformance.requirements.features import (
    BASE_MODELS,
    DELETE,
    INHERITANCE,
    ORGANIZATIONS,
    STATE,
    WHAT_OTHERS_HAVE,
)
from conformance.requirements.level import MUST, SHOULD
from conformance.requirements.requirement import requirement
from conformance.subject.subject import Subject
from conformance.wire.exchange import Credential, Json

NEEDS = ["other-org-key"]


@requirement("TEN-01", MUST, clause="x-clauses/isolated", needs=NEEDS, about=ORGANIZATIONS)
def test_names_do_not_collide(subject: Subject) -> None:
    """The same name in another organization is another model: first created, then updated, with its own values."""
    alike = subject.given(subject.minimal())
    again = subject.upsert(alike, _other(subject))
    expect_taken(again, "only the other organization has a model of that name")
    if subject.abilities.tells_creates:
        expect_status(again, subject.contract.upsert.created, when="for what another organization sent just before")
    if subject.abilities.tells_updates:
        again = subject.upsert(alike, _other(subject))
        expect_status(again, subject.contract.upsert.updated, when="for what the other organization has by now")
    mine = subject.full(1)
    shown_mine = subject.accepted(subject.upsert(mine)).response.members
    theirs = subject.full(2, mine[subject.contract.upsert.key])
    exchange = subject.upsert(theirs, _other(subject))
    expect_taken(exchange, "only the other organization has a model of that name")
    if subject.abilities.tells_creates:
        expect_status(exchange, subject.contract.upsert.created, when="for a name that only the other organization has")
    for override, shown, _ in overlays(subject.contract):
        if _contains(shown_mine.get(shown.name), mine.get(override.name)):
            entries = theirs.get(override.name, {})
            expect_entries(
                exchange.response.members.get(shown.name), entries, shown, "in the other organization's model"
            )
    changed = subject.full(3, mine[subject.contract.upsert.key])
    updated = subject.accepted(subject.upsert(changed, _other(subject)))
    for sent, members in ((theirs, exchange.response.members), (changed, updated.response.members)):
        for field in subject.reliable_fields():
            expect_shown(members, field.response, sent[field.name], "in the other organization's model")


@requirement("TEN-02", MUST, clause="x-clauses/isolated", needs=NEEDS, about=[*ORGANIZATIONS, STATE])
def test_writes_stay_inside(subject: Subject) -> None:
    """Writing in one organization changes nothing in the other."""
    subject.require_reading()
    mine = subject.given(subject.full(1))
    before = subject.look(mine)
    theirs = subject.full(2, mine[subject.contract.upsert.key])
    for _ in range(2):
        subject.given(theirs, _other(subject))
    expect_unchanged(subject.contract, before, subject.look(mine), "after the other organization wrote that name")


@requirement("TEN-03", MUST, clause="x-clauses/isolated", needs=NEEDS, about=[*ORGANIZATIONS, WHAT_OTHERS_HAVE])
def test_others_do_not_read(subject: Subject) -> None:
    """Another organization does not read the model, nor find values of it in its own of that name."""
    mine = subject.full(1)
    key = str(mine[subject.contract.upsert.key])
    if subject.abilities.reads:
        subject.read(key, _other(subject))  # a cache for all organizations would keep that there is none
        subject.given(mine)
        owners, others = subject.read(key), subject.read(key, _other(subject))
        if owners.response.status != 200:
            raise Violation("the model, whatever another organization read before", summary(owners))
        if subject.abilities.tells_absence and others.response.successful:
            raise Violation("no model of another organization", summary(others))
        below = str(subject.given({subject.contract.upsert.key: f"{key}/a"})[subject.contract.upsert.key])
        others = subject.read(below, _other(subject)) if subject.reaches(below) else others
        if subject.abilities.tells_absence and others.response.successful:
            raise Violation("no model of another organization, whose name has a slash", summary(others))
    subject.given(mine)
    bare = {subject.contract.upsert.key: mine[subject.contract.upsert.key]}
    fresh = subject.accepted(subject.upsert(subject.minimal(), _other(subject))).response.members
    theirs = subject.accepted(subject.upsert(bare, _other(subject))).response.members
    for field in shown_fields(subject.contract):
        seen = theirs.get(field.name)
        if field.name in mine and same(seen, mine[field.name]) and not same(seen, fresh.get(field.name)):
            raise Violation(f"nothing of another organization in {field.name}", f"{field.name}: {written(seen)}")


@requirement("TEN-04", MUST, clause="x-clauses/isolated", needs=NEEDS, about=[*ORGANIZATIONS, DELETE])
def test_others_do_not_delete(subject: Subject) -> None:
    """Another organization cannot delete the model, not even one of the same name as its own."""
    subject.require_delete()
    mine = subject.given(subject.full(1))
    key = mine[subject.contract.upsert.key]
    subject.delete(key, _other(subject))
    _expect_still_there(subject, key, "after another organization tried to delete it")
    subject.given({subject.contract.upsert.key: key}, _other(subject))
    subject.delete(key, _other(subject))
    _expect_still_there(subject, key, "after another organization deleted its own of that name")


@requirement("TEN-05", MUST, clause="x-clauses/isolated", needs=NEEDS, about=[*ORGANIZATIONS, BASE_MODELS, INHERITANCE])
def test_others_values_are_not_inherited(subject: Subject) -> None:
    """Values of another organization's model are never inherited."""
    base = subject.require_base()
    mine = subject.given(subject.full(1))
    body = {**subject.minimal(), base.name: mine[subject.contract.upsert.key]}
    exchange = subject.upsert(body, _other(subject))
    if not exchange.response.successful:
        return
    for field in inherited_fields(subject.contract):
        if (
            field.name in mine
            and mine[field.name]
            and same(exchange.response.members.get(field.name), mine[field.name])
        ):
            raise Violation(f"{field.name} not inherited from another organization", written(mine[field.name]))
    for override, shown, _ in overlays(subject.contract):
        seen = exchange.response.members.get(shown.name)
        leaked = isinstance(seen, dict) and any(
            same(seen.get(name), entry) for name, entry in mine[override.name].items()
        )
        if leaked:
            raise Violation(f"{shown.name} not inherited from another organization", written(seen))


@requirement("TEN-06", SHOULD, clause="x-clauses/isolated-references", needs=NEEDS, about=[*ORGANIZATIONS, BASE_MODELS])
def test_others_models_are_unknown(subject: Subject) -> None:
    """A base model of another organization is unknown."""
    base = subject.require_base()
    if base.reference is None:
        raise NotTestable("the contract has no references")
    mine = subject.given(subject.full(1))
    exchange = subject.upsert({**subject.minimal(), base.name: mine[subject.contract.upsert.key]}, _other(subject))
    expect_status(exchange, base.reference.missing, when="for a base model of another organization")


def _other(subject: Subject) -> Credential:
    if subject.callers.other is None:
        raise NotTestable("needs RESPAN_OTHER_ORG_KEY")
    return subject.callers.other


def _contains(shown: Json, entries: Json) -> bool:
    return (
        isinstance(shown, dict) and isinstance(entries, dict) and all(same(shown.get(n), e) for n, e in entries.items())
    )


def _expect_still_there(subject: Subject, key: str, when: str) -> None:
    if subject.abilities.reads:
        expect_status(subject.read(key), 200, when=when)
    else:
        exchange = subject.accepted(subject.upsert({subject.contract.upsert.key: key}))
        expect_status(exchange, subject.contract.upsert.updated, when=when)
