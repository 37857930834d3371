"""Tells a fault of the target from a change around it, by a control: the plain upsert that worked at the start.

A token expires, a quota is used up, a gateway fails, a firewall bans the client: then requests are refused that a
correct implementation takes, and everything that is judged by them is wrong. So whenever a check went wrong and its own
last request did not succeed, the control is sent again, under a name of its own:

- It works: the surroundings are what they were, and the finding stands.
- It works again after a while: what was judged since the last success is void, and the check is run anew.
- It does not work any more: what was judged since the last success is void, and the run ends without a verdict; where
  nothing gets a response or a gateway answers in place of the target, the target is gone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from conformance.judge.expect import summary
from conformance.judge.outcome import Disrupted
from conformance.settings import asked_for
from conformance.target.budget import Disruption, Trouble
from conformance.target.client import Busy
from conformance.target.subject import Subject
from conformance.wire.exchange import Credential, Exchange, Lost, Unreachable, retry_stale

PAUSES = (0.2, 0.5, 1.0, 2.0, 3.0, 4.0)
"""Seconds between the controls that are sent until one works again: an outage of a few seconds is waited out."""
PRIMARY = "api-key"
IN_A_ROW = 3
"""Controls that have to work before a server error is taken for the target's own."""
GATEWAY = (500, 502, 504)
"""Statuses that tell, where nothing else comes any more, that the target does not work at all."""
REJECTING = (402, 403, 409)
EXPLAINED: Mapping[int, str] = {
    401: "the credentials are not accepted any more; did they expire?",
    402: "a quota may be used up",
    403: "the client may be banned by a rate limiter or a firewall, or the key has lost its rights",
    404: "something else responds in place of the target",
}


@dataclass(frozen=True, slots=True)
class Change:
    """The surroundings are not what they were at the start."""

    disruption: Disruption
    lasts: bool
    """Whether the control did not work again."""
    option: str | None = None
    """The option of the key that does not work any more, where it is not the one that every check uses."""


@dataclass(frozen=True, slots=True)
class Mark:
    """When something last worked."""

    request: int
    """Number of the next request, from 1 on."""
    at: datetime

    def __str__(self) -> str:
        return f"{self.at:%H:%M:%S} (request {self.request:,})"


@dataclass(frozen=True, slots=True)
class _Failure:
    """How a control failed."""

    trouble: Trouble
    text: str
    status: int | None = None


@dataclass(slots=True)
class _Watched:
    """A key, and what tells that it still works."""

    option: str
    credential: Credential | None
    send: Callable[[], Exchange]
    operation: str
    """The operation whose success tells it."""
    last: Mark | None = None

    @property
    def control(self) -> str:
        """The control, as a sentence names it."""
        key = "" if self.option == PRIMARY else f" with {asked_for(self.option)}"
        return f"the plain request{key} that worked at the start"


class Control:
    """The controls of a run: one for each key."""

    def __init__(self, subject: Subject) -> None:
        upsert = subject.contract.upsert
        self._subject = subject
        writes = upsert.operation.operation_id
        self._primary = _Watched(PRIMARY, subject.credentials.primary, self._upsert, writes)
        self._others: list[_Watched] = []
        if other := subject.credentials.other_org:
            self._others.append(_Watched("other-org-key", other, partial(self._upsert, other), writes))
        if (reader := subject.credentials.read_only) and subject.first is not None and upsert.read is not None:
            reads = upsert.read.operation_id
            self._others.append(_Watched("read-only-key", reader, partial(self._read, reader), reads))
        for watched in (self._primary, *self._others):
            if subject.plain is not None and (watched is self._primary or watched.credential in subject.working):
                watched.last = self._now()

    def note(self, exchanges: Sequence[Exchange]) -> int:
        """Keep in mind when each key last worked; return how many exchanges came after the last success of a write."""
        trailing = len(exchanges)
        for watched in (self._primary, *self._others):
            after = next((n for n, e in enumerate(reversed(exchanges)) if self._shows(watched, e)), None)
            if after is not None:
                watched.last = self._now(after)
                trailing = after if watched is self._primary else trailing
        return trailing

    def suspects(self, exchanges: Sequence[Exchange]) -> bool:
        """Whether a key other than the owner's, which worked once, was refused what it asked for last."""
        for watched in self._others:
            own = [e for e in exchanges if e.request.credential == watched.credential] if watched.last else []
            if own and not own[-1].response.successful:
                return True
        return False

    def changed(self, exchanges: Iterable[Exchange] = ()) -> Change | None:
        """Say what is not any more as it was, of the keys that made these exchanges; None where all is as it was.

        Raises Unreachable where nothing gets a response any more.
        """
        if self._subject.plain is None:  # nothing ever worked, so nothing can have changed
            return None
        called = {exchange.request.credential for exchange in exchanges}
        also = [one for one in self._others if one.credential in called and one.last is not None]
        return next((change for one in (self._primary, *also) if (change := self._change_of(one))), None)

    def is_stable(self) -> bool:
        """Whether controls work several times in a row: one of two that fails is told from none."""
        if self._subject.plain is None:
            return True
        try:
            return all(self._failure(self._primary) is None for _ in range(IN_A_ROW))
        except Disrupted:
            return False

    def _change_of(self, watched: _Watched) -> Change | None:
        since, began, first = watched.last, time.monotonic(), self._failure(watched)
        if first is None:
            return None
        last = first
        for number, pause in enumerate(self._pauses(began)):
            self._subject.pause(pause)
            failure = self._failure(watched)
            if failure is None and number == 0 and first.status is not None:
                return None  # it fails now and then, as the target itself may: what repeats will tell
            if failure is None:
                return Change(_passing(watched, first, since, time.monotonic() - began), lasts=False)
            last = failure
        return self._lasting(watched, last, since)

    def _pauses(self, began: float) -> Iterator[float]:
        for pause in PAUSES:
            if self._subject.client.budget.left > pause and time.monotonic() - began < sum(PAUSES):
                yield pause

    def _lasting(self, watched: _Watched, failure: _Failure, since: Mark | None) -> Change:
        what = f"since {since} {watched.control} gets {failure.text}"
        primary = watched is self._primary
        if failure.trouble is Trouble.GONE and primary:
            raise Unreachable(f"the target stopped working: {what}")
        if failure.trouble is Trouble.THROTTLED:
            what = f"the target throttles its clients: {what}; --rate-limit sends fewer requests at a time"
        elif failure.status in REJECTING and primary and self._still_updates():
            what = (
                f"since {since} a plain create gets {failure.text}, while an update of a model still works: a quota of "
                f"models may be used up. There were {len(self._subject.creations)} models of this run"
            )
        elif failure.status is not None and failure.status in EXPLAINED:
            what += f": {EXPLAINED[failure.status]}"
        else:
            what += ": something else may respond in place of the target"
        return Change(Disruption(failure.trouble, what), lasts=True, option=None if primary else watched.option)

    def _still_updates(self) -> bool:
        first = self._subject.first
        if first is None:
            return False
        try:
            return retry_stale(partial(self._subject.upsert, first.request.json)).response.successful
        except (Lost, Disrupted):
            return False

    def _failure(self, watched: _Watched) -> _Failure | None:
        """Send the control; return how it fails, None where it works."""
        try:
            exchange = retry_stale(watched.send)
        except Lost as lost:
            return _Failure(Trouble.GONE, f"no response ({lost.reason})")
        except Busy as busy:
            status = busy.exchange.response.status
            return _Failure(Trouble.THROTTLED, f"nothing but {status}", status)
        finally:
            self._subject.client.drain()
        if self._shows(watched, exchange):
            watched.last = self._now()
            return None
        status = exchange.response.status
        text = " ".join(summary(exchange).split())  # a page has many lines
        return _Failure(Trouble.GONE if status in GATEWAY else Trouble.CHANGED, text, status)

    def _shows(self, watched: _Watched, exchange: Exchange) -> bool:
        """Whether an exchange shows that the key works: it gets what the plain request got at the start."""
        request, response, key = exchange.request, exchange.response, self._subject.contract.upsert.key
        if request.credential != watched.credential or request.operation_id != watched.operation:
            return False
        plain = self._subject.plain
        if plain is not None and plain.response.members.get(key) == plain.request.key:
            return response.successful and response.members.get(key) == request.key
        return response.successful

    def _upsert(self, credential: Credential | None = None) -> Exchange:
        return self._subject.upsert(self._subject.control(), credential)

    def _read(self, credential: Credential) -> Exchange:
        first = self._subject.first
        assert first is not None  # noqa: S101 - there is no such control without it
        return self._subject.read(str(first.request.key), credential)

    def _now(self, after: int = 0) -> Mark:
        return Mark(self._subject.client.requests - after + 1, datetime.now().astimezone())


def _passing(watched: _Watched, failure: _Failure, since: Mark | None, seconds: float) -> Disruption:
    text = f"since {since} {watched.control} got {failure.text}; it works again after {seconds:.1f} s"
    return Disruption(failure.trouble, text)
