"""A requirement that was found violated, with the exchanges that show it, and the same as JSON without secrets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from conformance.judge.outcome import Cause, Failure
from conformance.redaction import Variables, redacted, shortened
from conformance.results.judged import Record
from conformance.results.verdict import Verdict
from conformance.target.client import token_of, token_of_shell
from conformance.wire.exchange import Exchange, Request
from conformance.wire.shell import NO_OPTIONS, SET_RUN, CommandOptions, script


class Replayed(StrEnum):
    """What became of the requests of a finding when they were sent again, under other names."""

    SHOWN = "shown"
    """As they stand, they showed it again: they are printed as its reproduction."""
    NOT_SHOWN = "not shown"
    """They did not show it again."""
    RACED = "raced"
    """Some of them were sent at once, which no sequence of commands repeats."""
    LONG = "long"
    """There are more of them than a report prints."""
    NOT_SENT = "not sent"
    """They were not sent again: to spare requests, or because another finding of the requirement was."""
    NO_RESPONSE = "no response"
    """The last of them got no response, so that there is no exchange to repeat."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A requirement that an attempt found violated."""

    failure: Failure
    exchanges: tuple[Exchange, ...]
    verdict: Verdict = Verdict.FAIL
    again: tuple[Exchange, ...] = ()
    """The exchanges of the second try, where it did not show the violation."""
    hint: str = ""
    """What else may explain it."""
    replay: Replayed = Replayed.NOT_SENT
    """Whether the requests of its exchanges reproduce it."""


RUN = "$RUN"
"""Stands for the prefix of a run's names; no secret."""
LONGEST_BODY = 4000
SHORT = 80
"""Characters of a body in an exchange's line."""
LONGEST_STORY = 12
"""Exchanges that a report shows of a finding without a reproduction; the last ones tell what went wrong."""
SERVED = "$RESPAN_URL"
"""The address of an application that somebody serves."""
UNSERVED = ': "${RESPAN_URL:?serve the application and set RESPAN_URL to its address}"'
WITHOUT: Mapping[Replayed, str] = {
    Replayed.NOT_SHOWN: "the requests alone do not show it again",
    Replayed.RACED: "some of the requests were sent at once, which no commands repeat for sure",
    Replayed.LONG: "it took more requests than are printed",
    Replayed.NOT_SENT: "the requests were not sent again, so that it is not known whether they alone show it",
    Replayed.NO_RESPONSE: "the last request got no response",
}
"""Why a finding has no reproduction."""
UNSTABLE = "it failed once and not again"
ELSEWHERE = "other findings of {id} are shown with their requests"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the commands of a reproduction send their requests."""

    base_url: str
    before: tuple[str, ...] = ()
    """Commands that see to it that the target is there."""
    after: tuple[str, ...] = ()
    """Commands that stop what those started."""
    drawing: str = SET_RUN
    """What draws the names of a run in a shell."""
    way: CommandOptions = NO_OPTIONS
    """What takes the commands there as the run went."""

    @classmethod
    def of(cls, target: str, app: str | None, drawing: str = SET_RUN, way: CommandOptions = NO_OPTIONS) -> Place:
        """The place of a URL, or of an application that `app` leads to where anything does."""
        if target.startswith(("http://", "https://")):
            return cls(target, drawing=drawing, way=way)
        if app:
            before, after = f'eval "$(respan-conformance serve {app})"', 'kill "$RESPAN_SERVER"'
            return cls(SERVED, (before,), (after,), drawing)
        return cls(SERVED, (UNSERVED,), drawing=drawing)

    def commands(self, exchanges: Sequence[Exchange], variables: Variables) -> list[str]:
        """The commands that send the requests of these exchanges there."""
        return [*self.before, *script(exchanges, self.base_url, variables, self.drawing, self.way), *self.after]


def finding_record(
    id: str, case: str, finding: Finding, place: Place, variables: Variables, again: str = "respan-conformance"
) -> Record:
    """One finding as a report shows it; `again` is the command that runs its check again."""
    shown = finding.verdict is Verdict.FAIL and finding.replay is Replayed.SHOWN and bool(finding.exchanges)
    exchanges = finding.exchanges if shown else finding.exchanges[-LONGEST_STORY:]
    second = finding.again[-LONGEST_STORY:]
    secrets = _secrets([*exchanges, *second], variables)
    return {
        "requirement": id,
        "case": case,
        "verdict": finding.verdict.value,
        "expected": redacted(finding.failure.expected, secrets),
        "observed": redacted(finding.failure.observed, secrets),
        "hint": redacted(finding.hint, secrets),
        "cause": _cause(finding.failure.cause),
        "difference": [redacted(line, secrets) for line in finding.failure.difference],
        "reproduce": place.commands(exchanges, variables) if shown else [],
        "rerun": again,
        "instead": "" if shown else _without(id, finding),
        "exchanges": [_exchange(exchange, secrets) for exchange in exchanges],
        "again": [_exchange(exchange, secrets) for exchange in second],
    }


def _without(id: str, finding: Finding) -> str:
    """Why there is no reproduction of the finding."""
    if finding.verdict is not Verdict.FAIL:
        return UNSTABLE
    if not finding.exchanges and finding.replay is not Replayed.NO_RESPONSE:
        return ELSEWHERE.format(id=id)
    return WITHOUT[finding.replay]


def _cause(cause: Cause | None) -> dict[str, str] | None:
    return None if cause is None else {"kind": cause.kind, "expected": cause.expected, "observed": cause.observed}


def in_short(exchange: Exchange, variables: Variables) -> str:
    """An exchange in a line: what was sent, what came, and how long it took."""
    request, response = exchange.request, exchange.response
    secrets = _secrets([exchange], variables)
    sent = f"{request.method} {redacted(request.target, secrets)} {_text(request.body or b'', secrets, SHORT)}"
    came = f"{response.status} {_text(response.body, secrets, SHORT)}"
    return f"{sent.rstrip()} -> {came.rstrip()} ({response.seconds * 1000:.0f} ms)"


def _secrets(exchanges: Sequence[Exchange], variables: Variables) -> Variables:
    """The tokens, also those that were sent as near misses: most of a key stands in them."""
    sent = [exchange.request.credential for exchange in exchanges]
    near = {token_of(credential): token_of_shell(credential) for credential in sent if credential is not None}
    return near | dict(variables)


def _exchange(exchange: Exchange, secrets: Variables) -> dict[str, Any]:
    request, response = exchange.request, exchange.response
    authorization = [["Authorization", request.credential.shell]] if request.credential else []
    extra = [[name, secret.shell] for name, secret in request.user_headers]
    secrets = {literal: variable for literal, variable in secrets.items() if variable != RUN}
    return {
        "about": None if request.key is None else redacted(request.key, secrets)[:LONGEST_BODY],
        "race": exchange.race,
        "request": {
            "method": request.method,
            "target": redacted(request.target, secrets),
            "headers": [*([name, redacted(value, secrets)] for name, value in request.headers), *authorization, *extra],
            "body": _text(request.body or b"", secrets),
            **_trailers(request, secrets),
        },
        "response": {
            "status": response.status,
            "headers": [[name, redacted(value, secrets)] for name, value in response.headers],
            "body": _text(response.body, secrets),
        },
    }


def _trailers(request: Request, secrets: Variables) -> dict[str, list[list[str]]]:
    """The fields after a chunked body, where there are any."""
    trailers = request.wire_format.trailers if request.wire_format is not None else ()
    return {"trailers": [[name, redacted(value, secrets)] for name, value in trailers]} if trailers else {}


def _text(body: bytes, secrets: Variables, longest: int = LONGEST_BODY) -> str:
    """The beginning of a body; cut after the tokens are out, for the cut may go through one."""
    return shortened(redacted(body.decode("utf-8", "backslashreplace"), secrets), longest)
