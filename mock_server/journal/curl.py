"""A request as a curl command that can be pasted into a shell. Keys stand in it as `$RESPAN_API_KEY`."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from urllib.parse import quote

from contract.errors import visible
from mock_server.hiding.bodies import HIDDEN
from mock_server.journal.exchange import Exchange
from mock_server.journal.redacted import Redacted

KEY = "$RESPAN_API_KEY"

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
        return f'"{KEY}"'.join(shlex.quote(part) if part else "" for part in text.split(HIDDEN))
    escaped = re.sub(r'([\\"$`])', r"\\\1", text)
    return f'"{escaped.replace(HIDDEN, KEY)}"'


def _can_be_pasted(text: str, kept: str) -> bool:
    """Tell whether no character of a text may do something in a terminal, and all of it is UTF-8."""
    return visible(text, kept + "\u200c\u200d") == text


def _printed(text: str, encoding: str = "utf-8") -> str:
    r"""Write a command that prints `text`, whatever characters are in it.

    >>> print(_printed("a\0[redacted]"))
    { printf '\141\000'; printf %s "$RESPAN_API_KEY"; }
    """
    parts = [_octal(part.encode(encoding, "surrogateescape")) for part in text.split(HIDDEN)]
    commands = f'; printf %s "{KEY}"; '.join(f"printf {part}" for part in parts).replace("printf ''; ", "")
    commands = commands.removesuffix("; printf ''")
    return f"{{ {commands}; }}" if ";" in commands else commands


def _octal(octets: bytes) -> str:
    r"""Write octets as an argument of printf.

    >>> print(_octal(b"a\0"))
    '\141\000'
    """
    return "'" + "".join(f"\\{octet:03o}" for octet in octets) + "'"
