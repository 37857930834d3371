"""What a run may use up in all: requests, time, long responses. Then nothing more is sent, and the run says so.

One time budget bounds the whole run. Requests, waits for a busy target, retries and judging all draw on it, and a part
of it is kept for deleting what the run created.
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
"""The time budget of a run whose user gave none."""
CLEANING = 0.1
"""Part of the time budget that is kept for deleting models."""
THROTTLED = 0.25
"""Part of the time budget from which on it was the waiting for a busy target that used it up."""
SHORT = 64 * 1024
"""Bytes of a response that nobody counts."""
BYTES = 4 * 1024 * 1024
"""Bytes of longer responses that are read in all; a usual run reads less than one million, short ones included."""


class Trouble(StrEnum):
    """What keeps a run from judging all that it was to judge."""

    THROTTLED = "throttled"
    """The target kept responding that it is busy (429, 503)."""
    FLAKY = "flaky"
    """Requests got no response, and others did."""
    CHANGED = "changed"
    """What worked at the start does not work any more: the credentials, a quota, a gateway."""
    GONE = "gone"
    """Nothing gets a response any more."""
    SLOW = "slow"
    """The time budget was used up."""
    VERBOSE = "verbose"
    """The target sent more than a run reads."""
    LIMITED = "limited"
    """The user's own limit of requests was reached."""


@dataclass(frozen=True, slots=True)
class Disruption:
    """Why not all was judged, as a sentence of the run."""

    trouble: Trouble
    text: str


@dataclass(frozen=True, slots=True)
class Limits:
    """How the user wants the target to be treated."""

    rate: float | None = None
    """Requests a second."""
    requests: int | None = None
    """Requests in all, those apart that delete at the end."""
    concurrency: int | None = None
    """Requests at a time."""
    seconds: float = SECONDS
    """The time budget of the run."""
    models: int | None = None
    """Models on the target at a time."""

    @property
    def forbids_races(self) -> str | None:
        """Why requests cannot race, None where they can."""
        if self.rate is not None:
            return "--rate-limit sends requests one after the other, so none can race"
        if self.concurrency is not None and self.concurrency < 2:
            return "--concurrency 1 lets no requests race"
        return None


class Budget:
    """What is left. Safe to use from several threads."""

    def __init__(self, requests: int | None = None, seconds: float = SECONDS) -> None:
        self.disruption: Disruption | None = None
        """What is used up; None as long as nothing is."""
        self.began = time.monotonic()
        self.waited = 0.0
        """Seconds that the run waited for a busy target."""
        self._allowed = requests
        self._requests = requests
        self._seconds = seconds
        self._until = self.began + seconds * (1 - CLEANING)
        self._busy = 0
        """The status of the latest response that the target is busy."""
        self._bytes = BYTES
        self._lock = threading.Lock()

    @property
    def exhausted(self) -> str | None:
        """What is used up, as a sentence; None as long as nothing is."""
        return self.disruption.text if self.disruption else None

    @property
    def seconds_left(self) -> float:
        """Seconds that are left; 0 where none are."""
        return max(0.0, self._until - time.monotonic())

    def request(self, *, counts: bool = True) -> None:
        """Take one request; one that deletes does not count. Raises Disrupted where there is none left."""
        with self._lock:
            if self._requests == 0 and counts:
                self._end(Trouble.LIMITED, f"--max-requests {self._allowed} are used up")
            self._check_time()
            if self._requests and counts:
                self._requests -= 1

    def check_time(self) -> None:
        """Return where there is time left. Raises Disrupted."""
        with self._lock:
            self._check_time()

    def response(self, length: int) -> None:
        """Take a response of so many bytes in."""
        with self._lock:
            self._bytes -= length if length > SHORT else 0
            if self._bytes <= 0:
                self._end(Trouble.VERBOSE, f"the target sent more than {BYTES // 1024**2} MiB in long responses")

    def wait(self, seconds: float, status: int) -> None:
        """Wait for a busy target. Raises Disrupted where that is longer than there is time."""
        with self._lock:
            if seconds >= self.seconds_left:
                self._end(
                    Trouble.THROTTLED,
                    f"the target throttled: it responded {status} and asked to be left alone for {seconds:g} s, longer "
                    f"than what is left of the time budget of {self._seconds:g} s (--time-budget)",
                )
                raise Disrupted(self.exhausted or "")
            self.waited += seconds
            self._busy = status
        time.sleep(seconds)

    def end(self, trouble: Trouble, text: str) -> None:
        """Send nothing more, for a reason that a sentence tells."""
        with self._lock:
            self._end(trouble, text)

    def _check_time(self) -> None:
        if self.seconds_left <= 0:
            throttled = self.waited >= THROTTLED * self._seconds
            waited = f", {self.waited:.0f} s of it by waiting for a target that throttles ({self._busy})"
            self._end(
                Trouble.THROTTLED if throttled else Trouble.SLOW,
                f"the time budget of {self._seconds:g} s is used up{waited if throttled else ''}; "
                "--time-budget gives more",
            )
        if self.disruption is not None:
            raise Disrupted(self.disruption.text)

    def _end(self, trouble: Trouble, text: str) -> None:
        self.disruption = self.disruption or Disruption(trouble, text)


LATE = 5.0
"""Seconds that a run gets to come to its end once the time budget is used up, if nothing keeps it."""
_expired = False


@contextmanager
def alarm(seconds: float) -> Iterator[None]:
    """Interrupt the block where it still judges when a time budget of so many seconds is used up, and remember that."""
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
    signal.setitimer(signal.ITIMER_REAL, seconds * (1 - CLEANING) + LATE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def disarm() -> None:
    """Let what comes after judging take its own time."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, 0)


def expired() -> bool:
    """Whether the alarm went off."""
    return _expired


OVERHEAD = 30
"""Requests that look at the target before anything is judged, and make what most sections look at."""
DELETES = 0.27
"""Requests that delete what was created, for each that is sent before."""
USUAL = {"AUT": 1.8, "STA": 1.9, "IDM": 3.1, "SEM": 3.0, "TEN": 3.9, "SCH": 1.0}
"""Requests for each test of a section."""
RACE, STATEFUL_TEST = 3.9, 17.0
"""Requests for each round of a test of CON, and for each stateful test of MOD."""
MODELS = 60
"""Models of a run that are on the target at one time, where it has a delete."""
MARGIN = 1.25
"""How much longer than expected a run may take, for a time budget that is suggested."""
A_SECOND = 100.0
"""Requests per second of stateful tests that go on for a time."""


def estimated_requests(profile: Profile, tests: Mapping[str, int]) -> int:
    """About how many requests so many tests of each section send in all."""
    stateful = A_SECOND * profile.seconds if profile.seconds else STATEFUL_TEST * profile.stateful_tests
    judged = sum(USUAL.get(section, 0.0) * count for section, count in tests.items())
    raced = RACE * profile.races * tests.get("CON", 0) + stateful * (tests.get("MOD", 0) > 0)
    reckoned = round((OVERHEAD + judged + raced) * (1 + DELETES))
    return reckoned if profile.requests is None else min(reckoned, profile.requests)


def expected_seconds(requests: int, response: float, limits: Limits) -> float:
    """How long so many requests take, one after the other, where a response takes so many seconds."""
    return requests * max(response, 1 / limits.rate if limits.rate else 0.0)


def require_time(requests: int, response: float, limits: Limits) -> float:
    """Return how many seconds the run may take. Raises Disrupted where that is more than its time budget."""
    expected = expected_seconds(requests, response, limits)
    if expected > limits.seconds:
        needed = -(-expected * MARGIN // 60) * 60
        raise Disrupted(
            f"a response took about {response:.1f} s, so that about {requests:,} requests take {duration(expected)}, "
            f"more than the time budget of {duration(limits.seconds)}; give --time-budget {needed:.0f}, or choose "
            "fewer requirements with --only or --profile quick"
        )
    return expected


def duration(seconds: float) -> str:
    """A number of seconds as people say it."""
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def estimated_models(requests: int) -> int:
    """Return about how many models a run of so many requests leaves where nothing can be deleted."""
    return round(requests * DELETES / (1 + DELETES))
