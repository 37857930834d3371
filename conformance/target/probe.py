"""Find out what the target can do before it is judged: read state, delete models, reuse connections.

Most checks write a value and then read it back. If the way of reading is broken, they all fail, for one bug or for
none at all. So the probe first tries every operation on one model, and keeps the ways that work as Capabilities.

`Subject.read_state` reads state in the first of these ways that works:

1. GET, if the read returns what the upserts returned. A read that returns old state, or an HTML page for every path,
   does not count.
2. POST of the bare name, if the probe found that the target keeps omitted fields. The contract lets a server reset
   them. On such a server a bare POST erases the very values that it was to read, and a conforming server would fail.
3. POST of the whole body again. This never erases anything, but it shows only what the target returns, not what it
   stored. Checks that need to tell these apart are not testable then.

One broken field must not hide the others. A way of reading works if it returns half of the fields right, and checks
rely on those fields only (`reliable_fields`); the checks of the broken field itself still run and fail.

A busy target must not be mistaken for an incapable one. The probe starts again if a write may have been processed
twice, or if a request got no response; only the third time does a missing response count as a missing operation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType
from typing import TypeAlias

from conformance.fields import EchoedField, echoed_fields
from conformance.judge.expect import same, summary
from conformance.judge.outcome import Disrupted, Failure, NotTestable
from conformance.output import counted
from conformance.target.client import UNKNOWN, has_repeated_write
from conformance.target.operations import JSON_HEADERS, Capabilities
from conformance.target.subject import Subject
from conformance.wire.exchange import (
    STALE_RETRIES,
    Exchange,
    Json,
    NoResponse,
    Request,
    StaleConnection,
    TimedOut,
    WireFormat,
    retry_stale,
)

ENOUGH = 0.5
"""Share of the fields that a way of reading state has to return right."""
STALE_READ_WAITS = (0.1, 0.4, 1.5)
"""Seconds to wait before each further read, if the first one did not return what was written."""
TRIES = 3
"""How many times the target is probed if requests get no response."""


def probe(subject: Subject) -> Capabilities:
    """Return the target's capabilities. Raises Disrupted if the target is too busy to tell.

    Operations that get no response in any of three probes count as missing.
    """
    for attempt in range(TRIES):
        one = _Probe(subject, forgives=attempt == TRIES - 1)
        try:
            found = _undisturbed(subject, one)
        except NoResponse:
            continue
        break
    found.probed = True
    return found


def _undisturbed(subject: Subject, one: _Probe) -> Capabilities:
    for _ in range(STALE_RETRIES):
        subject.client.drain()
        found = retry_stale(one.run)
        if not has_repeated_write(subject.client.drain()):
            break
    return found


@dataclass(slots=True)
class _Probe:
    subject: Subject
    forgives: bool
    """Whether a request without a response means that the operation is missing; else NoResponse is raised."""

    def run(self) -> Capabilities:
        """Try upsert, read, bare upsert and delete on a model with a plain value in every field."""
        subject, found = self.subject, Capabilities()
        subject.capabilities = found
        body, created = self._create(found)
        key = str(body[subject.contract.upsert.key])
        if created is not None:
            self._probe_echoes(found, key, body, created)
            self._probe_delete(key, found)
        first = self._sent(lambda: subject.upsert(subject.full_body(variant=6)))
        subject.first_create = first if first is not None and first.response.successful else None
        return found

    def _create(self, found: Capabilities) -> tuple[dict[str, Json], Exchange | None]:
        """Create a model with every field that the target accepts."""
        subject = self.subject
        body = subject.full_body(variant=4)
        created = self._sent(lambda: subject.upsert(body))
        if created is not None and 400 <= created.response.status <= 499:
            found.rejected_fields = frozenset(self._rejected_alone())
            body = subject.full_body(variant=4)
            created = self._sent(lambda: subject.upsert(body))
        if created is None or not created.response.successful:
            body = subject.minimal_body()
            created = self._sent(lambda: subject.upsert(body))
        if created is None or not created.response.successful:
            return body, None
        found.create_returns_created = created.response.status == subject.contract.upsert.created
        return body, created

    def _rejected_alone(self) -> Iterator[str]:
        """Yield the fields that are rejected even in a request of their own."""
        subject, values = self.subject, self.subject.full_body(variant=4)
        del values[subject.contract.upsert.key]
        for name, value in values.items():
            alone = self._sent(partial(subject.upsert, {**subject.minimal_body(), name: value}))
            if alone is not None and 400 <= alone.response.status <= 499:
                yield name

    def _probe_echoes(self, found: Capabilities, key: str, body: Mapping[str, Json], created: Exchange) -> None:
        """Find the fields that creates and updates return as sent, and that the ways of reading state return too."""
        subject = self.subject
        own = [f for f in echoed_fields(subject.contract) if f.name in body and not f.request.reference]
        shown = [field for field in own if _shows(field, created.response.members, body)]
        found.create_echoes_fields = bool(shown)
        update = subject.full_body(5, key) if len(body) > 1 else dict(body)
        updated = self._sent(lambda: subject.upsert(update))
        if updated is not None and updated.response.successful:
            found.update_works = True
            found.update_returns_updated = updated.response.status == subject.contract.upsert.updated
            shown = [field for field in shown if _shows(field, updated.response.members, update)]
            body = update
        found.reliable_fields = tuple(shown)
        self._probe_reading(key, body, found)

    def _probe_reading(self, key: str, body: Mapping[str, Json], found: Capabilities) -> None:
        """Find the ways of reading state that work, and rely only on the fields that they return right."""
        subject, shown = self.subject, found.reliable_fields
        read = self._sent(lambda: subject.read(key))
        found.read_status = read.response.status if read is not None else None
        by_read = _seen(subject, read, shown, body)
        by_bare = _seen(subject, self._sent(lambda: subject.upsert({subject.contract.upsert.key: key})), shown, body)
        found.bare_upsert_returns_state = found.update_works and _is_enough(by_bare, shown)
        if _is_enough(by_read, shown):
            found.read_may_be_stale = read is not None and may_be_stale(read.response.header("cache-control") or "")
        elif read is not None and read.response.status != 405:
            found.read_may_be_stale = any(_is_enough(seen, shown) for seen in self._seen_later(key, shown, body))
        found.read_works = read is not None and _is_object(read) and not found.read_may_be_stale
        found.read_returns_state = found.read_works and _is_enough(by_read, shown)
        found.read_omits_values = read is not None and not any(field.name in read.response.members for field in shown)
        for trusted, seen in ((found.read_returns_state, by_read), (found.bare_upsert_returns_state, by_bare)):
            if trusted and seen is not None:
                found.reliable_fields = tuple(field for field in found.reliable_fields if field in seen)
        if found.read_works:
            absent = self._sent(lambda: subject.read(subject.names.new_name()))
            found.read_reports_absence = absent is not None and not absent.response.successful

    def _probe_delete(self, key: str, found: Capabilities) -> None:
        subject = self.subject
        deleted = self._sent(lambda: subject.delete(key))
        found.delete_status = deleted.response.status if deleted is not None else None
        found.delete_works = deleted is not None and deleted.response.successful
        if found.delete_works and found.read_works and found.read_reports_absence:
            left = self._sent(lambda: subject.read(key))
            found.delete_removes_model = left is not None and not left.response.successful
        if found.delete_removes_model:
            subject.creations.record_deletion(key, subject.credentials.primary)

    def _seen_later(
        self, key: str, fields: Sequence[EchoedField], body: Mapping[str, Json]
    ) -> Iterator[list[EchoedField] | None]:
        for seconds in STALE_READ_WAITS:
            self.subject.pause(seconds)
            yield _seen(self.subject, self._sent(lambda: self.subject.read(key)), fields, body)

    def _sent(self, call: Callable[[], Exchange]) -> Exchange | None:
        """Return the exchange; None if the contract has no such operation, or if it finally got no response."""
        try:
            return call()
        except Disrupted:
            raise
        except NotTestable:
            return None
        except NoResponse:
            if self.forgives:
                return None
            raise


def _is_enough(seen: Sequence[EchoedField] | None, shown: Sequence[EchoedField]) -> bool:
    """Return whether enough fields were read of those that the upsert returned."""
    return seen is not None and len(seen) >= ENOUGH * len(shown)


def _is_object(read: Exchange) -> bool:
    """Return whether a read returned a JSON object; an HTML page for any path is not a read."""
    return read.response.successful and isinstance(read.response.json, dict)


def _seen(
    subject: Subject, exchange: Exchange | None, fields: Sequence[EchoedField], body: Mapping[str, Json]
) -> list[EchoedField] | None:
    """Return the fields that a way of reading state returned right; None if it did not return the model at all."""
    key = subject.contract.upsert.key
    if exchange is None or not exchange.response.successful or exchange.response.members.get(key) != body[key]:
        return None
    return [field for field in fields if _shows(field, exchange.response.members, body)]


def may_be_stale(cache_control: str) -> bool:
    """Return whether a cache may serve the response after the state has changed (RFC 9111, section 4.2)."""
    directives = cache_control.lower()  # case-insensitive (section 5.2)
    fresh = re.search(r'(max-age|s-maxage)="?0*[1-9]', directives)
    return fresh is not None and not re.search("no-cache|no-store", directives)


def _shows(field: EchoedField, members: Mapping[str, Json], body: Mapping[str, Json]) -> bool:
    return same(members.get(field.name), body[field.name])


NO_SUCH_METHOD = (405, 501)


def lacks_delete(subject: Subject) -> bool | None:
    """Return whether the target has no delete, by deleting a name that no model has; None if that does not tell.

    A 404 does not tell: the model does not exist, or the path does not.
    """
    if subject.contract.upsert.delete is None:
        return True
    try:
        status = retry_stale(lambda: subject.delete(subject.absent_name, may_be_intercepted=True)).response.status
    except (NoResponse, NotTestable):
        return None
    if status in NO_SUCH_METHOD:
        return True
    return False if 200 <= status <= 299 else None


def warning_of_leftovers(models: int, reused: int = 0) -> str:
    """Return the warning that is printed before anything is written to a target without delete."""
    if reused:
        more = max(0, models - reused)
        earlier = f"the run writes to {counted(min(reused, models), 'model')} of earlier runs"
        return f"the target has no delete: {earlier}" + (f", and to about {counted(more, 'new model')}" if more else "")
    return (
        f"the target has no delete: about {models:,} models will stay on it, and clean cannot delete them later; with "
        "--names FILE a later run writes to them again"
    )


Before: TypeAlias = Callable[[Subject, Request], Sequence[Request]]


def _with_read_only_key(subject: Subject, request: Request) -> Sequence[Request]:
    """Return the request with read-only credentials; none for MUST requirements: such keys are only assumed."""
    reader = None if subject.options.profile.must_only else subject.credentials.read_only
    return [] if reader is None else [replace(request, credential=reader)]


def _delete(subject: Subject, request: Request) -> Sequence[Request]:
    return [] if subject.contract.upsert.delete is None else [request, subject.delete_request(str(request.key))]


PRECEDING_REQUESTS: Mapping[str, Before] = MappingProxyType({
    "no credentials": lambda _, request: [replace(request, credential=None)],
    "unknown credentials": lambda _, request: [replace(request, credential=UNKNOWN)],
    "a key that may only read": _with_read_only_key,
    "another media type": lambda _, request: [replace(request, headers=(("Content-Type", "text/plain"),))],
    "a body that is no JSON": lambda _, request: [replace(request, body=b"{" * 50)],
    "a delete": _delete,
})  # fmt: skip
"""Requests to send before a plain one over the same connection: ones that servers reject without reading the body,
and one whose response has no content. Each is derived from a plain request; empty if it cannot be made."""


def serves_one_at_a_time(subject: Subject) -> bool:
    """Return whether a second connection waits until the first is closed, as on a server without threads."""
    client, plain = subject.client, subject.baseline
    if plain is None or not client.transport.has_connections or client.route.httpcore_proxy() is not None:
        return False
    try:
        client.send(replace(plain.request, wire_format=WireFormat(), may_be_intercepted=True))
    except NoResponse as lost:
        return isinstance(lost, TimedOut)
    except NotTestable:
        pass
    return False


def breaks_reused_connections(subject: Subject) -> bool:
    """Return whether a valid request gets a wrong response because of the request before it on its connection."""
    if not subject.client.transport.has_connections:
        return False
    try:
        return any(failure_on_reuse(subject, kind) is not None for kind in PRECEDING_REQUESTS)
    except (NoResponse, NotTestable):
        return False


def failure_on_reuse(subject: Subject, kind: str) -> Failure | None:
    """Return the failure of a plain request that follows one of `kind` on its connection; None if it succeeds."""
    before, plain = PRECEDING_REQUESTS[kind](subject, _plain(subject)), _plain(subject)
    if not before:
        return None
    row = list[Exchange]()
    try:
        row = _sent(subject, *before, plain)
        observed = None if row[-1].response.successful else summary(row[-1])
    except StaleConnection:  # the target closed the connection, so nothing is left unread on it
        return None
    except NoResponse as lost:
        if lost.request.key != plain.key:
            raise
        observed = f"no response: {lost.reason}"
    if observed is None:
        return None
    subject.require_accepted(*_sent(subject, _plain(subject)))
    expected = f"{subject.contract.upsert.created} for a valid request, over a connection that had {kind} before"
    return Failure(expected, observed, row)


def _sent(subject: Subject, *requests: Request) -> list[Exchange]:
    for request in requests:
        subject.creations.record_request(request)
    exchanges = subject.client.send_over_one_connection(requests)
    for exchange in exchanges:
        subject.creations.record_response(exchange)
    return exchanges


def _plain(subject: Subject) -> Request:
    """Return a valid request, whose response may come from something in front of the implementation."""
    operation, body = subject.contract.upsert.operation, subject.minimal_body()
    return Request(
        operation.method,
        operation.path,
        JSON_HEADERS,
        subject.encoded(body),
        subject.credentials.primary,
        operation.operation_id,
        str(body[subject.contract.upsert.key]),
        may_be_intercepted=True,
    )
