"""Requests of checks that are written byte by byte: see `conformance.wire.by_hand`."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote

from conformance.judge.outcome import NotTestable
from conformance.target.operations import JSON_HEADERS, READ_HEADERS, encoded
from conformance.target.subject import Subject
from conformance.wire.exchange import Exchange, Headers, Json, Request, Wire

CLOSE = ("Connection", "close")


def model_to_read(subject: Subject) -> str:
    """The name of a model that is there."""
    return str(_model_to_read(subject)[subject.contract.upsert.key])


def _model_to_read(subject: Subject) -> dict[str, Json]:
    return subject.once("a model to read", lambda: subject.existing(subject.few()))


def plain_update(subject: Subject) -> Request:
    """An upsert of a model that is there; it takes no request to delete."""
    operation, body, key = subject.contract.upsert.operation, _model_to_read(subject), model_to_read(subject)
    return Request(operation.method, operation.path, JSON_HEADERS, encoded(body), subject.credentials.primary, key=key)


def reading(subject: Subject, key: str, *headers: tuple[str, str]) -> Request:
    """What reads a model, with some headers more."""
    read = subject.contract.upsert.read
    if read is None:
        raise NotTestable("the contract has no read")
    target = read.path.replace("{" + subject.contract.upsert.key + "}", quote(key, safe="/"))
    return Request(
        read.method, target, (*READ_HEADERS, *headers), None, subject.credentials.primary, read.operation_id, key
    )


def plain_upsert(subject: Subject) -> Request:
    """A plain upsert of a model of its own."""
    operation, body = subject.contract.upsert.operation, subject.minimal()
    key = str(body[subject.contract.upsert.key])
    return Request(operation.method, operation.path, JSON_HEADERS, encoded(body), subject.credentials.primary, key=key)


def at_a_model(subject: Subject) -> Request:
    """A request that changes nothing; what answers it, and how, does not matter."""
    read = subject.contract.upsert.read or subject.contract.upsert.operation
    target = read.path.replace("{" + subject.contract.upsert.key + "}", model_to_read(subject))
    return Request("GET", target, READ_HEADERS, None, subject.credentials.primary)


def by_hand(
    subject: Subject,
    request: Request,
    wire: Wire = Wire(),  # noqa: B008 - it is frozen
    more: Headers = (CLOSE,),
) -> Exchange:
    """The exchange of a request that is written byte by byte, over a connection of its own."""
    return subject.send(wired(subject, request, wire, more))


def wired(subject: Subject, request: Request, wire: Wire, more: Headers) -> Request:
    """The request as it is written by hand, with more headers, where that can be done."""
    if not subject.client.transport.connects:
        raise NotTestable("an application in the same process has no connections")
    if subject.client.route.through() is not None:
        raise NotTestable("requests go through a proxy, which writes them itself")
    return replace(request, headers=(*request.headers, *more), wire=wire, ordinary=False)
