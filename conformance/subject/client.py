"""Sends requests patiently, paced and within the budget of the run, and records what was exchanged."""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from conformance.judge.outcome import NotTestable
from conformance.subject.budget import WAITING, Budget, Restraint
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
LONGEST_WAIT = 60.0
"""Seconds that a target is waited for at a time, whatever it asks for."""
SECOND_LOOK = 1.0
"""Seconds after which a target is asked once more that asks for more than a run ever waits."""
_connections = itertools.count(1)


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
        self.budget = Budget(restraint.requests, route.timeout)
        self.requests = 0
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

    def renew_budget(self) -> None:
        """Let what was created be deleted, whatever is used up."""
        self.budget = Budget(None, self.route.timeout)

    def _patiently(self, send: Callable[[], list[Exchange]]) -> list[Exchange]:
        for attempt in range(TRIES):
            exchanges = send()
            busy = [exchange for exchange in exchanges if exchange.response.status in TRY_LATER]
            if not busy:
                return exchanges
            if attempt and (seconds_asked(busy[0].response) or 0) > WAITING:
                break
            time.sleep(self.budget.wait(_wait(busy[0], attempt)))
        raise NotTestable(f"the target kept answering {busy[0].response.status}")

    def _once(self, request: Request, send: Callable[[Request], Response], connection: int | None = None) -> Exchange:
        with self._turn:
            self.budget.request()
            self._pace.wait()
            with self._lock:
                self.requests += 1
            exchange = self._exchanged(request, send, connection)
        with self._lock:
            self._journal.append(exchange)
        return exchange

    def _exchanged(self, request: Request, send: Callable[[Request], Response], connection: int | None) -> Exchange:
        began, octets = time.monotonic(), 0
        try:
            response = send(request)
            octets = len(response.body)
        finally:
            self.budget.answer(time.monotonic() - began, octets)
        return Exchange(request, response, RACE.get(), connection)


def may_be_done_twice(exchanges: Iterable[Exchange]) -> bool:
    """Whether a write was sent again that the target may have done before: what follows tells nothing for sure."""
    return any(e.response.status == MAY_BE_DONE and e.request.method not in SAFE for e in exchanges)


def _wait(exchange: Exchange, attempt: int) -> float:
    """Seconds to wait: what Retry-After asks for, else a little longer each time."""
    asked = seconds_asked(exchange.response)
    if asked is None:
        return 0.05 * 2.0**attempt
    return min(asked, LONGEST_WAIT) if asked <= WAITING else SECOND_LOOK
