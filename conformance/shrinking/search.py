"""The search for the shortest story: pure, but for what `replay` sends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from conformance.judge.outcome import Replay, Seen
from conformance.subject.operations import encoded
from conformance.wire.exchange import Json, Request

ENDINGS = (1, 2, 3, 5, 8)
"""Lengths of the ends of a story that are tried first: what went wrong mostly began just before."""


def shortest(story: Sequence[Request], replay: Replay, key: str) -> Seen | None:
    """The shortest story found; None where no shorter one shows the violation. `key` is never left out of a body."""
    endings = (story[-length:] for length in ENDINGS if length <= len(story))
    seen = next((found for ending in endings if (found := replay(ending))), None)
    if seen is None:
        return None
    return _smaller_bodies(_fewer_exchanges(seen, replay), replay, key)


def _fewer_exchanges(seen: Seen, replay: Replay) -> Seen:
    place = 0
    while place < len(seen.exchanges) - 1:
        found = replay([*seen.requests[:place], *seen.requests[place + 1 :]])
        place += found is None
        seen = found or seen
    return seen


def _smaller_bodies(seen: Seen, replay: Replay, key: str) -> Seen:
    for place in reversed(range(len(seen.exchanges))):
        for name in _members(seen.requests[place]):
            if name != key:
                seen = _smaller_member(seen, place, name, replay)
    return seen


def _smaller_member(seen: Seen, place: int, name: str, replay: Replay) -> Seen:
    """The story without a member of one body, or with the first simpler value that will do."""
    if place >= len(seen.exchanges):
        return seen
    body = _members(seen.requests[place])
    without = {other: value for other, value in body.items() if other != name}
    for smaller in (without, *({**body, name: value} for value in simpler(body.get(name)))):
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
