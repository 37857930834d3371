"""Limit what a run uses: requests, time and bytes.

Every request of a run passes `Budget.request`, which raises Disrupted if anything is exhausted. Then no further
request leaves the machine, the checks that did not run are not testable, and the run says what was exhausted. So a
run never calls a target conformant that it did not judge, and never goes on for longer than its user allowed.

One time budget covers the whole run: requests, waits for a busy target, retries and judging. 10 % of it is reserved
for deleting what the run created, and a timer interrupts a check that computes for too long.

The default profile has room for 1,500 requests, including those that confirm findings and delete models. Its about
440 tests fit because most of them judge requests that other tests send as well (see `conformance.target.subject`):
each takes 1 to 4 requests on average, and only races and stateful tests take more. `estimated_requests` adds this up,
so that a user knows before the run what it costs, and `require_time` rejects a target that is too slow for it.
Optional work asks `Subject.can_afford` first: shrinking a finding, for example, is left out if the requests are needed
for checks.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import NoReturn

from conformance.judge.outcome import Disrupted
from conformance.options import Profile

SECONDS = 600.0
"""The default time budget of a run."""
CLEANING = 0.1
"""Share of the time budget that is reserved for deleting models."""
THROTTLED = 0.25
"""Share of the time budget spent waiting for a busy target, from which on throttling is why the budget is exhausted."""
SHORT = 64 * 1024
"""Size up to which responses do not count."""
BYTES = 4 * 1024 * 1024
"""Bytes of longer responses that a run reads; a typical run reads less than 1 MB, short responses included."""


class Trouble(StrEnum):
    """Why a run could not judge everything that it should."""

    THROTTLED = "throttled"
    """The target kept returning 429 or 503."""
    FLAKY = "flaky"
    """Some requests got no response."""
    CHANGED = "changed"
    """Something that worked at first does not work any more: credentials, a quota, a gateway."""
    GONE = "gone"
    """No request gets a response any more."""
    SLOW = "slow"
    """The time budget is exhausted."""
    VERBOSE = "verbose"
    """The target sent more bytes than a run reads."""
    LIMITED = "limited"
    """The user's limit of requests is reached."""


@dataclass(frozen=True, slots=True)
class Disruption:
    """Why a run could not judge everything, in a sentence for its reports."""

    trouble: Trouble
    text: str


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits that the user sets for the sake of the target."""

    rate: float | None = None
    """Maximum requests per second."""
    requests: int | None = None
    """Maximum requests, without those that delete models."""
    concurrency: int | None = None
    """Maximum requests at a time."""
    seconds: float = SECONDS
    """The time budget of the run."""
    models: int | None = None
    """Maximum models on the target at a time."""

    @property
    def forbids_races(self) -> str | None:
        """Why requests cannot race; None if they can."""
        if self.rate is not None:
            return "--rate-limit sends requests one after another, so they cannot race"
        if self.concurrency is not None and self.concurrency < 2:
            return "--concurrency 1 sends requests one after another, so they cannot race"
        return None


class Budget:
    """What is left of the limits of a run. Thread-safe."""

    def __init__(self, requests: int | None = None, seconds: float = SECONDS) -> None:
        self.disruption: Disruption | None = None
        """What is exhausted; None if nothing is."""
        self.began = time.monotonic()
        self.waited = 0.0
        """Seconds spent waiting for a busy target."""
        self._allowed = requests
        self._requests = requests
        self._seconds = seconds
        self._until = self.began + seconds * (1 - CLEANING)
        self._busy = 0
        """The status of the latest response that says that the target is busy."""
        self._bytes = BYTES
        self._lock = threading.Lock()

    @property
    def exhausted(self) -> str | None:
        """What is exhausted, as a sentence; None if nothing is."""
        return self.disruption.text if self.disruption else None

    @property
    def seconds_left(self) -> float:
        """Seconds left, at least 0."""
        return max(0.0, self._until - time.monotonic())

    def request(self, *, counts: bool = True) -> None:
        """Count one request, unless it deletes a model. Raises Disrupted if requests or time are exhausted."""
        with self._lock:
            if self._requests == 0 and counts:
                self._end(Trouble.LIMITED, f"the limit of --max-requests {self._allowed} is reached")
            self._check_time()
            if self._requests and counts:
                self._requests -= 1

    def check_time(self) -> None:
        """Raise Disrupted if no time is left."""
        with self._lock:
            self._check_time()

    def response(self, length: int) -> None:
        """Count a response body of so many bytes."""
        with self._lock:
            self._bytes -= length if length > SHORT else 0
            if self._bytes <= 0:
                self._end(Trouble.VERBOSE, f"the target sent more than {BYTES // 1024**2} MiB in long responses")

    def wait(self, seconds: float, status: int) -> None:
        """Wait for a busy target. Raises Disrupted if less time than that is left."""
        with self._lock:
            if seconds >= self.seconds_left:
                self._end(
                    Trouble.THROTTLED,
                    f"the target throttled: it returned {status} and asked for a wait of {seconds:g} s, longer than "
                    f"what is left of the time budget of {self._seconds:g} s (--time-budget)",
                )
                raise Disrupted(self.exhausted or "")
            self.waited += seconds
            self._busy = status
        time.sleep(seconds)

    def end(self, trouble: Trouble, text: str) -> None:
        """End the budget, so that nothing more is sent, for the reason in `text`."""
        with self._lock:
            self._end(trouble, text)

    def _check_time(self) -> None:
        if self.seconds_left <= 0:
            throttled = self.waited >= THROTTLED * self._seconds
            waited = f", {self.waited:.0f} s of it by waiting for a target that throttled ({self._busy})"
            self._end(
                Trouble.THROTTLED if throttled else Trouble.SLOW,
                f"the time budget of {self._seconds:g} s is exhausted{waited if throttled else ''}; "
                "raise it with --time-budget",
            )
        if self.disruption is not None:
            raise Disrupted(self.disruption.text)

    def _end(self, trouble: Trouble, text: str) -> None:
        self.disruption = self.disruption or Disruption(trouble, text)


GRACE = 5.0
"""Seconds in which a run can end by itself after its time budget is exhausted, before the alarm interrupts it."""
_expired = False


@contextmanager
def alarm(seconds: float) -> Iterator[None]:
    """Raise KeyboardInterrupt in the block if it still runs when a time budget of so many seconds is exhausted."""
    global _expired  # noqa: PLW0603 - there is one alarm in a process
    _expired = False

    def expire(*_: object) -> NoReturn:
        global _expired  # noqa: PLW0603
        _expired = True
        raise KeyboardInterrupt

    if not hasattr(signal, "setitimer"):  # not on Windows
        yield
        return
    before = signal.signal(signal.SIGALRM, expire)
    signal.setitimer(signal.ITIMER_REAL, seconds * (1 - CLEANING) + GRACE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def disarm() -> None:
    """Turn the alarm off: what follows the checks has its own time budget."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, 0)


def expired() -> bool:
    """Return whether the alarm went off."""
    return _expired


OVERHEAD = 30
"""Requests of the preflight and the probe, and of evidence that most sections share."""
DELETES = 0.27
"""Deletes for each other request."""
PER_TEST = {"AUT": 1.8, "STA": 1.9, "IDM": 3.1, "SEM": 3.0, "TEN": 3.9, "SCH": 1.0}
"""Requests for each test, by section."""
RACE, STATEFUL_TEST = 3.9, 17.0
"""Requests for each round of a race (CON), and for each stateful test (MOD)."""
MODELS = 60
"""Models of a run that are on the target at a time, if it has a delete."""
MARGIN = 1.25
"""Suggested time budget in relation to the expected duration."""
PER_SECOND = 100.0
"""Requests per second of stateful tests that run for a given time."""


def estimated_requests(profile: Profile, tests: Mapping[str, int]) -> int:
    """Return about how many requests a run with so many tests of each section sends."""
    stateful = PER_SECOND * profile.seconds if profile.seconds else STATEFUL_TEST * profile.stateful_tests
    judged = sum(PER_TEST.get(section, 0.0) * count for section, count in tests.items())
    raced = RACE * profile.races * tests.get("CON", 0) + stateful * (tests.get("MOD", 0) > 0)
    reckoned = round((OVERHEAD + judged + raced) * (1 + DELETES))
    return reckoned if profile.requests is None else min(reckoned, profile.requests)


def expected_seconds(requests: int, response: float, limits: Limits) -> float:
    """Return how long so many requests take one after another if a response takes `response` seconds."""
    return requests * max(response, 1 / limits.rate if limits.rate else 0.0)


def require_time(requests: int, response: float, limits: Limits) -> float:
    """Return how many seconds the run will take. Raises Disrupted if that is more than its time budget."""
    expected = expected_seconds(requests, response, limits)
    if expected > limits.seconds:
        needed = -(-expected * MARGIN // 60) * 60
        raise Disrupted(
            f"a response takes about {response:.1f} s, so about {requests:,} requests take {duration(expected)}, more "
            f"than the time budget of {duration(limits.seconds)}; use --time-budget {needed:.0f}, or select fewer "
            "requirements with --only or --profile quick"
        )
    return expected


def duration(seconds: float) -> str:
    """Return a number of seconds in a readable unit."""
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def estimated_models(requests: int) -> int:
    """Return about how many models a run of so many requests leaves on a target without delete."""
    return round(requests * DELETES / (1 + DELETES))
