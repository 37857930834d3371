"""Names of secrets, for headers, parameters of queries and forms, and members of JSON; and the secrets in a request.

The names decide which values of a request or a response are secrets, so that they can be hidden wherever else they
occur. This module imports nothing else of the mock.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import pairwise
from typing import Any
from urllib.parse import unquote, unquote_plus


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_LONGEST = 200
"""The maximum characters of a name that are checked."""
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_]+")
_CERTAIN = re.compile(
    r"(passw(or)?ds?|passwd|passphrases?|passcodes?|pwds?|secrets?|credentials?|authorization|cookies?|jwts?|bearer|hmac|otp|totp|psk"
    r"|(api|access|private|secret|subscription|signing|encryption|master|auth|shared|account|session|license|ssh|service)keys?"
    r"|(access|refresh|auth|id|api|session|security|bearer|user|secret|csrf|xsrf|sas|oauth)tokens?"
    r"|csrf|xsrf|codeverifier|session(id)?|sessid|phpsessid|jsessionid|assertion)\d*$"
)
"""Words of secrets anywhere in a name, also at the end of a longer word in lower case."""
_LAST = _words("token key auth sig signature pass pw pin sid sso ticket creds")
"""Words of secrets at the end of a name."""
_PLURAL = _words("keys tokens signatures")
"""Plural words of secrets at the end of a name, after one of _OF_SECRETS."""
_OF_SECRETS = _words("api access refresh auth private secret session bearer id security signing")
_ONLY_IN_PARAMETERS = _words("code authorizationcode samlresponse samlrequest")
"""Names of secrets in a query or a form (RFC 6749, section 4.1.2); in JSON, a code is usually an error code."""
_TRAILING = _words("value hash plain plaintext confirmation confirm repeat again raw base pem new old")
"""Last words that do not change the meaning of a name."""
_ABOUT = _words("""
    age alg algorithm at budget cost costs count counts created description details enabled endpoint endpoints
    exists expiration expired expires expiry format hint in index label len length limit limits location max
    method methods min name names order permissions policy position present price provider rate required
    rotation scheme scope scopes set size status strength supported title ttl type types updated uri url usage
    used valid version
""")
"""Last words of a name that is about a secret, but is not one."""
_FLAG = _words("""
    allow allows enable has is masked max min needs num number per public publishable redacted requires show
    supports total use uses with without
""")
"""Words that make a name harmless, anywhere but at its end."""
_HARMLESS = {
    "key": _words("""
        cache composite foreign group hot i18n idempotency index lookup map message model object partition
        primary public range row shard short socket sort surrogate translation unique websocket
    """),
    "token": _words("""
        bos cached cancellation cls completion continuation cursor end eos first input last mask next output pad
        page prompt reasoning sep special start stop sync unk
    """),
    "pass": _words("by did first"),
}
"""Words that make the next, last word harmless: a page token is a bookmark."""


class SecretNames:
    """Recognizes the names of secrets: by their words, and those that a contract declares."""

    def __init__(self, declared: Iterable[str] = ()) -> None:
        self._declared = frozenset(_squashed(each) for each in declared)

    def has(self, name: str) -> bool:
        """Return whether a header or a member of JSON with this name contains a secret."""
        return looks_secret(name) or _squashed(name) in self._declared

    def has_parameter(self, name: str) -> bool:
        """Return whether a parameter of a query or form with this name, as it was sent, contains a secret."""
        decoded = unquote_plus(unquote_plus(name))
        return self.has(decoded) or _squashed(decoded) in _ONLY_IN_PARAMETERS


def declared_secrets(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of declared secrets in an OpenAPI document or a schema: API keys, and `writeOnly` properties."""
    for scheme in document.get("components", {}).get("securitySchemes", {}).values():
        if scheme.get("type") == "apiKey":
            yield scheme["name"]
    for node in _mappings(document):
        properties = node.get("properties")
        for name, schema in properties.items() if isinstance(properties, Mapping) else ():
            if isinstance(schema, Mapping) and schema.get("writeOnly") is True:
                yield name


def _mappings(document: Any) -> Iterator[Mapping[str, Any]]:
    """Yield every mapping in a document once, even if references form a cycle."""
    seen: set[int] = set()
    waiting: list[Any] = [document]
    while waiting:
        each = waiting.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        if isinstance(each, Mapping):
            yield each
            waiting += each.values()
        elif isinstance(each, (list, tuple)):
            waiting += each


@lru_cache(maxsize=4096)
def looks_secret(name: str) -> bool:
    """Return whether a name is that of a secret, by its words.

    >>> [name for name in ("api_key", "X-Auth", "clientSecret", "user[pwd]") if not looks_secret(name)]
    []
    >>> [name for name in ("max_tokens", "token_count", "key_name", "Idempotency-Key") if looks_secret(name)]
    []
    """
    words = [word.lower() for word in _WORD.findall(name[:_LONGEST])]
    while len(words) > 1 and words[-1] in _TRAILING:
        words.pop()
    if not words or words[-1] in _ABOUT or _FLAG & {*words[:-1]}:
        return False
    *before, last = words
    if last in _LAST:
        return not before or before[-1] not in _HARMLESS.get(last, ())
    if last in _PLURAL and before:
        return before[-1] in _OF_SECRETS
    pairs = ("".join(pair) for pair in pairwise(words))
    return any(map(_CERTAIN.search, (*words, *pairs)))


@lru_cache(maxsize=4096)
def _squashed(name: str) -> str:
    """Return a name in lower case, without hyphens and underscores."""
    return re.sub(r"[\W_]", "", name).lower()


SHORTEST_SECRET = 4
"""The minimum characters of a credential that is searched for elsewhere."""
SHORTEST_VALUE = 6
"""The same for values of parameters and members, which may be ordinary words."""
_SHORTEST_COOKIE = 8
SCHEMES = frozenset(
    """
    apikey aws4-hmac-sha256 basic bearer concealed digest dpop gnap hawk hmac hoba jwt key mutual negotiate ntlm oauth
    privatetoken scram-sha-1 scram-sha-256 signature token vapid
    """.split()  # noqa: SIM905 - as a list it would take thirty lines
)
"""Schemes of authentication in lower case, IANA's and some more. Any other word may be a key."""
_SPLIT = re.compile(r"[\s,;\"'=:]+")
_PARAMETERS = re.compile(r"([\w-]+)\s*=\s*(?:\"([^\"]*)\"|([^\s,;\"]+))")
_KEPT_PARAMETERS = frozenset(
    """
    algorithm created expires headers keyid nc nonce opaque qop realm signedheaders uri userhash username
    """.split()  # noqa: SIM905
)
"""Parameters of schemes (RFC 7616) that are not secret."""
_COMMON = SCHEMES | {"true", "false", "null", "none", "undefined", "anonymous", "api", "api-key", "x-api-key", "auth"}
_MULTIPLE = re.compile(
    r"(digest|aws4-hmac-sha256|oauth|hawk|signature|mutual|gnap|hoba|vapid|concealed)\s", re.IGNORECASE
)

Headers = Iterable[tuple[bytes, bytes]]


def scheme_of(value: str) -> str | None:
    """Return the scheme at the start of a value of Authorization, or None if it is unknown."""
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


def _decoded(raw: bytes) -> set[str]:
    """Return the texts that the bytes of a value may mean."""
    return {raw.decode("latin-1"), raw.decode("utf-8", "replace")}


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
    """Yield the secrets of Basic credentials (RFC 7617): the password, or a key in place of the user name."""
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
        if len(text) >= (SHORTEST_SECRET if names.has(name) else _SHORTEST_COOKIE) and name.lower() not in _ATTRIBUTES:
            yield text
            yield unquote(text)


_ATTRIBUTES = {"path", "domain", "expires", "max-age", "samesite"}
"""Attributes of Set-Cookie (RFC 6265) that are not cookies."""


def _is_credential(text: str) -> bool:
    return len(text) >= SHORTEST_SECRET and text.lower() not in _COMMON


def _is_one(text: str) -> bool:
    return len(text) >= SHORTEST_VALUE and text.lower() not in _COMMON
