"""Finds out what of a target can be relied on: how its state can be read, whether it can delete models, and
whether a connection can be used on after a response.
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
from conformance.target.client import UNKNOWN, has_repeated_write
from conformance.target.operations import JSON_HEADERS, Capabilities, encoded
from conformance.target.subject import Subject
from conformance.wire.exchange import (
    STALE_RETRIES,
    Exchange,
    Json,
    NoResponse,
    Request,
    StaleConnection,
    WireFormat,
    retry_stale,
)

ENOUGH = 0.5
"""Part of the fields that a way to read state has to show right; a fault in one field leaves the others to go by."""
LATE = (0.1, 0.4, 1.5)
"""Seconds to wait, one after the other, for a read that did not show a write at once and may only be late."""
TRIES = 3
"""How often the target is probed where requests get no response."""


def probe(subject: Subject) -> Capabilities:
    """Find out what the target is able to do, by a look that no write which was done twice has spoiled.

    Raises Disrupted where the target is too busy to tell. What gets no response three times is taken for missing.
    """
    for attempt in range(TRIES):
        patient = _Probe(subject, forgives=attempt == TRIES - 1)
        try:
            found = _undisturbed(subject, patient)
        except NoResponse:
            continue
        break
    found.probed = True
    return found


def _undisturbed(subject: Subject, one: _Probe) -> Capabilities:
    for _ in range(STALE_RETRIES):
        subject.client.drain()
        found = retry_stale(one.look)
        if not has_repeated_write(subject.client.drain()):
            break
    return found


@dataclass(slots=True)
class _Probe:
    subject: Subject
    forgives: bool
    """Whether a request without a response is one that failed, rather than a reason to probe again."""

    def look(self) -> Capabilities:
        """Try the upsert, the read, the bare upsert and the delete on a model of every plain value."""
        subject, found = self.subject, Capabilities()
        subject.capabilities = found
        body, created = self._create(found)
        key = str(body[subject.contract.upsert.key])
        if created is not None:
            self._note_shown(found, key, body, created)
            self._probe_delete(key, found)
        first = self._sent(lambda: subject.upsert(subject.full_body(variant=6)))
        subject.first_create = first if first is not None and first.response.successful else None
        return found

    def _create(self, found: Capabilities) -> tuple[dict[str, Json], Exchange | None]:
        """Create a model with every field that the target takes."""
        subject = self.subject
        body = subject.full_body(variant=4)
        created = self._sent(lambda: subject.upsert(body))
        if created is not None and 400 <= created.response.status <= 499:
            found.rejected_fields = frozenset(self._refused_alone())
            body = subject.full_body(variant=4)
            created = self._sent(lambda: subject.upsert(body))
        if created is None or not created.response.successful:
            body = subject.minimal_body()
            created = self._sent(lambda: subject.upsert(body))
        if created is None or not created.response.successful:
            return body, None
        found.create_returns_created = created.response.status == subject.contract.upsert.created
        return body, created

    def _refused_alone(self) -> Iterator[str]:
        """Yield the fields that are refused whatever stands beside them."""
        subject, values = self.subject, self.subject.full_body(variant=4)
        del values[subject.contract.upsert.key]
        for name, value in values.items():
            alone = self._sent(partial(subject.upsert, {**subject.minimal_body(), name: value}))
            if alone is not None and 400 <= alone.response.status <= 499:
                yield name

    def _note_shown(self, found: Capabilities, key: str, body: Mapping[str, Json], created: Exchange) -> None:
        """See which fields come back, in a create and in an update, and in what shows the state then."""
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
        """See what a read and a bare upsert show of the model; what neither shows is not relied on."""
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
        for seconds in LATE:
            self.subject.pause(seconds)
            yield _seen(self.subject, self._sent(lambda: self.subject.read(key)), fields, body)

    def _sent(self, call: Callable[[], Exchange]) -> Exchange | None:
        """The exchange; None where the contract has no such operation, or where no response came at last."""
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
    """Whether enough was seen of what the upsert showed."""
    return seen is not None and len(seen) >= ENOUGH * len(shown)


def _is_object(read: Exchange) -> bool:
    """Whether a read succeeded with a JSON object; a page for any path, say, is no read."""
    return read.response.successful and isinstance(read.response.json, dict)


def _seen(
    subject: Subject, exchange: Exchange | None, fields: Sequence[EchoedField], body: Mapping[str, Json]
) -> list[EchoedField] | None:
    """Those of `fields` that a way to read state shows right; None where it shows no such model at all."""
    key = subject.contract.upsert.key
    if exchange is None or not exchange.response.successful or exchange.response.members.get(key) != body[key]:
        return None
    return [field for field in fields if _shows(field, exchange.response.members, body)]


def may_be_stale(cache_control: str) -> bool:
    """Whether an answer may be shown for a while after it ceased to be true (RFC 9111, section 4.2)."""
    directives = cache_control.lower()  # section 5.2: without regard to case
    fresh = re.search(r'(max-age|s-maxage)="?0*[1-9]', directives)
    return fresh is not None and not re.search("no-cache|no-store", directives)


def _shows(field: EchoedField, members: Mapping[str, Json], body: Mapping[str, Json]) -> bool:
    return same(members.get(field.name), body[field.name])


NO_SUCH_METHOD = (405, 501)


def lacks_delete(subject: Subject) -> bool | None:
    """Return whether the target has no delete: it says so of a name that nothing has. None where that does not tell.

    A 404 says nothing: so answers a target that has a delete and no such model, and one that has no such path.
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
    """What is said before anything is written on a target without delete."""
    if reused:
        more = max(0, models - reused)
        earlier = f"the run writes to {min(reused, models):,} models of earlier runs"
        return f"the target has no delete: {earlier}" + (f", and to about {more:,} new ones" if more else "")
    return (
        f"the target has no delete: about {models:,} models will stay on it, and clean cannot delete them later; with "
        "--names FILE a later run writes to them again"
    )


Before: TypeAlias = Callable[[Subject, Request], Sequence[Request]]


def _by_the_reader(subject: Subject, request: Request) -> Sequence[Request]:
    """No MUST calls as the reader: that there are such keys is assumed."""
    reader = None if subject.options.profile.must_only else subject.credentials.read_only
    return [] if reader is None else [replace(request, credential=reader)]


def _delete(subject: Subject, request: Request) -> Sequence[Request]:
    return [] if subject.contract.upsert.delete is None else [request, subject.delete_request(str(request.key))]


PRECEDING_REQUESTS: Mapping[str, Before] = MappingProxyType({
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
    client, plain = subject.client, subject.baseline
    if plain is None or not client.transport.has_connections or client.route.httpcore_proxy() is not None:
        return False
    try:
        client.send(replace(plain.request, wire_format=WireFormat(), may_be_intercepted=True))
    except NoResponse as lost:
        return isinstance(lost.error, TimeoutError)
    except NotTestable:
        pass
    return False


def breaks_reused_connections(subject: Subject) -> bool:
    """Whether a request is answered amiss for what went over its connection before."""
    if not subject.client.transport.has_connections:
        return False
    try:
        return any(failure_on_reuse(subject, kind) is not None for kind in PRECEDING_REQUESTS)
    except (NoResponse, NotTestable):
        return False


def failure_on_reuse(subject: Subject, kind: str) -> Failure | None:
    """How a plain request is answered amiss over a connection that had one of that kind before, if it is."""
    before, plain = PRECEDING_REQUESTS[kind](subject, _plain(subject)), _plain(subject)
    if not before:
        return None
    row = list[Exchange]()
    try:
        row = _sent(subject, *before, plain)
        observed = None if row[-1].response.successful else summary(row[-1])
    except StaleConnection:  # a connection that is closed has nothing left on it
        return None
    except NoResponse as lost:
        if lost.request.key != plain.key:
            raise
        observed = f"no answer: {lost.reason}"
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
    """A valid request; what answers it may stand before the implementation."""
    operation, body = subject.contract.upsert.operation, subject.minimal_body()
    return Request(
        operation.method,
        operation.path,
        JSON_HEADERS,
        encoded(body),
        subject.credentials.primary,
        operation.operation_id,
        str(body[subject.contract.upsert.key]),
        may_be_intercepted=True,
    )
