"""Request sequences: which exchanges of a check show a failure, and the same requests under other names."""

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
    """Return the exchanges up to the last one that shows the failure, or all if none is known to."""

    def is_evidence(exchange: Exchange) -> bool:
        return shows(exchange, failure) if failure.seen_in else summary(exchange) == failure.observed

    shown = [index for index, exchange in enumerate(exchanges) if is_evidence(exchange)]
    return tuple(exchanges[: shown[-1] + 1] if shown else exchanges)


def shows(exchange: Exchange, failure: Failure) -> bool:
    """Return whether the failure is known to show in the response of an exchange."""
    response = exchange.response
    objects = [member for member in response.members.values() if isinstance(member, dict)]
    return any(
        response is evidence or response.members is evidence or any(member is evidence for member in objects)
        for evidence in failure.seen_in
    )


def about_same_models(sequence: Sequence[Exchange], names: Names) -> tuple[Exchange, ...]:
    """Return the exchanges that name a model that the last one names, or a model that one of these names in turn."""
    named = [frozenset(names.names_in(text_of(exchange.request))) for exchange in sequence]
    related, before = named[-1], frozenset[str]()
    while related != before:
        before = related
        related = related.union(*(some for some in named if some & related))
    *earlier, last = sequence
    return (*(exchange for exchange, some in zip(earlier, named[:-1], strict=True) if some & related), last)


def is_self_contained(sequence: Sequence[Exchange], names: Names) -> bool:
    """Return whether the sequence itself writes every model that a successful request names."""
    as_json = set[str]()
    for exchange in sequence:
        named = set(names.names_in(text_of(exchange.request)))
        if exchange.request.body is not None and exchange.request.key is not None:
            as_json.update(names.names_in(exchange.request.key))
        if exchange.response.successful and not named <= as_json:
            return False
    return True


def mentions_other_models(sequence: Sequence[Exchange], names: Names) -> bool:
    """Return whether the last response mentions a model that is missing when somebody pastes the requests.

    Its name is in no request, or is spelled there in a way in which it cannot be replaced.
    """
    named = {name for exchange in sequence for name in names.names_in(text_of(exchange.request))}
    mentioned = names.names_in(sequence[-1].response.body.decode("utf-8", "replace"))
    return not named.issuperset(mentioned) or _has_irreplaceable_name(sequence, names)


def _has_irreplaceable_name(sequence: Sequence[Exchange], names: Names) -> bool:
    """Return whether a request contains a name of the run in a spelling in which it cannot be replaced."""
    left = (names.pattern.sub("", text_of(exchange.request)) for exchange in sequence)
    return any(names.prefix.casefold() in unquote(unquote(text)).casefold() for text in left)


def requests_leading_to_last(sequence: Sequence[Request], names: Names) -> list[Request]:
    """Return the last request, after those about a model that it names, or that one of these names in turn."""
    *earlier, last = sequence
    related, before = set(names.names_in(text_of(last))), list[Request]()
    while True:
        before = [request for request in earlier if related & set(_subjects(request, names))]
        found = related.union(*(names.names_in(text_of(request)) for request in before))
        if found == related:
            return [*before, last]
        related = found


def _subjects(request: Request, names: Names) -> list[str]:
    """Return the name that a request is about, or all names in it if that is unknown."""
    return names.names_in(request.key if request.key is not None else text_of(request))


def renamed(requests: Sequence[Request], names: Names) -> list[Request]:
    """Return the requests with fresh names in place of the names of the run."""
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
    """Return the parts of a request in which names of models occur."""
    return f"{request.target} {(request.body or b'').decode('latin-1')}"


def numbered(requests: Sequence[Request], names: Names) -> list[str]:
    """Return the requests as texts, with a number in place of each name."""
    sent = [name for request in requests for name in names.names_in(text_of(request))]
    numbers = {name: f"#{number}" for number, name in enumerate(dict.fromkeys(sent))}
    return [f"{r.method} {names.pattern.sub(lambda found: numbers[found[0]], text_of(r))}" for r in requests]


def same_response(contract: Contract, names: Names, sequence: Sequence[Exchange], again: Sequence[Exchange]) -> bool:
    """Return whether the last responses of two sequences are the same, apart from names and from values that vary."""
    if sequence[-1].response.status != again[-1].response.status:
        return False
    one, other = _members(names, sequence), _members(names, again)
    return all(
        same(stable_part(one.get(field.name), field.schema), stable_part(other.get(field.name), field.schema))
        for field in stable_fields(contract)
    )


def _members(names: Names, sequence: Sequence[Exchange]) -> Mapping[str, Json]:
    """Return the members of the last response, with numbers in place of the names that were sent."""
    sent = [name for exchange in sequence for name in names.names_in(text_of(exchange.request))]
    numbers = {name: f"#{number}" for number, name in enumerate(dict.fromkeys(sent))}

    def number(found: re.Match[str]) -> str:
        return numbers.get(found[0], found[0])

    text = names.pattern.sub(number, sequence[-1].response.body.decode("utf-8", "replace"))
    value = strict_json.parse(text.encode()).value
    return value if isinstance(value, dict) else {}
