"""Keeps secrets out of what is told. A target may echo them: as they were sent, encoded, or cut short."""

from __future__ import annotations

import html
import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from urllib.parse import quote, quote_plus

Variables = Mapping[str, str]
"""Literal text that must not be told, and the shell variable that stands for it."""
LONG_ENOUGH = 6
"""Characters from which on the encoded forms of a secret are looked for; shorter ones stand in any text by chance."""
SHORTEST_PART = 3
"""Characters of a secret that may stand at the cut of a text that was cut."""
_CUT = re.compile(r"\.\.\. \(\d+ (?:characters|bytes)\)")


def redacted(text: str, variables: Variables) -> str:
    """`text` with every secret, however it is spelled, replaced by the name of the variable that holds it."""
    spellings = _all_spellings(tuple(variables.items()))
    lowered = text.lower()
    present = [spelling for spelling in spellings if spelling in lowered]

    def name(found: re.Match[str]) -> str:
        """The variable for a text; of two secrets that differ in case only, each has its own."""
        like = (s for s in present if re.fullmatch(re.escape(s), found[0], re.IGNORECASE))
        return variables.get(found[0]) or spellings[next(like)]

    if present:
        text = re.sub(any_of(present), name, text, flags=re.IGNORECASE)
    return _without_parts(text, variables)


def _without_parts(text: str, variables: Variables) -> str:
    """`text` without the beginnings of secrets that stand where it was cut."""
    for cut in reversed(list(_CUT.finditer(text))):
        before, after = text[: cut.start()], text[cut.start() :]
        for secret, variable in variables.items():
            lengths = range(len(secret) - 1, SHORTEST_PART - 1, -1)
            part = next((length for length in lengths if before.endswith(secret[:length])), 0)
            if part:
                before = before[:-part] + variable
        text = before + after
    return text


def any_of(literals: Iterable[str]) -> str:
    """A pattern for any of `literals`; the longest first, for one may begin another."""
    return "|".join(map(re.escape, sorted(literals, key=len, reverse=True)))


@lru_cache(maxsize=64)
def _all_spellings(variables: tuple[tuple[str, str], ...]) -> Variables:
    """Every spelling of every secret, in lower case."""
    encoded = {
        spelling.lower(): variable
        for literal, variable in variables
        if len(literal) >= LONG_ENOUGH
        for spelling in _encoded(literal)
    }
    return encoded | {spelling.lower(): variable for literal, variable in variables for spelling in _escaped(literal)}


def _escaped(literal: str) -> Iterator[str]:
    """How a text is written inside others: a URL, JSON, HTML, Python."""
    yield literal
    yield literal.strip() or literal
    yield quote(literal, safe="")
    yield quote_plus(literal)
    yield json.dumps(literal)[1:-1]
    yield json.dumps(literal).replace("/", "\\/")[1:-1]
    yield json.dumps(literal, ensure_ascii=False)[1:-1]
    yield html.escape(literal)
    yield repr(literal)[1:-1]


def _encoded(literal: str) -> Iterator[str]:
    """How it is written in base64, wherever it begins in what was encoded, and in hexadecimal digits."""
    octets = literal.encode("utf-8", "surrogatepass")
    yield octets.hex()
    for before in range(3):
        first, last = (before * 8 + 5) // 6, (before + len(octets)) * 8 // 6
        for encode in (b64encode, urlsafe_b64encode):
            yield encode(b"\0" * before + octets).decode()[first:last]
