"""What looks like a secret: one list of names for headers, parameters of queries and forms, and members of JSON."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import pairwise
from typing import Any
from urllib.parse import unquote_plus


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_LONGEST = 200
"""Characters of a name that are looked at."""
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_]+")
_CERTAIN = re.compile(
    r"(passw(or)?ds?|passwd|passphrases?|passcodes?|pwds?|secrets?|credentials?|authorization|cookies?|jwts?|bearer|hmac|otp|totp|psk"
    r"|(api|access|private|secret|subscription|signing|encryption|master|auth|shared|account|session|license|ssh|service)keys?"
    r"|(access|refresh|auth|id|api|session|security|bearer|user|secret|csrf|xsrf|sas|oauth)tokens?"
    r"|csrf|xsrf|codeverifier|session(id)?|sessid|phpsessid|jsessionid|assertion)\d*$"
)
"""Words that make a name that of a secret wherever they stand in it, also as the end of a word in lower case."""
_LAST = _words("token key auth sig signature pass pw pin sid sso ticket creds")
"""Words that make a name that of a secret where they are its last."""
_PLURAL = _words("keys tokens signatures")
"""The same of several, where one of _OF_SECRETS stands before."""
_OF_SECRETS = _words("api access refresh auth private secret session bearer id security signing")
_ONLY_IN_PARAMETERS = _words("code authorizationcode samlresponse samlrequest")
"""Names of secrets in a query or a form (RFC 6749, section 4.1.2); in JSON a code is most often that of an error."""
_TRAILING = _words("value hash plain plaintext confirmation confirm repeat again raw base pem new old")
"""Last words that do not change what a name stands for."""
_ABOUT = _words("""
    age alg algorithm at budget cost costs count counts created description details enabled endpoint endpoints
    exists expiration expired expires expiry format hint in index label len length limit limits location max
    method methods min name names order permissions policy position present price provider rate required
    rotation scheme scope scopes set size status strength supported title ttl type types updated uri url usage
    used valid version
""")
"""Last words of a name that only says something about a secret."""
_FLAG = _words("""
    allow allows enable has is masked max min needs num number per public publishable redacted requires show
    supports total use uses with without
""")
"""Words before which, or in which, there is no secret."""
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
"""Words before the last one that make it harmless: a page token is a bookmark."""


class SecretNames:
    """Tells the names of secrets: those that look like it, and those that a contract declares."""

    def __init__(self, declared: Iterable[str] = ()) -> None:
        self._declared = frozenset(_squashed(each) for each in declared)

    def has(self, name: str) -> bool:
        """Tell whether a header or a member of JSON with this name holds a secret."""
        return looks_secret(name) or _squashed(name) in self._declared

    def has_parameter(self, name: str) -> bool:
        """Tell whether a parameter of a query or a field of a form with this name, as it was sent, holds a secret."""
        decoded = unquote_plus(unquote_plus(name))
        return self.has(decoded) or _squashed(decoded) in _ONLY_IN_PARAMETERS


def declared_secrets(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names that an OpenAPI document, or a schema, declares secret: API keys, and `writeOnly` properties."""
    for scheme in document.get("components", {}).get("securitySchemes", {}).values():
        if scheme.get("type") == "apiKey":
            yield scheme["name"]
    for node in _mappings(document):
        properties = node.get("properties")
        for name, schema in properties.items() if isinstance(properties, Mapping) else ():
            if isinstance(schema, Mapping) and schema.get("writeOnly") is True:
                yield name


def _mappings(document: Any) -> Iterator[Mapping[str, Any]]:
    """Yield every mapping in a document once, also where references lead in a circle."""
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
    """Tell whether a name is that of a secret.

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
    """A name without regard to case, hyphens and underscores."""
    return re.sub(r"[\W_]", "", name).lower()
