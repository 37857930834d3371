"""The end of the time budget in every phase: also in those that send nothing, such as judging a response.

Between two requests the budget is looked at (`subject/budget.py`). A check that computes for ever never comes to its
next request, so the command sets an alarm as well, shortly after the budget. It ends the run as Ctrl-C does: what was
created is deleted, and reports are written.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from conformance.subject.budget import CLEANING

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
