"""The search for the shortest story: pure, but for what `replay` sends."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain as chained
from itertools import combinations
from typing import Any

from conformance.judge.outcome import Replay, Seen
from conformance.subject.operations import encoded
from conformance.wire.exchange import Json, Request

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
) -> Seen | None:
    """The shortest story found; None where no shorter one shows the violation. `key` is never left out of a body.

    The stories to try `first` are its ends, unless others are given. What does not fit is not tried.
    """
    seen = next((found for tried in first or endings(story) if (found := replay(tried))), None)
    if seen is None:
        return None

    def fitting(requests: Sequence[Request]) -> Seen | None:
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


def _fewer_exchanges(seen: Seen, replay: Replay) -> Seen:
    place = 0
    while place < len(seen.exchanges) - 1:
        found = replay([*seen.requests[:place], *seen.requests[place + 1 :]])
        place += found is None
        seen = found or seen
    return seen


def _smaller_bodies(seen: Seen, replay: Replay, key: str) -> Seen:
    seen = _fewer_members(seen, replay, key)
    for place in reversed(range(len(seen.exchanges))):
        for name in _members(seen.requests[place]):
            if name != key:
                seen = _smaller_member(seen, place, name, replay)
    return seen


def _fewer_members(seen: Seen, replay: Replay, key: str) -> Seen:
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


def _smaller_member(seen: Seen, place: int, name: str, replay: Replay) -> Seen:
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
