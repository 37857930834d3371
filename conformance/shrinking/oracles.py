"""What tells of other requests whether they show what a finding says: the same kind of fault of the same thing."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from conformance.exploring.onlooker import STATUS, Foreseen, Kind, faults_of, foreseen_of, is_the_same
from conformance.fields import base_field, overlays
from conformance.judge.expect import summary
from conformance.judge.outcome import Replay, Seen, Violation
from conformance.judge.reading import Reading, read_body
from conformance.judge.same import same
from conformance.judge.schema import SchemaJudge
from conformance.requirements.requirement import Judge
from conformance.shrinking.search import slimmed
from conformance.subject.subject import Subject
from conformance.wire.exchange import Exchange, Request

ALLOWED = re.compile(r"status (\d{3}(?: or \d{3})*)\b|.*\((\dxx)\)")
"""The beginning of what a check expects of a status."""


def _anything(_: Sequence[Request]) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Oracle:
    """A way to see a finding again."""

    replay: Replay
    """Sends requests; returns what they show of the fault in the last response."""
    fits: Callable[[Sequence[Request]], bool] = _anything
    """Whether requests can show it at all, as far as that is known before they are sent."""
    slimmed: Callable[[Request], Request] = lambda request: request
    """A request with as little in its body as it may take."""


class Oracles:
    """Finds the oracle of each finding of a run."""

    def __init__(
        self, subject: Subject, schemas: SchemaJudge, send: Callable[[Sequence[Request]], tuple[Exchange, ...]]
    ) -> None:
        self._subject = subject
        self._schemas = schemas
        self._send = send
        self._key = subject.contract.upsert.key

    def by_judge(self, judge: Judge, found: Violation, last: Exchange) -> Oracle:
        """An oracle by the judge of a requirement on every exchange."""

        def replay(requests: Sequence[Request]) -> Seen | None:
            exchanges = self._send(requests)
            try:
                judge(exchanges[-1], self._schemas, self._subject.contract)
            except Violation as violation:
                alike = exchanges[-1].response.status == last.response.status and _about(violation) == _about(found)
                return Seen(violation, exchanges) if alike else None
            return None

        return Oracle(replay, slimmed=lambda request: slimmed(request, (), self._key))

    def by_reference(self, found: Violation, story: Sequence[Exchange]) -> Oracle | None:
        """An oracle by the reference model, where it finds the same in the last exchange as a check did."""
        faults = faults_of(self._subject, story)
        kind = next((kind for kind, seen in faults.items() if is_the_same(kind, seen, found)), None)
        if kind is None:
            return None

        def replay(requests: Sequence[Request]) -> Seen | None:
            exchanges = self._send(requests)
            violation = faults_of(self._subject, exchanges).get(kind)
            if violation is None:
                return None
            violation.cause = found.cause
            return Seen(violation, exchanges)

        members = self._members(kind) | _with_the_value(kind, story)

        def slim(request: Request) -> Request:
            wrong = read_body(self._subject.contract, request.json) is Reading.WRONG
            return request if wrong else slimmed(request, members, self._key)

        return Oracle(replay, lambda requests: _fits(kind, foreseen_of(self._subject, requests)), slim)

    def by_status(self, found: Violation, story: Sequence[Exchange]) -> Oracle | None:
        """An oracle by the status alone, where a request has to be refused whatever was sent before it."""
        last, allowed = story[-1], ALLOWED.match(found.expected)
        refused = allowed is not None and all(status[0] == "4" and status != "404" for status in _statuses(allowed))
        if not refused or summary(last) != found.observed or foreseen_of(self._subject, [last.request]) is not None:
            return None

        def replay(requests: Sequence[Request]) -> Seen | None:
            exchanges = self._send(requests)
            one, other = exchanges[-1].response, last.response
            if one.status != other.status and not (one.successful and other.successful):
                return None
            return Seen(Violation(found.expected, summary(exchanges[-1]), cause=found.cause), exchanges)

        return Oracle(replay, lambda requests: _same_end(requests, last.request, self._subject))

    def by_retracing(self, found: Violation) -> Oracle | None:
        """An oracle of the check's own."""
        return None if found.retrace is None else Oracle(found.retrace)

    def _members(self, kind: Kind) -> frozenset[str]:
        base = base_field(self._subject.contract)
        name = kind.member.partition(".")[0]
        sent = [override.name for override, shown, _ in overlays(self._subject.contract) if shown.name == name]
        based = [base.name] if base is not None and kind.source == "inherited" else []
        return frozenset([*(sent or [name]), *based]) - {STATUS}


def _with_the_value(kind: Kind, story: Sequence[Exchange]) -> set[str]:
    """The members that were sent with the value that was seen in another: it may come from there."""
    seen = story[-1].response.members.get(kind.member)
    if seen in (None, 0, 1) or isinstance(seen, bool):
        return set()
    bodies = [exchange.request.json for exchange in story]
    return {name for body in bodies if isinstance(body, dict) for name, value in body.items() if same(value, seen)}


def _about(violation: Violation) -> str:
    """What a judge finds wrong, without the values."""
    place = re.match(r"[\w.]+(?=: )", violation.observed)
    return f"{violation.expected.partition(':')[0]} {place[0] if place else ''}"


def _statuses(allowed: re.Match[str]) -> list[str]:
    return allowed[1].split(" or ") if allowed[1] else [allowed[2]]


def _same_end(requests: Sequence[Request], last: Request, subject: Subject) -> bool:
    """Whether the last request is the same but for names: what is wrong in it is not known."""
    plain = subject.names.pattern

    def nameless(request: Request) -> Request:
        body = None if request.body is None else plain.sub("", request.body.decode("latin-1")).encode("latin-1")
        return replace(request, target=plain.sub("", request.target), body=body, key=None)

    return nameless(requests[-1]) == nameless(last)


def _fits(kind: Kind, foreseen: Foreseen | None) -> bool:
    if foreseen is None or foreseen.operation != kind.operation:
        return False
    if kind.member == STATUS:
        return kind.source.startswith(f"{foreseen.prediction.status.value}, ")
    return foreseen.sources.get(kind.member) == kind.source.partition(",")[0]
