"""Finds secrets in responses, as opposed to their names, masks and references."""

from __future__ import annotations

import re
from collections.abc import Iterator

from conformance.wire.exchange import Json

SHORTEST = 6
"""Minimum length of a secret. The last four characters of one are often returned on purpose."""
ENDINGS = (
    "apikey", "secret", "secretkey", "secretaccesskey", "accesskey", "password", "passwd", "passphrase", "privatekey",
    "signingkey", "accesstoken", "authtoken", "bearertoken", "apitoken", "refreshtoken", "sessiontoken",
    "connectionstring",
)  # fmt: skip
"""How the names of secrets end, ignoring case, hyphens and underscores."""
WHOLE_NAMES = ("token", "authorization", "proxyauthorization", "xapikey")
"""Whole names of secrets. A longer name that ends in one, such as a stop token, is not a secret."""
SECRET_OBJECTS = ("credentials", "credential", "secrets")
"""Names of objects whose key, token or value is a secret."""
PUBLIC_PREFIXES = (
    "public",
    "publishable",
    "has",
    "is",
    "needs",
    "requires",
    "use",
    "uses",
    "masked",
    "redacted",
    "hashed",
)
"""First words of names of public values, and of statements about a secret."""
MASK = re.compile(r"[*•●…]|\.\.\.|x{4,}|#{4,}|_{4,}|^[<\[({].*[>\])}]$", re.IGNORECASE)
REFERENCE = re.compile(
    r"^(\$|\{\{|%|arn:|env[:.]|secrets?[:/]|ref[:/]|op:|sha\d|projects/|https?:)|vault", re.IGNORECASE
)
LOOKS_RANDOM = re.compile(r"\d|[a-z][A-Z]|(?i:sk[-_]|secret|passw|bearer)")
"""What a secret has, and the plain words that say where a secret is stored do not."""
WORDS = re.compile(
    r"(api[-_]?key|authorization|basic|bearer|bot|configured|custom|default|defined|disabled|enabled|encrypted|env"
    r"|environment|exists|false|filtered|header|hidden|inherited|key|masked|missing|needed|no|none|not|null|oauth2?"
    r"|omitted|on|optional|present|private|protected|provided|redacted|removed|required|sanitized|secret|set|shared"
    r"|stored|token|true|undefined|unknown|unset|write[-_]?only|yes)"
)
"""Words that say something about a secret. A value of only such words is not a secret."""


def secrets_in(value: Json, path: str) -> Iterator[str]:
    """Yield the paths of certain secrets below `path`."""
    if isinstance(value, dict):
        for name, child in value.items():
            place = f"{path}.{name}"
            if isinstance(child, str):
                if _names_a_secret(name, path) and is_secret(child):
                    yield place
            else:
                yield from secrets_in(child, place)
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from secrets_in(child, f"{path}.{index}")


def is_secret(value: str) -> bool:
    """Return whether a value with the name of a secret can be one."""
    text = value.strip()
    words = re.split(r"[\s:,;]+", text.lower())
    return (
        len(text) >= SHORTEST
        and not MASK.search(text)
        and not REFERENCE.search(text)
        and LOOKS_RANDOM.search(text) is not None
        and not all(map(WORDS.fullmatch, words))
    )


def _names_a_secret(name: str, path: str) -> bool:
    words = [word.lower() for word in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+", name)]
    plain = "".join(words)
    parent = path.rpartition(".")[2].lower()
    if words and words[0] in PUBLIC_PREFIXES:
        return False
    return (
        plain in WHOLE_NAMES
        or plain.endswith(ENDINGS)
        or (parent in SECRET_OBJECTS and plain in ("key", "value", "token"))
    )
