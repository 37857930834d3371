"""A request as a curl command that can be pasted into a shell. Keys stand in it as `$RESPAN_API_KEY`."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from mock_server.journal import redaction
from mock_server.journal.exchange import Exchange

KEY = "$RESPAN_API_KEY"

_LEFT_OUT = re.compile(
    r"host|connection|keep-alive|content-length|transfer-encoding|expect|user-agent|referer|cookie|origin|priority|dnt"
    r"|cache-control|pragma|accept-(encoding|language)|sec-.*|proxy-.*|upgrade.*"
)
"""Headers that curl writes itself, or that say something of the browser only."""


def curl(exchange: Exchange) -> str:
    """The command. Of a body that was cut off it has what was kept."""
    method = [] if exchange.method == "GET" else ["--head"] if exchange.method == "HEAD" else ["-X", exchange.method]
    words = ["curl", "-sS", "-i", "-g", "--path-as-is", *map(_quoted, [*method, _url(exchange)]), *_headers(exchange)]
    body = exchange.request
    if not body:
        return " ".join(words)
    if b"\0" in body or not _is_utf_8(body):
        return f"printf {_octal(body)} | {' '.join(words)} --data-binary @-"
    return f"{' '.join(words)} --data-raw {shlex.quote(body.decode())}"


def _url(exchange: Exchange) -> str:
    host = next((value.decode("latin-1") for name, value in exchange.headers if name == b"host"), "localhost")
    query = redaction.query(exchange.query.decode("latin-1"))
    return f"http://{host}{redaction.path(exchange.path.decode('latin-1'))}{'?' if query else ''}{query}"


def _headers(exchange: Exchange) -> Iterator[str]:
    for raw_name, raw_value in exchange.headers:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        if _LEFT_OUT.fullmatch(name) or (name, value) == ("accept", "*/*"):
            continue
        yield f"-H {_quoted(f'{name}: {redaction.header(name, value)}')}"


def _quoted(text: str) -> str:
    """`text` as a word of a shell, in which what was redacted is the key.

    >>> _quoted("a b"), _quoted("?token=[redacted]")
    ("'a b'", '"?token=$RESPAN_API_KEY"')
    """
    if redaction.HIDDEN not in text:
        return shlex.quote(text)
    escaped = re.sub(r'([\\"$`])', r"\\\1", text)
    return f'"{escaped.replace(redaction.HIDDEN, KEY)}"'


def _is_utf_8(octets: bytes) -> bool:
    try:
        octets.decode()
    except UnicodeDecodeError:
        return False
    return True


def _octal(octets: bytes) -> str:
    r"""Octets as an argument of printf.

    >>> print(_octal(b"a\0"))
    '\141\000'
    """
    return "'" + "".join(f"\\{octet:03o}" for octet in octets) + "'"
