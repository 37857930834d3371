"""Races: requests sent at once, and whether what came of them could have happened one after the other."""

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
"""Seconds after which a racer that did not answer is given up."""


@dataclass(frozen=True, slots=True)
class TimedExchange:
    """An exchange, and when it began and ended, in seconds of one clock."""

    exchange: Exchange
    began: float
    ended: float


def warm_connections(subject: Subject, racers: int) -> None:
    """Open as many connections as there will be racers: a race over fresh ones is decided by the handshakes.

    Raises NotTestable where the user wants no requests at once.
    """
    if subject.client.limits.forbids_races:
        raise NotTestable(subject.client.limits.forbids_races)
    body = subject.once("warm connections", subject.minimal_body)
    subject.once(f"{racers} warm connections", lambda: race([lambda: subject.upsert(body)] * racers))
    subject.client.drain()  # no part of what a race shows


def race(calls: Sequence[Racer]) -> list[Exchange]:
    """The exchanges of `calls`, all sent at once, in their order."""
    return [timed.exchange for (timed,) in histories([[call] for call in calls])]


def histories(scripts: Sequence[Sequence[Racer]]) -> list[list[TimedExchange]]:
    """What each script came to; scripts run side by side, the calls of one after the other."""
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
        except Exception as failure:  # noqa: BLE001 - handed to the thread that judges
            failures.append(failure)

    threads = [threading.Thread(target=run, args=(index,), daemon=True) for index in range(len(scripts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(RACE_TIMEOUT)
    if failures:
        raise failures[0]
    if any(thread.is_alive() for thread in threads):
        raise NotTestable("a request of a race was not answered in time")
    return found


@dataclass(frozen=True, slots=True)
class RegisterOperation:
    """A read that saw `value`, or a write of it."""

    writes: bool
    value: Any
    began: float
    ended: float


def linearizable(history: Sequence[RegisterOperation], initial: Any) -> bool:
    """Whether an order of `history` exists that keeps real time and in which each read sees the latest write."""
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
