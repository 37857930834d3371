"""What a run may use up in all. Once something is used up nothing more is sent, and what was not judged is said so."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from conformance.judge.outcome import NotTestable

SLOW = 1.0
"""Seconds of an answer that nobody counts."""
PATIENCE = 4
"""Times the limit of one request that a target may let us wait for slow answers and for none, in all."""
WAITING = 300.0
"""Seconds in all that a busy target (429, 503 with Retry-After) is waited for."""
SHORT = 64 * 1024
"""Octets of an answer that nobody counts."""
OCTETS = 4 * 1024 * 1024
"""Octets of longer answers that are taken in all; a usual run takes less than one million, short ones included."""


@dataclass(frozen=True, slots=True)
class Restraint:
    """How the user wants the target to be treated. None of it bounds a run by itself."""

    rate: float | None = None
    """Requests a second."""
    requests: int | None = None
    """Requests in all, those apart that delete at the end."""
    concurrency: int | None = None
    """Requests at a time."""

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

    def __init__(self, requests: int | None, timeout: float) -> None:
        self.spent: str | None = None
        """What is used up, as a sentence; None as long as nothing is."""
        self._allowed = requests
        self._requests = requests
        self._timeout = timeout
        self._patience = PATIENCE * timeout
        self._waiting = WAITING
        self._octets = OCTETS
        self._lock = threading.Lock()

    def request(self) -> None:
        """Take one request. Raises NotTestable where there is none left."""
        with self._lock:
            if self._requests == 0 and self.spent is None:
                self.spent = f"--max-requests {self._allowed} are used up"
            if self.spent is not None:
                raise NotTestable(self.spent)
            if self._requests is not None:
                self._requests -= 1

    def answer(self, seconds: float, octets: int) -> None:
        """Take an answer in, or the time that none came in."""
        with self._lock:
            self._patience -= max(0.0, seconds - min(SLOW, self._timeout / 2))
            self._octets -= octets if octets > SHORT else 0
            if self._patience <= 0:
                self._end(
                    f"the target let requests wait for more than {PATIENCE * self._timeout:g} s in all; "
                    "if it is as slow as that, raise --timeout"
                )
            if self._octets <= 0:
                self._end(f"the target sent more than {OCTETS // 1024**2} MiB in long answers")

    def wait(self, seconds: float) -> float:
        """Take so many seconds of waiting for a busy target, and return how many of them it is to be waited."""
        with self._lock:
            granted = min(seconds, self._waiting)
            self._waiting -= granted
            if self._waiting <= 0:
                self._end(f"the target was busy for {WAITING:g} s in all; --rate-limit asks for less at a time")
            return granted

    def _end(self, reason: str) -> None:
        self.spent = self.spent or reason
