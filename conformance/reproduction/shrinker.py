"""Make the findings of a run reproducible: in few requests, and replayed before they are printed.

A check may send a hundred requests before one fails. A reader wants the three that matter. And who pastes them into a
shell has an empty server: no model of the run is there, and each request goes over a connection of its own.

So nothing is printed as a reproduction unless these very requests were sent again, under fresh names, and showed the
failure. The shrinker tries, in this order:

1. the shortest sequence in which an oracle sees the same fault (`search.py`);
2. the exchanges about the models of the last one, if they end in the same response;
3. everything that the check sent, over one connection if it did not show over several.

A finding for which none of these works is reported without a reproduction, and says why (`Replayed`). Requests that
raced are not replayed as they are: no list of commands repeats a race.

Searching costs requests and time, so both have a budget, for a finding and for the run. There is no search for a slow
target, or if the user limits the rate or the number of requests. A search that confirms a finding saves the second run
of its check: later searches may spend what that run would have sent.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import TypeVar

from conformance.judge.outcome import NotTestable, Replay, Reproduced
from conformance.judge.responses import SchemaJudge
from conformance.reproduction.search import Oracle, Oracles, candidates, endings, shortest
from conformance.reproduction.sequence import (
    about_same_models,
    is_self_contained,
    mentions_other_models,
    numbered,
    renamed,
    requests_leading_to_last,
    same_response,
)
from conformance.requirements.requirement import Judge
from conformance.results.finding import Evidence, Replayed
from conformance.results.verdict import Verdict
from conformance.target.cleanup import delete_unneeded
from conformance.target.names import Names
from conformance.target.subject import Subject
from conformance.wire.exchange import Exchange, NoResponse, Request, StaleConnection, Unreachable

T = TypeVar("T")
PER_FINDING, PER_STATEFUL_TEST, PER_RUN = 30, 100, 80
"""Requests for a finding of a check, for a finding of a stateful test, and for all findings of a run.

Requests that delete what these create are included. A search that confirms a finding saves the second run of its check,
and adds the requests of that run to the budget.
"""
FOR_OTHERS = 60
"""Requests that are left for the checks that run last."""
SECONDS = 8.0
"""Seconds for all findings of a run."""
SLOW = 0.5
"""A target with a response that takes longer than this many seconds is not searched."""
PAUSE = 0.12
"""Seconds between two requests: as long as a shell on a busy machine takes to start the next command."""
LONGEST = 30
"""The maximum number of requests of a reproduction."""


class Shrinker:
    """Makes the findings of one run reproducible."""

    def __init__(self, subject: Subject, schemas: SchemaJudge, judges: Mapping[str, Judge | None]) -> None:
        self._subject = subject
        self._judges = judges
        self._oracles = Oracles(subject, schemas, self._sent)
        self._requests = PER_RUN
        self._seconds = SECONDS
        self._failed_searches: dict[str, int] = {}
        """The requirements whose search failed, and the number of exchanges that it was based on."""
        self._unshown_separately: set[str] = set()
        """Those whose search failed although every sequence was affordable: separate requests do not show them."""

    def minimised(self, id: str, finding: Evidence, whole: Sequence[Exchange]) -> Evidence | None:
        """Return the finding in as few requests as show it again, or None. This confirms it.

        `whole` is everything that the check sent.
        """
        again = None if self._is_expensive(finding) else self._searched(id, finding, whole)
        if again is not None:
            self._requests += self._cost([exchange.request for exchange in whole])
        return again

    def _searched(self, id: str, finding: Evidence, whole: Sequence[Exchange]) -> Evidence | None:
        reproduced = self._within_budget(lambda: self._search(id, finding, _sequence_of(finding, whole)))
        return None if reproduced is None else _shown_by(finding, reproduced, self._subject.names)

    def _cost(self, requests: Sequence[Request]) -> int:
        """Return how many requests it takes to send these, and to delete what they create."""
        created = {(r.key, r.credential) for r in requests if r.key is not None and r.body is not None}
        return len(requests) + (len(created) if self._subject.capabilities.delete_works else 0)

    def reproducible(self, id: str, finding: Evidence, whole: Sequence[Exchange]) -> Evidence:
        """Return a confirmed finding with requests that reproduce it, or with the reason why there are none.

        `whole` is everything that the second run of the check sent.
        """
        if not finding.exchanges:
            return replace(finding, replay=Replayed.NO_RESPONSE)
        sequence, expensive = _sequence_of(finding, whole), self._is_expensive(finding)
        tried = self._failed_searches.get(id, 0) >= len(sequence)
        if not (expensive or tried) and (again := self._searched(id, finding, whole)):
            return again
        if any(exchange.race is not None for exchange in sequence):
            return replace(finding, replay=Replayed.RACED)
        if not expensive and (sliced := self._within_budget(lambda: self._sliced(finding, sequence))):
            return replace(finding, exchanges=sliced, replay=Replayed.SHOWN)
        if id in self._unshown_separately:
            return self._over_one_connection(finding, sequence)
        return self._whole_sequence(finding, sequence, whole)

    def _over_one_connection(self, finding: Evidence, sequence: tuple[Exchange, ...]) -> Evidence:
        """Return the finding with all requests over one connection: over several they do not show it."""
        joined = tuple(replace(exchange, connection=0) for exchange in sequence)
        shown = len(sequence) <= LONGEST and self._within_budget(lambda: self._shown_again(joined))
        if not shown:
            return replace(finding, replay=Replayed.NOT_SHOWN)
        return replace(finding, exchanges=joined, replay=Replayed.SHOWN)

    def _whole_sequence(self, finding: Evidence, sequence: tuple[Exchange, ...], whole: Sequence[Exchange]) -> Evidence:
        """Return the finding with all requests. They were sent twice by the check, or are sent again now."""
        replay = Replayed.NOT_SENT
        if len(sequence) > LONGEST:
            replay = Replayed.LONG
        elif mentions_other_models(sequence, self._subject.names):
            replay = Replayed.NOT_SHOWN
        elif _is_beginning(sequence, whole) and is_self_contained(sequence, self._subject.names):
            replay = Replayed.SHOWN
        elif not self._is_expensive(finding):
            shown = self._within_budget(lambda: self._shown_again(sequence))
            replay = replay if shown is None else Replayed.SHOWN if shown else Replayed.NOT_SHOWN
        return replace(finding, exchanges=sequence, replay=replay)

    def _is_expensive(self, finding: Evidence) -> bool:
        """Return whether a search costs too much: the target is slow, or the user limits its requests."""
        if finding.verdict is not Verdict.FAIL or not finding.exchanges:
            return True
        restraint = self._subject.client.limits
        slow = max(exchange.response.seconds for exchange in finding.exchanges) > SLOW
        return slow or self._seconds <= 0 or restraint.rate is not None or restraint.requests is not None

    def _within_budget(self, send: Callable[[], T | None]) -> T | None:
        """Return what `send` returns, or None if one of its requests gets no response. Charge what it sends."""
        began = time.monotonic()
        try:
            return send()
        except (NoResponse, NotTestable, StaleConnection, Unreachable):
            return None
        finally:
            self._charge()
            self._seconds -= time.monotonic() - began

    def _charge(self) -> None:
        """Subtract what was sent since the last call from the budget of the run."""
        self._requests -= self._cost([exchange.request for exchange in self._subject.client.drain()])

    def _clear(self) -> None:
        """Delete what the check and earlier replays left: who pastes the requests does not have it."""
        self._charge()
        delete_unneeded(self._subject)

    def _search(self, id: str, finding: Evidence, sequence: Sequence[Exchange]) -> Reproduced | None:
        oracle = self._oracle(id, finding, sequence)
        if oracle is None or any(exchange.connection is not None for exchange in sequence):
            self._failed_searches[id] = len(sequence)
            return None
        self._unshown_separately.discard(id)
        requests, key, names = [e.request for e in sequence], self._subject.contract.upsert.key, self._subject.names
        stateful = finding.failure.replay is not None
        chain = requests if oracle.replay is finding.failure.replay else requests_leading_to_last(requests, names)
        ends = filter(oracle.fits, endings([oracle.slimmed(request) for request in chain])) if stateful else ()
        first = [*ends, *candidates(requests, chain, oracle.slimmed, oracle.fits)]
        most, others = (PER_STATEFUL_TEST, 0) if stateful else (min(PER_FINDING, self._requests), FOR_OTHERS)
        allowance = _Allowance(most, self._cost, self._subject, others)
        replay = allowance.of(lambda requests: self._alone(oracle, renamed(requests, names)))
        reproduced = shortest(requests, replay, key, first, oracle.fits)
        if reproduced is None:
            self._failed_searches[id] = len(sequence)
            if not allowance.exceeded:
                self._unshown_separately.add(id)
        return reproduced

    def _alone(self, oracle: Oracle, requests: Sequence[Request]) -> Reproduced | None:
        """Return what the oracle sees in the requests alone, without what earlier ones left."""
        self._clear()
        reproduced = oracle.replay(requests)
        return (
            None
            if reproduced is None or mentions_other_models(reproduced.exchanges, self._subject.names)
            else reproduced
        )

    def _oracle(self, id: str, finding: Evidence, sequence: Sequence[Exchange]) -> Oracle | None:
        judge, found = self._judges.get(id), finding.failure
        if judge is not None:
            return self._oracles.by_judge(judge, found, sequence[-1])
        return (
            self._oracles.by_reference(found, sequence)
            or self._oracles.by_status(found, sequence)
            or self._oracles.by_replay(found)
        )

    def _sliced(self, finding: Evidence, sequence: Sequence[Exchange]) -> tuple[Exchange, ...] | None:
        """Return the exchanges about the models of the last one, if these alone end in the same response."""
        if not finding.failure.seen_in:
            return None
        sliced = about_same_models(sequence, self._subject.names)
        if len(sliced) in (1, len(sequence)) or len(sliced) > LONGEST:
            return None
        return sliced if self._shown_again(sliced) else None

    def _shown_again(self, sequence: Sequence[Exchange]) -> bool | None:
        """Return whether the same requests end in the same response, or None if the budget does not allow it."""
        if not _Allowance(self._requests, self._cost, self._subject).take([exchange.request for exchange in sequence]):
            return None
        names = self._subject.names
        if mentions_other_models(sequence, names):
            return False
        self._clear()
        again = list[Exchange]()
        requests = iter(renamed([exchange.request for exchange in sequence], names))
        for connection, group in groupby(sequence, lambda exchange: exchange.connection):
            row = [next(requests) for _ in group]
            again += self._sent(row) if connection is None else self._in_a_row(row)
        return same_response(self._subject.contract, names, sequence, again)

    def _sent(self, requests: Sequence[Request]) -> tuple[Exchange, ...]:
        """Send requests as a shell does: with time between them, each over a connection of its own."""
        sent = list[Exchange]()
        for request in requests:
            if sent:
                self._subject.pause(PAUSE)
            sent += self._in_a_row([request])
        return tuple(replace(exchange, connection=None) for exchange in sent)

    def _in_a_row(self, requests: Sequence[Request]) -> list[Exchange]:
        """Send requests over one connection, if the target is reached over connections."""
        subject = self._subject
        if not subject.client.transport.has_connections:
            return [subject.send(request) for request in requests]
        for request in requests:
            subject.creations.record_request(request)
        exchanges = subject.client.send_over_one_connection(requests)
        for exchange in exchanges:
            subject.creations.record_response(exchange)
        return exchanges


def _sequence_of(finding: Evidence, whole: Sequence[Exchange]) -> tuple[Exchange, ...]:
    """Return everything that was sent up to the exchange that shows the finding, after what was sent before the check.

    Of that, the finding has what it rests on, such as the create of a model that the check only reads.
    """
    last = finding.exchanges[-1]
    place = next((place for place, exchange in enumerate(whole) if exchange is last), None)
    if place is None:
        return finding.exchanges
    before = [exchange for exchange in finding.exchanges if not any(exchange is other for other in whole)]
    return (*before, *whole[: place + 1])


def _is_beginning(sequence: Sequence[Exchange], whole: Sequence[Exchange]) -> bool:
    """Return whether a sequence is the beginning of what was sent, with nothing left out."""
    return len(sequence) <= len(whole) and all(one is other for one, other in zip(sequence, whole, strict=False))


def _shown_by(finding: Evidence, reproduced: Reproduced, names: Names) -> Evidence:
    """Return the finding as other exchanges show it; it keeps the words of its check if the requests are the same."""
    failure, words = reproduced.failure, finding.failure.expected
    before = [exchange.request for exchange in finding.exchanges]
    if not names.names_in(words) and numbered(before, names) == numbered(reproduced.requests, names):
        failure.expected = words
    return replace(finding, failure=failure, exchanges=reproduced.exchanges, replay=Replayed.SHOWN)


class _Allowance:
    """The requests that may be sent for one finding."""

    def __init__(
        self, requests: int, cost: Callable[[Sequence[Request]], int], subject: Subject, others: int = FOR_OTHERS
    ) -> None:
        self._left = requests
        self.exceeded = False
        """Whether any sequence cost too much."""
        self._others = others
        self._cost = cost
        self._subject = subject

    def take(self, requests: Sequence[Request]) -> bool:
        """Take what it costs to send these requests, if that much is left; return whether it was."""
        cost = self._cost(requests)
        taken = cost <= self._left and self._subject.can_afford(cost + self._others)
        self.exceeded |= not taken
        self._left -= cost if taken else 0
        return taken

    def of(self, replay: Replay) -> Replay:
        """Return a replay that returns None if its requests cost too much."""
        return lambda requests: replay(requests) if self.take(requests) else None
