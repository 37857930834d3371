"""An event loop whose clock jumps over every wait, so that a response that waits a minute takes no time."""

from __future__ import annotations

import asyncio
import selectors

_PATIENCE = 60
"""Seconds that threads may take."""
_ENDLESS = 10_000_000
"""Seconds by the clock of a loop that nobody waits for."""


class HangsError(AssertionError):
    """Nothing will happen any more, or never what is waited for."""


class _Selector(selectors.DefaultSelector):
    """Waits for nothing but threads, and counts the seconds that it would have waited."""

    skipped = 0.0
    given_up_at = float(_ENDLESS)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return the events that are there; without any, skip the wait."""
        found = super().select(_PATIENCE if timeout is None else 0)
        if found or timeout == 0:
            return found
        if timeout is None or self.skipped > self.given_up_at:
            raise HangsError
        self.skipped += max(timeout, 0.001)
        return found


class JumpingLoop(asyncio.SelectorEventLoop):
    """The loop. It works as long as no thread and no timer are waited for at the same time."""

    def __init__(self) -> None:
        self._waits = _Selector()
        super().__init__(self._waits)

    def patient(self) -> None:
        """Wait for what comes next as long as for anything before."""
        self._waits.given_up_at = self._waits.skipped + _ENDLESS

    def time(self) -> float:
        """Return the time of the clock, waits included."""
        return super().time() + self._waits.skipped
