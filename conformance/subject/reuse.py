"""Whether a connection can be used on after a refusal.

A server that answers without having read the whole body has to close the connection, or takes what is left of the body
for the next request (RFC 9112, section 9.3). Whoever sends that one is refused for nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TypeAlias

from conformance.judge.expect import summary
from conformance.judge.outcome import NotTestable, Violation
from conformance.subject.operations import JSON_HEADERS, encoded
from conformance.subject.subject import Subject
from conformance.wire.exchange import Credential, Exchange, Request
from conformance.wire.lost import Lost, Stale

Change: TypeAlias = Callable[[Subject, Request], Request | None]
STRANGER = Credential("Bearer rc-no-such-key", "Bearer rc-no-such-key")


def _by_the_reader(subject: Subject, request: Request) -> Request | None:
    """No MUST calls as the reader: that there are such keys is assumed."""
    reader = None if subject.plan.profile.must_only else subject.callers.reader
    return None if reader is None else replace(request, credential=reader)


REFUSED: Mapping[str, Change] = MappingProxyType({
    "no credentials": lambda _, request: replace(request, credential=None),
    "unknown credentials": lambda _, request: replace(request, credential=STRANGER),
    "a key that may only read": _by_the_reader,
    "another media type": lambda _, request: replace(request, headers=(("Content-Type", "text/plain"),)),
    "a body that is no JSON": lambda _, request: replace(request, body=b"{" * 50),
})  # fmt: skip
"""Requests that servers refuse without a look at the body, by what they have that a plain one has not."""


def spoils_connections(subject: Subject) -> bool:
    """Whether a request is answered amiss for what went over its connection before."""
    if not subject.client.transport.connects:
        return False
    try:
        return any(misused(subject, kind) is not None for kind in REFUSED)
    except (Lost, NotTestable):
        return False


def misused(subject: Subject, kind: str) -> Violation | None:
    """How the request after a refused one of that kind is answered amiss over its connection, if it is."""
    first = REFUSED[kind](subject, _plain(subject))
    if first is None:
        return None
    try:
        row = _sent(subject, first, _plain(subject))
    except Stale:  # a connection that is closed has nothing left on it
        return None
    if row[-1].response.successful:
        return None
    subject.accepted(*_sent(subject, _plain(subject)))
    expected = f"{subject.contract.upsert.created} for a valid request, over a connection that had one with {kind}"
    return Violation(expected, summary(row[-1]), row)


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
