"""The secrets that a request or a response carries, so that they can be hidden wherever else they occur."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

from mock_server.hiding.secret_names import SecretNames

SHORTEST = 4
"""Characters of a credential from which on it is looked for in other places."""
SHORTEST_VALUE = 6
"""The same of the values of parameters and members, which may be any word."""
_SHORTEST_COOKIE = 8
SCHEMES = frozenset(
    """
    apikey aws4-hmac-sha256 basic bearer concealed digest dpop gnap hawk hmac hoba jwt key mutual negotiate ntlm oauth
    privatetoken scram-sha-1 scram-sha-256 signature token vapid
    """.split()  # noqa: SIM905 - as a list it would take thirty lines
)
"""Schemes of authentication in lower case, IANA's and some more. Any other word may be a key, which is not repeated."""
_SPLIT = re.compile(r"[\s,;\"'=:]+")
_PARAMETERS = re.compile(r"([\w-]+)\s*=\s*(?:\"([^\"]*)\"|([^\s,;\"]+))")
_KEPT_PARAMETERS = frozenset(
    """
    algorithm created expires headers keyid nc nonce opaque qop realm signedheaders uri userhash username
    """.split()  # noqa: SIM905
)
"""Parameters of schemes (RFC 7616) that hold no secret."""
_COMMON = SCHEMES | {"true", "false", "null", "none", "undefined", "anonymous", "api", "api-key", "x-api-key", "auth"}
_MULTIPLE = re.compile(
    r"(digest|aws4-hmac-sha256|oauth|hawk|signature|mutual|gnap|hoba|vapid|concealed)\s", re.IGNORECASE
)

Headers = Iterable[tuple[bytes, bytes]]


def scheme_of(value: str) -> str | None:
    """Return the scheme that a value of Authorization begins with, or None where it is not a known one."""
    word, space, rest = value.strip().partition(" ")
    return word if space and rest.strip() and word.lower() in SCHEMES else None


def in_headers(headers: Headers, names: SecretNames) -> Iterator[str]:
    """Yield the secrets in headers."""
    for raw_name, raw_value in headers:
        name = raw_name.decode("latin-1")
        if not names.has(name):
            if b"?" in raw_value:
                yield from in_query(raw_value.decode("latin-1").partition("?")[2], names)
            continue
        for text in _decoded(raw_value):
            yield from _in_cookies(text, names) if "cookie" in name.lower() else _in_credentials(text)


def in_query(query: str, names: SecretNames) -> Iterator[str]:
    """Yield the secrets in a query or a form."""
    for part in query.split("&"):
        name, _, value = part.partition("=")
        if names.has_parameter(name):
            yield from (each for each in (unquote(value), unquote(value.replace("+", " "))) if _is_one(each))


def _decoded(octets: bytes) -> set[str]:
    """The texts that a value may stand for."""
    return {octets.decode("latin-1"), octets.decode("utf-8", "replace")}


def _in_credentials(value: str) -> Iterator[str]:
    value = value.strip()
    if _MULTIPLE.match(value) and (parameters := _PARAMETERS.findall(value)):
        found = [quoted or plain for name, quoted, plain in parameters if name.lower() not in _KEPT_PARAMETERS]
        yield from filter(_is_credential, found)
        return
    _, space, rest = value.partition(" ")
    found = [value, *([rest.strip()] if space else []), *_SPLIT.split(value)]
    yield from filter(_is_credential, found)
    for each in {value, rest.strip(), value.split()[-1] if value else ""}:
        yield from _in_basic(each)


def _in_basic(encoded: str) -> Iterator[str]:
    """Yield the password of Basic credentials (RFC 7617), or what stands in its place where some put their key."""
    try:
        text = b64decode(encoded + "=" * (-len(encoded) % 4), validate=True).decode()
    except ValueError:
        return
    user, colon, password = text.partition(":")
    if colon:
        yield from filter(_is_credential, (text, password or user))


def _in_cookies(value: str, names: SecretNames) -> Iterator[str]:
    for part in value.split(";"):
        name, _, text = part.strip().partition("=")
        text = text.strip('"')
        if len(text) >= (SHORTEST if names.has(name) else _SHORTEST_COOKIE) and name.lower() not in _ATTRIBUTES:
            yield text
            yield unquote(text)


_ATTRIBUTES = {"path", "domain", "expires", "max-age", "samesite"}
"""Attributes of Set-Cookie (RFC 6265) that are no cookie."""


def _is_credential(text: str) -> bool:
    return len(text) >= SHORTEST and text.lower() not in _COMMON


def _is_one(text: str) -> bool:
    return len(text) >= SHORTEST_VALUE and text.lower() not in _COMMON
