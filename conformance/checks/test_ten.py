"""TEN: isolation of organizations. Needs the key of a second organization, mostly one that can write there."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.fields import echoed_fields, inherited_fields, overlays
from conformance.judge.expect import (
    as_json,
    expect_accepted,
    expect_entries,
    expect_returned,
    expect_status,
    expect_unchanged,
    same,
    summary,
)
from conformance.judge.outcome import Failure, NotTestable
from conformance.judge.prerequisite import Prerequisite
from conformance.requirements.features import (
    BASE_MODELS,
    DELETE,
    EXISTENCE,
    INHERITANCE,
    OBSERVABLE_MODELS,
    ORGANIZATIONS,
    STATE,
)
from conformance.requirements.level import MUST, SHOULD
from conformance.requirements.requirement import requirement
from conformance.target.subject import (
    Subject,
    bare_model_of_other_org,
    can_write_in_other_org,
    other_org_writer,
)
from conformance.wire.exchange import Credential, Exchange, Json

NEEDS = ["other-org-key"]
LATE = (0.1, 0.4)
"""Seconds to wait before each further read, because the first one may only be late."""


@requirement("TEN-01", MUST, clause="x-clauses/isolated", needs=NEEDS, about=ORGANIZATIONS, creates=True)
def test_names_do_not_collide(subject: Subject) -> None:
    """The same name in two organizations is two models."""
    other = other_org_writer(subject)
    _expect_a_create_of_its_own(subject, other)
    mine = subject.full_body(1)
    shown_mine = subject.require_accepted(subject.upsert(mine)).response.members
    theirs = subject.full_body(2, mine[subject.contract.upsert.key])
    exchange = subject.upsert(theirs, other)
    expect_accepted(exchange, "the name is new in this organization")
    if subject.capabilities.create_returns_created:
        expect_status(exchange, subject.contract.upsert.created, when="for a name that only another organization has")
    for override, returned, _ in overlays(subject.contract):
        if _contains(shown_mine.get(returned.name), mine.get(override.name)):
            entries = theirs.get(override.name, {})
            expect_entries(
                exchange.response.members.get(returned.name), entries, returned, "in the other organization's model"
            )
    changed = subject.full_body(3, mine[subject.contract.upsert.key])
    updated = subject.require_accepted(subject.upsert(changed, other))
    for sent, members in ((theirs, exchange.response.members), (changed, updated.response.members)):
        for field in subject.reliable_fields():
            expect_returned(members, field.response, sent[field.name], "in the other organization's model")


def _expect_a_create_of_its_own(subject: Subject, other: Credential) -> None:
    """Expect a request that one organization has sent to create and then update a model in another one."""
    alike = subject.existing(subject.minimal_body())
    again = subject.upsert(alike, other)
    expect_accepted(again, "the name is new in this organization")
    if subject.capabilities.create_returns_created:
        expect_status(
            again, subject.contract.upsert.created, when="for the same request as another organization sent before"
        )
    if subject.capabilities.update_returns_updated:
        again = subject.upsert(alike, other)
        if not again.response.successful:
            subject.require_accepted(
                subject.upsert(alike)
            )  # a request that the primary organization cannot send either says nothing
        expect_status(again, subject.contract.upsert.updated, when="for a name that the organization has now")


@requirement("TEN-02", MUST, clause="x-clauses/isolated", needs=NEEDS, about=[*ORGANIZATIONS, STATE])
def test_writes_stay_inside(subject: Subject) -> None:
    """A write in one organization changes nothing in another organization."""
    subject.require_readable_state()
    other = other_org_writer(subject)
    mine = subject.existing(subject.full_body(1, subject.names.model_name(shared=True)))
    before = subject.read_state(mine)
    theirs = subject.full_body(2, mine[subject.contract.upsert.key])
    subject.existing(theirs, other)
    returned = subject.require_accepted(subject.upsert(theirs, other))
    expect_unchanged(
        subject.contract, before, subject.read_state(mine), "after another organization wrote a model of that name"
    )
    if subject.capabilities.read_returns_state:  # the read by the primary organization fills a cache
        _expect_own_model(subject, returned, other, "after the primary organization read its own")
        subject.existing(subject.full_body(3, mine[subject.contract.upsert.key]))
        _expect_own_model(subject, returned, other, "after the primary organization changed its own")


@requirement(
    "TEN-03",
    MUST,
    clause="x-clauses/isolated",
    needs=NEEDS,
    about=[*ORGANIZATIONS, OBSERVABLE_MODELS],
    creates=True,
    prerequisite=Prerequisite.HIDES_OTHER_ORGANIZATIONS,
)
def test_others_do_not_read(subject: Subject) -> None:
    """An organization cannot read the models of another organization."""
    texts = subject.texts(subject.absent_name)
    mine = {**subject.full_body(1), **{name: subject.names.new_name() for name in texts}}
    key = str(mine[subject.contract.upsert.key])
    other = _other(subject)
    can_write_in_other_org(subject)  # creates a bare model there before there is anything to leak into it
    if subject.capabilities.read_works:
        subject.read(key, other)  # a cache for all organizations may remember the 404
        subject.existing(mine)
        own, others = _read_by_primary(subject, key), subject.read(key, other)
        if own.response.status != 200:
            raise Failure("the model, although another organization read its name before", summary(own))
        _expect_nothing_of(subject, mine, others, "no model of another organization")
        if subject.is_plain_name(f"{key}/a") and subject.has_path_for(f"{key}/a"):
            _expect_unread(subject, f"{key}/a")
    subject.existing(mine)
    other = other_org_writer(subject)
    bare = {subject.contract.upsert.key: mine[subject.contract.upsert.key]}
    bare_model = bare_model_of_other_org(subject)
    theirs = subject.require_accepted(subject.upsert(bare, other)).response.members
    for field in echoed_fields(subject.contract):
        seen = theirs.get(field.name)
        if field.name in mine and same(seen, mine[field.name]) and not same(seen, bare_model.get(field.name)):
            raise Failure(f"no {field.name} of another organization", f"{field.name}: {as_json(seen)}")


@requirement("TEN-04", MUST, clause="x-clauses/isolated", needs=NEEDS, about=[*ORGANIZATIONS, DELETE, EXISTENCE])
def test_others_do_not_delete(subject: Subject) -> None:
    """An organization cannot delete the models of another organization."""
    subject.require_delete()
    other = _other(subject)
    mine = subject.existing(subject.full_body(1))
    key = str(mine[subject.contract.upsert.key])
    subject.delete(key, other)
    _expect_exists(subject, key, "after another organization tried to delete it")
    other = other_org_writer(subject)
    subject.existing({subject.contract.upsert.key: key}, other)
    deleted = subject.delete(key, other)
    _expect_exists(subject, key, "after another organization deleted its model of that name")
    if subject.capabilities.delete_removes_model and deleted.response.successful:
        left = subject.read(key, other)
        if left.response.successful:
            strange = subject.existing(subject.minimal_body())[subject.contract.upsert.key]
            if subject.read(strange, other).response.successful:
                raise NotTestable(
                    "another organization reads models that are not its own",
                    blocked_by=Prerequisite.HIDES_OTHER_ORGANIZATIONS,
                )
        _expect_nothing_of(subject, mine, left, "no model after the organization deleted its own")


@requirement(
    "TEN-05",
    MUST,
    clause="x-clauses/isolated",
    needs=NEEDS,
    about=[*ORGANIZATIONS, BASE_MODELS, INHERITANCE],
    creates=True,
    quick=False,
)
def test_others_values_are_not_inherited(subject: Subject) -> None:
    """A model never inherits values from a model of another organization."""
    base = subject.require_base()
    other = other_org_writer(subject)
    mine = subject.existing(subject.full_body(1))
    name = mine[subject.contract.upsert.key]
    bare_model = bare_model_of_other_org(subject)
    _expect_not_inherited(subject, mine, bare_model, subject.upsert({**subject.minimal_body(), base.name: name}, other))
    own = subject.require_accepted(subject.upsert(subject.full_body(2, str(name)), other))
    inheriting = subject.upsert({**subject.minimal_body(), base.name: name}, other)
    allowed = {**bare_model, **own.request.json, **own.response.members}
    _expect_not_inherited(subject, mine, allowed, inheriting)
    if subject.capabilities.read_returns_state:
        inheriting = subject.upsert({**subject.minimal_body(), base.name: name})
        _expect_not_inherited(subject, own.request.json, {**mine, **subject.read_state(mine)}, inheriting)


@requirement("TEN-06", SHOULD, clause="x-clauses/isolated-references", needs=NEEDS, about=[*ORGANIZATIONS, BASE_MODELS])
def test_others_models_are_unknown(subject: Subject) -> None:
    """A base model of another organization does not exist for the request."""
    base = subject.require_base()
    if base.reference is None:
        raise NotTestable("the contract has no references")
    other = other_org_writer(subject)
    mine = subject.existing(subject.full_body(1))
    exchange = subject.upsert({**subject.minimal_body(), base.name: mine[subject.contract.upsert.key]}, other)
    expect_status(exchange, base.reference.missing, when="for a base model of another organization")


def _other(subject: Subject) -> Credential:
    if subject.credentials.other_org is None:
        raise NotTestable("needs RESPAN_OTHER_ORG_KEY")
    return subject.credentials.other_org


def _contains(returned: Json, entries: Json) -> bool:
    return (
        isinstance(returned, dict)
        and isinstance(entries, dict)
        and all(same(returned.get(n), e) for n, e in entries.items())
    )


def _read_by_primary(subject: Subject, key: str) -> Exchange:
    """Read a model that was just written. Raises NotTestable if a later read finds it."""
    exchange = subject.read(key)
    for seconds in LATE if exchange.response.status == 404 else ():
        subject.pause(seconds)
        if subject.read(key).response.status == 200:
            raise NotTestable("reads may return an earlier state")
    return exchange


def _expect_own_model(subject: Subject, written_last: Exchange, other: Credential, when: str) -> None:
    """Expect the other organization to read its own model as it was last written."""
    exchange = subject.read(str(written_last.request.key), other)
    if exchange.response.status != 200:
        raise NotTestable(f"the read of a model of the other organization got {exchange.response.status}")
    returned = written_last.response.members
    for field in subject.reliable_fields():
        if field.name in returned:
            expect_returned(
                exchange.response.members, field.response, returned[field.name], f"in its own model, {when}"
            )


def _expect_nothing_of(subject: Subject, mine: Mapping[str, Json], exchange: Exchange, what: str) -> None:
    """Expect the other organization to get no model, and no text of `mine` in an error response."""
    if exchange.response.successful:
        if subject.capabilities.read_reports_absence:
            raise Failure(what, summary(exchange))
        return
    said = subject.names.names_in(exchange.response.body.decode("utf-8", "replace"))
    texts = (value for name, value in mine.items() if name != subject.contract.upsert.key)
    if any(text in said for text in texts):
        raise Failure(f"{what}, and no text of it in an error response", summary(exchange), seen_in=[exchange.response])


def _expect_not_inherited(
    subject: Subject, mine: Mapping[str, Json], allowed: Mapping[str, Json], exchange: Exchange
) -> None:
    """Expect a model to have no value of `mine` except those of `allowed`."""
    members = exchange.response.members
    if not exchange.response.successful:
        return
    for field in inherited_fields(subject.contract):
        seen = members.get(field.name)
        if field.name in mine and same(seen, mine[field.name]) and not same(seen, allowed.get(field.name)):
            raise Failure(
                f"{field.name} not inherited from another organization", as_json(seen), seen_in=[exchange.response]
            )
    for override, returned, _ in overlays(subject.contract):
        seen, default = members.get(returned.name), allowed.get(returned.name)
        own = default if isinstance(default, dict) else {}
        entries = mine.get(override.name)
        if isinstance(seen, dict) and isinstance(entries, dict):
            leaked = [n for n, entry in entries.items() if same(seen.get(n), entry) and not same(own.get(n), entry)]
            if leaked:
                raise Failure(
                    f"{returned.name} not inherited from another organization",
                    as_json(seen),
                    seen_in=[exchange.response],
                )


def _expect_exists(subject: Subject, key: str, when: str) -> None:
    if subject.capabilities.read_works:
        expect_status(subject.read(key), 200, when=when)
    else:
        subject.require_distinct_statuses()
        exchange = subject.require_accepted(subject.upsert({subject.contract.upsert.key: key}))
        expect_status(exchange, subject.contract.upsert.updated, when=when)


def _expect_unread(subject: Subject, name: str) -> None:
    """Expect another organization not to read a model whose name has a slash."""
    subject.existing({subject.contract.upsert.key: name})
    others = subject.read(name, _other(subject))
    if subject.capabilities.read_reports_absence and others.response.successful:
        raise Failure("no model of another organization, with a slash in its name", summary(others))
