"""Send requests within the limits of the run, retry while the target is busy, and record all exchanges."""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from conformance.judge.outcome import Disrupted
from conformance.target.budget import CLEANING, Budget, Disruption, Limits
from conformance.wire.exchange import RACE, SAFE, Credential, Exchange, NoResponse, Request, Response
from conformance.wire.transport import Route, Transport

BUSY_STATUSES = {408, 429, 503}
"""Statuses that say only that the target is busy."""
MAY_BE_DONE = 503
"""The busy status after which a request may have been processed: gateways send it when they stop waiting."""
TRIES = 6
RECENT = 20
"""Number of recent responses whose duration is remembered."""
LEAST_CLEANING = 5.0
"""Minimum seconds for deleting what the run created."""
LONGEST_WAIT = 60.0
"""Maximum seconds to wait at a time, whatever Retry-After says."""
REJECTING_WAIT = 300.0
"""Seconds in Retry-After above which the target does not pause, but reject."""
SECOND_TRY = 1.0
"""Seconds until the one further try when Retry-After is longer than that."""
RAW_TIMEOUT, SLOWER = 5.0, 4
"""Timeout in seconds of a request on a raw connection, plus so many times the slowest recent response."""
_connections = itertools.count(1)


class Busy(Disrupted):
    """A request got a busy status every time that it was sent."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        super().__init__(f"the target kept returning {exchange.response.status}")


class Client:
    """A transport that keeps to the limits, retries while the target is busy, and records exchanges."""

    def __init__(
        self,
        transport: Transport,
        limits: Limits = Limits(),  # noqa: B008 - it is frozen
        route: Route = Route(),  # noqa: B008 - it is frozen
        user_headers: Sequence[tuple[str, Credential]] = (),
    ) -> None:
        self.transport = transport
        self.limits = limits
        self.route = route
        self.budget = Budget(limits.requests, limits.seconds)
        self.requests = 0
        """Number of requests that were sent. If no connection could be opened, nothing was."""
        self._disruption: Disruption | None = None
        self.response_seconds: deque[float] = deque(maxlen=RECENT)
        """The duration of recent responses."""
        self.busy_responses = 0
        """Number of responses with a busy status."""
        self._counting = True
        self._user_headers = tuple(user_headers)
        self._pace = RateLimiter(limits.rate)
        self._turn = threading.Semaphore(limits.concurrency) if limits.concurrency else contextlib.nullcontext()
        self._journal: list[Exchange] = []
        self._lock = threading.Lock()

    def send(self, request: Request) -> Exchange:
        """Send a request, again while the target is busy. Raises NoResponse, StaleConnection or Disrupted."""
        if self._user_headers:
            request = replace(request, user_headers=self._user_headers)
        return self._patiently(lambda: [self._once(request, self.transport.send)])[0]

    def send_over_one_connection(self, requests: Sequence[Request]) -> list[Exchange]:
        """Do the same for requests over one new connection."""

        def once() -> list[Exchange]:
            with self.transport.connection() as send:
                number = next(_connections)
                return [
                    self._once(replace(request, user_headers=self._user_headers), send, number) for request in requests
                ]

        return self._patiently(once)

    def drain(self) -> list[Exchange]:
        """Return the exchanges since the last call."""
        with self._lock:
            journal, self._journal = self._journal, []
        return journal

    @contextlib.contextmanager
    def uncounted(self) -> Iterator[None]:
        """Within the block, do not count requests towards the user's limit, and record no exchanges."""
        self._counting = False
        try:
            yield
        finally:
            self._counting = True
            self.drain()

    @property
    def disruption(self) -> Disruption | None:
        """What ended the run early; trouble while deleting at its end does not count."""
        return self._disruption or self.budget.disruption

    def renew_budget(self) -> None:
        """Start the budget for deleting models, which is reserved even if the run's budget is exhausted."""
        self._disruption = self.budget.disruption
        self.budget = Budget(None, max(LEAST_CLEANING, self.limits.seconds * CLEANING))

    def _patiently(self, send: Callable[[], list[Exchange]]) -> list[Exchange]:
        for attempt in range(TRIES):
            exchanges = send()
            busy = [exchange for exchange in exchanges if exchange.response.status in BUSY_STATUSES]
            if not busy:
                return exchanges
            self.busy_responses += len(busy)
            if attempt == TRIES - 1 or (attempt and (retry_after_seconds(busy[0].response) or 0) > REJECTING_WAIT):
                break
            self.budget.wait(_wait(busy[0], attempt), busy[0].response.status)
        raise Busy(busy[0])

    def _once(self, request: Request, send: Callable[[Request], Response], connection: int | None = None) -> Exchange:
        with self._turn:
            self.budget.request(counts=self._counting)
            self._pace.wait()
            with self._lock:
                self.requests += 1
            try:
                response = self._response(request, send)
            except NoResponse as lost:
                with self._lock:
                    self.requests -= lost.unsent
                raise
        exchange = Exchange(request, response, RACE.get(), connection)
        with self._lock:
            self._journal.append(exchange)
        return exchange

    def _response(self, request: Request, send: Callable[[Request], Response]) -> Response:
        left = self.budget.seconds_left
        self.transport.time_left = left if request.wire_format is None else min(left, self._raw_timeout())
        response = send(request)
        self.budget.response(len(response.body))
        self.response_seconds.append(response.seconds)
        return response

    def _raw_timeout(self) -> float:
        """Return the timeout of a request on a raw connection, where no check judges a late response."""
        return RAW_TIMEOUT + SLOWER * max(self.response_seconds.copy(), default=0.0)


def has_repeated_write(exchanges: Iterable[Exchange]) -> bool:
    """Return whether a write was sent again after a 503: the target may have processed it twice."""
    return any(e.response.status == MAY_BE_DONE and e.request.method not in SAFE for e in exchanges)


def _wait(exchange: Exchange, attempt: int) -> float:
    """Return the seconds to wait: those of Retry-After, or else twice as many each time."""
    asked, growing = retry_after_seconds(exchange.response), 0.05 * 2.0**attempt
    if asked is None:
        return growing
    return min(max(asked, growing if attempt else 0.0), LONGEST_WAIT) if asked <= REJECTING_WAIT else SECOND_TRY


UNKNOWN = Credential("Bearer rc-no-such-key", "Bearer rc-no-such-key")
"""Credentials that no target knows."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """The credentials of a run. None where the user gave no key."""

    primary: Credential | None
    other_org: Credential | None = None
    """Of a second organization."""
    read_only: Credential | None = None
    """Of the primary organization, without the right to write."""

    @classmethod
    def from_keys(cls, key: str | None, other_org: str | None, read_only: str | None) -> Credentials:
        """Make credentials from API keys or tokens."""
        return cls(
            _bearer(key, "RESPAN_API_KEY"),
            _bearer(other_org, "RESPAN_OTHER_ORG_KEY"),
            _bearer(read_only, "RESPAN_READ_ONLY_KEY"),
        )

    def without(self, option: str) -> Credentials:
        """Return the credentials without one, given by the name of its option."""
        return replace(
            self, **{"other-org-key": {"other_org": None}, "read-only-key": {"read_only": None}}.get(option, {})
        )

    def all(self) -> list[Credential]:
        """Return the credentials that the user gave."""
        return [one for one in (self.primary, self.other_org, self.read_only) if one is not None]


def _bearer(key: str | None, variable: str) -> Credential | None:
    return Credential(f"Bearer {key}", f"Bearer ${variable}") if key else None


def token_of(credential: Credential) -> str:
    """Return the token of a credential; the whole value if it has no scheme."""
    return credential.value.partition(" ")[2] or credential.value


def token_of_shell(credential: Credential) -> str:
    """Return the token of a bearer credential as it is written in a shell."""
    return credential.shell.partition(" ")[2] or credential.shell


class RateLimiter:
    """Limit requests to `rate` per second, over all threads; None is no limit."""

    def __init__(self, rate: float | None) -> None:
        self._distance = 1 / rate if rate else 0.0
        self._next = 0.0
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Return when the next request may be sent."""
        if not self._distance:
            return
        with self._lock:
            now = time.monotonic()
            mine = max(now, self._next)
            self._next = mine + self._distance
        time.sleep(mine - now)


def retry_after_seconds(response: Response) -> float | None:
    """Return the seconds from now that Retry-After says; None if it is missing or invalid."""
    asked = (response.header("retry-after") or "").strip()
    if asked.isascii() and asked.isdecimal():
        return float(asked)
    until = _date(asked)
    if until is None:
        return None
    now = _date(response.header("date") or "") or datetime.now(UTC)  # by the clock of the target, if it sends Date
    return max(0.0, (until - now).total_seconds())


def _date(text: str) -> datetime | None:
    """Return an HTTP-date; None if it is invalid."""
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
