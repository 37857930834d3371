"""Search the shortest request sequence that shows a failure.

The search tries shorter sequences, leaves out one request after the other, and then members of bodies. It sends nothing
itself: `replay` does, and returns the failure if the sequence still shows it.

An oracle makes that replay. It says whether other requests show the same fault: the same kind of failure in the same
place, whatever the values. There are four, and the first that knows the failure is used: the judge of a requirement on
every exchange, the reference model, the status alone, and the replay that a check brings along.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain as chained
from itertools import combinations
from typing import Any

from conformance.fields import base_field, overlays
from conformance.judge.expect import same, summary
from conformance.judge.outcome import Failure, Replay, Reproduced
from conformance.judge.requests import Validity, classify_body
from conformance.judge.responses import SchemaJudge
from conformance.model.reference import (
    STATUS,
    FaultKind,
    PredictedExchange,
    faults_in_last,
    is_same_fault,
    prediction_of_last,
)
from conformance.requirements.requirement import Judge
from conformance.target.operations import encoded
from conformance.target.subject import Subject
from conformance.wire.exchange import Exchange, Json, Request

ENDINGS = (1, 2, 3, 5, 8)
"""Lengths of the ends of a sequence that are tried first: most faults begin just before they show."""
SHORT = 3
"""Sequences with fewer requests than this before the last one are combined from any requests of a longer one."""
TRIED = 2
"""How many combinations of each length are tried, the latest requests first."""
LATEST = 8
"""How many of the latest requests are combined."""
SIMPLE = 8
"""A value with at most this many characters is not simplified."""

Fits = Callable[[Sequence[Request]], bool]


def shortest(
    sequence: Sequence[Request],
    replay: Replay,
    key: str,
    first: Iterable[Sequence[Request]] | None = None,
    fits: Fits = lambda _: True,
) -> Reproduced | None:
    """Return the shortest sequence found, or None if none of those tried `first` shows the failure.

    By default the ends of the sequence are tried first. `key` stays in every body. What does not fit is not tried.
    """
    reproduced = next((found for tried in first or endings(sequence) if (found := replay(tried))), None)
    if reproduced is None:
        return None

    def fitting(requests: Sequence[Request]) -> Reproduced | None:
        return replay(requests) if fits(requests) else None

    return _smaller_bodies(_fewer_exchanges(reproduced, fitting), fitting, key)


def endings(sequence: Sequence[Request]) -> Iterator[Sequence[Request]]:
    """Return the ends of a sequence, short ones first."""
    return (sequence[-length:] for length in ENDINGS if length <= len(sequence))


def candidates(
    sequence: Sequence[Request], chain: Sequence[Request], slimmed: Callable[[Request], Request], fits: Fits
) -> Iterator[Sequence[Request]]:
    """Yield sequences that may show the same failure, those with the least to read first.

    `chain` has the requests that lead to the end of the sequence. Bodies are tried `slimmed`, and then as they are.
    """
    known = set[tuple[tuple[str, str, bytes | None], ...]]()
    slim = [slimmed(request) for request in chain]
    short = [(slim, 0), (chain, 0), *((slim, length) for length in range(1, SHORT))]
    longer = [(chain, length) for length in range(1, SHORT)]
    tries: Iterator[Sequence[Request]] = chained(
        _all_combinations(short, fits), [slim], _all_combinations(longer, fits), [chain, sequence]
    )
    for tried in tries:
        content = tuple((request.method, request.target, request.body) for request in tried)
        if content not in known and fits(tried):
            known.add(content)
            yield tried


def _all_combinations(kinds: Iterable[tuple[Sequence[Request], int]], fits: Fits) -> Iterator[Sequence[Request]]:
    for chain, length in kinds:
        yield from _combinations(chain, length, fits)


def _combinations(chain: Sequence[Request], length: int, fits: Fits) -> Iterator[Sequence[Request]]:
    """Return sequences of the end of a chain and `length` requests before it, the latest first."""
    *earlier, last = chain
    latest = range(len(earlier) - 1, max(-1, len(earlier) - 1 - LATEST), -1)
    fitting = ([*(earlier[place] for place in reversed(places)), last] for places in combinations(latest, length))
    return (sequence for _, sequence in zip(range(TRIED), filter(fits, fitting), strict=False))


def slimmed(request: Request, members: Collection[str], key: str) -> Request:
    """Return the request with only these members and the key in its body."""
    body = _members(request)
    left = {name: value for name, value in body.items() if name == key or name in members}
    return replace(request, body=encoded(left)) if left and left.keys() != body.keys() else request


def _fewer_exchanges(reproduced: Reproduced, replay: Replay) -> Reproduced:
    place = 0
    while place < len(reproduced.exchanges) - 1:
        found = replay([*reproduced.requests[:place], *reproduced.requests[place + 1 :]])
        place += found is None
        reproduced = found or reproduced
    return reproduced


def _smaller_bodies(reproduced: Reproduced, replay: Replay, key: str) -> Reproduced:
    reproduced = _fewer_members(reproduced, replay, key)
    for place in reversed(range(len(reproduced.exchanges))):
        for name in _members(reproduced.requests[place]):
            if name != key:
                reproduced = _smaller_member(reproduced, place, name, replay)
    return reproduced


def _fewer_members(reproduced: Reproduced, replay: Replay, key: str) -> Reproduced:
    """Leave out members that no body needs, half of them at a time."""
    names = list(dict.fromkeys(name for request in reproduced.requests for name in _members(request) if name != key))
    part = len(names) // 2
    while part > 1:
        for start in range(0, len(names), part):
            without = set(names[start : start + part])
            left = [request if not _members(request) else _without(request, without) for request in reproduced.requests]
            if found := replay(left):
                reproduced, names = found, [name for name in names if name not in without]
                break
        else:
            part //= 2
            continue
        part = min(part, len(names) // 2)
    return reproduced


def _without(request: Request, names: Collection[str]) -> Request:
    body = {name: value for name, value in _members(request).items() if name not in names}
    return replace(request, body=encoded(body))


def _smaller_member(reproduced: Reproduced, place: int, name: str, replay: Replay) -> Reproduced:
    """Leave out a member of one body, or take the first simpler value that still shows the failure."""
    if place >= len(reproduced.exchanges):
        return reproduced
    body = _members(reproduced.requests[place])
    without = {other: value for other, value in body.items() if other != name}
    simple = () if len(str(body.get(name))) <= SIMPLE else simpler(body.get(name))
    for smaller in (without, *({**body, name: value} for value in simple)):
        if found := replay(_with_body(reproduced.requests, place, smaller)):
            return found
    return reproduced


def simpler(value: Json) -> Iterator[Json]:
    """Yield values of the same type with less to read, the simplest first."""
    if isinstance(value, str) and len(value) > 1:
        yield "a"
    elif isinstance(value, dict) and len(value) > 1:
        yield from ({name: child} for name, child in value.items())
    elif isinstance(value, list) and value:
        yield []
    elif isinstance(value, int | float) and not isinstance(value, bool) and value not in (0, 1):
        yield 1


def _members(request: Request) -> Mapping[str, Any]:
    """Return the members of a body that the suite has written as JSON, or none."""
    body = request.json
    try:
        return body if isinstance(body, dict) and encoded(body) == request.body else {}
    except UnicodeEncodeError:  # an escaped half of a surrogate pair, which the suite does not write
        return {}


def _with_body(requests: Sequence[Request], place: int, body: Mapping[str, Json]) -> list[Request]:
    changed = replace(requests[place], body=encoded(body))
    return [*requests[:place], changed, *requests[place + 1 :]]


ALLOWED = re.compile(r"status (\d{3}(?: or \d{3})*)\b|.*\((\dxx)\)")
"""How the expected value of a failure about a status begins."""


def _anything(_: Sequence[Request]) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Oracle:
    """A way to see whether other requests show the same fault."""

    replay: Replay
    """Sends requests, and returns the failure that the last response shows, or None."""
    fits: Callable[[Sequence[Request]], bool] = _anything
    """Whether requests can show the fault, as far as that is known before they are sent."""
    slimmed: Callable[[Request], Request] = lambda request: request
    """Returns a request with the least in its body that may suffice."""


class Oracles:
    """Makes the oracles of a run."""

    def __init__(
        self, subject: Subject, schemas: SchemaJudge, send: Callable[[Sequence[Request]], tuple[Exchange, ...]]
    ) -> None:
        self._subject = subject
        self._schemas = schemas
        self._send = send
        self._key = subject.contract.upsert.key

    def by_judge(self, judge: Judge, found: Failure, last: Exchange) -> Oracle:
        """Return an oracle that asks the judge of a requirement on every exchange."""

        def replay(requests: Sequence[Request]) -> Reproduced | None:
            exchanges = self._send(requests)
            try:
                judge(exchanges[-1], self._schemas, self._subject.contract)
            except Failure as failure:
                alike = exchanges[-1].response.status == last.response.status and _about(failure) == _about(found)
                return Reproduced(failure, exchanges) if alike else None
            return None

        return Oracle(replay, slimmed=lambda request: slimmed(request, (), self._key))

    def by_reference(self, found: Failure, sequence: Sequence[Exchange]) -> Oracle | None:
        """Return an oracle that asks the reference model, if that finds the same fault in the last exchange."""
        faults = faults_in_last(self._subject, sequence)
        kind = next((kind for kind, failure in faults.items() if is_same_fault(kind, failure, found)), None)
        if kind is None:
            return None

        def replay(requests: Sequence[Request]) -> Reproduced | None:
            exchanges = self._send(requests)
            failure = faults_in_last(self._subject, exchanges).get(kind)
            if failure is None:
                return None
            failure.cause = found.cause
            return Reproduced(failure, exchanges)

        members = self._members(kind) | _sent_with_wrong_value(kind, sequence)

        def slim(request: Request) -> Request:
            wrong = classify_body(self._subject.contract, request.json) is Validity.INVALID
            return request if wrong else slimmed(request, members, self._key)

        return Oracle(replay, lambda requests: _fits(kind, prediction_of_last(self._subject, requests)), slim)

    def by_status(self, found: Failure, sequence: Sequence[Exchange]) -> Oracle | None:
        """Return an oracle that compares the status, if the request has to be rejected whatever was sent before it."""
        last, allowed = sequence[-1], ALLOWED.match(found.expected)
        rejected = allowed is not None and all(status[0] == "4" and status != "404" for status in _statuses(allowed))
        if (
            not rejected
            or summary(last) != found.observed
            or prediction_of_last(self._subject, [last.request]) is not None
        ):
            return None

        def replay(requests: Sequence[Request]) -> Reproduced | None:
            exchanges = self._send(requests)
            one, other = exchanges[-1].response, last.response
            if one.status != other.status and not (one.successful and other.successful):
                return None
            return Reproduced(Failure(found.expected, summary(exchanges[-1]), cause=found.cause), exchanges)

        return Oracle(replay, lambda requests: _same_end(requests, last.request, self._subject))

    def by_replay(self, found: Failure) -> Oracle | None:
        """Return an oracle that uses the replay of the check, if it has one."""
        return None if found.replay is None else Oracle(found.replay)

    def _members(self, kind: FaultKind) -> frozenset[str]:
        base = base_field(self._subject.contract)
        name = kind.member.partition(".")[0]
        sent = [override.name for override, shown, _ in overlays(self._subject.contract) if shown.name == name]
        based = [base.name] if base is not None and kind.source == "inherited" else []
        return frozenset([*(sent or [name]), *based]) - {STATUS}


def _sent_with_wrong_value(kind: FaultKind, sequence: Sequence[Exchange]) -> set[str]:
    """Return the members that were sent with the wrong value of another member: it may come from them."""
    returned = sequence[-1].response.members.get(kind.member)
    if returned in (None, 0, 1) or isinstance(returned, bool):
        return set()
    bodies = [exchange.request.json for exchange in sequence]
    return {name for body in bodies if isinstance(body, dict) for name, value in body.items() if same(value, returned)}


def _about(failure: Failure) -> str:
    """Return what a judge finds wrong, without the values."""
    place = re.match(r"[\w.]+(?=: )", failure.observed)
    return f"{failure.expected.partition(':')[0]} {place[0] if place else ''}"


def _statuses(allowed: re.Match[str]) -> list[str]:
    return allowed[1].split(" or ") if allowed[1] else [allowed[2]]


def _same_end(requests: Sequence[Request], last: Request, subject: Subject) -> bool:
    """Return whether the last request is the same except for names: which part of it matters is unknown."""
    plain = subject.names.pattern

    def nameless(request: Request) -> Request:
        body = None if request.body is None else plain.sub("", request.body.decode("latin-1")).encode("latin-1")
        return replace(request, target=plain.sub("", request.target), body=body, key=None)

    return nameless(requests[-1]) == nameless(last)


def _fits(kind: FaultKind, predicted: PredictedExchange | None) -> bool:
    if predicted is None or predicted.operation != kind.operation:
        return False
    if kind.member == STATUS:
        return kind.source.startswith(f"{predicted.prediction.status.value}, ")
    return predicted.sources.get(kind.member) == kind.source.partition(",")[0]
