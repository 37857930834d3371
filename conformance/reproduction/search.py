"""The search for the shortest story of a finding: pure, but for what `replay` sends.

Oracles tell of other requests whether they show what the finding says: the same kind of fault of the same thing.
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
"""Lengths of the ends of a story that are tried first: what went wrong mostly began just before."""
SHORT = 3
"""Requests of the stories that are put together from any requests of a longer one."""
TRIED = 2
"""Such stories of each length that are tried, the latest requests first."""
LATEST = 8
"""Requests that they are put together from."""
SIMPLE = 8
"""Characters up to which a value is left as it is."""

Fits = Callable[[Sequence[Request]], bool]


def shortest(
    story: Sequence[Request],
    replay: Replay,
    key: str,
    first: Iterable[Sequence[Request]] | None = None,
    fits: Fits = lambda _: True,
) -> Reproduced | None:
    """The shortest story found; None where no shorter one shows the violation. `key` is never left out of a body.

    The stories to try `first` are its ends, unless others are given. What does not fit is not tried.
    """
    seen = next((found for tried in first or endings(story) if (found := replay(tried))), None)
    if seen is None:
        return None

    def fitting(requests: Sequence[Request]) -> Reproduced | None:
        return replay(requests) if fits(requests) else None

    return _smaller_bodies(_fewer_exchanges(seen, fitting), fitting, key)


def endings(story: Sequence[Request]) -> Iterator[Sequence[Request]]:
    """The ends of a story, short ones first."""
    return (story[-length:] for length in ENDINGS if length <= len(story))


def candidates(
    story: Sequence[Request], chain: Sequence[Request], slimmed: Callable[[Request], Request], fits: Fits
) -> Iterator[Sequence[Request]]:
    """Stories that may show what a story shows, those with the least to read first; `chain` is what leads to its end.

    Their bodies are tried `slimmed`, and then as they are.
    """
    known = set[tuple[tuple[str, str, bytes | None], ...]]()
    slim = [slimmed(request) for request in chain]
    short = [(slim, 0), (chain, 0), *((slim, length) for length in range(1, SHORT))]
    longer = [(chain, length) for length in range(1, SHORT)]
    tries: Iterator[Sequence[Request]] = chained(
        _all_put_together(short, fits), [slim], _all_put_together(longer, fits), [chain, story]
    )
    for tried in tries:
        told = tuple((request.method, request.target, request.body) for request in tried)
        if told not in known and fits(tried):
            known.add(told)
            yield tried


def _all_put_together(kinds: Iterable[tuple[Sequence[Request], int]], fits: Fits) -> Iterator[Sequence[Request]]:
    for chain, length in kinds:
        yield from _put_together(chain, length, fits)


def _put_together(chain: Sequence[Request], length: int, fits: Fits) -> Iterator[Sequence[Request]]:
    """Stories of the end of a chain and so many requests before it, the latest first."""
    *earlier, last = chain
    latest = range(len(earlier) - 1, max(-1, len(earlier) - 1 - LATEST), -1)
    fitting = ([*(earlier[place] for place in reversed(places)), last] for places in combinations(latest, length))
    return (story for _, story in zip(range(TRIED), filter(fits, fitting), strict=False))


def slimmed(request: Request, members: Collection[str], key: str) -> Request:
    """The request with these members alone in its body."""
    body = _members(request)
    left = {name: value for name, value in body.items() if name == key or name in members}
    return replace(request, body=encoded(left)) if left and left.keys() != body.keys() else request


def _fewer_exchanges(seen: Reproduced, replay: Replay) -> Reproduced:
    place = 0
    while place < len(seen.exchanges) - 1:
        found = replay([*seen.requests[:place], *seen.requests[place + 1 :]])
        place += found is None
        seen = found or seen
    return seen


def _smaller_bodies(seen: Reproduced, replay: Replay, key: str) -> Reproduced:
    seen = _fewer_members(seen, replay, key)
    for place in reversed(range(len(seen.exchanges))):
        for name in _members(seen.requests[place]):
            if name != key:
                seen = _smaller_member(seen, place, name, replay)
    return seen


def _fewer_members(seen: Reproduced, replay: Replay, key: str) -> Reproduced:
    """The story without members that all its bodies can do without, half of them at a time."""
    names = list(dict.fromkeys(name for request in seen.requests for name in _members(request) if name != key))
    part = len(names) // 2
    while part > 1:
        for start in range(0, len(names), part):
            without = set(names[start : start + part])
            left = [request if not _members(request) else _without(request, without) for request in seen.requests]
            if found := replay(left):
                seen, names = found, [name for name in names if name not in without]
                break
        else:
            part //= 2
            continue
        part = min(part, len(names) // 2)
    return seen


def _without(request: Request, names: Collection[str]) -> Request:
    body = {name: value for name, value in _members(request).items() if name not in names}
    return replace(request, body=encoded(body))


def _smaller_member(seen: Reproduced, place: int, name: str, replay: Replay) -> Reproduced:
    """The story without a member of one body, or with the first simpler value that will do."""
    if place >= len(seen.exchanges):
        return seen
    body = _members(seen.requests[place])
    without = {other: value for other, value in body.items() if other != name}
    simple = () if len(str(body.get(name))) <= SIMPLE else simpler(body.get(name))
    for smaller in (without, *({**body, name: value} for value in simple)):
        if found := replay(_with_body(seen.requests, place, smaller)):
            return found
    return seen


def simpler(value: Json) -> Iterator[Json]:
    """Values of the same type with less to read in them, the simplest first."""
    if isinstance(value, str) and len(value) > 1:
        yield "a"
    elif isinstance(value, dict) and len(value) > 1:
        yield from ({name: child} for name, child in value.items())
    elif isinstance(value, list) and value:
        yield []
    elif isinstance(value, int | float) and not isinstance(value, bool) and value not in (0, 1):
        yield 1


def _members(request: Request) -> Mapping[str, Any]:
    """The members of a body that is written as this suite writes JSON; none of any other."""
    body = request.json
    try:
        return body if isinstance(body, dict) and encoded(body) == request.body else {}
    except UnicodeEncodeError:  # an escaped half of a surrogate pair, which this suite does not write
        return {}


def _with_body(requests: Sequence[Request], place: int, body: Mapping[str, Json]) -> list[Request]:
    changed = replace(requests[place], body=encoded(body))
    return [*requests[:place], changed, *requests[place + 1 :]]


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

    def by_judge(self, judge: Judge, found: Failure, last: Exchange) -> Oracle:
        """An oracle by the judge of a requirement on every exchange."""

        def replay(requests: Sequence[Request]) -> Reproduced | None:
            exchanges = self._send(requests)
            try:
                judge(exchanges[-1], self._schemas, self._subject.contract)
            except Failure as failure:
                alike = exchanges[-1].response.status == last.response.status and _about(failure) == _about(found)
                return Reproduced(failure, exchanges) if alike else None
            return None

        return Oracle(replay, slimmed=lambda request: slimmed(request, (), self._key))

    def by_reference(self, found: Failure, story: Sequence[Exchange]) -> Oracle | None:
        """An oracle by the reference model, where it finds the same in the last exchange as a check did."""
        faults = faults_in_last(self._subject, story)
        kind = next((kind for kind, seen in faults.items() if is_same_fault(kind, seen, found)), None)
        if kind is None:
            return None

        def replay(requests: Sequence[Request]) -> Reproduced | None:
            exchanges = self._send(requests)
            failure = faults_in_last(self._subject, exchanges).get(kind)
            if failure is None:
                return None
            failure.cause = found.cause
            return Reproduced(failure, exchanges)

        members = self._members(kind) | _with_the_value(kind, story)

        def slim(request: Request) -> Request:
            wrong = classify_body(self._subject.contract, request.json) is Validity.INVALID
            return request if wrong else slimmed(request, members, self._key)

        return Oracle(replay, lambda requests: _fits(kind, prediction_of_last(self._subject, requests)), slim)

    def by_status(self, found: Failure, story: Sequence[Exchange]) -> Oracle | None:
        """An oracle by the status alone, where a request has to be refused whatever was sent before it."""
        last, allowed = story[-1], ALLOWED.match(found.expected)
        refused = allowed is not None and all(status[0] == "4" and status != "404" for status in _statuses(allowed))
        if (
            not refused
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
        """An oracle of the check's own."""
        return None if found.replay is None else Oracle(found.replay)

    def _members(self, kind: FaultKind) -> frozenset[str]:
        base = base_field(self._subject.contract)
        name = kind.member.partition(".")[0]
        sent = [override.name for override, shown, _ in overlays(self._subject.contract) if shown.name == name]
        based = [base.name] if base is not None and kind.source == "inherited" else []
        return frozenset([*(sent or [name]), *based]) - {STATUS}


def _with_the_value(kind: FaultKind, story: Sequence[Exchange]) -> set[str]:
    """The members that were sent with the value that was seen in another: it may come from there."""
    seen = story[-1].response.members.get(kind.member)
    if seen in (None, 0, 1) or isinstance(seen, bool):
        return set()
    bodies = [exchange.request.json for exchange in story]
    return {name for body in bodies if isinstance(body, dict) for name, value in body.items() if same(value, seen)}


def _about(failure: Failure) -> str:
    """What a judge finds wrong, without the values."""
    place = re.match(r"[\w.]+(?=: )", failure.observed)
    return f"{failure.expected.partition(':')[0]} {place[0] if place else ''}"


def _statuses(allowed: re.Match[str]) -> list[str]:
    return allowed[1].split(" or ") if allowed[1] else [allowed[2]]


def _same_end(requests: Sequence[Request], last: Request, subject: Subject) -> bool:
    """Whether the last request is the same but for names: what is wrong in it is not known."""
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
