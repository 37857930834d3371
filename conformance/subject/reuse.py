"""Whether a connection can be used on after an answer, and whether it keeps others waiting.

A server that answers without having read the whole body has to close the connection, or takes what is left of the body
for the next request (RFC 9112, section 9.3), and whoever sends that one is refused for nothing. Content that follows a
204 is taken for the next answer (RFC 9112, section 6.3).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TypeAlias

from conformance.judge.expect import summary
from conformance.judge.outcome import NotTestable, Violation
from conformance.subject.callers import UNKNOWN
from conformance.subject.operations import JSON_HEADERS, encoded
from conformance.subject.subject import Subject
from conformance.wire.exchange import Exchange, Request, Wire
from conformance.wire.lost import Lost, Stale

Before: TypeAlias = Callable[[Subject, Request], Sequence[Request]]


def _by_the_reader(subject: Subject, request: Request) -> Sequence[Request]:
    """No MUST calls as the reader: that there are such keys is assumed."""
    reader = None if subject.plan.profile.must_only else subject.callers.reader
    return [] if reader is None else [replace(request, credential=reader)]


def _delete(subject: Subject, request: Request) -> Sequence[Request]:
    return [] if subject.contract.upsert.delete is None else [request, subject.deletion(str(request.key))]


BEFORE: Mapping[str, Before] = MappingProxyType({
    "no credentials": lambda _, request: [replace(request, credential=None)],
    "unknown credentials": lambda _, request: [replace(request, credential=UNKNOWN)],
    "a key that may only read": _by_the_reader,
    "another media type": lambda _, request: [replace(request, headers=(("Content-Type", "text/plain"),))],
    "a body that is no JSON": lambda _, request: [replace(request, body=b"{" * 50)],
    "a delete": _delete,
})  # fmt: skip
"""What goes before a plain request over its connection: what servers refuse without a look at the body, and what has
an answer without content. Each is made of a plain request; none where it cannot be."""


def serves_one_at_a_time(subject: Subject) -> bool:
    """Whether the target leaves a connection waiting while another one is open, as a server without threads may."""
    client, plain = subject.client, subject.plain
    if plain is None or not client.transport.connects or client.route.through() is not None:
        return False
    try:
        client.send(replace(plain.request, wire=Wire(), ordinary=False))
    except Lost as lost:
        return isinstance(lost.error, TimeoutError)
    except NotTestable:
        pass
    return False


def spoils_connections(subject: Subject) -> bool:
    """Whether a request is answered amiss for what went over its connection before."""
    if not subject.client.transport.connects:
        return False
    try:
        return any(misused(subject, kind) is not None for kind in BEFORE)
    except (Lost, NotTestable):
        return False


def misused(subject: Subject, kind: str) -> Violation | None:
    """How a plain request is answered amiss over a connection that had one of that kind before, if it is."""
    before, plain = BEFORE[kind](subject, _plain(subject)), _plain(subject)
    if not before:
        return None
    row = list[Exchange]()
    try:
        row = _sent(subject, *before, plain)
        observed = None if row[-1].response.successful else summary(row[-1])
    except Stale:  # a connection that is closed has nothing left on it
        return None
    except Lost as lost:
        if lost.request.key != plain.key:
            raise
        observed = f"no answer: {lost.reason}"
    if observed is None:
        return None
    subject.accepted(*_sent(subject, _plain(subject)))
    expected = f"{subject.contract.upsert.created} for a valid request, over a connection that had {kind} before"
    return Violation(expected, observed, row)


def _sent(subject: Subject, *requests: Request) -> list[Exchange]:
    for request in requests:
        subject.creations.before(request)
    exchanges = subject.client.send_in_a_row(requests)
    for exchange in exchanges:
        subject.creations.after(exchange)
    return exchanges


def _plain(subject: Subject) -> Request:
    """A valid request; what answers it may stand before the implementation."""
    operation, body = subject.contract.upsert.operation, subject.minimal()
    return Request(
        operation.method,
        operation.path,
        JSON_HEADERS,
        encoded(body),
        subject.callers.owner,
        operation.operation_id,
        str(body[subject.contract.upsert.key]),
        ordinary=False,
    )
