"""Which of the exchanges of a check tell the story of a violation."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from urllib.parse import unquote

from conformance.fields import stable_fields, stable_part
from conformance.judge.expect import same, summary
from conformance.judge.outcome import Failure
from conformance.target.names import Names
from conformance.wire import strict_json
from conformance.wire.exchange import Exchange, Json, Request
from contract import Contract


def sequence_showing(failure: Failure, exchanges: Sequence[Exchange]) -> tuple[Exchange, ...]:
    """The exchanges up to the one that shows the violation, where it is known; else all."""

    def tells(exchange: Exchange) -> bool:
        return shows(exchange, failure) if failure.seen_in else summary(exchange) == failure.observed

    shown = [index for index, exchange in enumerate(exchanges) if tells(exchange)]
    return tuple(exchanges[: shown[-1] + 1] if shown else exchanges)


def shows(exchange: Exchange, failure: Failure) -> bool:
    """Whether the violation shows in the response of an exchange, as far as is known."""
    response = exchange.response
    objects = [member for member in response.members.values() if isinstance(member, dict)]
    return any(
        response is seen or response.members is seen or any(member is seen for member in objects)
        for seen in failure.seen_in
    )


def about_same_models(story: Sequence[Exchange], names: Names) -> tuple[Exchange, ...]:
    """Those of the exchanges that name what the last one names, or what these name in turn."""
    named = [frozenset(names.names_in(text_of(exchange.request))) for exchange in story]
    related, before = named[-1], frozenset[str]()
    while related != before:
        before = related
        related = related.union(*(some for some in named if some & related))
    *earlier, last = story
    return (*(exchange for exchange, some in zip(earlier, named[:-1], strict=True) if some & related), last)


def is_self_contained(story: Sequence[Exchange], names: Names) -> bool:
    """Whether each model that a request names and that was there was written by a request before it, or by itself."""
    written = set[str]()
    for exchange in story:
        named = set(names.names_in(text_of(exchange.request)))
        if exchange.request.body is not None and exchange.request.key is not None:
            written.update(names.names_in(exchange.request.key))
        if exchange.response.successful and not named <= written:
            return False
    return True


def mentions_other_models(story: Sequence[Exchange], names: Names) -> bool:
    """Whether the last response tells of a model that no request names as it is: it is not there for who pastes them.

    Such a name is in no request, or is spelled there in a way that no other can be put for it.
    """
    named = {name for exchange in story for name in names.names_in(text_of(exchange.request))}
    told = names.names_in(story[-1].response.body.decode("utf-8", "replace"))
    return not named.issuperset(told) or _is_spelled_out(story, names)


def _is_spelled_out(story: Sequence[Exchange], names: Names) -> bool:
    """Whether a name of the run stands in a request in a way that another name cannot be put for it."""
    left = (names.pattern.sub("", text_of(exchange.request)) for exchange in story)
    return any(names.prefix.casefold() in unquote(unquote(text)).casefold() for text in left)


def requests_leading_to_last(story: Sequence[Request], names: Names) -> list[Request]:
    """The last of the requests, and those before it about a model that it names, or that these name in turn."""
    *earlier, last = story
    related, kept = set(names.names_in(text_of(last))), list[Request]()
    while True:
        kept = [request for request in earlier if related & set(_about(request, names))]
        found = related.union(*(names.names_in(text_of(request)) for request in kept))
        if found == related:
            return [*kept, last]
        related = found


def _about(request: Request, names: Names) -> list[str]:
    """The model that a request is about; whatever names stand in it where that is not known."""
    return names.names_in(request.key if request.key is not None else text_of(request))


def renamed(requests: Sequence[Request], names: Names) -> list[Request]:
    """The requests about models that nothing was sent of before."""
    fresh: dict[str, str] = {}

    def new(found: re.Match[str]) -> str:
        return fresh.setdefault(found[0], names.new_name())

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


def numbered(requests: Sequence[Request], names: Names) -> list[str]:
    """The requests as texts, with numbers for the names in them."""
    sent = [name for request in requests for name in names.names_in(text_of(request))]
    numbers = {name: f"#{number}" for number, name in enumerate(dict.fromkeys(sent))}
    return [f"{r.method} {names.pattern.sub(lambda found: numbers[found[0]], text_of(r))}" for r in requests]


def same_response(contract: Contract, names: Names, story: Sequence[Exchange], again: Sequence[Exchange]) -> bool:
    """Whether the last answers are the same, with the names of each story known by where they first stand in it."""
    if story[-1].response.status != again[-1].response.status:
        return False
    one, other = _members(names, story), _members(names, again)
    return all(
        same(stable_part(one.get(field.name), field.schema), stable_part(other.get(field.name), field.schema))
        for field in stable_fields(contract)
    )


def _members(names: Names, story: Sequence[Exchange]) -> Mapping[str, Json]:
    """The members of the last answer, with numbers for the names that were sent."""
    sent = [name for exchange in story for name in names.names_in(text_of(exchange.request))]
    numbers = {name: f"#{number}" for number, name in enumerate(dict.fromkeys(sent))}

    def number(found: re.Match[str]) -> str:
        return numbers.get(found[0], found[0])

    text = names.pattern.sub(number, story[-1].response.body.decode("utf-8", "replace"))
    value = strict_json.parse(text.encode()).value
    return value if isinstance(value, dict) else {}
