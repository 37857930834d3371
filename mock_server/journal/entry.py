"""An exchange as it is shown: readable, bounded, and without secrets."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from mock_server.core.display import to_rfc3339
from mock_server.faults.fired import Fired
from mock_server.hiding.bodies import HIDDEN
from mock_server.hiding.redaction import Redaction
from mock_server.journal.curl import curl
from mock_server.journal.exchange import Exchange
from mock_server.journal.redacted import Redacted
from mock_server.refusing.refusals import Refusal, without_secrets
from mock_server.refusing.violations import Violation


@dataclass(frozen=True, slots=True)
class Content:
    """A body."""

    text: str
    """What is not UTF-8 is escaped."""
    bytes: int
    """The length of all of it, as far as it was read."""
    note: str | None
    """What `text` leaves out."""

    @property
    def json(self) -> Any:
        """The body, read as JSON. Raises JSONDecodeError."""
        return json.loads(self.text)


@dataclass(frozen=True, slots=True)
class Part:
    """A request or an answer."""

    headers: dict[str, str]
    """By name in lower case."""
    body: Content


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a request was refused."""

    line: str
    """All of it on one line."""
    violations: tuple[Violation, ...]
    """The rules that the request breaks."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One request and its answer."""

    id: int
    """Its number, from 1. A later request has a higher one."""
    time: str
    """When it came, by the real clock, in RFC 3339."""
    duration_ms: float
    organization: str | None
    """Whose credentials it had, as far as they were looked at."""
    may_write: bool | None
    """Whether those credentials may write."""
    method: str
    path: str
    """As it was sent, percent-encoded."""
    query: str
    status: int | None
    """None where the client was gone before it was answered."""
    request: Part
    response: Part
    refusal: Reason | None
    preference: str | None
    """What was done of what the client preferred, as `Preference-Applied` says it."""
    faults: tuple[Fired, ...]
    """The faults that acted on it."""
    curl: str
    """A command that sends it again."""


def entry_of(exchange: Exchange, redaction: Redaction, url: str) -> Entry:
    """Return what is shown of an exchange. Its command goes to `url`, the address of the mock."""
    shown = Redacted(redaction, exchange)
    return Entry(
        id=exchange.id,
        time=to_rfc3339(datetime.fromtimestamp(exchange.ended - exchange.seconds, UTC)),
        duration_ms=round(exchange.seconds * 1000, 3),
        organization=exchange.organization,
        may_write=exchange.caller.may_write if exchange.caller else None,
        method=shown.hide(exchange.method),
        path=shown.path,
        query=shown.query,
        status=exchange.status or None,
        request=Part(
            _combined(shown.headers(exchange.headers)),
            _content(shown.request_body, exchange.request, exchange.request_length, exchange.complete),
        ),
        response=Part(
            _combined(shown.headers(exchange.response_headers)),
            _content(shown.response_body, exchange.response, exchange.response_length, complete=True),
        ),
        refusal=_reason(exchange.refusal, shown) if exchange.refusal else None,
        preference=shown.hide(exchange.preference) if exchange.preference else exchange.preference,
        faults=exchange.faults,
        curl=curl(exchange, shown, url),
    )


def _combined(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    combined: dict[str, str] = {}
    for name, value in headers:
        combined[name] = f"{combined[name]}, {value}" if name in combined else value
    return combined


def _reason(refusal: Refusal, shown: Redacted) -> Reason:
    hidden = without_secrets(refusal, shown.hide)
    return Reason(hidden.line, hidden.violations)


def _content(shown: str, start: bytes, length: int, complete: bool) -> Content:
    text = shown.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    notes = []
    if len(start) < length:
        notes.append(f"the first {len(start)} of {length} bytes")
    if not complete:
        notes.append("the request was answered before the rest of its body was read")
    if HIDDEN in text:
        notes.append(f"secrets are shown as {HIDDEN}")
    return Content(text, length, "; ".join(notes) or None)
