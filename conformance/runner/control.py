"""Tell a fault of the target from a change of its surroundings, with a control request.

In the middle of a run a token can expire, a quota can be used up, a gateway can fail, or a firewall can ban the client.
From then on requests fail that a conforming server accepts, and every failure that rests on them is wrong.

The control is the plain upsert that worked at the start, under a new name. It is sent again when a check went wrong and
the last request of its key did not succeed:

- It works: the surroundings are unchanged, and the failure stands.
- It fails, and works again later: what was judged since the last success is void, and the check runs again.
- It keeps failing: what was judged since the last success is void, and the run ends without a verdict. If nothing gets
  a response, or a gateway responds in place of the target, the target is gone.

Each key has a control of its own. If only the other-org or the read-only key stops working, the run goes on without it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from conformance.judge.expect import summary
from conformance.judge.outcome import Disrupted
from conformance.output import counted
from conformance.settings import asked_for
from conformance.target.budget import Disruption, Trouble
from conformance.target.client import Busy
from conformance.target.subject import Subject
from conformance.wire.exchange import Credential, Exchange, NoResponse, Unreachable, retry_stale

PAUSES = (0.2, 0.5, 1.0, 2.0, 3.0, 4.0)
"""Seconds between controls until one works again: a run waits out an outage of a few seconds."""
PRIMARY = "api-key"
IN_A_ROW = 3
"""Controls that have to work in a row before a server error counts as the target's own."""
GATEWAY = (500, 502, 504)
"""Statuses that say, if nothing else comes, that the target does not work at all."""
REJECTING = (402, 403, 409)
EXPLAINED: Mapping[int, str] = {
    401: "the credentials are no longer accepted; did they expire?",
    402: "a quota may be used up",
    403: "the client may be banned by a rate limiter or a firewall, or the key has lost its rights",
    404: "something else responds in place of the target",
}


@dataclass(frozen=True, slots=True)
class Change:
    """A change of the surroundings since the start of the run."""

    disruption: Disruption
    lasts: bool
    """Whether the control kept failing."""
    option: str | None = None
    """The option of the key that no longer works; None for the primary key, which every check uses."""


@dataclass(frozen=True, slots=True)
class Mark:
    """The moment at which a key last worked."""

    request: int
    """The number of the next request, counted from 1."""
    at: datetime

    def __str__(self) -> str:
        return f"{self.at:%H:%M:%S} (request {self.request:,})"


@dataclass(frozen=True, slots=True)
class _ControlFailure:
    """How a control failed."""

    trouble: Trouble
    text: str
    status: int | None = None


@dataclass(slots=True)
class _Key:
    """A key, and the control that shows whether it still works."""

    option: str
    credential: Credential | None
    send: Callable[[], Exchange]
    operation: str
    """The operation whose success shows that the key works."""
    last: Mark | None = None

    @property
    def control(self) -> str:
        """The control, as messages name it."""
        key = "" if self.option == PRIMARY else f" with {asked_for(self.option)}"
        return f"the plain request{key} that worked at the start"


class Control:
    """The controls of a run, one for each key."""

    def __init__(self, subject: Subject) -> None:
        upsert = subject.contract.upsert
        self._subject = subject
        writes = upsert.operation.operation_id
        self._primary = _Key(PRIMARY, subject.credentials.primary, self._upsert, writes)
        self._others: list[_Key] = []
        if other := subject.credentials.other_org:
            self._others.append(_Key("other-org-key", other, partial(self._upsert, other), writes))
        if (reader := subject.credentials.read_only) and subject.first_create is not None and upsert.read is not None:
            reads = upsert.read.operation_id
            self._others.append(_Key("read-only-key", reader, partial(self._read, reader), reads))
        for key in (self._primary, *self._others):
            if subject.baseline is not None and (key is self._primary or key.credential in subject.working_keys):
                key.last = self._now()

    def note(self, exchanges: Sequence[Exchange]) -> int:
        """Record when each key last worked; return the number of exchanges after the primary key last did."""
        trailing = len(exchanges)
        for key in (self._primary, *self._others):
            after = next((n for n, e in enumerate(reversed(exchanges)) if self._shows(key, e)), None)
            if after is not None:
                key.last = self._now(after)
                trailing = after if key is self._primary else trailing
        return trailing

    def suspects(self, exchanges: Sequence[Exchange]) -> bool:
        """Return whether a key other than the primary one, which worked before, got an error response last."""
        for key in self._others:
            own = [e for e in exchanges if e.request.credential == key.credential] if key.last else []
            if own and not own[-1].response.successful:
                return True
        return False

    def changed(self, exchanges: Iterable[Exchange] = ()) -> Change | None:
        """Send the controls of the keys that made these exchanges; return the first change, or None.

        Raises Unreachable if the target no longer responds to anything.
        """
        if self._subject.baseline is None:  # nothing has worked yet, so nothing can have changed
            return None
        called = {exchange.request.credential for exchange in exchanges}
        also = [one for one in self._others if one.credential in called and one.last is not None]
        return next((change for one in (self._primary, *also) if (change := self._change_of(one))), None)

    def is_stable(self) -> bool:
        """Return whether the control works several times in a row: a gateway may fail every other request."""
        if self._subject.baseline is None:
            return True
        try:
            return all(self._failure(self._primary) is None for _ in range(IN_A_ROW))
        except Disrupted:
            return False

    def _change_of(self, key: _Key) -> Change | None:
        since, began, first = key.last, time.monotonic(), self._failure(key)
        if first is None:
            return None
        last = first
        for number, pause in enumerate(self._pauses(began)):
            self._subject.pause(pause)
            failure = self._failure(key)
            if failure is None and number == 0 and first.status is not None:
                return None  # it fails now and then, as the target itself may: the second run of the check decides
            if failure is None:
                return Change(_short_outage(key, first, since, time.monotonic() - began), lasts=False)
            last = failure
        return self._lasting(key, last, since)

    def _pauses(self, began: float) -> Iterator[float]:
        for pause in PAUSES:
            if self._subject.client.budget.seconds_left > pause and time.monotonic() - began < sum(PAUSES):
                yield pause

    def _lasting(self, key: _Key, failure: _ControlFailure, since: Mark | None) -> Change:
        what = f"since {since} {key.control} gets {failure.text}"
        primary = key is self._primary
        if failure.trouble is Trouble.GONE and primary:
            raise Unreachable(f"the target stopped working: {what}")
        if failure.trouble is Trouble.THROTTLED:
            what = f"the target throttles its clients: {what}; set a lower --rate-limit"
        elif failure.status in REJECTING and primary and self._still_updates():
            what = (
                f"since {since} a plain create gets {failure.text}, but an update still works: a quota of models may "
                f"be used up. This run had {counted(len(self._subject.creations), 'model')} on the target"
            )
        elif failure.status is not None and failure.status in EXPLAINED:
            what += f": {EXPLAINED[failure.status]}"
        else:
            what += ": something else may respond in place of the target"
        return Change(Disruption(failure.trouble, what), lasts=True, option=None if primary else key.option)

    def _still_updates(self) -> bool:
        first = self._subject.first_create
        if first is None:
            return False
        try:
            return retry_stale(partial(self._subject.upsert, first.request.json)).response.successful
        except (NoResponse, Disrupted):
            return False

    def _failure(self, key: _Key) -> _ControlFailure | None:
        """Send the control; return how it fails, or None."""
        try:
            exchange = retry_stale(key.send)
        except NoResponse as lost:
            return _ControlFailure(Trouble.GONE, f"no response ({lost.reason})")
        except Busy as busy:
            status = busy.exchange.response.status
            return _ControlFailure(Trouble.THROTTLED, f"nothing but {status}", status)
        finally:
            self._subject.client.drain()
        if self._shows(key, exchange):
            key.last = self._now()
            return None
        status = exchange.response.status
        text = " ".join(summary(exchange).split())  # an HTML page has many lines
        return _ControlFailure(Trouble.GONE if status in GATEWAY else Trouble.CHANGED, text, status)

    def _shows(self, key: _Key, exchange: Exchange) -> bool:
        """Return whether an exchange shows that the key works.

        It has to be successful, and to name its model if the response to the plain request at the start did.
        """
        request, response, name = exchange.request, exchange.response, self._subject.contract.upsert.key
        if request.credential != key.credential or request.operation_id != key.operation:
            return False
        plain = self._subject.baseline
        if plain is not None and plain.response.members.get(name) == plain.request.key:
            return response.successful and response.members.get(name) == request.key
        return response.successful

    def _upsert(self, credential: Credential | None = None) -> Exchange:
        return self._subject.upsert(self._subject.baseline_body(), credential)

    def _read(self, credential: Credential) -> Exchange:
        first = self._subject.first_create
        assert first is not None  # noqa: S101 - without it this control is not made
        return self._subject.read(str(first.request.key), credential)

    def _now(self, after: int = 0) -> Mark:
        return Mark(self._subject.client.requests - after + 1, datetime.now().astimezone())


def _short_outage(key: _Key, failure: _ControlFailure, since: Mark | None, seconds: float) -> Disruption:
    text = f"since {since} {key.control} got {failure.text}; it works again after {seconds:.1f} s"
    return Disruption(failure.trouble, text)
