"""An exchange as it is shown: readable, bounded, and without secrets.

Its request can be pasted into a shell as a curl command. Keys stand in it as `$RESPAN_API_KEY`.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from contract.errors import visible
from contract.spelling import LONG_ENOUGH
from mock_server.context import Fired
from mock_server.display import to_rfc3339
from mock_server.errors import Rejection, ValidationError, without_secrets
from mock_server.journal.journal import Exchange, is_cut
from mock_server.redaction import BETWEEN, HIDDEN, BodyRedaction, HideAll, Redaction, header, pairs
from mock_server.secrets import Headers, in_headers, in_query


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
class RecordedMessage:
    """A request or an answer."""

    headers: dict[str, str]
    """By name in lower case."""
    body: Content


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a request was refused."""

    line: str
    """All of it on one line."""
    violations: tuple[ValidationError, ...]
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
    request: RecordedMessage
    response: RecordedMessage
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
        request=RecordedMessage(
            _combined(shown.headers(exchange.headers)),
            _content(shown.request_body, exchange.request, exchange.request_length, exchange.complete),
        ),
        response=RecordedMessage(
            _combined(shown.headers(exchange.response_headers)),
            _content(shown.response_body, exchange.response, exchange.response_length, complete=True),
        ),
        refusal=_reason(exchange.rejection, shown) if exchange.rejection else None,
        preference=shown.hide(exchange.preference) if exchange.preference else exchange.preference,
        faults=exchange.faults,
        curl=curl(exchange, shown, url),
    )


def _combined(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    combined: dict[str, str] = {}
    for name, value in headers:
        combined[name] = f"{combined[name]}, {value}" if name in combined else value
    return combined


def _reason(rejection: Rejection, shown: Redacted) -> Reason:
    hidden = without_secrets(rejection, shown.hide)
    return Reason(hidden.line, hidden.errors)


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


class Redacted:
    """One exchange without its secrets."""

    def __init__(self, redaction: Redaction, exchange: Exchange) -> None:
        self._exchange = exchange
        self._names = redaction.names
        requested, answered = BodyRedaction(self._names), BodyRedaction(self._names)
        request = requested.hide(exchange.request.decode("utf-8", "surrogateescape"))
        response = answered.hide(exchange.response.decode("utf-8", "surrogateescape"))
        values = [each for each in (*requested.found, *answered.found) if len(each) >= LONG_ENOUGH]
        found = [
            *in_headers(exchange.headers, self._names),
            *in_headers(exchange.response_headers, self._names),
            *in_query(exchange.query.decode("latin-1"), self._names),
            *values,
        ]
        headers = (*exchange.headers, *exchange.response_headers)
        # Of a secret whose end was not kept, the whole cannot be found in other texts: nothing of them is shown.
        lost = any(is_cut(value) and self._names.has(name.decode("latin-1")) for name, value in headers)
        self._hider = HideAll() if lost else redaction.hider(found)
        self.request_body = self.hide(request, cut=len(exchange.request) < exchange.request_length)
        """What is not UTF-8 in a body stands in it as surrogates."""
        self.response_body = self.hide(response, cut=len(exchange.response) < exchange.response_length)
        self.path = self.hide(pairs(exchange.path.decode("latin-1"), self._names))
        self.query = self.hide(BodyRedaction(self._names).query(exchange.query.decode("latin-1")))

    def hide(self, text: str, *, cut: bool = False) -> str:
        """Hide in a text whatever secrets the exchange has, and those that are known."""
        return self._hider.hide(text, cut=cut)

    def headers(self, headers: Headers) -> list[tuple[str, str]]:
        """Return headers, their names in lower case, without secrets."""
        lines: list[str] = []
        for raw_name, raw_value in headers:
            name = raw_name.decode("latin-1").lower()
            lines += [name, header(name, raw_value.decode("latin-1"), self._names)]
        shown = self.hide(BETWEEN.join(lines)).split(BETWEEN) if lines else []
        return list(zip(shown[::2], shown[1::2], strict=True))


KEY_VARIABLE = "$RESPAN_API_KEY"

_LEFT_OUT = re.compile(
    r"host|connection|keep-alive|content-length|transfer-encoding|te|trailer|expect|user-agent|referer|cookie|origin|priority|dnt"
    r"|cache-control|pragma|accept-(encoding|language)|sec-.*|proxy-.*|upgrade.*|http2-settings|forwarded|x-forwarded-.*"
)
"""Headers that curl writes itself, or that say something of the browser or of a proxy only."""
_SAFE_IN_URL = "".join(map(chr, range(0x21, 0x7F)))


def curl(exchange: Exchange, shown: Redacted, url: str) -> str:
    """Return the command. It goes to `url`, the mock's own address: the Host of a request may be anybody's.

    Of a body that was cut off it has what was kept.
    """
    method = [] if exchange.method == "GET" else ["--head"] if exchange.method == "HEAD" else ["-X", exchange.method]
    address = f"{url}{shown.path}{'?' if shown.query else ''}{shown.query}"
    words = ["curl", "-sS", "-i", "-g", "--path-as-is", *map(_quoted, [*method, quote(address, safe=_SAFE_IN_URL)])]
    words += _headers(exchange, shown)
    if not exchange.request:
        return " ".join(words)
    if _can_be_pasted(shown.request_body, kept="\n\t"):
        return f"{' '.join(words)} --data-raw {_quoted(shown.request_body)}"
    return f"{_printed(shown.request_body)} | {' '.join(words)} --data-binary @-"


def _headers(exchange: Exchange, shown: Redacted) -> Iterator[str]:
    for name, value in shown.headers(exchange.headers):
        if _LEFT_OUT.fullmatch(name) or (name, value) == ("accept", "*/*"):
            continue
        line = f"{name}: {value}" if value else f"{name};"  # without a value curl would leave the header out
        yield "-H " + (_quoted(line) if line.isascii() and line.isprintable() else f'"$({_printed(line, "latin-1")})"')


def _quoted(text: str) -> str:
    """Write `text` as a word of a shell, in which what was redacted is the key.

    >>> _quoted("a b"), _quoted("?token=[redacted]")
    ("'a b'", '"?token=$RESPAN_API_KEY"')
    """
    if HIDDEN not in text:
        return shlex.quote(text)
    if "!" in text:  # which an interactive shell replaces within double quotes
        return f'"{KEY_VARIABLE}"'.join(shlex.quote(part) if part else "" for part in text.split(HIDDEN))
    escaped = re.sub(r'([\\"$`])', r"\\\1", text)
    return f'"{escaped.replace(HIDDEN, KEY_VARIABLE)}"'


def _can_be_pasted(text: str, kept: str) -> bool:
    """Tell whether no character of a text may do something in a terminal, and all of it is UTF-8."""
    return visible(text, kept + "\u200c\u200d") == text


def _printed(text: str, encoding: str = "utf-8") -> str:
    r"""Write a command that prints `text`, whatever characters are in it.

    >>> print(_printed("a\0[redacted]"))
    { printf '\141\000'; printf %s "$RESPAN_API_KEY"; }
    """
    parts = [_octal(part.encode(encoding, "surrogateescape")) for part in text.split(HIDDEN)]
    commands = f'; printf %s "{KEY_VARIABLE}"; '.join(f"printf {part}" for part in parts).replace("printf ''; ", "")
    commands = commands.removesuffix("; printf ''")
    return f"{{ {commands}; }}" if ";" in commands else commands


def _octal(octets: bytes) -> str:
    r"""Write octets as an argument of printf.

    >>> print(_octal(b"a\0"))
    '\141\000'
    """
    return "'" + "".join(f"\\{octet:03o}" for octet in octets) + "'"
