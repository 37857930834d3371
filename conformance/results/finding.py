"""What a run shows of a requirement that is not met.

`Evidence` is the failure and the exchanges as they happened, with the keys in them. A `Finding` is what a run keeps of
it and every report shows: text without secrets, and the commands that reproduce the failure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from conformance.judge.outcome import Cause, Failure
from conformance.redaction import Variables, redacted, shortened
from conformance.results.verdict import Verdict
from conformance.target.client import token_of, token_of_shell
from conformance.wire.exchange import Exchange, Headers
from conformance.wire.shell import NO_OPTIONS, SET_RUN, CommandOptions, script


class Replayed(StrEnum):
    """What happened when the requests of a failure were sent again, under other names."""

    SHOWN = "shown"
    """They showed the failure again: they are printed as its reproduction."""
    NOT_SHOWN = "not shown"
    """They did not show the failure again."""
    RACED = "raced"
    """Some of them were sent concurrently, which no sequence of commands repeats."""
    LONG = "long"
    """There are more of them than a report prints."""
    NOT_SENT = "not sent"
    """They were not sent again: to save requests, or because another finding of the requirement was."""
    NO_RESPONSE = "no response"
    """The last of them got no response, so there is no exchange to repeat."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A failure, and the exchanges that show it."""

    failure: Failure
    exchanges: tuple[Exchange, ...]
    verdict: Verdict = Verdict.FAIL
    again: tuple[Exchange, ...] = ()
    """The exchanges of the second attempt, if it did not show the failure."""
    hint: str = ""
    """What else may explain the failure."""
    replay: Replayed = Replayed.NOT_SENT
    """Whether the requests of the exchanges reproduce the failure."""


@dataclass(frozen=True, slots=True)
class RedactedRequest:
    """A request, as reports show it."""

    method: str
    target: str
    headers: Headers
    body: str
    trailers: Headers = ()


@dataclass(frozen=True, slots=True)
class RedactedResponse:
    """A response, as reports show it."""

    status: int
    headers: Headers
    body: str


@dataclass(frozen=True, slots=True)
class RedactedExchange:
    """A request and its response, as reports show them."""

    model: str | None
    """The name of the model that the request is about."""
    race: int | None
    """Requests with the same number were sent concurrently."""
    request: RedactedRequest
    response: RedactedResponse


@dataclass(frozen=True, slots=True)
class Finding:
    """A requirement that is not met. There is no secret in it."""

    requirement: str
    found_in: str
    """The requirement whose test found it."""
    case: str
    """The case of that test."""
    verdict: Verdict
    """FAIL or UNSTABLE."""
    expected: str
    observed: str
    hint: str = ""
    """What else may explain it."""
    cause: Cause | None = None
    """What it may have in common with other findings."""
    difference: tuple[str, ...] = ()
    """The lines that differ between the expected and the observed value."""
    reproduce: tuple[str, ...] = ()
    """Shell commands that reproduce it; none if `not_reproduced` says why."""
    not_reproduced: str = ""
    rerun: str = ""
    """The shell command that runs the check again."""
    exchanges: tuple[RedactedExchange, ...] = ()
    second_attempt: tuple[RedactedExchange, ...] = ()
    """The exchanges of the second attempt, if it did not show the failure."""


RUN = "$RUN"
"""Stands for the prefix of a run's names; no secret."""
LONGEST_BODY = 4000
SHORT = 80
"""Characters of a body in an exchange's line."""
LONGEST_SEQUENCE = 12
"""Exchanges in a finding without a reproduction; the last ones show what went wrong."""
SERVED = "$RESPAN_URL"
"""The address of an application that the user serves."""
UNSERVED = ': "${RESPAN_URL:?serve the application and set RESPAN_URL to its address}"'
WITHOUT: Mapping[Replayed, str] = {
    Replayed.NOT_SHOWN: "the requests alone do not show it again",
    Replayed.RACED: "some of the requests were sent concurrently, which commands cannot repeat reliably",
    Replayed.LONG: "it takes more requests than a report prints",
    Replayed.NOT_SENT: "the requests were not sent again, so the suite does not know whether they alone show it",
    Replayed.NO_RESPONSE: "the last request got no response",
}
"""Why a finding has no reproduction."""
UNSTABLE = "it failed once and then passed"
ELSEWHERE = "other findings of {id} are shown with their requests"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the commands of a reproduction send their requests."""

    base_url: str
    before: tuple[str, ...] = ()
    """Commands that make sure that the target is there."""
    after: tuple[str, ...] = ()
    """Commands that stop what those started."""
    drawing: str = SET_RUN
    """The command that draws the names of a run in a shell."""
    way: CommandOptions = NO_OPTIONS
    """The options that commands need on the route of the run to the target."""

    @classmethod
    def of(cls, target: str, app: str | None, drawing: str = SET_RUN, way: CommandOptions = NO_OPTIONS) -> Place:
        """Return the place of a URL, or of an application with the import path `app`, if it has one."""
        if target.startswith(("http://", "https://")):
            return cls(target, drawing=drawing, way=way)
        if app:
            before, after = f'eval "$(respan-conformance serve {app})"', 'kill "$RESPAN_SERVER"'
            return cls(SERVED, (before,), (after,), drawing)
        return cls(SERVED, (UNSERVED,), drawing=drawing)

    def commands(self, exchanges: Sequence[Exchange], variables: Variables) -> tuple[str, ...]:
        """Return the commands that send the requests of these exchanges there."""
        return (*self.before, *script(exchanges, self.base_url, variables, self.drawing, self.way), *self.after)


@dataclass(frozen=True, slots=True)
class Origin:
    """The test that found a failure."""

    requirement: str
    case: str
    rerun: str
    """The shell command that runs it again."""


def finding_of(id: str, evidence: Evidence, origin: Origin, place: Place, variables: Variables) -> Finding:
    """Return what reports show of the evidence that requirement `id` is not met."""
    shown = evidence.verdict is Verdict.FAIL and evidence.replay is Replayed.SHOWN and bool(evidence.exchanges)
    exchanges = evidence.exchanges if shown else evidence.exchanges[-LONGEST_SEQUENCE:]
    second = evidence.again[-LONGEST_SEQUENCE:]
    secrets = _secrets([*exchanges, *second], variables)
    return Finding(
        requirement=id,
        found_in=origin.requirement,
        case=origin.case,
        verdict=evidence.verdict,
        expected=redacted(evidence.failure.expected, secrets),
        observed=redacted(evidence.failure.observed, secrets),
        hint=redacted(evidence.hint, secrets),
        cause=evidence.failure.cause,
        difference=tuple(redacted(line, secrets) for line in evidence.failure.difference),
        reproduce=place.commands(exchanges, variables) if shown else (),
        not_reproduced="" if shown else _without(id, evidence),
        rerun=origin.rerun,
        exchanges=tuple(_exchange(exchange, secrets) for exchange in exchanges),
        second_attempt=tuple(_exchange(exchange, secrets) for exchange in second),
    )


def _without(id: str, evidence: Evidence) -> str:
    """Return why there is no reproduction."""
    if evidence.verdict is not Verdict.FAIL:
        return UNSTABLE
    if not evidence.exchanges and evidence.replay is not Replayed.NO_RESPONSE:
        return ELSEWHERE.format(id=id)
    return WITHOUT[evidence.replay]


def in_short(exchange: Exchange, variables: Variables) -> str:
    """Return an exchange in a line: the request, the response, and how long it took."""
    request, response = exchange.request, exchange.response
    secrets = _secrets([exchange], variables)
    sent = f"{request.method} {redacted(request.target, secrets)} {_text(request.body or b'', secrets, SHORT)}"
    came = f"{response.status} {_text(response.body, secrets, SHORT)}"
    return f"{sent.rstrip()} -> {came.rstrip()} ({response.seconds * 1000:.0f} ms)"


def _secrets(exchanges: Sequence[Exchange], variables: Variables) -> Variables:
    """Return the tokens, also the wrong ones that were made from a key: they contain most of it."""
    sent = [exchange.request.credential for exchange in exchanges]
    near = {token_of(credential): token_of_shell(credential) for credential in sent if credential is not None}
    return near | dict(variables)


def _exchange(exchange: Exchange, secrets: Variables) -> RedactedExchange:
    request, response = exchange.request, exchange.response
    authorization = [("Authorization", request.credential.shell)] if request.credential else []
    extra = [(name, secret.shell) for name, secret in request.user_headers]
    secrets = {literal: variable for literal, variable in secrets.items() if variable != RUN}
    return RedactedExchange(
        model=None if request.key is None else redacted(request.key, secrets)[:LONGEST_BODY],
        race=exchange.race,
        request=RedactedRequest(
            method=request.method,
            target=redacted(request.target, secrets),
            headers=(*_headers(request.headers, secrets), *authorization, *extra),
            body=_text(request.body or b"", secrets),
            trailers=_headers(request.wire_format.trailers if request.wire_format is not None else (), secrets),
        ),
        response=RedactedResponse(response.status, _headers(response.headers, secrets), _text(response.body, secrets)),
    )


def _headers(headers: Sequence[tuple[str, str]], secrets: Variables) -> Headers:
    return tuple((name, redacted(value, secrets)) for name, value in headers)


def _text(body: bytes, secrets: Variables, longest: int = LONGEST_BODY) -> str:
    """Return the beginning of a body. Tokens are replaced before it is cut: the cut may go through one."""
    return shortened(redacted(body.decode("utf-8", "backslashreplace"), secrets), longest)
