"""Sends requests patiently and records what was exchanged."""

from __future__ import annotations

import threading
import time

from conformance.outcome import NotTestable
from conformance.wire.exchange import Exchange, Request
from conformance.wire.transport import Transport

TRY_LATER = {408, 429, 503}
"""Statuses that say nothing of the implementation, only that it is busy."""
TRIES = 6
LONGEST_WAIT = 5.0


class Client:
    """A transport with a memory."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.requests = 0
        self._journal: list[Exchange] = []
        self._lock = threading.Lock()

    def send(self, request: Request) -> Exchange:
        """The exchange, after waiting out a busy target. Raises Lost where there is no answer at all."""
        for attempt in range(TRIES):
            exchange = self._once(request)
            if exchange.response.status not in TRY_LATER:
                return exchange
            time.sleep(_wait(exchange, attempt))
        raise NotTestable(f"the target kept answering {exchange.response.status}")

    def drain(self) -> list[Exchange]:
        """The exchanges since the last call."""
        with self._lock:
            journal, self._journal = self._journal, []
        return journal

    def _once(self, request: Request) -> Exchange:
        with self._lock:
            self.requests += 1
        exchange = Exchange(request, self.transport.send(request))
        with self._lock:
            self._journal.append(exchange)
        return exchange


def _wait(exchange: Exchange, attempt: int) -> float:
    """Seconds to wait: what Retry-After asks for, else a little longer each time."""
    asked = exchange.response.header("retry-after") or ""
    seconds = float(asked) if asked.isdecimal() else 0.05 * 2**attempt
    return min(seconds, LONGEST_WAIT)
