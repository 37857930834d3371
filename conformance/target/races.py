"""Races: requests sent at once, and whether their outcome is one that some order of them explains."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.judge.outcome import NotTestable
from conformance.target.subject import Subject
from conformance.wire.exchange import RACE, Exchange

Racer = Callable[[], Exchange]
_races = itertools.count(1)
RACE_TIMEOUT = 60.0
"""Seconds after which a race with a missing response is given up."""


@dataclass(frozen=True, slots=True)
class TimedExchange:
    """An exchange, and when it began and ended, in seconds of the same clock."""

    exchange: Exchange
    began: float
    ended: float


def warm_connections(subject: Subject, racers: int) -> None:
    """Open a connection for each racer: on new connections, the handshakes would decide the race.

    Raises NotTestable if the user's limits forbid concurrent requests.
    """
    if subject.client.limits.forbids_races:
        raise NotTestable(subject.client.limits.forbids_races)
    body = subject.once("warm connections", subject.minimal_body)
    subject.once(f"{racers} warm connections", lambda: race([lambda: subject.upsert(body)] * racers))
    subject.client.drain()  # these exchanges are not evidence of the race


def race(calls: Sequence[Racer]) -> list[Exchange]:
    """Start all calls at once, and return their exchanges in the order of the calls."""
    return [timed.exchange for (timed,) in histories([[call] for call in calls])]


def histories(scripts: Sequence[Sequence[Racer]]) -> list[list[TimedExchange]]:
    """Run scripts concurrently, each with its calls one after another, and return their exchanges."""
    barrier = threading.Barrier(len(scripts))
    found: list[list[TimedExchange]] = [[] for _ in scripts]
    failures: list[Exception] = []
    number = next(_races)

    def run(index: int) -> None:
        RACE.set(number)
        try:
            barrier.wait()
            for call in scripts[index]:
                began = time.perf_counter()
                exchange = call()
                found[index].append(TimedExchange(exchange, began, time.perf_counter()))
        except Exception as failure:  # noqa: BLE001 - raised again in the main thread
            failures.append(failure)

    threads = [threading.Thread(target=run, args=(index,), daemon=True) for index in range(len(scripts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(RACE_TIMEOUT)
    if failures:
        raise failures[0]
    if any(thread.is_alive() for thread in threads):
        raise NotTestable("a request of a race got no response in time")
    return found


@dataclass(frozen=True, slots=True)
class RegisterOperation:
    """A write of `value`, or a read that returned it."""

    writes: bool
    value: Any
    began: float
    ended: float


def linearizable(history: Sequence[RegisterOperation], initial: Any) -> bool:
    """Return whether some order of `history` respects real time and lets each read return the latest write."""
    if not history:
        return True
    first_end = min(operation.ended for operation in history)
    for index, operation in enumerate(history):
        if operation.began > first_end:
            continue
        if operation.writes or operation.value == initial:
            rest = [*history[:index], *history[index + 1 :]]
            if linearizable(rest, operation.value if operation.writes else initial):
                return True
    return False
