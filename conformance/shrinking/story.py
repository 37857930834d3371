"""Which of the exchanges of a check tell the story of a violation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from conformance.judge.outcome import Violation
from conformance.subject.names import Names
from conformance.wire.exchange import Exchange, Request


def story_of(violation: Violation, exchanges: Sequence[Exchange]) -> tuple[Exchange, ...]:
    """The exchanges up to the one that shows the violation, where it is known; else all."""
    shown = [index for index, exchange in enumerate(exchanges) if shows(exchange, violation)]
    return tuple(exchanges[: shown[-1] + 1] if shown else exchanges)


def shows(exchange: Exchange, violation: Violation) -> bool:
    """Whether the violation shows in the response of an exchange, as far as is known."""
    response = exchange.response
    return any(response is seen or response.members is seen for seen in violation.seen_in)


def about_the_same(story: Sequence[Exchange], names: Names) -> tuple[Exchange, ...]:
    """Those of the exchanges that name what the last one names, or what these name in turn."""
    named = [frozenset(names.found_in(text_of(exchange.request))) for exchange in story]
    related, before = named[-1], frozenset[str]()
    while related != before:
        before = related
        related = related.union(*(some for some in named if some & related))
    *earlier, last = story
    return (*(exchange for exchange, some in zip(earlier, named[:-1], strict=True) if some & related), last)


def renamed(requests: Sequence[Request], names: Names) -> list[Request]:
    """The requests about models that nothing was sent of before."""
    fresh: dict[str, str] = {}

    def new(found: re.Match[str]) -> str:
        return fresh.setdefault(found[0], names.fresh())

    def rename(text: str) -> str:
        return names.pattern.sub(new, text)

    return [
        replace(
            request,
            target=rename(request.target),
            body=None if request.body is None else rename(request.body.decode("latin-1")).encode("latin-1"),
            key=None if request.key is None else rename(request.key),
        )
        for request in requests
    ]


def text_of(request: Request) -> str:
    """All of a request that names of models stand in."""
    return f"{request.target} {(request.body or b'').decode('latin-1')}"
