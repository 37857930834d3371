"""Everyday situations, one of each kind of answer that the contract declares."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Mapping
from typing import TypeAlias

from conformance.judge.outcome import NotTestable
from conformance.requirements.cases import references
from conformance.target.operations import encoded
from conformance.target.subject import Subject

Situation: TypeAlias = Callable[[Subject], object]


def _create(subject: Subject) -> object:
    return subject.upsert(subject.full(variant=1) | subject.plain_references())


def _create_bare(subject: Subject) -> object:
    return subject.upsert(subject.minimal())


def _update(subject: Subject) -> object:
    body = subject.existing(subject.full(variant=1))
    return subject.upsert(subject.full(variant=2, key=body[subject.contract.upsert.key]))


def _inheriting(subject: Subject) -> object:
    base = subject.require_base()
    parent = subject.existing(subject.full(variant=1))
    return subject.upsert({**subject.minimal(), base.name: parent[subject.contract.upsert.key]})


def _read(subject: Subject) -> object:
    body = subject.existing(subject.full(variant=1))
    return subject.read(body[subject.contract.upsert.key])


def _read_absent(subject: Subject) -> object:
    return subject.read(subject.names.fresh())


def _deleted(subject: Subject) -> object:
    body = subject.existing(subject.full(variant=1))
    return subject.delete(body[subject.contract.upsert.key])


def _unreadable(subject: Subject) -> object:
    return subject.post(b'{"', credential=subject.credentials.primary)


def _no_key(subject: Subject) -> object:
    return subject.upsert({})


def _wrong_type(subject: Subject) -> object:
    return subject.upsert({subject.contract.upsert.key: ["a list"]})


def _unknown_references(subject: Subject) -> object:
    unknown = subject.names.fresh()
    return [subject.upsert({**subject.minimal(), name: unknown}) for name in references(subject.contract)]


def _delete_absent(subject: Subject) -> object:
    subject.require_delete()
    return subject.delete(subject.names.fresh())


def _built_in_name(subject: Subject) -> object:
    return [subject.upsert({subject.contract.upsert.key: name}) for name in subject.options.fixtures.builtin_models]


def _by_the_reader(subject: Subject) -> object:
    reader = subject.credentials.read_only
    return None if reader is None else subject.upsert(subject.minimal(), reader)


def _no_credentials(subject: Subject) -> object:
    body = subject.minimal()
    return subject.post(encoded(body), key=body[subject.contract.upsert.key])


def _read_and_delete_without_credentials(subject: Subject) -> object:
    subject.require_read()
    read = subject.read(subject.names.fresh(), anonymous=True)
    return read, subject.capabilities.deletes and subject.delete(subject.names.fresh(), anonymous=True)


SITUATIONS: Mapping[Situation, str] = {
    _create: "STA-01",
    _create_bare: "STA-01",
    _update: "STA-02",
    _inheriting: "STA-01",
    _read: "STA-19",
    _read_absent: "STA-19",
    _deleted: "STA-20",
    _unreadable: "STA-05",
    _no_key: "STA-07",
    _wrong_type: "STA-08",
    _delete_absent: "STA-20",
    _unknown_references: "STA-13",
    _built_in_name: "STA-18",
    _by_the_reader: "AUT-09",
    _no_credentials: "AUT-01",
    _read_and_delete_without_credentials: "AUT-10",
}
"""Each with the requirement whose check meets it anyway."""


def meet(subject: Subject, selected: Collection[str]) -> None:
    """Meet every situation once a run, but for those that the checks of `selected` requirements meet.

    One that cannot be met says nothing of the others.
    """

    def once() -> bool:
        for situation, requirement in SITUATIONS.items():
            if requirement not in selected:
                with contextlib.suppress(NotTestable):
                    situation(subject)
        return True

    subject.once("everyday situations", once, keeps=False)
