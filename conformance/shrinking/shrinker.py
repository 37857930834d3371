"""Shrinks the findings of a run, within a budget of requests and time."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from conformance.judge.outcome import NotTestable, Replay, Seen, Violation
from conformance.judge.schema import SchemaJudge
from conformance.requirements.requirement import Judge
from conformance.results.finding import Finding
from conformance.results.verdict import Verdict
from conformance.shrinking.answers import same_answer
from conformance.shrinking.search import shortest
from conformance.shrinking.story import about_the_same, renamed
from conformance.subject.subject import Subject
from conformance.wire.exchange import Exchange, Request
from conformance.wire.lost import Lost, Stale, Unreachable

PER_FINDING, PER_RUN = 45, 45
"""Requests."""
FOR_OTHERS = 60
"""Requests that are left for what is judged last."""
SECONDS = 3.0
"""In a run."""
SLOW = 0.5
"""Seconds of an answer after which nothing is asked again for the sake of a shorter report."""


class Shrinker:
    """Makes the stories of one run short."""

    def __init__(self, subject: Subject, schemas: SchemaJudge, judges: Mapping[str, Judge | None]) -> None:
        self._subject = subject
        self._schemas = schemas
        self._judges = judges
        self._requests = PER_RUN
        self._seconds = SECONDS

    def shrunk(self, id: str, finding: Finding) -> Finding:
        """The finding with a shorter story where one was found that shows the same, else as it is."""
        if finding.verdict is not Verdict.FAIL or not finding.exchanges or self._is_dear(finding):
            return finding
        began, before = time.monotonic(), self._subject.client.requests
        try:
            return self._shrunk(id, finding, _Allowance(min(PER_FINDING, self._requests), self._subject))
        except (Lost, NotTestable, Stale, Unreachable):
            return finding
        finally:
            self._requests -= self._subject.client.requests - before
            self._seconds -= time.monotonic() - began
            self._subject.client.drain()

    def _is_dear(self, finding: Finding) -> bool:
        """Whether the target is slow, or its operator counts requests."""
        restraint = self._subject.client.restraint
        slow = max(exchange.response.seconds for exchange in finding.exchanges) > SLOW
        return slow or self._seconds <= 0 or restraint.rate is not None or restraint.requests is not None

    def _shrunk(self, id: str, finding: Finding, allowance: _Allowance) -> Finding:
        story = [exchange.request for exchange in finding.exchanges]
        judge = self._judges.get(id)
        replay: Replay | None = partial(self._judged, judge) if judge else finding.violation.retrace
        if replay is None:
            return self._sliced(finding, allowance)
        key = self._subject.contract.upsert.key
        seen = shortest(story, allowance.of(lambda requests: replay(renamed(requests, self._subject.names))), key)
        return replace(finding, violation=seen.violation, exchanges=seen.exchanges) if seen else finding

    def _judged(self, judge: Judge, requests: Sequence[Request]) -> Seen | None:
        """What a requirement on every exchange finds in the last answer."""
        exchanges = self._sent(requests)
        try:
            judge(exchanges[-1], self._schemas, self._subject.contract)
        except Violation as violation:
            return Seen(violation, exchanges)
        return None

    def _sliced(self, finding: Finding, allowance: _Allowance) -> Finding:
        """The story of the models alone that the last exchange has to do with, if it ends in the same answer."""
        if not finding.violation.seen_in:
            return finding
        story, names = about_the_same(finding.exchanges, self._subject.names), self._subject.names
        if len(story) == len(finding.exchanges) or not allowance.take(len(story)):
            return finding
        again = self._sent(renamed([exchange.request for exchange in story], names))
        return (
            replace(finding, exchanges=story) if same_answer(self._subject.contract, names, story, again) else finding
        )

    def _sent(self, requests: Sequence[Request]) -> tuple[Exchange, ...]:
        return tuple(self._subject.send(request) for request in requests)


class _Allowance:
    """Requests that may be sent for one finding."""

    def __init__(self, requests: int, subject: Subject) -> None:
        self._left = requests
        self._subject = subject

    def take(self, requests: int) -> bool:
        """Take so many, if there are."""
        taken = requests <= self._left and self._subject.affords(requests + FOR_OTHERS)
        self._left -= requests if taken else 0
        return taken

    def of(self, replay: Replay) -> Replay:
        """A replay that shows nothing where its requests are too many."""
        return lambda requests: replay(requests) if self.take(len(requests)) else None
