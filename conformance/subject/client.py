"""Sends requests patiently, paced and within the budget of the run, and records what was exchanged."""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from conformance.judge.outcome import Disrupted
from conformance.subject.budget import CLEANING, Budget, Disruption, Restraint
from conformance.subject.pace import Pace
from conformance.subject.retry_after import seconds_asked
from conformance.wire.exchange import RACE, SAFE, Credential, Exchange, Request, Response
from conformance.wire.route import Route
from conformance.wire.transport import Transport

TRY_LATER = {408, 429, 503}
"""Statuses that say nothing of the implementation, only that it is busy."""
MAY_BE_DONE = 503
"""What a gateway answers, too, that waits no longer for what goes on behind it."""
TRIES = 6
RECENT = 20
"""Responses whose time is kept in mind."""
LEAST_CLEANING = 5.0
"""Seconds that a run may take at least to delete what it created."""
LONGEST_WAIT = 60.0
"""Seconds that a target is waited for at a time, whatever it asks for."""
WAITING = 300.0
"""Seconds from which on a wait that a target asks for is no pause, but a refusal."""
SECOND_LOOK = 1.0
"""Seconds after which a target is asked once more that asks for more than that."""
BY_HAND, SLOWER = 5.0, 4
"""Seconds that a request which is written by hand may take, beside so many times what the slowest of late took."""
_connections = itertools.count(1)


class Busy(Disrupted):
    """A request got no other response than that the target is busy, however often it was sent."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        super().__init__(f"the target kept responding {exchange.response.status}")


class Client:
    """A transport with manners and a memory."""

    def __init__(
        self,
        transport: Transport,
        restraint: Restraint = Restraint(),  # noqa: B008 - it is frozen
        route: Route = Route(),  # noqa: B008 - it is frozen
        extra: Sequence[tuple[str, Credential]] = (),
    ) -> None:
        self.transport = transport
        self.restraint = restraint
        self.route = route
        self.budget = Budget(restraint.requests, restraint.seconds)
        self.requests = 0
        self._disruption: Disruption | None = None
        self.seconds: deque[float] = deque(maxlen=RECENT)
        """What the latest responses took."""
        self.busy = 0
        """Responses that the target is busy."""
        self._counting = True
        self._extra = tuple(extra)
        self._pace = Pace(restraint.rate)
        self._turn = threading.Semaphore(restraint.concurrency) if restraint.concurrency else contextlib.nullcontext()
        self._journal: list[Exchange] = []
        self._lock = threading.Lock()

    def send(self, request: Request) -> Exchange:
        """The exchange, after waiting out a busy target. Raises Lost or Stale where there is no answer at all."""
        if self._extra:
            request = replace(request, extra=self._extra)
        return self._patiently(lambda: [self._once(request, self.transport.send)])[0]

    def send_in_a_row(self, requests: Sequence[Request]) -> list[Exchange]:
        """The same for requests that go over one connection, which nothing went over before."""

        def once() -> list[Exchange]:
            with self.transport.connection() as send:
                number = next(_connections)
                return [self._once(replace(request, extra=self._extra), send, number) for request in requests]

        return self._patiently(once)

    def drain(self) -> list[Exchange]:
        """The exchanges since the last call."""
        with self._lock:
            journal, self._journal = self._journal, []
        return journal

    @contextlib.contextmanager
    def uncounted(self) -> Iterator[None]:
        """Send requests that do not count for the user's limit, and are not kept in mind."""
        self._counting = False
        try:
            yield
        finally:
            self._counting = True
            self.drain()

    @property
    def disruption(self) -> Disruption | None:
        """What ended the run before all was judged; deleting at its end does not count."""
        return self._disruption or self.budget.disruption

    def renew_budget(self) -> None:
        """Let what was created be deleted, whatever is used up: a part of the time budget is kept for it."""
        self._disruption = self.budget.disruption
        self.budget = Budget(None, max(LEAST_CLEANING, self.restraint.seconds * CLEANING))

    def _patiently(self, send: Callable[[], list[Exchange]]) -> list[Exchange]:
        for attempt in range(TRIES):
            exchanges = send()
            busy = [exchange for exchange in exchanges if exchange.response.status in TRY_LATER]
            if not busy:
                return exchanges
            self.busy += len(busy)
            if attempt == TRIES - 1 or (attempt and (seconds_asked(busy[0].response) or 0) > WAITING):
                break
            self.budget.wait(_wait(busy[0], attempt), busy[0].response.status)
        raise Busy(busy[0])

    def _once(self, request: Request, send: Callable[[Request], Response], connection: int | None = None) -> Exchange:
        with self._turn:
            self.budget.request(counts=self._counting)
            self._pace.wait()
            with self._lock:
                self.requests += 1
            response = self._response(request, send)
        exchange = Exchange(request, response, RACE.get(), connection)
        with self._lock:
            self._journal.append(exchange)
        return exchange

    def _response(self, request: Request, send: Callable[[Request], Response]) -> Response:
        left = self.budget.left
        self.transport.longest = left if request.wire is None else min(left, self._longest_by_hand())
        response = send(request)
        self.budget.response(len(response.body))
        self.seconds.append(response.seconds)
        return response

    def _longest_by_hand(self) -> float:
        """Seconds that a request may take that is written by hand: no check blames a target for being late with it."""
        return BY_HAND + SLOWER * max(self.seconds.copy(), default=0.0)


def may_be_done_twice(exchanges: Iterable[Exchange]) -> bool:
    """Whether a write was sent again that the target may have done before: what follows tells nothing for sure."""
    return any(e.response.status == MAY_BE_DONE and e.request.method not in SAFE for e in exchanges)


def _wait(exchange: Exchange, attempt: int) -> float:
    """Seconds to wait: what Retry-After asks for, else a little longer each time."""
    asked, growing = seconds_asked(exchange.response), 0.05 * 2.0**attempt
    if asked is None:
        return growing
    return min(max(asked, growing if attempt else 0.0), LONGEST_WAIT) if asked <= WAITING else SECOND_LOOK
