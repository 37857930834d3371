"""Paces requests: each gets a moment of its own, at an even distance from the one before."""

from __future__ import annotations

import threading
import time


class Pace:
    """At most `rate` requests a second, over all threads. Without a rate nobody waits."""

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
