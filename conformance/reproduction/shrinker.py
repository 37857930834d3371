"""Shrinks the findings of a run, and replays what it prints, within a budget of requests and time.

A finding is printed as a reproduction only where its very requests were sent again under fresh names and showed it:
in as few requests as an oracle (`oracles.py`) sees the same fault in, else as the check sent them, whole.
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
from conformance.results.finding import Finding, Replayed
from conformance.results.verdict import Verdict
from conformance.target.cleanup import delete_unneeded
from conformance.target.names import Names
from conformance.target.subject import Subject
from conformance.wire.exchange import Exchange, NoResponse, Request, StaleConnection, Unreachable

T = TypeVar("T")
PER_FINDING, PER_WALK, PER_RUN = 30, 100, 80
"""Requests for the finding of a check, for one of a walk over many, and for all of a run.

Those are included that delete what they create. A finding that a replay confirms saves the second run of its check:
others may use what that would have sent.
"""
FOR_OTHERS = 60
"""Requests that are left for what is judged last."""
SECONDS = 8.0
"""In a run."""
SLOW = 0.5
"""Seconds of an answer after which nothing is asked again for the sake of a shorter report."""
PAUSE = 0.12
"""Seconds between two requests: a shell on a busy machine takes as long to start the next command."""
LONGEST = 30
"""Requests of a reproduction."""


class Shrinker:
    """Makes the stories of one run short."""

    def __init__(self, subject: Subject, schemas: SchemaJudge, judges: Mapping[str, Judge | None]) -> None:
        self._subject = subject
        self._judges = judges
        self._oracles = Oracles(subject, schemas, self._sent)
        self._requests = PER_RUN
        self._seconds = SECONDS
        self._fruitless: dict[str, int] = {}
        """The requirements whose findings no oracle has seen again, and how much was known then that led to them."""
        self._elsewhere: set[str] = set()
        """Those of them that were tried with all that led to them: more than the requests alone shows them."""

    def minimised(self, id: str, finding: Finding, whole: Sequence[Exchange]) -> Finding | None:
        """The finding in as few requests as show it again; None where none were seen to.

        `whole` is all that the check sent.
        """
        again = None if self._is_dear(finding) else self._searched(id, finding, whole)
        if again is not None:
            self._requests += self._cost([exchange.request for exchange in whole])
        return again

    def _searched(self, id: str, finding: Finding, whole: Sequence[Exchange]) -> Finding | None:
        seen = self._within_budget(lambda: self._search(id, finding, _story(finding, whole)))
        return None if seen is None else _told_by(finding, seen, self._subject.names)

    def _cost(self, requests: Sequence[Request]) -> int:
        """Requests that it takes to send some, and to delete what they create."""
        created = {(r.key, r.credential) for r in requests if r.key is not None and r.body is not None}
        return len(requests) + (len(created) if self._subject.capabilities.delete_works else 0)

    def reproducible(self, id: str, finding: Finding, whole: Sequence[Exchange]) -> Finding:
        """The finding with requests that reproduce it, or with what became of them.

        `whole` is all that the check sent when it was run for the second time, and found the same.
        """
        if not finding.exchanges:
            return replace(finding, replay=Replayed.NO_RESPONSE)
        story, dear = _story(finding, whole), self._is_dear(finding)
        tried = self._fruitless.get(id, 0) >= len(story)
        if not (dear or tried) and (again := self._searched(id, finding, whole)):
            return again
        if any(exchange.race is not None for exchange in story):
            return replace(finding, replay=Replayed.RACED)
        if not dear and (sliced := self._within_budget(lambda: self._sliced(finding, story))):
            return replace(finding, exchanges=sliced, replay=Replayed.SHOWN)
        if id in self._elsewhere:
            return self._in_one_connection(finding, story)
        return self._uncut(finding, story, whole)

    def _in_one_connection(self, finding: Finding, story: tuple[Exchange, ...]) -> Finding:
        """The finding by all that led to it, over one connection: over several it was not seen."""
        joined = tuple(replace(exchange, connection=0) for exchange in story)
        shown = len(story) <= LONGEST and self._within_budget(lambda: self._shown_again(joined))
        if not shown:
            return replace(finding, replay=Replayed.NOT_SHOWN)
        return replace(finding, exchanges=joined, replay=Replayed.SHOWN)

    def _uncut(self, finding: Finding, story: tuple[Exchange, ...], whole: Sequence[Exchange]) -> Finding:
        """The finding with all that led to it, which was sent twice already, or is sent again now."""
        replay = Replayed.NOT_SENT
        if len(story) > LONGEST:
            replay = Replayed.LONG
        elif mentions_other_models(story, self._subject.names):
            replay = Replayed.NOT_SHOWN
        elif _is_beginning(story, whole) and is_self_contained(story, self._subject.names):
            replay = Replayed.SHOWN
        elif not self._is_dear(finding):
            shown = self._within_budget(lambda: self._shown_again(story))
            replay = replay if shown is None else Replayed.SHOWN if shown else Replayed.NOT_SHOWN
        return replace(finding, exchanges=story, replay=replay)

    def _is_dear(self, finding: Finding) -> bool:
        """Whether the target is slow, or its operator counts requests."""
        if finding.verdict is not Verdict.FAIL or not finding.exchanges:
            return True
        restraint = self._subject.client.limits
        slow = max(exchange.response.seconds for exchange in finding.exchanges) > SLOW
        return slow or self._seconds <= 0 or restraint.rate is not None or restraint.requests is not None

    def _within_budget(self, send: Callable[[], T | None]) -> T | None:
        """What `send` returns, which sends requests; None where one of them gets no response."""
        began = time.monotonic()
        try:
            return send()
        except (NoResponse, NotTestable, StaleConnection, Unreachable):
            return None
        finally:
            self._charge()
            self._seconds -= time.monotonic() - began

    def _charge(self) -> None:
        """Take what was sent since the last time from the requests of the run."""
        self._requests -= self._cost([exchange.request for exchange in self._subject.client.drain()])

    def _clear(self) -> None:
        """Delete what the check and the replays before left: who pastes the requests does not have it."""
        self._charge()
        delete_unneeded(self._subject)

    def _search(self, id: str, finding: Finding, story: Sequence[Exchange]) -> Reproduced | None:
        oracle = self._oracle(id, finding, story)
        if oracle is None or any(exchange.connection is not None for exchange in story):
            self._fruitless[id] = len(story)
            return None
        self._elsewhere.discard(id)
        requests, key, names = [e.request for e in story], self._subject.contract.upsert.key, self._subject.names
        walked = finding.failure.replay is not None
        chain = requests if oracle.replay is finding.failure.replay else requests_leading_to_last(requests, names)
        ends = filter(oracle.fits, endings([oracle.slimmed(request) for request in chain])) if walked else ()
        first = [*ends, *candidates(requests, chain, oracle.slimmed, oracle.fits)]
        most, others = (PER_WALK, 0) if walked else (min(PER_FINDING, self._requests), FOR_OTHERS)
        allowance = _Allowance(most, self._cost, self._subject, others)
        replay = allowance.of(lambda requests: self._alone(oracle, renamed(requests, names)))
        seen = shortest(requests, replay, key, first, oracle.fits)
        if seen is None:
            self._fruitless[id] = len(story)
            if not allowance.refused:
                self._elsewhere.add(id)
        return seen

    def _alone(self, oracle: Oracle, requests: Sequence[Request]) -> Reproduced | None:
        """What is seen of the requests alone."""
        self._clear()
        seen = oracle.replay(requests)
        return None if seen is None or mentions_other_models(seen.exchanges, self._subject.names) else seen

    def _oracle(self, id: str, finding: Finding, story: Sequence[Exchange]) -> Oracle | None:
        judge, found = self._judges.get(id), finding.failure
        if judge is not None:
            return self._oracles.by_judge(judge, found, story[-1])
        return (
            self._oracles.by_reference(found, story)
            or self._oracles.by_status(found, story)
            or self._oracles.by_replay(found)
        )

    def _sliced(self, finding: Finding, story: Sequence[Exchange]) -> tuple[Exchange, ...] | None:
        """The exchanges about the models alone that the last one has to do with, if they end in the same answer."""
        if not finding.failure.seen_in:
            return None
        sliced = about_same_models(story, self._subject.names)
        if len(sliced) in (1, len(story)) or len(sliced) > LONGEST:
            return None
        return sliced if self._shown_again(sliced) else None

    def _shown_again(self, story: Sequence[Exchange]) -> bool | None:
        """Whether the same requests end in the same answer; None where they are not sent."""
        if not _Allowance(self._requests, self._cost, self._subject).take([exchange.request for exchange in story]):
            return None
        names = self._subject.names
        if mentions_other_models(story, names):
            return False
        self._clear()
        again = list[Exchange]()
        requests = iter(renamed([exchange.request for exchange in story], names))
        for connection, group in groupby(story, lambda exchange: exchange.connection):
            row = [next(requests) for _ in group]
            again += self._sent(row) if connection is None else self._in_a_row(row)
        return same_response(self._subject.contract, names, story, again)

    def _sent(self, requests: Sequence[Request]) -> tuple[Exchange, ...]:
        """Send requests as they are when they are pasted: with time between them, each over a connection of its own."""
        sent = list[Exchange]()
        for request in requests:
            if sent:
                self._subject.pause(PAUSE)
            sent += self._in_a_row([request])
        return tuple(replace(exchange, connection=None) for exchange in sent)

    def _in_a_row(self, requests: Sequence[Request]) -> list[Exchange]:
        """Send requests over one connection, where the target has any."""
        subject = self._subject
        if not subject.client.transport.has_connections:
            return [subject.send(request) for request in requests]
        for request in requests:
            subject.creations.record_request(request)
        exchanges = subject.client.send_over_one_connection(requests)
        for exchange in exchanges:
            subject.creations.record_response(exchange)
        return exchanges


def _story(finding: Finding, whole: Sequence[Exchange]) -> tuple[Exchange, ...]:
    """All that was sent up to the exchange that shows the finding: what it took is in there."""
    last = finding.exchanges[-1]
    place = next((place for place, exchange in enumerate(whole) if exchange is last), None)
    return finding.exchanges if place is None else tuple(whole[: place + 1])


def _is_beginning(story: Sequence[Exchange], whole: Sequence[Exchange]) -> bool:
    """Whether a story is what was sent, whole and uncut."""
    return len(story) <= len(whole) and all(one is other for one, other in zip(story, whole, strict=False))


def _told_by(finding: Finding, seen: Reproduced, names: Names) -> Finding:
    """The finding as other exchanges show it, in the words of its check where they are the same requests."""
    failure, words = seen.failure, finding.failure.expected
    before = [exchange.request for exchange in finding.exchanges]
    if not names.names_in(words) and numbered(before, names) == numbered(seen.requests, names):
        failure.expected = words
    return replace(finding, failure=failure, exchanges=seen.exchanges, replay=Replayed.SHOWN)


class _Allowance:
    """Requests that may be sent for one finding."""

    def __init__(
        self, requests: int, cost: Callable[[Sequence[Request]], int], subject: Subject, others: int = FOR_OTHERS
    ) -> None:
        self._left = requests
        self.refused = False
        """Whether any requests were too many."""
        self._others = others
        self._cost = cost
        self._subject = subject

    def take(self, requests: Sequence[Request]) -> bool:
        """Take what it costs to send these, if there is so much."""
        cost = self._cost(requests)
        taken = cost <= self._left and self._subject.can_afford(cost + self._others)
        self.refused |= not taken
        self._left -= cost if taken else 0
        return taken

    def of(self, replay: Replay) -> Replay:
        """A replay that shows nothing where its requests are too many."""
        return lambda requests: replay(requests) if self.take(requests) else None
