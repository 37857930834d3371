"""Tells a secret in a response from what only has to do with one: its name, a mask of it, or whether there is one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from conformance.wire.exchange import Json

SHORTEST = 6
"""Characters from which on a value may be a secret: the last four of one are often shown on purpose."""
ENDINGS = (
    "apikey", "secret", "secretkey", "secretaccesskey", "accesskey", "password", "passwd", "passphrase", "privatekey",
    "signingkey", "accesstoken", "authtoken", "bearertoken", "apitoken", "refreshtoken", "sessiontoken",
    "connectionstring",
)  # fmt: skip
"""What the names of secrets end in, without regard to case, hyphens and underscores."""
WHOLE = ("token", "authorization", "proxyauthorization", "xapikey")
"""Names that are those of secrets as they stand; a stop token is none."""
INSIDE = ("credentials", "credential", "secrets")
"""Names of objects in which a key, a token or a value is a secret."""
HARMLESS = ("public", "publishable", "has", "is", "needs", "requires", "use", "uses", "masked", "redacted", "hashed")
"""First words of names of what is for everybody, or says something about a secret."""
MASK = re.compile(r"[*•●…]|\.\.\.|x{4,}|#{4,}|_{4,}|^[<\[({].*[>\])}]$", re.IGNORECASE)
REFERENCE = re.compile(
    r"^(\$|\{\{|%|arn:|env[:.]|secrets?[:/]|ref[:/]|op:|sha\d|projects/|https?:)|vault", re.IGNORECASE
)
MADE = re.compile(r"\d|[a-z][A-Z]|(?i:sk[-_]|secret|passw|bearer)")
"""What plain words do not have that name where a secret is kept."""
WORDS = re.compile(
    r"(api[-_]?key|authorization|basic|bearer|bot|configured|custom|default|defined|disabled|enabled|encrypted|env"
    r"|environment|exists|false|filtered|header|hidden|inherited|key|masked|missing|needed|no|none|not|null|oauth2?"
    r"|omitted|on|optional|present|private|protected|provided|redacted|removed|required|sanitized|secret|set|shared"
    r"|stored|token|true|undefined|unknown|unset|write[-_]?only|yes)"
)
"""Words that say something about a secret; a value of nothing else is none."""


def secrets_in(value: Json, path: str) -> Iterator[str]:
    """Places of what certainly is a secret, below `path`."""
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
    """Whether a value that stands under the name of a secret can be one."""
    text = value.strip()
    words = re.split(r"[\s:,;]+", text.lower())
    return (
        len(text) >= SHORTEST
        and not MASK.search(text)
        and not REFERENCE.search(text)
        and MADE.search(text) is not None
        and not all(map(WORDS.fullmatch, words))
    )


def _names_a_secret(name: str, path: str) -> bool:
    words = [word.lower() for word in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+", name)]
    plain = "".join(words)
    parent = path.rpartition(".")[2].lower()
    if words and words[0] in HARMLESS:
        return False
    return plain in WHOLE or plain.endswith(ENDINGS) or (parent in INSIDE and plain in ("key", "value", "token"))
