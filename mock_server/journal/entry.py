"""An exchange in readable form, bounded and without secrets.

It includes a curl command that sends the request again, with `$RESPAN_API_KEY` in place of each key.
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
    """The body as text. Bytes that are not UTF-8 are escaped."""
    bytes: int
    """The length of the whole body, as far as it was read."""
    note: str | None
    """What `text` leaves out; None if nothing."""

    @property
    def json(self) -> Any:
        """The body parsed as JSON. Raises JSONDecodeError."""
        return json.loads(self.text)


@dataclass(frozen=True, slots=True)
class RecordedMessage:
    """A request or a response."""

    headers: dict[str, str]
    """By name in lower case."""
    body: Content


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a request was rejected."""

    line: str
    """The whole reason on one line."""
    errors: tuple[ValidationError, ...]
    """The rules that the request breaks."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One request and its response."""

    id: int
    """The number of the request, from 1. A later request has a higher number."""
    time: str
    """When the request arrived, by the real clock, in RFC 3339."""
    duration_ms: float
    organization: str | None
    """The organization that the credentials belong to; None if the mock did not check them."""
    may_write: bool | None
    """Whether those credentials allow writing."""
    method: str
    path: str
    """The path as sent, percent-encoded."""
    query: str
    status: int | None
    """None if the client disconnected before the response."""
    request: RecordedMessage
    response: RecordedMessage
    rejection: Reason | None
    preference: str | None
    """The preferences that were applied, as in `Preference-Applied`."""
    faults: tuple[Fired, ...]
    """The faults that were applied to the request."""
    curl: str
    """A command that sends the request again."""


def entry_of(exchange: Exchange, redaction: Redaction, url: str) -> Entry:
    """Return an exchange in readable form. Its curl command sends to `url`, the address of the mock."""
    redacted = Redacted(redaction, exchange)
    return Entry(
        id=exchange.id,
        time=to_rfc3339(datetime.fromtimestamp(exchange.ended - exchange.seconds, UTC)),
        duration_ms=round(exchange.seconds * 1000, 3),
        organization=exchange.organization,
        may_write=exchange.caller.may_write if exchange.caller else None,
        method=redacted.hide(exchange.method),
        path=redacted.path,
        query=redacted.query,
        status=exchange.status or None,
        request=RecordedMessage(
            _combined(redacted.headers(exchange.headers)),
            _content(redacted.request_body, exchange.request, exchange.request_length, exchange.complete),
        ),
        response=RecordedMessage(
            _combined(redacted.headers(exchange.response_headers)),
            _content(redacted.response_body, exchange.response, exchange.response_length, complete=True),
        ),
        rejection=_reason(exchange.rejection, redacted) if exchange.rejection else None,
        preference=redacted.hide(exchange.preference) if exchange.preference else exchange.preference,
        faults=exchange.faults,
        curl=curl(exchange, redacted, url),
    )


def _combined(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    combined: dict[str, str] = {}
    for name, value in headers:
        combined[name] = f"{combined[name]}, {value}" if name in combined else value
    return combined


def _reason(rejection: Rejection, redacted: Redacted) -> Reason:
    hidden = without_secrets(rejection, redacted.hide)
    return Reason(hidden.line, hidden.errors)


def _content(redacted: str, start: bytes, length: int, complete: bool) -> Content:
    text = redacted.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    notes = []
    if len(start) < length:
        notes.append(f"the first {len(start)} of {length} bytes")
    if not complete:
        notes.append("the response was sent before the rest of the request body was read")
    if HIDDEN in text:
        notes.append(f"secrets are replaced by {HIDDEN}")
    return Content(text, length, "; ".join(notes) or None)


class Redacted:
    """One exchange without its secrets."""

    def __init__(self, redaction: Redaction, exchange: Exchange) -> None:
        self._exchange = exchange
        self._names = redaction.names
        in_request, in_response = BodyRedaction(self._names), BodyRedaction(self._names)
        request = in_request.hide(exchange.request.decode("utf-8", "surrogateescape"))
        response = in_response.hide(exchange.response.decode("utf-8", "surrogateescape"))
        values = [each for each in (*in_request.found, *in_response.found) if len(each) >= LONG_ENOUGH]
        found = [
            *in_headers(exchange.headers, self._names),
            *in_headers(exchange.response_headers, self._names),
            *in_query(exchange.query.decode("latin-1"), self._names),
            *values,
        ]
        headers = (*exchange.headers, *exchange.response_headers)
        # If a secret was cut off, the whole secret cannot be found in other texts, so all of them are hidden.
        lost = any(is_cut(value) and self._names.has(name.decode("latin-1")) for name, value in headers)
        self._hider = HideAll() if lost else redaction.hider(found)
        self.request_body = self.hide(request, cut=len(exchange.request) < exchange.request_length)
        """Bytes of the body that are not UTF-8 are surrogates."""
        self.response_body = self.hide(response, cut=len(exchange.response) < exchange.response_length)
        self.path = self.hide(pairs(exchange.path.decode("latin-1"), self._names))
        self.query = self.hide(BodyRedaction(self._names).query(exchange.query.decode("latin-1")))

    def hide(self, text: str, *, cut: bool = False) -> str:
        """Replace the secrets of the exchange and all known secrets in a text."""
        return self._hider.hide(text, cut=cut)

    def headers(self, headers: Headers) -> list[tuple[str, str]]:
        """Return headers without secrets, with names in lower case."""
        lines: list[str] = []
        for raw_name, raw_value in headers:
            name = raw_name.decode("latin-1").lower()
            lines += [name, header(name, raw_value.decode("latin-1"), self._names)]
        redacted = self.hide(BETWEEN.join(lines)).split(BETWEEN) if lines else []
        return list(zip(redacted[::2], redacted[1::2], strict=True))


KEY_VARIABLE = "$RESPAN_API_KEY"

_LEFT_OUT = re.compile(
    r"host|connection|keep-alive|content-length|transfer-encoding|te|trailer|expect|user-agent|referer|cookie|origin|priority|dnt"
    r"|cache-control|pragma|accept-(encoding|language)|sec-.*|proxy-.*|upgrade.*|http2-settings|forwarded|x-forwarded-.*"
)
"""Headers that curl sets itself, or that only describe a browser or a proxy."""
_SAFE_IN_URL = "".join(map(chr, range(0x21, 0x7F)))


def curl(exchange: Exchange, redacted: Redacted, url: str) -> str:
    """Return a curl command. It sends to `url`, the address of the mock, since the Host of a request may be forged.

    If the body was cut off, the command sends the part that the journal has.
    """
    method = ["--head"] if exchange.method == "HEAD" else ["-X", exchange.method]
    if exchange.method == "GET" and not exchange.request:  # with a body, curl would send a POST
        method = []
    address = f"{url}{redacted.path}{'?' if redacted.query else ''}{redacted.query}"
    words = ["curl", "-sS", "-i", "-g", "--path-as-is", *map(_quoted, [*method, quote(address, safe=_SAFE_IN_URL)])]
    words += _headers(exchange, redacted)
    if not exchange.request:
        return " ".join(words)
    if not any(name.lower() == b"content-type" for name, _ in exchange.headers):
        words.append("-H content-type:")  # or curl would add that of a form
    if _is_safe_to_paste(redacted.request_body, allowed="\n\t"):
        return f"{' '.join(words)} --data-raw {_quoted(redacted.request_body)}"
    return f"{_printed(redacted.request_body)} | {' '.join(words)} --data-binary @-"


def _headers(exchange: Exchange, redacted: Redacted) -> Iterator[str]:
    for name, value in redacted.headers(exchange.headers):
        if _LEFT_OUT.fullmatch(name) or (name, value) == ("accept", "*/*"):
            continue
        line = f"{name}: {value}" if value else f"{name};"  # without a value curl would leave the header out
        yield "-H " + (_quoted(line) if line.isascii() and line.isprintable() else f'"$({_printed(line, "latin-1")})"')


def _quoted(text: str) -> str:
    """Quote `text` for a shell, with the variable of the key in place of each redacted part.

    >>> _quoted("a b"), _quoted("?token=[redacted]")
    ("'a b'", '"?token=$RESPAN_API_KEY"')
    """
    if HIDDEN not in text:
        return shlex.quote(text)
    if "!" in text:  # an interactive shell expands it in double quotes
        return f'"{KEY_VARIABLE}"'.join(shlex.quote(part) if part else "" for part in text.split(HIDDEN))
    escaped = re.sub(r'([\\"$`])', r"\\\1", text)
    return f'"{escaped.replace(HIDDEN, KEY_VARIABLE)}"'


def _is_safe_to_paste(text: str, allowed: str) -> bool:
    """Return whether a text is UTF-8 and has no character that controls a terminal."""
    return visible(text, allowed + "\u200c\u200d") == text


def _printed(text: str, encoding: str = "utf-8") -> str:
    r"""Return a shell command that prints `text`, whatever characters it contains.

    >>> print(_printed("a\0[redacted]"))
    { printf '\141\000'; printf %s "$RESPAN_API_KEY"; }
    """
    parts = [_octal(part.encode(encoding, "surrogateescape")) for part in text.split(HIDDEN)]
    commands = f'; printf %s "{KEY_VARIABLE}"; '.join(f"printf {part}" for part in parts).replace("printf ''; ", "")
    commands = commands.removesuffix("; printf ''")
    return f"{{ {commands}; }}" if ";" in commands else commands


def _octal(raw: bytes) -> str:
    r"""Return bytes as an argument of printf.

    >>> print(_octal(b"a\0"))
    '\141\000'
    """
    return "'" + "".join(f"\\{byte:03o}" for byte in raw) + "'"
