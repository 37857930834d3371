"""Everyday situations, one of each kind of answer that the contract declares."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import TypeAlias

from conformance.judge.outcome import NotTestable
from conformance.subject.operations import encoded
from conformance.subject.subject import Subject

Situation: TypeAlias = Callable[[Subject], object]


def _create(subject: Subject) -> object:
    return subject.upsert(subject.full(variant=1))


def _create_bare(subject: Subject) -> object:
    return subject.upsert(subject.minimal())


def _update(subject: Subject) -> object:
    body = subject.given(subject.full(variant=1))
    return subject.upsert(subject.full(variant=2, key=body[subject.contract.upsert.key]))


def _inheriting(subject: Subject) -> object:
    base = subject.require_base()
    parent = subject.given(subject.full(variant=1))
    return subject.upsert({**subject.minimal(), base.name: parent[subject.contract.upsert.key]})


def _read(subject: Subject) -> object:
    body = subject.given(subject.full(variant=1))
    return subject.read(body[subject.contract.upsert.key])


def _read_absent(subject: Subject) -> object:
    return subject.read(subject.names.fresh())


def _deleted(subject: Subject) -> object:
    body = subject.given(subject.full(variant=1))
    return subject.delete(body[subject.contract.upsert.key])


def _unreadable(subject: Subject) -> object:
    return subject.post(b'{"')


def _no_key(subject: Subject) -> object:
    return subject.post(b"{}")


def _wrong_type(subject: Subject) -> object:
    return subject.post(encoded({subject.contract.upsert.key: ["a list"]}))


def _unknown_reference(subject: Subject) -> object:
    base = subject.require_base()
    return subject.upsert({**subject.minimal(), base.name: subject.names.fresh()})


def _no_credentials(subject: Subject) -> object:
    body = subject.minimal()
    return subject.post(encoded(body), key=body[subject.contract.upsert.key])


SITUATIONS: Mapping[str, Situation] = {
    "create": _create,
    "create of the name alone": _create_bare,
    "update": _update,
    "inheriting": _inheriting,
    "read": _read,
    "read of an absent model": _read_absent,
    "delete": _deleted,
    "unreadable body": _unreadable,
    "no name": _no_key,
    "wrong type": _wrong_type,
    "unknown reference": _unknown_reference,
    "no credentials": _no_credentials,
}


def meet(subject: Subject) -> None:
    """Meet every situation, once a run. One that cannot be met says nothing of the others."""

    def once() -> bool:
        for situation in SITUATIONS.values():
            with contextlib.suppress(NotTestable):
                situation(subject)
        return True

    subject.once("everyday situations", once, keeps=False)
